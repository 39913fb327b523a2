/* transfer.h: what moves messages to another queue. */
#pragma once

#include "operator/operator.h"

/* "export": a stored message, without its content, as the document that import takes
 * (intake/local_header.h reads it back). */
void ss_transfer_export(ss_operator_t *o, ss_request_t *req);
/* "content": a part of a waiting message's content; 404 after the last one. */
void ss_transfer_content(ss_operator_t *o, ss_request_t *req);
