/* bounce_queue.h: who gets a report on the result of a message, and the reports themselves. A
 * report is a message of its own, accepted in the same transaction as the outcome that it tells of:
 * a crash loses neither or both, and then the outcome is found again. */
#pragma once

#include "delivery/job.h"
#include "mail/bounce.h"

/* Who gets the reports on this message; NULL: nobody. */
const char *ss_bounce_queue_reader(const ss_settings_t *s, const ss_message_t *m);
/* Whether a report of this kind is due to anybody: SMTPSendBounce, NOTIFY (RFC 3461 4.1), and never
 * a report on a report. Pure. */
int ss_bounce_queue_wants(const ss_settings_t *settings, const ss_message_t *m,
                          const ss_recipient_t *rcpt, ss_bounce_kind_t kind);
/* When (wall time) a notice of delay is due (SMTPSendDelayNotice); 0: never, or it was sent. age:
 * of the message (ss_retry_age). Pure. */
apr_time_t ss_bounce_queue_delay_at(const ss_settings_t *settings, const ss_message_t *m,
                                    const ss_recipient_t *rcpt, apr_interval_time_t age,
                                    apr_time_t now);
/* The report that is due now on a recipient in its new state, as ss_bounce_kind_t; -1: none.
 * has_dsn: the relay sends reports of its own on what it took. Pure. */
int ss_bounce_queue_kind(const ss_settings_t *settings, const ss_message_t *m,
                         const ss_recipient_t *rcpt, int has_dsn, apr_interval_time_t age,
                         apr_time_t now);
/* Adds the reports that are due on the changed recipients (count indices in numbers) to the
 * outcome's request, and says so in the history. Recipients whose delay is reported are marked. */
void ss_bounce_queue_add(ss_job_t *job, ss_store_outcome_t *outcome, const int *numbers, int count,
                         int has_dsn, apr_time_t now);
/* The outcome was committed, or was not (its rv): its reports are sent like any message, or
 * freed. */
void ss_bounce_queue_committed(ss_relay_t *relay, const ss_store_outcome_t *outcome);
