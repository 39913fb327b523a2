/* staging.h: a large message on its way into the queue: its parts go to the store as they come, so
 * that it is never whole in memory. A client's next part is read when the one before is committed.
 * Loop thread. */
#ifndef SS_INTAKE_STAGING_H
#define SS_INTAKE_STAGING_H

#include "intake/intake.h"

/* Whether parts in memory should go to the store now. */
int ss_staging_is_due(const ss_message_t *m);
/* Sends them there. done comes once, never within the call; failed NULL: they are on stable
 * storage. Until then nothing is added to the message. charged: its
 * client's part of intake->bytes, of which each part's are taken off. */
void ss_staging_begin(ss_intake_t *intake, ss_message_t *m, apr_size_t *charged,
                      void (*done)(void *self, const ss_result_t *failed), void *self);
/* What was staged of it is forgotten: the message begins anew. */
void ss_staging_forget(ss_intake_t *intake, ss_message_t *m);
/* A message that will not be accepted: what was staged of it is forgotten, too. */
void ss_staging_drop(ss_intake_t *intake, ss_message_t *m);

#endif
