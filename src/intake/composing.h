/* composing.h: a "submit" with "compose": the envelope as a person typed it; the daemon makes the
 * message from the content (incoming.h). */
#ifndef SS_INTAKE_COMPOSING_H
#define SS_INTAKE_COMPOSING_H

#include <jansson.h>

#include "intake/incoming.h"

/* Reads the envelope into m. Returns what the content is to be added to, in m's pool; or NULL with
 * the problem. charged: the client's part of intake->bytes. */
ss_incoming_t *ss_composing_begin(ss_intake_t *intake, const ss_relay_t *relay, ss_message_t *m,
                                  const json_t *header, apr_size_t *charged,
                                  ss_mail_problem_t *problem);

#endif
