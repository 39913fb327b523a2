/* handover.h: a transaction: the due recipients of a message, handed to a connection, and given
 * back with their results. */
#pragma once

#include "delivery/connection.h"
#include "delivery/job.h"

/* The most recipients of one transaction: SMTPSendMaxRecipients, what was learned of the host (0:
 * nothing), what it offers (LIMITS RCPTMAX; 0: nothing), and the client's bound; at least 1. Pure.
 */
int ss_handover_max_recipients(int setting, int learned, int offered);
/* Whether the content would have to be re-encoded for this connection, for which all of it must be
 * in memory. */
int ss_handover_wants_whole(const ss_connection_t *connection, const ss_message_t *m);
/* Whether it is so much that another thread does it first; all of the content is in memory. */
int ss_handover_wants_conversion(const ss_connection_t *connection, const ss_job_t *job);
/* Has it done, and puts the job into the order again. It is not in the order. */
void ss_handover_convert(const ss_connection_t *connection, ss_job_t *job);
/* Hands the recipients over that are due. 0: none is, or the connection would not take it; the job
 * is unchanged. */
int ss_handover_begin(ss_connection_t *connection, ss_job_t *job);
/* The connection gave the message back: its results are judged (relay_host.h), become outcomes, and
 * the job goes back into the order, or ends. Returns 1 when the server refuses us. */
int ss_handover_end(ss_client_message_t *message);
