#include "mail/json_array.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What stands between elements. 1: an element begins with c. */
static int between(ss_json_array_t *a, char c)
{
    if (is_blank(c) || a->state == SS_JSON_ARRAY_BAD) return 0;
    switch (a->state) {
    case SS_JSON_ARRAY_BEFORE:
        a->state = c == '[' ? SS_JSON_ARRAY_FIRST : SS_JSON_ARRAY_BAD;
        return 0;
    case SS_JSON_ARRAY_FIRST:
        if (c == ']') {
            a->state = SS_JSON_ARRAY_AFTER;
            return 0;
        }
        break;
    case SS_JSON_ARRAY_NEXT: break;
    default: a->state = SS_JSON_ARRAY_BAD; return 0;
    }
    a->depth = 0;
    a->state = c == ',' || c == ']' || c == '}' ? SS_JSON_ARRAY_BAD : SS_JSON_ARRAY_IN;
    return a->state == SS_JSON_ARRAY_IN;
}

/* An octet of an element. 1: it is the one after the element. */
static int within(ss_json_array_t *a, char c)
{
    if (a->state == SS_JSON_ARRAY_ESCAPE) {
        a->state = SS_JSON_ARRAY_TEXT;
    } else if (a->state == SS_JSON_ARRAY_TEXT) {
        if (c == '"') a->state = SS_JSON_ARRAY_IN;
        if (c == '\\') a->state = SS_JSON_ARRAY_ESCAPE;
    } else if (c == '"') {
        a->state = SS_JSON_ARRAY_TEXT;
    } else if (c == '{' || c == '[') {
        a->depth++;
    } else if (a->depth && (c == '}' || c == ']')) {
        a->depth--;
    } else if (!a->depth && (c == ',' || c == ']' || c == '}')) {
        a->state = c == ','   ? SS_JSON_ARRAY_NEXT
                   : c == ']' ? SS_JSON_ARRAY_AFTER
                              : SS_JSON_ARRAY_BAD;
        return 1;
    }
    return 0;
}

static int is_within(const ss_json_array_t *a)
{
    return a->state >= SS_JSON_ARRAY_IN && a->state <= SS_JSON_ARRAY_ESCAPE;
}

apr_size_t ss_json_array_read(ss_json_array_t *a, const char *bytes, apr_size_t len,
                              const char **piece, apr_size_t *piece_len, int *ends)
{
    apr_size_t at = 0, start;

    *ends = 0;
    while (!is_within(a) && at < len && !between(a, bytes[at])) at++;
    start = at;
    while (is_within(a) && at < len && !*ends) *ends = within(a, bytes[at++]);
    *piece = bytes + start;
    *piece_len = at - start - (*ends ? 1 : 0);
    return at;
}

int ss_json_array_is_whole(const ss_json_array_t *a)
{
    return a->state == SS_JSON_ARRAY_AFTER;
}
