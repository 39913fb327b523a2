/* store.h: the durable queue. Requests (store_request.h) go to one thread, which executes all
 * waiting writes in one transaction, commits and answers them (group commit), and reads in steps of
 * about a millisecond between commits. ss_store_post gives a request away; it comes back on the
 * loop's thread through ss_store_collect, which calls request->done. */
#pragma once

#include "queue/store_options.h"
#include "queue/store_request.h"

/* waiting requests; above it ss_store_post returns APR_EAGAIN, and front ends answer 503 */
#define SS_STORE_REQUESTS_MAX 20000

typedef struct ss_store_t ss_store_t;

/* Takes the lock file beside an sqlite3 file (waits for the old daemon up to lock_wait, then
 * APR_EBUSY), opens the database, creates or migrates the tables, and starts the thread. The folder
 * must exist and be writable. Errors: result names file and cause. */
apr_status_t ss_store_open(ss_store_t **store, const ss_store_options_t *options,
                           apr_interval_time_t lock_wait, ss_result_t *result);
/* Loop thread. On APR_SUCCESS the request belongs to the store; on APR_EAGAIN (full) or APR_EOF
 * (closing) it stays the caller's. */
apr_status_t ss_store_post(ss_store_t *store, ss_store_request_t *request);
/* Loop thread. Calls done of all answered requests. Returns their number. */
int ss_store_collect(ss_store_t *store);
/* Whether a request is accepted while `waiting` others wait. There is always room for an outcome,
 * which nobody can repeat. Pure. */
int ss_store_has_room(int waiting, ss_store_verb_t verb);
/* Whether several nodes may use this queue. */
int ss_store_is_shared(const ss_store_t *store);
/* Requests posted and not collected yet. */
int ss_store_waiting(const ss_store_t *store);
/* Executes all waiting requests, ends the thread, collects the last answers, closes the database
 * and releases the lock. Outcomes that cannot be written are retried for 10 s. */
void ss_store_close(ss_store_t *store);
/* Looks soon whether the file of the queue is in its place. */
void ss_store_look(ss_store_t *store);
/* Readable when something was moved or deleted in the folder of the file: empty it and call
 * ss_store_look. -1: nothing to watch. */
int ss_store_events(const ss_store_t *store);
/* Whether another file has the name of the queue now: the daemon is to start again with it. notify
 * is called when that is found out. */
int ss_store_is_replaced(ss_store_t *store);
/* A copy of the numbers as they are after the last batch; the fault as it is now. */
void ss_store_stats(ss_store_t *store, ss_store_stats_t *stats);
/* Why nothing can be written, by these numbers: the last write failed, writes have waited for more
 * than 2 s; "" while none was committed since the start. NULL: it can. Pure. */
const char *ss_store_fault(const ss_store_stats_t *stats, ss_mono_t now);
