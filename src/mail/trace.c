#include "mail/trace.h"

#include <apr_strings.h>
#include <string.h>

static int is_hex(const char *text, int len)
{
    for (int i = 0; i < len; i++) {
        if (!text[i] || !strchr("0123456789abcdef", text[i])) return 0;
    }
    return 1;
}

static int is_zero(const char *text, int len)
{
    return strspn(text, "0") >= (apr_size_t)len;
}

/* version "-" trace-id "-" parent-id "-" flags */
const char *ss_trace_parent(const char *text, apr_pool_t *pool)
{
    apr_size_t len;

    if (!text) return NULL;
    text += strspn(text, " \t");
    len = strlen(text);
    while (len && strchr(" \t", text[len - 1])) len--;
    if (len < SS_TRACE_LENGTH || !is_hex(text, 2) || text[2] != '-' || !is_hex(text + 3, 32) ||
        text[35] != '-' || !is_hex(text + 36, 16) || text[52] != '-' || !is_hex(text + 53, 2))
        return NULL;
    if (is_zero(text + 3, 32) || is_zero(text + 36, 16) || !strncmp(text, "ff", 2)) return NULL;
    if (!strncmp(text, "00", 2))
        return len == SS_TRACE_LENGTH ? apr_pstrmemdup(pool, text, len) : NULL;
    if (len > SS_TRACE_LENGTH && text[SS_TRACE_LENGTH] != '-') return NULL;
    /* The flag "sampled" is the only one that is known. */
    return apr_psprintf(pool, "00-%.50s0%c", text + 3, strchr("13579bdf", text[54]) ? '1' : '0');
}
