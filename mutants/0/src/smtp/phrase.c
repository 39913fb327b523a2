/* phrase.c: phrases of servers and libraries. Pure. */
#include "smtp/phrase.h"

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
