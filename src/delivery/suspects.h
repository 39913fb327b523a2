/* suspects.h: messages that met a reply which may be about us, and the hosts that gave it: which
 * message is tried where, to find out (suspicion.h has the rules). */
#pragma once

#include "delivery/job.h"

/* Whether it is open if the host refuses us, or a transaction showed that: its connections carry
 * one message at a time, to find out. */
int ss_suspects_is(const ss_relay_t *relay, int host);
/* Whether the job may be tried at such a host now; else *when is the time to ask again (not set:
 * something else will tell). */
int ss_suspects_may_try(const ss_relay_t *relay, int host, const ss_job_t *job, ss_mono_t *when);
/* Whether a recipient is one to be tried at that host before others of its message. */
int ss_suspects_is_first(const ss_recipient_t *rcpt, int host);
/* Whether that host refused all of the job that is due. */
int ss_suspects_was_refused(const ss_job_t *job, int host);
/* Whether no host takes this job now, though one may take others; it is put aside then. */
int ss_suspects_put_aside(ss_job_t *job);
/* Of the jobs that are due (and this one, taken out of the order) the one that tells most: for
 * another domain and of another sender than the last that was refused. The others stay in order. */
ss_job_t *ss_suspects_prefer(ss_job_t *job);
/* Jobs that were put aside get their places in the order again. forget: hosts whose refusals do not
 * count any more, a bit for each. */
void ss_suspects_take_back(ss_relay_t *relay, unsigned forget);
/* A host works again that was down or blocked as messages had shown: those that it deferred are
 * due.
 */
void ss_suspects_hurry(ss_relay_t *relay);
/* A session of that host ended at this job before it had carried anything: others are tried before
 * messages like it. */
void ss_suspects_struck(ss_relay_t *relay, int host, const ss_job_t *job);
/* What it refuses us for is known otherwise. */
void ss_suspects_end(ss_relay_t *relay, int host);
/* Everything is tried again (flush). */
void ss_suspects_forget(ss_relay_t *relay);
/* The bit of a host in ss_recipient_t.suspected. */
unsigned ss_suspects_bit(int host);
/* For comparison only: letter case does not matter. */
apr_uint32_t ss_suspects_hash(const char *text);
apr_uint32_t ss_suspects_domain(const char *address);
