/* store.h: the durable queue: verbs as requests to one store thread, which takes all that wait,
 * does them in ONE transaction, commits and answers (group commit). Between commits it does reads
 * in steps of about a millisecond. A request is an owned struct with its own pool: ss_store_post
 * gives it away; it comes back, on the loop's thread, through ss_store_collect ->
 * request->done(request), whose callee owns it again and destroys its pool. After APR_SUCCESS in rv
 * a write is on stable storage. */
#ifndef SS_QUEUE_STORE_H
#define SS_QUEUE_STORE_H

#include "queue/store_options.h"
#include "queue/store_request.h"

/* waiting requests; past it ss_store_post says APR_EAGAIN: the door answers 503 */
#define SS_STORE_REQUESTS_MAX 20000

typedef struct ss_store_t ss_store_t;

/* Opens the store (folder must exist and be writable), creates or migrates the schema, checks its
 * version, takes the lock file beside an sqlite3 file (waits for the old daemon up to lock_wait,
 * then APR_EBUSY), starts the thread. Errors name file and cause in result. */
apr_status_t ss_store_open(ss_store_t **store, const ss_store_options_t *options,
                           apr_interval_time_t lock_wait, ss_result_t *result);
/* Loop thread -> store thread. On APR_SUCCESS the request belongs to the store; on APR_EAGAIN
 * (full) or APR_EOF (closing) it stays yours. */
apr_status_t ss_store_post(ss_store_t *store, ss_store_request_t *request);
/* Loop thread: calls done of all that is finished. Returns their number. */
int ss_store_collect(ss_store_t *store);
/* Whether a request is taken while so many wait: there is always room for an outcome, which nobody
 * can ask for again. Pure. */
int ss_store_has_room(int waiting, ss_store_verb_t verb);
/* Whether several nodes may work on it. */
int ss_store_is_shared(const ss_store_t *store);
/* Requests posted and not collected yet. */
int ss_store_waiting(const ss_store_t *store);
/* Does all that waits, commits, ends the thread, closes the store, releases the lock. Answers left
 * are collected by a last ss_store_collect inside. */
void ss_store_close(ss_store_t *store);
/* A copy of the numbers as they are after the last batch. */
void ss_store_stats(ss_store_t *store, ss_store_stats_t *stats);

#endif
