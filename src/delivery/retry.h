/* retry.h: when a recipient is tried again, and when it is given up. Pure: settings, time and
 * random numbers are arguments. See docs/policies/retry.md. */
#pragma once

#include "config/settings.h"
#include "queue/message.h"
#include "smtp/verdict.h"

/* attempts in a row that ended without an answer about the message and were not charged, while
 * other mail got through; the next one is charged, so that a message that breaks connections
 * expires like any other */
#define SS_RETRY_UNCHARGED_MAX 5

typedef enum {
    SS_RETRY_SENT,
    SS_RETRY_FAILED,
    SS_RETRY_HOLD,     /* a person decides (SMTPSendUncertain hold) */
    SS_RETRY_LATER,    /* an attempt is charged; it is tried again, or expires */
    SS_RETRY_UNCHARGED /* as if it had not been tried: not written to the store either */
} ss_retry_t;

/* What an attempt's fate means. uncharged: how many uncharged attempts came directly before. */
ss_retry_t ss_retry_decide(ss_verdict_fate_t fate, ss_uncertain_t uncertain, int uncharged);
/* The wait after so many charged attempts (1 or more): SMTPSendRetry's entry of that number, the
 * last one repeats; 10 % jitter from 32 random bits. waits: of apr_interval_time_t, microseconds;
 * none: a minute. */
apr_interval_time_t ss_retry_wait(const apr_array_header_t *waits, int attempts,
                                  apr_uint32_t random);
/* The time of the next attempt (0: at once) after so many charged ones, where it cannot be right:
 * it is further away than any wait, since the clock was set back after it was chosen. Then it is
 * now. A time before the first attempt is a person's and stays. */
apr_time_t ss_retry_next(apr_time_t next, const apr_array_header_t *waits, int attempts,
                         apr_time_t now);
/* How long a server's reply asks to wait ("try again in 5 minutes"), at most a day; 0: it does not
 * say. */
apr_interval_time_t ss_retry_named(const char *text);
/* How long a relay is left alone whose reply says that a quota of hours or days is used up: the
 * time that it names; of a day: until the next one begins (UTC); else an hour. is_again: that time
 * is over, and it says so still: an hour. */
apr_interval_time_t ss_retry_quota(const char *text, int is_again, apr_time_t wall);
/* Whether a reply of that advice is about such a quota. */
int ss_retry_is_quota(const char *advice);
/* How long the message was tried so far: from its acceptance, or from the time it waits for (`at`);
 * without what is not counted (paused: the relay's total of it by now: pauses, and by how much the
 * clock was set forward; back: by how much it was set back at most, negative), and without the time
 * it was held. May be negative. */
apr_interval_time_t ss_retry_age(const ss_message_t *m, apr_interval_time_t paused,
                                 apr_interval_time_t back, apr_time_t now);
/* How long it may be tried: its own time, else SMTPSendExpire. */
apr_interval_time_t ss_retry_expire(const ss_message_t *m, const ss_settings_t *settings);
/* Whether a message of that age is over. */
int ss_retry_is_over(const ss_message_t *m, const ss_settings_t *settings, apr_interval_time_t age);
