/* outcome.h: what an attempt, or its end without one, makes of recipients: their states, the log's
 * line, history, counters, and the request that makes it durable. */
#pragma once

#include "delivery/job.h"
#include "smtp/client.h"

typedef struct {
    const char *host;                  /* "mail.example.com[192.0.2.1]:465" */
    int has_dsn;                       /* the relay sends reports on what it took (RFC 3461) */
    apr_interval_time_t connected_for; /* connecting took so long for this message */
    ss_mono_t handed, started, ended;  /* to the connection; MAIL written; last answer. started not
                                          set: nothing was written */
} ss_outcome_attempt_t;

/* The result of one transaction. results and numbers: count of them; numbers are
 * indices in job->message->rcpts. The recipients are in state sending. */
void ss_outcome_take(ss_job_t *job, const ss_client_rcpt_t *results, const int *numbers, int count,
                     const ss_outcome_attempt_t *attempt);
/* Posts the outcomes that the store refused again, now. */
void ss_outcome_post_again(ss_delivery_t *d);
/* Gives up all waiting recipients, held ones too, in a person's name; their sender gets a bounce.
 * Returns their number. */
int ss_outcome_give_up(ss_job_t *job, const char *who);
/* Gives up the waiting recipients if their time is over (retry.h); returns whether any were. */
int ss_outcome_expire(ss_job_t *job);
