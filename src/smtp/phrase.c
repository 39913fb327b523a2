#include "smtp/phrase.h"

#include <apr_lib.h>
#include <string.h>

static int folded(char c)
{
    if (c == '\n' || c == '\r' || c == '\t') return ' ';
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

const char *ss_phrase_find(const char *text, const char *phrase, apr_size_t len)
{
    for (; *text; text++) {
        apr_size_t i = 0;
        while (i < len && text[i] && folded(text[i]) == folded(phrase[i])) i++;
        if (i == len) return text;
    }
    return NULL;
}

int ss_phrase_is_in(const char *phrases, const char *text)
{
    while (*phrases) {
        apr_size_t len = strcspn(phrases, "|");
        if (len && ss_phrase_find(text, phrases, len)) return 1;
        phrases += len;
        if (*phrases) phrases++;
    }
    return 0;
}

int ss_phrase_length(const char *phrases, const char *text)
{
    apr_size_t best = 0;
    while (phrases && *phrases && *phrases != '|') {
        apr_size_t len = strcspn(phrases, "|");
        if (len > best && ss_phrase_find(text, phrases, len)) best = len;
        phrases += len;
        if (*phrases) phrases++;
    }
    return (int)best;
}

/* ---- names ---- */

#define ENDS_WORD " \t\r\n<>\"()[]{},;"
#define IN_HOST "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

/* "RESOLVER.ADR.RecipNotFound" is what Exchange says, not a host; "denied.Please" is the end of a
 * sentence. label: the last. */
static int is_words(const char *name, const char *label, const char *end, int dots)
{
    int is_capitalised = end - label > 1 && apr_isupper(label[0]) && apr_islower(label[1]);
    const char *p = name;

    while (apr_isupper(*p)) p++;
    return is_capitalised &&
           ((*p == '.' && p - name >= 4) || (dots == 1 && apr_islower(label[-2])));
}

/* Letters after the last of the dots: "mail.example.com", not "5.7.1" or "e.g". */
static int is_host(const char *name, apr_size_t len)
{
    const char *end, *label;
    int dots = 0;

    while (len && name[len - 1] == '.') len--;
    end = name + len;
    for (const char *p = name; p < end; p++) dots += *p == '.';
    for (label = end; label > name && label[-1] != '.'; label--)
        if (!apr_isalpha(label[-1])) return 0;
    return dots && end - label >= 2 && label - name >= 2 && !is_words(name, label, end, dots);
}

static void blank_hosts(char *word, apr_size_t len)
{
    for (apr_size_t i = 0, n; i < len; i += n ? n : 1) {
        n = strspn(word + i, IN_HOST);
        if (n > len - i) n = len - i;
        if (!n || !is_host(word + i, n)) continue;
        if (word[i + n] == '/') n = len - i; /* with its path */
        memset(word + i, ' ', n);
    }
}

static int has(const char *word, apr_size_t len, const char *sign)
{
    const char *at = strstr(word, sign);

    return at && at > word && at + strlen(sign) < word + len;
}

/* Of what begins with '<' or a quoted local part, the length; else 0. */
static apr_size_t enclosed(const char *p)
{
    apr_size_t n;

    if (*p == '<') {
        n = strcspn(p, ">\n");
        return p[n] == '>' ? n : strcspn(p, " \n");
    }
    if (*p != '"') return 0;
    n = 1 + strcspn(p + 1, "\"\n");
    return p[n] == '"' && p[n + 1] == '@' ? n + 1 + strcspn(p + n + 1, ENDS_WORD) : 0;
}

void ss_phrase_blank(char *text)
{
    for (char *p = text; *p;) {
        apr_size_t n = enclosed(p);
        if (n) {
            memset(p + 1, ' ', n - 1);
        } else {
            n = strcspn(p, ENDS_WORD);
            if (has(p, n, "://") || has(p, n, "@") || (n > 4 && !strncmp(p, "www.", 4)))
                memset(p, ' ', n);
            else
                blank_hosts(p, n);
        }
        p += n ? n : 1;
    }
}
