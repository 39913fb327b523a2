/* smtp_envelope.h: what an SMTP client may say in MAIL and RCPT, for the listener and for
 * "sendmail -bs", which asks for it over the local socket ("verify"). Loop thread. */
#pragma once

#include "intake/accept.h"
#include "smtp/server.h"
#include "wire/request.h"

/* The name for greeting and EHLO, the largest message that any relay takes, the most recipients. */
ss_server_options_t ss_smtp_envelope_options(const ss_intake_t *intake);
/* The relay that takes mail of this sender and size now. NULL: refused, answer says why. */
ss_relay_t *ss_smtp_envelope_relay(const ss_intake_t *intake, const char *from, apr_int64_t size,
                                   ss_accept_answer_t *answer);
/* The address as the queue keeps it, from the pool. NULL: it is not valid, and why. */
const char *ss_smtp_envelope_address(const ss_relay_t *relay, const char *address, const char **why,
                                     apr_pool_t *pool);
/* Answers "verify". */
void ss_smtp_envelope_verify(ss_intake_t *intake, ss_request_t *req, const json_t *header);
