/* lock.h: the file beside an embedded queue that says whose it is: one daemon writes it, and the
 * next waits until it is let go. */
#ifndef SS_QUEUE_LOCK_H
#define SS_QUEUE_LOCK_H

#include <apr_time.h>

#include "base/result.h"

/* Locks path with ".lock" behind it; waits at most `wait` for another holder. *fd: to be closed to
 * let go (the end of the process does it, too). APR_EBUSY: still held; other errors: the folder
 * does not exist or may not be written. result says which, naming path and cause. */
apr_status_t ss_lock_take(int *fd, const char *path, apr_interval_time_t wait, ss_result_t *result);

#endif
