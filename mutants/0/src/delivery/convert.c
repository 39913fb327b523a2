/* convert.c: 8-bit content for a 7-bit relay. See convert.h. The one place that puts a whole
 * message together in memory: such relays are rare, and their messages small. */
#include "delivery/convert.h"

#include <string.h>

#include "mail/canonical.h"

int ss_convert_7bit(const ss_message_t *m, const char **bytes, apr_size_t *len, apr_pool_t *pool)
{
    char *whole = apr_palloc(pool, (apr_size_t)m->size + 1);
    apr_size_t at = 0;
    ss_mail_problem_t problem = { 0 };

    for (int i = 0; i < m->part_count; i++) {
        memcpy(whole + at, m->parts[i].bytes, m->parts[i].len);
        at += m->parts[i].len;
    }
    return ss_canonical_make_7bit(bytes, len, whole, at, &problem, pool);
}
