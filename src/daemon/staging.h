/* staging.h: a large message on its way into the queue: its parts go to the store as they come, so that it is never whole in memory. A client's next
 * part is read when the one before is committed. */
#ifndef SS_DAEMON_STAGING_H
#define SS_DAEMON_STAGING_H

#include "daemon/daemon.h"

/* Whether parts in memory should go to the store now. */
int ss_staging_is_due(const ss_message_t *m);
/* Sends them there; is_last: the message is to be submitted after that. The asker is busy until then, and goes on by itself. */
void ss_staging_begin(ss_asker_t *asker, ss_message_t *m, int is_last);
/* A message that will not be accepted: what was staged of it is forgotten, too. */
void ss_staging_drop(ss_daemon_t *d, ss_message_t *m);

#endif
