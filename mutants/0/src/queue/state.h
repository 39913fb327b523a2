/* state.h: the states of a recipient and the table of legal transitions. Pure. */
#pragma once

/* The numbers are stored: they never change. Waiting states come before final ones, and those that
 * are attempted before HELD; SQL relies on that order. */
typedef enum {
    /* waiting */
    SS_STATE_QUEUED,
    SS_STATE_SENDING,
    SS_STATE_DEFERRED,
    SS_STATE_HELD,
    /* final */
    SS_STATE_SENT,
    SS_STATE_FAILED,
    SS_STATE_EXPIRED,
    SS_STATE_CANCELLED,
    SS_STATES
} ss_state_t;

/* "queued", "sending", ... */
const char *ss_state_name(ss_state_t state);
/* By name; -1: unknown. */
int ss_state_find(const char *name);
int ss_state_is_final(ss_state_t state);
/* Whether a recipient may go from one state to another. */
int ss_state_may_go(ss_state_t from, ss_state_t to);
