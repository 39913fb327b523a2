/* address.c: address lists of any bytes; what is accepted can be written and read again. */
#include <apr_general.h>
#include <apr_pools.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail/address.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    apr_array_header_t *list;
    ss_address_t again;

    if (ss_address_list(&list, data, size, NULL, pool)) return;
    for (int i = 0; i < list->nelts; i++) {
        const ss_address_t *a = &((ss_address_t *)list->elts)[i];
        if (ss_address_one(&again, ss_address_header(a, pool), NULL, pool) || !ss_address_same(again.address, a->address)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_ready;
    apr_pool_t *pool;

    if (!is_ready) is_ready = apr_initialize() == APR_SUCCESS;
    apr_pool_create(&pool, NULL);
    try_input((const char *)data, size, pool);
    apr_pool_destroy(pool);
    return 0;
}
