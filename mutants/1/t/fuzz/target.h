/* target.h: what most targets share: each input is tried with a pool of its own. */
#ifndef T_FUZZ_TARGET_H
#define T_FUZZ_TARGET_H

#include <apr_general.h>
#include <apr_pools.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes try_input(bytes, size, pool) the target. */
#define FUZZ_TARGET(try_input)                                                                     \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        static int is_ready;                                                                       \
        apr_pool_t *pool;                                                                          \
        if (!is_ready) is_ready = apr_initialize() == APR_SUCCESS;                                 \
        apr_pool_create(&pool, NULL);                                                              \
        try_input((const char *)data, size, pool);                                                 \
        apr_pool_destroy(pool);                                                                    \
        return 0;                                                                                  \
    }

#endif
