/* transfer.h: the request "export": a stored message, without its content, as the document that
 * import takes (intake/local_header.h reads it back). */
#ifndef SS_OPERATOR_TRANSFER_H
#define SS_OPERATOR_TRANSFER_H

#include "operator/operator.h"

void ss_transfer_export(ss_operator_t *o, ss_request_t *req, const char *verb,
                        const json_t *header);

#endif
