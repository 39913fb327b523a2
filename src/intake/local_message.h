/* local_message.h: one message of a request on the local socket, from its header into the queue.
 * Loop thread. */
#pragma once

#include "intake/accept.h"
#include "intake/local_header.h"
#include "mail/canonical.h"

/* The message of a header, with a pool of its own and without content: the relay takes mail, and
 * the submitter's rate allows it. *relay: which carries it. NULL with the refusal. */
ss_message_t *ss_local_message_make(ss_intake_t *intake, const json_t *header,
                                    ss_local_client_id_t client, ss_relay_t **relay,
                                    ss_local_refusal_t *no);
/* Adds content that is stored as it comes: like ss_accept_part, and 0 if it is not canonical.
 * check: of this message, zero at first. */
int ss_local_message_part(const ss_relay_t *relay, ss_message_t *m, ss_canonical_check_t *check,
                          const char *bytes, apr_size_t len, int is_last,
                          ss_accept_answer_t *answer);
/* Why it was not accepted, in terms of HTTP. Returns 0. */
int ss_local_message_refuse(ss_local_refusal_t *no, const ss_accept_answer_t *answer);
