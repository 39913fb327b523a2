/* transfer.h: messages that wait, out of one queue and into another. Loop thread. */
#ifndef SS_OPERATOR_TRANSFER_H
#define SS_OPERATOR_TRANSFER_H

#include "daemon/daemon.h"

/* The request "export": a stored message, without its content, as the document that import takes.
 */
void ss_transfer_export(ss_request_t *req, const json_t *header);
/* The part "restore" of a submission, whose recipients and texts are read already: id, age, states.
 * NULL, or why it cannot be. */
const char *ss_transfer_restore(const ss_request_t *req, const json_t *restore, ss_message_t *m);

#endif
