/* jump.h: the wall clock was set, by a person or by NTP, or it is wrong after the machine's
 * start. The monotonic clock shows it. Waiting messages keep their times (job.h), pauses keep their
 * length, and the jump counts neither for nor against a message's age. See docs/policies/retry.md.
 */
#pragma once

#include "delivery/relay.h"

/* smaller differences are adjustments */
#define SS_JUMP_LEAST (60 * APR_USEC_PER_SEC)
/* A clock that is so much ahead of what the last process saw, before the machine's start, was set:
 * a machine is not often off for so long. */
#define SS_JUMP_OFF (30 * 24 * 3600 * APR_USEC_PER_SEC)

void ss_jump_create(ss_delivery_t *d);
/* The last process's row "clock", as read at the start, before pauses are; NULL: none. */
void ss_jump_begin(ss_delivery_t *d, const char *json);
/* Looks at the clocks; 1: the wall clock was set since the last look. Jobs get their new times at
 * the end of the turn. */
int ss_jump_look(ss_delivery_t *d);
/* Writes the row for the next process. */
void ss_jump_save(const ss_delivery_t *d);
/* Stamps a message with the time of its acceptance, and with what is not counted of its age. */
void ss_jump_stamp(const ss_relay_t *relay, ss_message_t *m);
/* What created - paused_base is of a message that is accepted now. */
apr_time_t ss_jump_birth(const ss_relay_t *relay);
/* The message's age without pauses, holds and jumps. */
apr_interval_time_t ss_jump_age(const ss_relay_t *relay, const ss_message_t *m);
/* Whether its time is over. Where nothing is written down of the clock before, nothing is until it
 * was tried for an hour, or for as long as it may be. */
int ss_jump_is_over(const ss_relay_t *relay, const ss_message_t *m);
/* How long the relay's oldest message waits, as far as known; 0: none does. */
apr_interval_time_t ss_jump_oldest_age(const ss_relay_t *relay);
/* By how much the clock was set forward of late: finished messages seem older by that. Where that
 * is not known: all time. */
apr_interval_time_t ss_jump_ahead(const ss_delivery_t *d, apr_interval_time_t history);

/* By how much the wall clock was set between the last process's row and now; 0: not. is_same_boot:
 * the machine was not started since, so that the monotonic times can be compared. Pure. */
apr_interval_time_t ss_jump_of(int is_same_boot, apr_time_t wall_then, ss_mono_t mono_then,
                               apr_time_t wall, ss_mono_t mono);
