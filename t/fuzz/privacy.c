/* privacy.c: a relay's reply of any bytes in the event log: nothing is left of the recipient's
 * address. The first line is the address. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "record/event_privacy.h"
#include "target.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    const char *end = memchr(data, '\n', size);
    ss_event_privacy_t p = { .mode = SS_EVENT_MASKED, .key = "one" };

    if (!end) return;
    const char *why, *given = apr_pstrmemdup(pool, data, (apr_size_t)(end - data)),
                     *text = apr_pstrmemdup(pool, end + 1, size - (size_t)(end - data) - 1);
    const char *address = ss_address_normal(given, 0, &why, pool);
    const char *const known[] = { address, NULL };

    if (!address) return;
    for (; p.mode <= SS_EVENT_HASHED; p.mode++) {
        const char *left = ss_event_privacy_text(&p, text, known, pool);
        if (ss_text_contains(left, address)) abort();
        if (!ss_event_privacy_address(&p, address, pool)) abort();
    }
}

FUZZ_TARGET(try_input)
