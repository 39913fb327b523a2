/* content_request.h: the request "content": a waiting message's content, part by part. */
#ifndef SS_OPERATOR_CONTENT_REQUEST_H
#define SS_OPERATOR_CONTENT_REQUEST_H

#include "operator/operator.h"

void ss_content_request_run(ss_operator_t *o, ss_request_t *req, const char *verb,
                            const json_t *header);

#endif
