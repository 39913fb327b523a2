/* local_compose.h: the daemon makes the message of what a client of the local socket submits, as
 * sendmail and the SMTP listener do: canonical content, aliases, senders, SMTPSendRedirect. Only
 * what httpd has made already, and what is imported, is kept as it is. */
#pragma once

#include <jansson.h>

#include "intake/incoming.h"
#include "intake/local_header.h"

/* Whether the content has to be made; else it is stored as it comes, and must be canonical. */
int ss_local_compose_is_needed(const json_t *header, ss_local_client_id_t client,
                               const ss_relay_t *relay, const ss_message_t *m);
/* Begins: content goes to the result, which is in the message's pool and freed with it. NULL with
 * the problem. */
ss_incoming_t *ss_local_compose(ss_intake_t *intake, const json_t *header,
                                ss_local_client_id_t client, const ss_relay_t *relay,
                                ss_message_t *m, apr_size_t *charged, ss_mail_problem_t *problem);
