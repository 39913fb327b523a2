/* lock.h: the lock file beside an embedded queue: one daemon uses the queue, and the next one waits
 * until the lock is released. */
#pragma once

#include <apr_time.h>

#include "base/result.h"

/* Locks the file path + ".lock"; waits at most `wait` for another holder. Close *fd to release it
 * (the end of the process releases it too). APR_EBUSY: still held. Other errors: the folder does
 * not exist or is not writable. result names path and cause. */
apr_status_t ss_lock_take(int *fd, const char *path, apr_interval_time_t wait, ss_result_t *result);
