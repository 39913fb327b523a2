/* store_watch.h: no delivery unless its outcome can be stored. While the queue cannot be written,
 * nothing is handed over, and writes are tried until one is committed. */
#pragma once

#include <apr_time.h>

typedef struct ss_delivery_t ss_delivery_t;

/* Why the queue cannot be written now, "" while that is not known, or NULL. From then on it is
 * tried until it can, and then all relays are woken. The text is valid until the next call. */
const char *ss_store_watch_fault(ss_delivery_t *d);
/* Whether another message of a relay may be handed over, which allows so many connections, while so
 * many are in flight and the outcomes of others are not committed yet. A crash sends all of these
 * again: they are never more than a window for each connection, and one more while the store is
 * prompt, so that windows stay full behind a slow network. quiet: how long it has committed no
 * outcome of those. Pure. */
int ss_store_watch_has_room(int connections, int in_flight, int uncommitted,
                            apr_interval_time_t quiet);
