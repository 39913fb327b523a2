/* store_pool.h: pools for what crosses from the loop's thread to the store's and back: requests and
 * messages. */
#ifndef SS_QUEUE_STORE_POOL_H
#define SS_QUEUE_STORE_POOL_H

#include <apr_pools.h>

/* A pool without a parent. Either thread may use and destroy it, one at a time. Aborts where there
 * is no memory. */
apr_pool_t *ss_store_pool(void);

#endif
