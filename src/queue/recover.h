/* recover.h: what can still be read of a damaged queue, saved into a new one beside it. */
#ifndef SS_QUEUE_RECOVER_H
#define SS_QUEUE_RECOVER_H

#include <apr_pools.h>

#include "base/result.h"

typedef struct {
    /* saved: those that wait; what was finished is history and stays behind */
    apr_int64_t messages, recipients;
    /* messages that were found and whose recipients or content could not be read */
    apr_int64_t incomplete;
    /* stretches of the file in which nothing could be read */
    apr_int64_t gaps;
    /* pauses and what was learned of relays were read, too */
    int has_settings;
} ss_recover_result_t;

/* Reads the queue file `from`, which no daemon may use, and makes the new queue file `to`, which
 * must not exist. Blocks. What stands in from is not changed; its log (FILE-wal), where there is
 * one, is read with it, and may be taken up into it. Errors: in result, naming file and cause; what
 * was saved up to then is in `to` all the same. */
apr_status_t ss_recover(const char *from, const char *to, ss_recover_result_t *recovered,
                        ss_result_t *result, apr_pool_t *pool);

#endif
