/* lock.h: the locks of an embedded queue: one daemon uses the queue, and the next one waits until
 * they are released. */
#pragma once

#include <apr_time.h>

#include "base/result.h"

/* Locks the file path + ".lock"; waits at most `wait` for another holder. Close *fd to release it
 * (the end of the process releases it too). APR_EBUSY: still held. Other errors: the folder does
 * not exist or is not writable. result names path and cause. */
apr_status_t ss_lock_take(int *fd, const char *path, apr_interval_time_t wait, ss_result_t *result);

/* Both locks of a queue file; -1: not held. */
typedef struct {
    int name; /* the lock file beside it: of the name without symlinks, also before the file exists
               */
    int file; /* the file itself: however many names it has */
} ss_lock_t;

#define SS_LOCK_NONE ((ss_lock_t){ -1, -1 })

/* Takes both, and creates the file if it is missing; its mode and that of SQLite's files beside it
 * becomes 0600. Before SQLite opens the file: the end of any
 * descriptor of it ends SQLite's locks. A file that cannot be opened is left to SQLite, which tells
 * why. */
apr_status_t ss_lock_take_file(ss_lock_t *lock, const char *path, apr_interval_time_t wait,
                               ss_result_t *result);
/* After SQLite has closed the file. */
void ss_lock_release(ss_lock_t *lock);
