/* store.h: the durable queue: verbs as requests to one store thread, which takes all that wait,
 * does them in ONE transaction, commits and answers (group commit). Between commits it does reads
 * in steps of about a millisecond. A request is an owned struct with its own pool: ss_store_post
 * gives it away; it comes back, on the loop's thread, through ss_store_collect ->
 * request->done(request), whose callee owns it again and destroys its pool. After APR_SUCCESS in rv
 * a write is on stable storage. */
#ifndef SS_QUEUE_STORE_H
#define SS_QUEUE_STORE_H

#include <apr_ring.h>

#include "base/log.h"
#include "base/result.h"
#include "queue/message.h"

/* waiting requests; past it ss_store_post says APR_EAGAIN: the door answers 503 */
#define SS_STORE_REQUESTS_MAX 20000

typedef struct ss_store_t ss_store_t;
typedef struct ss_store_request_t ss_store_request_t;

typedef enum {
    /* message (rcpts, parts): inserts. With idempotency_key where (submitter, key) exists: nothing
       inserted; existing_id and existing_same tell */
    SS_STORE_ACCEPT,
    /* message: its id and changed rcpts (update), history; deletes the body when no recipient waits
       (and the rest where history is 0) */
    SS_STORE_OUTCOME,
    /* id, number, bytes: a part, behind the first, of a message that is not accepted yet; what
       nobody accepts is purged after an hour */
    SS_STORE_STAGE,
    SS_STORE_UNSTAGE, /* id: staged parts of a message that will not be accepted */
    /* id: message with recipients; all parts in memory where its size is at most `limit`, else the
       first, the others as bytes NULL; APR_NOTFOUND */
    SS_STORE_LOAD,
    /* id, number: bytes, of a staged part too; touched: octets of the whole content, 0 while the
       message is not accepted */
    SS_STORE_PART,
    /* relay, after_time/after_id, limit: waiting messages in order (due, id) as ss_due_t */
    SS_STORE_DUE,
    SS_STORE_LOOKUP, /* id: message (no parts) and its history */
    /* filter: summaries (messages without parts; rcpts included up to 20) newest first; more: where
       to go on */
    SS_STORE_LIST,
    SS_STORE_COUNTS, /* per relay and state: number, bytes, oldest */
    /* rows: relay, and messages: about how many wait; out: oldest of each, 0 where none waits */
    SS_STORE_OLDEST,
    /* action on id or filter: rows touched (at most limit a request; more = 1 if there are others)
     */
    SS_STORE_CONTROL,
    SS_STORE_SETTINGS, /* all settings rows as ss_setting_t */
    SS_STORE_SET,      /* key, value (NULL deletes) */
    /* a shared queue: this node's sign of life and what the others left for it; lease (lease.h) */
    SS_STORE_LEASE,
    SS_STORE_PURGE /* finished messages older than before_time go, at most `limit`; rows: what went,
                      as COUNTS; more; orphaned parts too */
} ss_store_verb_t;

typedef enum {
    SS_CONTROL_RETRY,
    SS_CONTROL_HOLD,
    SS_CONTROL_RELEASE,
    SS_CONTROL_CANCEL,
    SS_CONTROL_BOUNCE,
    /* only handed to the node that delivers it */ SS_CONTROL_COUNT
} ss_control_t;

typedef struct {
    char id[SS_IDENT_TEXT];
    const char *relay, *submitter, *from;
    apr_time_t due, created;
    int priority, attempts;
    apr_uint64_t size;
} ss_due_t;

typedef struct {
    const char *relay;
    ss_state_t state;
    apr_int64_t messages, recipients;
    apr_uint64_t bytes;
    apr_time_t oldest;
} ss_count_t;
typedef struct {
    const char *key, *value;
} ss_setting_t;
typedef struct { /* a message that CONTROL changed */
    char id[SS_IDENT_TEXT];
    const char *relay;
    int recipients;        /* how many of its recipients changed */
    ss_state_t from_state; /* of the first of them */
    int is_finished;       /* no recipient waits any more */
    int is_foreign;        /* another node delivers it, and is told */
    apr_uint64_t size;
} ss_touched_t;

typedef struct {                   /* NULL or -1: any */
    int state;                     /* ss_state_t or -1 */
    const char *relay, *from, *to; /* from, to: patterns with * */
    const char *text;              /* part of id, address, subject or reply */
    int uid;                       /* own messages only, or -1 */
    apr_time_t created_before;     /* 0: any */
    /* with it: those as well that have a time of their own, which is over then */
    apr_time_t overdue_at;
    /* 1: only messages that still wait (any state that is not final) */
    int is_waiting;
    /* page: ids before this one (newest first); "" the first page */
    char after[SS_IDENT_TEXT];
} ss_filter_t;

struct ss_store_request_t {
    APR_RING_ENTRY(ss_store_request_t) link;
    ss_store_verb_t verb;
    apr_pool_t *pool; /* the request's; also where answers are put */
    void (*done)(ss_store_request_t *request);
    void *baton; /* the asker's */
    /* in */
    /* ACCEPT, OUTCOME; out: LOAD (in a pool of its own, the asker's from then on), LOOKUP. In:
     * message->pool, which the asker keeps alive until done */
    ss_message_t *message;
    /* OUTCOME: numbers (indices in message->rcpts) of the recipients to update, changed_count of
     * them */
    int *changed;
    int changed_count;
    apr_array_header_t
        *reports; /* OUTCOME: of ss_message_t *, or NULL: messages that tell of it, accepted in the
                   * same transaction. Each has its own pool, which stays the asker's: after rv
                   * APR_SUCCESS they are in the queue, else they are not */
    apr_array_header_t *history; /* OUTCOME: ss_history_t to add; LOOKUP out */
    char id[SS_IDENT_TEXT];
    const char *relay;
    int number, limit;
    apr_time_t now, after_time, before_time;
    ss_filter_t filter;
    /* on id: touched 0 with value = the message's state word where nothing can change; APR_NOTFOUND
     */
    ss_control_t control;
    ss_control_t counted_for; /* COUNT: how many messages this action would touch */
    const char *key, *value, *who;
    /* OUTCOME, CONTROL cancel: 0 deletes finished messages at once */
    int keep_history;
    /* out */
    apr_status_t rv;
    /* what to tell a person when rv is an error: "the disk is full" ... */
    ss_result_t result;
    char existing_id[SS_IDENT_TEXT];
    int existing_same;
    /* DUE: ss_due_t; LIST: ss_message_t *; COUNTS, OLDEST, PURGE: ss_count_t; SETTINGS:
     * ss_setting_t; CONTROL: ss_touched_t */
    apr_array_header_t *rows;
    apr_int64_t touched;
    int more;
    const char *bytes;
    apr_size_t bytes_len;     /* PART; in: STAGE */
    struct ss_lease_t *lease; /* LEASE */
    /* the store's own: the connection broke at the transaction's end */
    int is_unknown;
    apr_time_t unknown_until; /* the store's own: then the asker is told so */
    /* the store's own: where a read of several steps goes on */
    void *step;
};

typedef struct {
    const char *driver, *params; /* "sqlite3" path; "pgsql" conninfo */
    const ss_log_t *log;
    /* called on the store thread when answers wait: wake the loop, which calls ss_store_collect */
    void (*notify)(void *self);
    void *self;
    /* a shared queue: where this node's name is kept, and locked; made where there is none */
    const char *node_file;
    int migrates; /* 0: open read-only checks only (command line) */
} ss_store_options_t;

/* Opens the store (folder must exist and be writable), creates or migrates the schema, checks its
 * version, takes the lock file beside an sqlite3 file (waits for the old daemon up to lock_wait,
 * then APR_EBUSY), starts the thread. Errors name file and cause in result. */
apr_status_t ss_store_open(ss_store_t **store, const ss_store_options_t *options,
                           apr_interval_time_t lock_wait, ss_result_t *result, apr_pool_t *pool);
/* A pool without a parent: it may be used and destroyed on either thread, one at a time
 * (store_pool.c). */
apr_pool_t *ss_store_pool(void);
/* A request with a fresh pool (child of nothing the loop owns: own allocator, so that it may cross
 * threads). */
ss_store_request_t *ss_store_request(ss_store_verb_t verb, void (*done)(ss_store_request_t *),
                                     void *baton);
/* Loop thread -> store thread. On APR_SUCCESS the request belongs to the store; on APR_EAGAIN
 * (full) or APR_EOF (closing) it stays yours. */
apr_status_t ss_store_post(ss_store_t *store, ss_store_request_t *request);
/* Loop thread: calls done of all that is finished. Returns their number. */
int ss_store_collect(ss_store_t *store);
/* Whether several nodes may work on it. */
int ss_store_is_shared(const ss_store_t *store);
/* Requests posted and not collected yet. */
int ss_store_waiting(const ss_store_t *store);
/* Does all that waits, commits, ends the thread, closes the store, releases the lock. Answers left
 * are collected by a last ss_store_collect inside. */
void ss_store_close(ss_store_t *store);
#define SS_STORE_FAULT_MAX 256
/* Commits and histogram for metrics: number of commits, of requests in them, microseconds of the
 * last, sum and maximum. fault: why the last batch could not be written ("the disk ... is full");
 * empty once one could. */
typedef struct {
    apr_uint64_t commits, requests;
    apr_interval_time_t last, sum, most;
    apr_uint64_t buckets[16];
    char fault[SS_STORE_FAULT_MAX];
} ss_store_stats_t;
void ss_store_stats(ss_store_t *store, ss_store_stats_t *stats);

#endif
