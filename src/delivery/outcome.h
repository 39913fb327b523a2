/* outcome.h: what an attempt, or its end without one, makes of recipients. */
#ifndef SS_DELIVERY_OUTCOME_H
#define SS_DELIVERY_OUTCOME_H

#include "delivery/job.h"
#include "smtp/client.h"

typedef struct {
    const char *host; /* "mail.example.com[192.0.2.1]:465" */
    int has_dsn;      /* the relay reports on what it took (RFC 3461) */
    /* connected_for: microseconds spent connecting for this message */
    apr_interval_time_t connected_for;
    ss_mono_t handed, started, ended;
} ss_outcome_attempt_t;
/* What became of the recipients of one transaction: changes their states, logs, posts the outcome.
 */
void ss_outcome_take(ss_job_t *job, ss_client_rcpt_t *rcpts, const int *numbers, int count,
                     const ss_outcome_attempt_t *attempt, apr_time_t now);
/* Gives all recipients that wait, held ones too, up in a person's name; returns their number. Their
 * sender is told. */
int ss_outcome_give_up(ss_job_t *job, const char *who, apr_time_t now);
/* How long the message was tried: time paused, held, or before `at` is left out. */
apr_interval_time_t ss_outcome_age(const ss_job_t *job, apr_time_t now);
/* Gives up the recipients whose time is over; returns whether any were. */
int ss_outcome_expire(ss_job_t *job, apr_time_t now);

#endif
