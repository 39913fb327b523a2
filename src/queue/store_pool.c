/* store_pool.c: see store_pool.h. All pools share one allocator with a mutex. An allocator per pool
 * would need no lock, but map and unmap memory for every pool. Free memory above FREE_MAX is
 * returned to the system. */
#include "queue/store_pool.h"

#include <apr_thread_mutex.h>
#include <pthread.h>
#include <stdlib.h>

#define FREE_MAX (32 * 1024 * 1024)

static apr_allocator_t *shared;

/* Once per process; never destroyed. */
static void make_shared(void)
{
    apr_thread_mutex_t *mutex = NULL;
    apr_pool_t *pool = NULL;

    if (apr_allocator_create(&shared) != APR_SUCCESS ||
        apr_pool_create_unmanaged_ex(&pool, NULL, shared) != APR_SUCCESS)
        abort();
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_UNNESTED, pool) != APR_SUCCESS) abort();
    apr_allocator_mutex_set(shared, mutex);
    apr_allocator_max_free_set(shared, FREE_MAX);
}

apr_pool_t *ss_store_pool(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    apr_pool_t *pool = NULL;

    pthread_once(&once, make_shared);
    if (apr_pool_create_unmanaged_ex(&pool, NULL, shared) != APR_SUCCESS) abort();
    return pool;
}
