/* store_pool.h: pools for requests and messages, which are created on one thread and destroyed on
 * another. */
#ifndef SS_QUEUE_STORE_POOL_H
#define SS_QUEUE_STORE_POOL_H

#include <apr_pools.h>

/* A pool without a parent. Any thread may use and destroy it, one at a time. Aborts if out of
 * memory. */
apr_pool_t *ss_store_pool(void);

#endif
