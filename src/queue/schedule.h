/* schedule.h: what is sent next for one relay. Pure: time and random numbers come in as arguments.
 * Bounded: SS_SCHEDULE_MAX entries in memory; past it the submitter with the most entries loses the
 * one that is needed last, and `has_more` says that the store has others (refill by SS_STORE_DUE).
 * Order: what is due; then priority (high first); a first attempt before a retry; submitters of one
 * priority in turn (round robin); then age, where one that is_behind is as old as the youngest. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/mono.h"
#include "base/heap.h"
#include "base/ident.h"
#include "config/settings.h"

#define SS_SCHEDULE_MAX 10000
/* lanes for round robin; submitters beyond share lanes by hash */
#define SS_SCHEDULE_SUBMITTERS 256

typedef struct ss_schedule_t ss_schedule_t;

typedef struct ss_schedule_entry_t { /* owned by the caller; in at most one schedule */
    ss_heap_node_t node;
    struct ss_schedule_entry_t *next_in_lane;
    int is_in_lane;
    char id[SS_IDENT_TEXT];
    ss_mono_t due;      /* not set: at once */
    apr_time_t created; /* wall time: its age among others that are due */
    int priority, is_retry;
    int is_behind; /* refused for no reason of its own: behind those of its lane that are due now */
    apr_uint32_t submitter; /* hash */
    void *owner;            /* the job */
} ss_schedule_entry_t;

ss_schedule_t *ss_schedule_create(void);
void ss_schedule_destroy(ss_schedule_t *s);
/* Inserts. *dropped: the entry that had to make room (maybe the same one), or NULL; the caller
 * frees it: the store still has it. */
void ss_schedule_add(ss_schedule_t *s, ss_schedule_entry_t *entry, ss_schedule_entry_t **dropped);
void ss_schedule_remove(ss_schedule_t *s, ss_schedule_entry_t *entry);
/* Takes the next entry that is due and that the rates allow, or NULL; then *when is the time at
 * which to ask again (not set: when something is added). */
ss_schedule_entry_t *ss_schedule_next(ss_schedule_t *s, ss_mono_t now, ss_mono_t *when);
/* Gives an entry back that was taken and could not be handed over: it is first in its lane again,
 * and the rate is not charged. */
void ss_schedule_unget(ss_schedule_t *s, ss_schedule_entry_t *entry);
/* An entry that was taken is not sent now, but loaded, or over: the rate is not charged. */
void ss_schedule_refund(ss_schedule_t *s);
int ss_schedule_count(const ss_schedule_t *s);
/* Whether entries were dropped for room: ask the store for more when the count falls under a half.
 */
int ss_schedule_has_more(const ss_schedule_t *s);
void ss_schedule_set_more(ss_schedule_t *s, int has_more);
/* SMTPSendRate: ss_settings_rate_t; all of them hold at once (token buckets). NULL: none. One that
 * held before goes on. */
void ss_schedule_rates(ss_schedule_t *s, const apr_array_header_t *rates, ss_mono_t now);
