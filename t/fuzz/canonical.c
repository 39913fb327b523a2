/* canonical.c: any bytes become canonical, in eight and in seven bits, or are refused with a
 * status. */
#include <stdlib.h>

#include "mail/canonical.h"
#include "target.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    ss_canonical_facts_t facts;
    const char *out;
    apr_size_t len;

    ss_mail_problem_t header = { 0 };
    int failed = ss_canonical_make_ascii_header(&out, &len, data, size, &header, pool);
    if (failed && !header.status) abort();
    ss_canonical_scan(out, len, &facts);
    if (!failed && facts.has_8bit_header) abort();
    for (int is_7bit = 0; is_7bit < 2; is_7bit++) {
        ss_mail_problem_t problem = { 0 };
        failed = is_7bit ? ss_canonical_make_7bit(&out, &len, data, size, &problem, pool)
                         : ss_canonical_make(&out, &len, data, size, &problem, pool);
        if (failed && !problem.status) abort();
        if (failed) continue;
        ss_canonical_scan(out, len, &facts);
        if (!facts.is_canonical || (is_7bit && facts.has_8bit_body)) abort();
    }
}

FUZZ_TARGET(try_input)
