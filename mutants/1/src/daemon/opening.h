/* opening.h: opens the queue's store, on a helper thread, and again and again until it can be used.
 */
#pragma once

#include "daemon/daemon.h"

/* Prepares d->queue. */
void ss_opening_init(ss_daemon_t *d);
/* Begins to open it; delivery is started once it is open. Waits for its lock as long as the process
 * before may need to leave. */
void ss_opening_start(ss_daemon_t *d);
/* Closes it; everything posted is answered within. */
void ss_opening_close(ss_daemon_t *d);
