#include "web/submit/limit.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

/* base64 and escapes make a document larger than its message */
#define DOCUMENT_OVERHEAD 3
#define MULTIPART_OVERHEAD 65536 /* bytes of boundaries and names of a multipart form */
#define FIELD_MAX 998            /* octets */
#define WAIT_MAX (120 * APR_USEC_PER_SEC)

apr_int64_t ss_limit_message(const ss_settings_policy_t *policy, const ss_settings_t *relay)
{
    return policy->max_message_size > 0 ? policy->max_message_size : relay->max_message_size;
}

apr_int64_t ss_limit_document(apr_int64_t max)
{
    return max * DOCUMENT_OVERHEAD;
}

apr_int64_t ss_limit_multipart(apr_int64_t max)
{
    return max + MULTIPART_OVERHEAD;
}

int ss_limit_is_key(const char *text)
{
    apr_size_t len = strlen(text);

    for (apr_size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e) return 0;
    }
    return len > 0 && len <= SS_LIMIT_KEY_MAX;
}

const char *ss_limit_field(const char *value, apr_pool_t *pool)
{
    apr_size_t len = strlen(value);

    return ss_text_blank_controls(apr_pstrmemdup(pool, value, len > FIELD_MAX ? FIELD_MAX : len));
}

int ss_limit_wait(const char *text, apr_interval_time_t *wait)
{
    *wait = 0;
    return !text || (!ss_text_duration(text, wait) && *wait <= WAIT_MAX);
}
