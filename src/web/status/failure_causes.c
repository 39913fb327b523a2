#include "web/status/failure_causes.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* "550 5.1.1 <bob@example.net> unknown" has the codes "550 5.1.1": what follows names the
 * recipient, and differs. A text without a code is its own key. */
static const char *codes_of(const char *reply, apr_pool_t *pool)
{
    apr_size_t len = strspn(reply, "0123456789"), more;

    if (len != 3 || (reply[3] && !strchr(" -", reply[3]))) return reply;
    more = reply[3] ? strspn(reply + 4, "0123456789.") : 0;
    if (more >= 5 && apr_isdigit(reply[4]) && reply[5] == '.') len += 1 + more;
    char *codes = apr_pstrmemdup(pool, reply, len);
    if (len > 3) codes[3] = ' ';
    return codes;
}

static ss_failure_cause_t *cause_of(apr_array_header_t *causes, const char *key)
{
    for (int i = 0; i < causes->nelts; i++) {
        ss_failure_cause_t *cause = &APR_ARRAY_IDX(causes, i, ss_failure_cause_t);
        if (!strcmp(cause->key, key)) return cause;
    }
    return NULL;
}

static void add_reply(apr_array_header_t *replies, const char *codes, const char *text)
{
    for (int i = 0; i < replies->nelts; i++) {
        ss_failure_reply_t *reply = &APR_ARRAY_IDX(replies, i, ss_failure_reply_t);
        if (strcmp(reply->codes, codes)) continue;
        reply->count++;
        return;
    }
    APR_ARRAY_PUSH(replies, ss_failure_reply_t) =
        (ss_failure_reply_t){ .codes = codes, .text = text, .count = 1 };
}

apr_array_header_t *ss_failure_causes(const json_t *rows, apr_pool_t *pool)
{
    apr_array_header_t *causes = apr_array_make(pool, 4, sizeof(ss_failure_cause_t));

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *advice = json_object_get(row, "advice");
        const char *reply = ss_json_text(row, "reply"), *text = reply ? reply : "",
                   *codes = codes_of(text, pool), *code = ss_json_text(advice, "code"),
                   *key = code ? code : codes;
        ss_failure_cause_t *cause = cause_of(causes, key);
        if (!cause) {
            cause = apr_array_push(causes);
            *cause = (ss_failure_cause_t){ .key = key,
                                           .advice = code ? advice : NULL,
                                           .replies = apr_array_make(pool, 1,
                                                                     sizeof(ss_failure_reply_t)) };
        }
        add_reply(cause->replies, codes, text);
        if (cause->count < SS_FAILURE_CAUSES_SHOWN) cause->newest[cause->count] = row;
        cause->count++;
    }
    return causes;
}
