/* composing.h: a "submit" with "compose": the envelope as a person typed it, and content that the
 * daemon itself makes a message of (incoming.h). */
#ifndef SS_INTAKE_COMPOSING_H
#define SS_INTAKE_COMPOSING_H

#include <jansson.h>

#include "intake/incoming.h"

/* Reads the envelope; content goes to what it gives (incoming.h), which lives in the message's
 * pool. NULL with the problem. charged: as there. */
ss_incoming_t *ss_composing_begin(ss_intake_t *intake, const ss_relay_t *relay, ss_message_t *m,
                                  const json_t *header, apr_size_t *charged,
                                  ss_mail_problem_t *problem);

#endif
