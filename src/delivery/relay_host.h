/* relay_host.h: what an attempt says about the host: the breaker of it opens and closes, and the
 * log says so. See breaker.h for when a host is tried again. */
#pragma once

#include "delivery/relay.h"
#include "smtp/client_types.h"

/* The host of that index is down or blocked for a reason that no message can be the cause of. */
void ss_relay_host_failed(ss_relay_t *relay, int host, ss_breaker_condition_t condition,
                          const ss_result_t *cause);
/* A session that was opened in that round (strikes.h) ended before it carried mail, which counts as
 * so many strikes. Several in a row, and the host is down. */
void ss_relay_host_struck(ss_relay_t *relay, int host, int round, int weight,
                          const ss_result_t *cause);
/* The same; is_of_messages (breaker.h) stays as it is. */
void ss_relay_host_refuses(ss_relay_t *relay, int host, ss_breaker_condition_t condition,
                           const ss_result_t *cause);
/* It took a message, or refused one for the message's sake. */
void ss_relay_host_worked(ss_relay_t *relay, int host);
/* A session is ready: it works, unless it was blocked at a transaction's command or its sessions
 * carried nothing, which the session does not prove anything about. */
void ss_relay_host_is_ready(ss_relay_t *relay, int host);
/* The step that a command belongs to, for people. */
const char *ss_relay_host_step(ss_cmd_t cmd);
/* Looks through a transaction's results: whether the server refuses us (1; the host is blocked), or
 * works. */
int ss_relay_host_judge(ss_relay_t *relay, int host, const ss_client_rcpt_t *results, int count);
