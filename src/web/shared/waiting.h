/* waiting.h: which requests may wait: for the end of a message, for a connection test. Each
 * occupies one of httpd's workers, and at most half of them do, of each process and of all, so that
 * pages, health checks and submissions are answered meanwhile. Who gets no place is answered at
 * once. */
#pragma once

#include <httpd.h>

#include "web/shared/rpc.h"

/* Takes a place. -1: none is free. */
int ss_waiting_begin(void);
/* Asks the daemon for the state of a message (ss_rpc_state_request) when it is finished, or after
 * wait at the latest. Without a free place it does not wait, and the answer has Retry-After; nor
 * does it wait longer than the client stays. As ss_rpc_exchange. */
int ss_waiting_ask(request_rec *r, json_t *header, apr_interval_time_t wait,
                   ss_rpc_answer_t *answer);
/* Gives it back; -1: nothing. */
void ss_waiting_end(int place);
/* In a new process: frees the places of those that ended before they could. */
void ss_waiting_clean(void);

/* ---- the rule; pure but for is_alive ---- */

typedef struct {
    volatile apr_uint32_t *places; /* process ids; 0: free */
    int count;                     /* places of all processes together */
    int own;                       /* of one process */
    apr_uint32_t process;          /* the one that asks */
    int (*is_alive)(apr_uint32_t process);
} ss_waiting_rule_t;

int ss_waiting_rule_take(const ss_waiting_rule_t *rule);
void ss_waiting_rule_clean(const ss_waiting_rule_t *rule);
/* The share of threads or processes that may wait. */
int ss_waiting_rule_share(int workers);
