#include "web/shared/params.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/codec.h"

/* Decodes a name or value; NULL with the reason. */
static const char *decode(const char *text, apr_size_t len, const char **why, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1), *p = out;

    for (apr_size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < len ? ss_text_hex(text[i + 1]) : -1;
            int low = high >= 0 ? ss_text_hex(text[i + 2]) : -1;
            if (low < 0) {
                *why = "% is not followed by two hexadecimal digits";
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (!c) {
            *why = "a zero byte in a parameter";
            return NULL;
        }
        *p++ = c;
    }
    *p = '\0';
    return out;
}

int ss_params_parse(ss_params_t *query, const char *text, const char **why, apr_pool_t *pool)
{
    if (ss_params_parse_octets(query, text, why, pool)) return -1;
    for (int i = 0; i < query->pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(query->pairs, i, ss_params_pair_t);
        if (!ss_codec_is_utf8(pair->name, strlen(pair->name)) ||
            !ss_codec_is_utf8(pair->value, strlen(pair->value))) {
            *why = "invalid UTF-8 in a parameter";
            return -1;
        }
    }
    return 0;
}

int ss_params_parse_octets(ss_params_t *query, const char *text, const char **why, apr_pool_t *pool)
{
    query->pairs = apr_array_make(pool, 8, sizeof(ss_params_pair_t));
    for (const char *p = text ? text : ""; *p;) {
        apr_size_t len = strcspn(p, "&");
        const char *equals = memchr(p, '=', len);
        apr_size_t name_len = equals ? (apr_size_t)(equals - p) : len;
        if (len) {
            ss_params_pair_t pair = { decode(p, name_len, why, pool), "" };
            if (equals && pair.name) pair.value = decode(equals + 1, len - name_len - 1, why, pool);
            if (!pair.name || !pair.value) return -1;
            if (query->pairs->nelts >= SS_PARAMS_MAX) {
                *why = apr_psprintf(pool, "more than %d parameters", SS_PARAMS_MAX);
                return -1;
            }
            APR_ARRAY_PUSH(query->pairs, ss_params_pair_t) = pair;
        }
        p += len;
        if (*p) p++;
    }
    return 0;
}

const char *ss_params_get(const ss_params_t *query, const char *name)
{
    for (int i = 0; i < query->pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(query->pairs, i, ss_params_pair_t);
        if (!strcmp(pair->name, name)) return pair->value;
    }
    return NULL;
}

int ss_params_count(const ss_params_t *query, const char *name)
{
    int count = 0;

    for (int i = 0; i < query->pairs->nelts; i++)
        count += !strcmp(APR_ARRAY_IDX(query->pairs, i, ss_params_pair_t).name, name);
    return count;
}

int ss_params_flag(const ss_params_t *query, const char *name, int fallback)
{
    static const char *const yes[] = { "", "1", "on", "true", "yes" };
    const char *value = ss_params_get(query, name);

    if (!value) return fallback;
    for (apr_size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (ss_text_same(value, yes[i])) return 1;
    }
    return 0;
}

const char *ss_params_unknown(const ss_params_t *query, const char *const *known)
{
    for (int i = 0; i < query->pairs->nelts; i++) {
        const char *name = APR_ARRAY_IDX(query->pairs, i, ss_params_pair_t).name;
        int found = 0;
        for (int k = 0; known[k] && !found; k++) found = !strcmp(known[k], name);
        if (!found) return name;
    }
    return NULL;
}

const char *ss_params_escape(const char *text, apr_pool_t *pool)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(pool, strlen(text) * 3 + 1), *p = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (apr_isalnum(c) || strchr("-._~", c)) {
            *p++ = (char)c;
        } else {
            *p++ = '%';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        }
    }
    *p = '\0';
    return out;
}
