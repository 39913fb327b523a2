/* local_submit.h: the requests "submit" and "submitMany" of the local socket while their content
 * comes (src/wire/README.md). A submission ends with its request's answer. Loop thread. */
#pragma once

#include <jansson.h>

#include "intake/intake.h"
#include "wire/request.h"

typedef struct ss_local_submit_t ss_local_submit_t;

/* Whether this verb is a submission. */
int ss_local_submit_is_verb(const char *verb);
/* A request begins; header is not used after the call. more is called when the next part of the
 * content may come, possibly within ss_local_submit_part. NULL: refused, the request is answered.
 */
ss_local_submit_t *ss_local_submit_begin(ss_intake_t *intake, ss_request_t *req, const char *verb,
                                         const json_t *header, void (*more)(ss_request_t *req));
/* A part of the content, copied; the first may be empty. After the last one the request is
 * answered; it may be before, where the content is refused. */
void ss_local_submit_part(ss_local_submit_t *submit, const char *bytes, apr_size_t len,
                          int is_last);
/* Octets of its content that are in memory. */
apr_size_t ss_local_submit_charged(const ss_local_submit_t *submit);
/* The client left between two parts: drops what came; the request is not answered. */
void ss_local_submit_free(ss_local_submit_t *submit);

/* The request "testmail": a short message of the connection test page that says where it comes
 * from.
 */
void ss_local_submit_test(ss_intake_t *intake, ss_request_t *req, const json_t *header);
