/* convert.c: 8-bit content for a 7-bit relay. See convert.h. The one place that puts a whole
 * message together in memory: such relays are rare, and their messages small. */
#include "delivery/convert.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"

ss_convert_t ss_convert_needs(const ss_message_t *m, int has_8bitmime, int has_smtputf8)
{
    /* Octets above 127 in a header of ASCII addresses are sent as they came where both extensions
     * are offered: SMTPUTF8 itself is only asked for where an address needs it. is_utf8: so did an
     * older version mark such a header. */
    return (ss_convert_t){ .header = (m->attr.is_8bit_header || m->attr.is_utf8) &&
                                     !(has_8bitmime && has_smtputf8),
                           .body = m->attr.is_8bit && !has_8bitmime };
}

int ss_convert_make(const ss_message_t *m, ss_convert_t *needs, const char **bytes, apr_size_t *len,
                    apr_pool_t *pool)
{
    char *whole = apr_palloc(pool, (apr_size_t)m->size + 1);
    ss_convert_t asked = *needs;
    ss_mail_problem_t problem = { 0 };

    *len = 0;
    for (int i = 0; i < m->part_count; i++) {
        memcpy(whole + *len, m->parts[i].bytes, m->parts[i].len);
        *len += m->parts[i].len;
    }
    *bytes = whole;
    if (asked.header)
        needs->header =
            ss_canonical_make_ascii_header(bytes, len, *bytes, *len, &problem, pool) != 0;
    if (asked.body)
        needs->body = ss_canonical_make_7bit(bytes, len, *bytes, *len, &problem, pool) != 0;
    if (problem.status) needs->why = apr_pstrdup(pool, problem.detail);
    return needs->header == asked.header && needs->body == asked.body ? -1 : 0;
}
