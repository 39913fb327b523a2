/* bounce_queue.h: who is told what became of a message, and by which report. A report is a message
 * of its own, accepted in the same transaction as the outcome that it tells of: a crash loses
 * neither or both, and then the outcome is learned again. Loop thread. */
#ifndef SS_DELIVERY_BOUNCE_QUEUE_H
#define SS_DELIVERY_BOUNCE_QUEUE_H

#include "daemon/daemon.h"
#include "mail/bounce.h"

/* Whether somebody is to be told this of the recipient: SMTPSendBounce, NOTIFY (RFC 3461 4.1), and
 * never a report on a report. */
int ss_bounce_queue_wants(const ss_job_t *job, const ss_recipient_t *rcpt, ss_bounce_kind_t kind);
/* When the recipient becomes worth a notice of delay (SMTPSendDelayNotice); 0: never, or it was
 * told already. */
apr_time_t ss_bounce_queue_delay_at(const ss_job_t *job, const ss_recipient_t *rcpt,
                                    apr_time_t now);
/* Adds to the outcome's request the reports on those of the changed recipients that somebody is to
 * be told of, and says so in the history. has_dsn: the relay sends reports of its own on what it
 * took. The recipients have their new states; those that are told of a delay are marked. */
void ss_bounce_queue_add(ss_job_t *job, ss_store_outcome_t *outcome, const int *numbers, int count,
                         int has_dsn, apr_time_t now);
/* The outcome was committed, or was not (rv): its reports are sent like any message, or forgotten.
 */
void ss_bounce_queue_committed(ss_relay_t *relay, const ss_store_outcome_t *outcome);

#endif
