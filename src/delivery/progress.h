/* progress.h: whether a relay's mail gets on: since when nothing has succeeded although mail was
 * due, and for how long mail that is due was not even tried. Health (record/health.h) compares both
 * with SMTPSendAlertAge. What is held or not due yet does not count, and neither does the mail of
 * one recipient whose mailbox is full. */
#pragma once

#include "delivery/relay.h"
#include "smtp/client.h"

/* A recipient was delivered. Pure. */
void ss_progress_succeeded(ss_relay_progress_t *p);
/* An attempt for a recipient did not succeed, and it waits on. recipient: a hash of its address
 * where the reply may be about it alone; 0: it is not. Pure. */
void ss_progress_waits(ss_relay_progress_t *p, apr_uint32_t recipient, ss_mono_t now);
/* Whether a reply may be about its recipient alone: at RCPT, or by its enhanced status code (RFC
 * 3463, subjects 1 and 2). Pure. */
int ss_progress_is_personal(const ss_client_rcpt_t *result);
/* How long nothing has succeeded although mail was due and is still waiting; 0: something did. */
apr_interval_time_t ss_progress_fruitless(const ss_relay_t *relay);
/* How long the mail that is due and was not tried has been due, since the relay may send; 0: all
 * was. Threads: the loop's. */
apr_interval_time_t ss_progress_untried(const ss_relay_t *relay);
/* How many messages wait in each state: sending or deferred where one of its recipients is, else
 * queued, or held. What is not in memory (SS_SCHEDULE_MAX) is queued. */
void ss_progress_messages(const ss_relay_t *relay, apr_int64_t counts[SS_STATES]);
