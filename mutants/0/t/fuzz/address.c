/* address.c: address lists of any bytes; what is accepted can be written and read again. */
#include <stdlib.h>

#include "mail/address.h"
#include "target.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    apr_array_header_t *list;
    ss_address_t again;

    if (ss_address_list(&list, data, size, NULL, pool)) return;
    for (int i = 0; i < list->nelts; i++) {
        const ss_address_t *a = &((ss_address_t *)list->elts)[i];
        if (ss_address_one(&again, ss_address_header(a, pool), NULL, pool) ||
            !ss_address_same(again.address, a->address))
            abort();
    }
}

FUZZ_TARGET(try_input)
