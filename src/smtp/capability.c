#include "smtp/capability.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

#define SIZE_DIGITS_MAX 18 /* of numbers in SIZE and LIMITS; longer ones mean no limit */
#define LIMIT_MAX 1000000
#define REWRITTEN_MIN 3 /* a keyword of this many X or * was overwritten by a firewall */

typedef struct {
    const char *at;
    apr_size_t len;
} word_t;

static char upper(char ch)
{
    return ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch;
}

static int is_word(const word_t *word, const char *name)
{
    return ss_text_is(word->at, word->len, name);
}

static int is_blank(char ch, int or_equal)
{
    return ch == ' ' || ch == '\t' || ch == '\r' || (or_equal && ch == '=');
}

/* The next word of *rest, separated by blanks and, if ends_at_equal, by '='; 0 at the end. */
static int next_word(word_t *word, word_t *rest, int ends_at_equal)
{
    while (rest->len && is_blank(*rest->at, ends_at_equal)) rest->at++, rest->len--;
    word->at = rest->at;
    while (rest->len && !is_blank(*rest->at, ends_at_equal)) rest->at++, rest->len--;
    word->len = (apr_size_t)(rest->at - word->at);
    return word->len > 0;
}

/* A decimal number, or -1. */
static apr_int64_t number_of(const word_t *word)
{
    apr_int64_t number = 0;

    if (!word->len || word->len > SIZE_DIGITS_MAX) return -1;
    for (apr_size_t i = 0; i < word->len; i++) {
        if (word->at[i] < '0' || word->at[i] > '9') return -1;
        number = number * 10 + (word->at[i] - '0');
    }
    return number;
}

static void take_size(ss_capability_t *capability, word_t rest)
{
    word_t word;
    apr_int64_t size = next_word(&word, &rest, 1) ? number_of(&word) : -1;

    capability->size_known = 1;
    if (size > 0) capability->size = (apr_uint64_t)size;
}

static void take_auth(ss_capability_t *capability, word_t rest)
{
    word_t word;

    capability->auth_offered = 1;
    while (next_word(&word, &rest, 1)) {
        apr_size_t used = strlen(capability->mechanisms);
        char name[64];
        if (word.len >= sizeof(name)) continue;
        for (apr_size_t i = 0; i < word.len; i++) name[i] = upper(word.at[i]);
        name[word.len] = '\0';
        if (ss_text_word_index(capability->mechanisms, name) >= 0) continue;
        if (used + word.len + 2 > sizeof(capability->mechanisms)) return;
        if (used) capability->mechanisms[used++] = ' ';
        memcpy(capability->mechanisms + used, name, word.len + 1);
    }
}

/* RFC 9422: "LIMITS RCPTMAX=20 MAILMAX=5"; unknown names and invalid numbers are ignored. */
static void take_limits(ss_capability_t *capability, word_t rest)
{
    word_t pair;

    while (next_word(&pair, &rest, 0)) {
        const char *equal = memchr(pair.at, '=', pair.len);
        if (!equal) continue;
        word_t name = { pair.at, (apr_size_t)(equal - pair.at) };
        word_t value = { equal + 1, pair.len - name.len - 1 };
        apr_int64_t number = number_of(&value);
        if (number <= 0 || number > LIMIT_MAX) continue;
        if (is_word(&name, "MAILMAX")) capability->limit_messages = (int)number;
        if (is_word(&name, "RCPTMAX")) capability->limit_recipients = (int)number;
    }
}

#define FLAG(member) offsetof(ss_capability_t, member)

static const struct {
    const char *name;
    /* offset of the int that is set to 1 */
    size_t flag;
    /* or NULL: parameters are ignored */
    void (*take)(ss_capability_t *capability, word_t rest);
} keywords[] = {
    { "PIPELINING", FLAG(pipelining), NULL },
    { "CHUNKING", FLAG(chunking), NULL },
    { "8BITMIME", FLAG(eight_bit_mime), NULL },
    { "SMTPUTF8", FLAG(smtputf8), NULL },
    { "DSN", FLAG(dsn), NULL },
    { "ENHANCEDSTATUSCODES", FLAG(enhanced), NULL },
    { "STARTTLS", FLAG(starttls), NULL },
    { "REQUIRETLS", FLAG(requiretls), NULL },
    { "SIZE", FLAG(size_known), take_size },
    { "AUTH", FLAG(auth_offered), take_auth },
    { "LIMITS", FLAG(is_esmtp), take_limits },
};

/* "XXXXXXXA", "****": firewalls overwrite keywords. The word is not empty. */
static int is_rewritten(const word_t *word)
{
    apr_size_t run = 1;

    if (*word->at == '*') return word->len >= REWRITTEN_MIN;
    if (upper(*word->at) != 'X') return 0;
    while (run < word->len && upper(word->at[run]) == 'X') run++;
    return run >= REWRITTEN_MIN;
}

static void take_line(ss_capability_t *capability, word_t line)
{
    word_t word;

    if (!next_word(&word, &line, 1)) return;
    if (is_rewritten(&word)) capability->is_rewritten = 1;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (!is_word(&word, keywords[i].name)) continue;
        *(int *)(void *)((char *)capability + keywords[i].flag) = 1;
        if (keywords[i].take) keywords[i].take(capability, line);
        return;
    }
}

static void take_name(ss_capability_t *capability, word_t line)
{
    word_t word;

    if (!next_word(&word, &line, 0)) return;
    if (is_rewritten(&word)) capability->is_rewritten = 1;
    if (word.len >= sizeof(capability->name)) word.len = sizeof(capability->name) - 1;
    memcpy(capability->name, word.at, word.len);
    capability->name[word.len] = '\0';
}

void ss_capability_clear(ss_capability_t *capability)
{
    memset(capability, 0, sizeof(*capability));
}

void ss_capability_parse(ss_capability_t *capability, const char *text)
{
    ss_capability_clear(capability);
    capability->is_esmtp = 1;
    for (int number = 0; text; number++) {
        const char *end = strchr(text, '\n');
        word_t line = { text, end ? (apr_size_t)(end - text) : strlen(text) };
        if (number)
            take_line(capability, line);
        else
            take_name(capability, line);
        text = end ? end + 1 : NULL;
    }
}

void ss_capability_parse_helo(ss_capability_t *capability, const char *text)
{
    word_t line = { text, strcspn(text, "\n") };

    ss_capability_clear(capability);
    take_name(capability, line);
}
