/* suspects_judge.h: what a transaction's results say about us, where they may be about us, and
 * which host is asked next. See suspects.h. */
#pragma once

#include "delivery/connection.h"
#include "delivery/suspects.h"
#include "smtp/client_types.h"

/* The results of a transaction, before anything is made of them: a suspicion becomes the verdict on
 * its recipient, or stays one. numbers: indices in job->message->rcpts. */
void ss_suspects_judge(ss_connection_t *connection, ss_job_t *job, ss_client_rcpt_t *results,
                       const int *numbers, int count);
/* Which host to open a connection to for the job, as ss_breaker_choose. */
int ss_suspects_choose(const ss_relay_t *relay, const ss_job_t *job, ss_mono_t *when);
/* No job is left to be tried: there is nothing to compare the last one with. */
void ss_suspects_conclude(ss_relay_t *relay);
