/* store_impl.h: the inside of the store, shared by store.c (thread), store_batch.c, store_write.c,
 * store_control.c, store_read.c and lease.c. Nobody else includes it. */
#ifndef SS_QUEUE_STORE_IMPL_H
#define SS_QUEUE_STORE_IMPL_H

#include <pthread.h>

#include "base/mono.h"
#include "queue/db.h"
#include "queue/lease.h"
#include "queue/store.h"

/* a body of so many parts lies in the message's own row */
#define SS_STORE_INLINE_PARTS 1
/* due of a message that waits for nothing but a person, or is finished */
#define SS_STORE_FAR APR_INT64_C(9223372036854775807)

enum { SS_MARK_UNCERTAIN = 1, SS_MARK_DELAY_TOLD = 2 };

/* How many recipients of a message are in each state, and what follows for the message. */
typedef struct {
    apr_int64_t count[SS_STATES];
    apr_int64_t due, attempts;
    int is_finished, has_any;
} ss_summary_t;

struct ss_store_t {
    ss_store_options_t options;
    apr_pool_t *pool; /* of its own allocator: the thread's */
    ss_db_t db;
    int lock_fd;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t more;
    struct ss_requests_t writes, reads, done;
    int waiting, open; /* not taken yet; posted and not collected */
    int is_closing;
    ss_store_stats_t stats;
    /* the thread's own */
    /* outcomes whose transaction failed: before all others next time */
    struct ss_requests_t again;
    apr_interval_time_t again_wait;
    ss_mono_t again_at, close_until;
    /* since when the server has answered without a break; a file: since it was opened */
    ss_mono_t contact;
    char node[SS_LEASE_NAME + 1]; /* a shared queue: this node's name */
    /* tells this daemon from one before it that used the node's name */
    char token[SS_LEASE_TOKEN];
    ss_result_t lost;              /* why there is no connection */
    char said[SS_RESULT_TEXT_MAX]; /* the fault that the log holds already */
};

/* ---- batches (store_batch.c), on the store's thread ---- */
/* The connection; a file's lock first, for which it waits so long. */
apr_status_t ss_store_batch_open(ss_store_t *store, apr_interval_time_t lock_wait,
                                 ss_result_t *result);
/* All of the batch in one transaction: answered requests go to done, what is to be tried again to
 * store->again. */
void ss_store_batch_write(ss_store_t *store, struct ss_requests_t *batch,
                          struct ss_requests_t *done);
/* One step of a read; it goes to done, or back into the order. */
void ss_store_batch_read(ss_store_t *store, ss_store_request_t *request,
                         struct ss_requests_t *done);

/* ---- writes (store_write.c, store_control.c): inside the batch's transaction. The outcome is
 * db->rv; request->rv stays for what is no fault of the database. */
apr_status_t ss_store_write_accept(ss_db_t *db, ss_store_accept_t *request);
apr_status_t ss_store_write_stage(ss_db_t *db, ss_store_stage_t *request);
apr_status_t ss_store_write_unstage(ss_db_t *db, ss_store_unstage_t *request);
apr_status_t ss_store_write_outcome(ss_db_t *db, ss_store_outcome_t *request);
apr_status_t ss_store_write_set(ss_db_t *db, ss_store_set_t *request);
apr_status_t ss_store_write_purge(ss_db_t *db, ss_store_purge_t *request);
apr_status_t ss_store_control_write(ss_db_t *db, ss_store_control_t *request);
apr_status_t ss_lease_write(ss_db_t *db, ss_lease_t *lease, const char *token, int may_bury);
/* The node's name (lease.c): from its file, which is locked for so long as fd is open, or made and
 * kept there. wait: for another daemon of the node that settles. */
apr_status_t ss_lease_name(const char *file, apr_interval_time_t wait, int *fd,
                           char name[SS_LEASE_NAME + 1], ss_result_t *result);
/* A new token of a node. */
void ss_lease_token(char token[SS_LEASE_TOKEN]);
/* The node leaves in order: it may come back within ten seconds, then its mail is the others'. Its
 * failure needs no answer. */
void ss_lease_leave(ss_db_t *db, const char *token);
/* What was kept back to be written many rows at once: before the transaction's end. */
apr_status_t ss_store_write_flush(ss_db_t *db);
/* Whether a request, whose transaction's end is not known, was done all the same. */
apr_status_t ss_store_write_is_done(ss_db_t *db, ss_store_request_t *request, int *is_done);
/* Makes the message's own row agree with its recipients. summary: what was found. */
apr_status_t ss_store_write_settle(ss_db_t *db, const char *id, apr_time_t now, int keep_history,
                                   ss_summary_t *summary);
apr_status_t ss_store_write_event(ss_db_t *db, const char *id, apr_time_t time, int recipient,
                                  const char *what, const char *text, const char *host);

/* ---- reads (store_read.c): one step of about a millisecond each; *more is set while the request
 * is not done yet. */
apr_status_t ss_store_read_step(ss_db_t *db, ss_store_request_t *request, int *more);
/* One row of the message table, from the pool; parts and recipients as counted, without content.
 * NULL, with rv APR_NOTFOUND, where there is none. */
apr_status_t ss_store_read_message(ss_db_t *db, const char *id, ss_message_t **m, apr_pool_t *pool);
/* Adds to rows (of ss_store_count_t) what finished after (from, from_id) up to (to, to_id), as
 * COUNTS does. */
apr_status_t ss_store_read_done(ss_db_t *db, apr_array_header_t *rows, apr_time_t from,
                                const char *from_id, apr_time_t to, const char *to_id);
/* Adds the current row, of OPEN_COUNTS' or DONE_COUNTS' columns, to rows of ss_store_count_t. */
void ss_store_read_open_count(ss_db_t *db, apr_array_header_t *rows);
void ss_store_read_done_count(ss_db_t *db, apr_array_header_t *rows);
/* A page of ids and relays that fit the filter and where an action would change something (mode as
 * in the dialect's filter; -1: any). */
apr_status_t ss_store_read_page(ss_db_t *db, ss_sql_t sql, const ss_store_filter_t *filter,
                                const char *after, const char *bound, apr_int64_t mode,
                                apr_time_t now, apr_int64_t limit, apr_pool_t *pool);
/* Recipients and all parts of a message whose row was read; parts that are there stay.
 * APR_NOTFOUND: some are missing. */
apr_status_t ss_store_read_rest(ss_db_t *db, ss_message_t *m);
/* The current row of a page as a message. */
ss_message_t *ss_store_read_row(ss_db_t *db, apr_pool_t *pool);
/* How many columns it reads. */
int ss_store_read_width(void);
/* Which messages an action would change, for ss_store_read_page. */
apr_int64_t ss_store_control_mode(ss_store_action_t control);
/* Ids above all others: where a list begins. */
#define SS_ID_END "~"

#endif
