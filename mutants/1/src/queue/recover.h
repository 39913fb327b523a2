/* recover.h: copies what can still be read of a damaged queue to a new one. */
#pragma once

#include <apr_pools.h>

#include "base/result.h"

typedef struct {
    /* saved: waiting ones; finished ones are history and are not copied */
    apr_int64_t messages, recipients;
    /* messages whose recipients or content could not be read */
    apr_int64_t incomplete;
    /* unreadable stretches of the file */
    apr_int64_t gaps;
    /* pauses and learned limitations were read too */
    int has_settings;
} ss_recover_result_t;

/* Reads the queue file `from`, which no daemon may be using, and creates the queue file `to`, which
 * must not exist. Blocks. The content of `from` is not changed; a log beside it (FILE-wal) is read
 * too, and may be checkpointed into it. Errors: in result, naming file and cause; `to` keeps what
 * was saved before. */
apr_status_t ss_recover(const char *from, const char *to, ss_recover_result_t *recovered,
                        ss_result_t *result, apr_pool_t *pool);
