/* staging.h: the parts of a large message go to the store as they arrive, so that it is never whole
 * in memory. A client's next part is read when the one before is committed. Loop thread. */
#pragma once

#include "intake/intake.h"

/* Whether parts in memory should go to the store now. */
int ss_staging_is_due(const ss_message_t *m);
/* Sends them there. done is called once, never within this call; failed NULL: they are on stable
 * storage. Until then nothing may be added to the message. charged: the client's part of
 * intake->bytes, reduced by each part that is committed. */
void ss_staging_begin(ss_intake_t *intake, ss_message_t *m, apr_size_t *charged,
                      void (*done)(void *self, const ss_result_t *failed), void *self);
/* Deletes the staged parts from the store; the message gets a new id. */
void ss_staging_forget(ss_intake_t *intake, ss_message_t *m);
/* Frees a message that will not be accepted, with its staged parts. */
void ss_staging_drop(ss_intake_t *intake, ss_message_t *m);
