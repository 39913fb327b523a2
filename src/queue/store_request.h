/* store_request.h: the requests to the store, one struct per verb. Each begins with the common
 * head, which is posted; the answer is in the same struct. The request and its answer are allocated
 * in head.pool. Constructors copy texts, except those in filters, which must live
 * until done. done() owns the request again and destroys head.pool. After APR_SUCCESS in head.rv a
 * write is on stable storage. */
#pragma once

#include <apr_ring.h>

#include "base/mono.h"
#include "base/ident.h"
#include "base/result.h"
#include "queue/message.h"

typedef enum {
    SS_STORE_ACCEPT,
    SS_STORE_OUTCOME,
    SS_STORE_STAGE,
    SS_STORE_UNSTAGE,
    SS_STORE_LOAD,
    SS_STORE_PART,
    SS_STORE_DUE,
    SS_STORE_LOOKUP,
    SS_STORE_LIST,
    SS_STORE_COUNTS,
    SS_STORE_OLDEST,
    SS_STORE_CONTROL,
    SS_STORE_MATCHES,
    SS_STORE_SETTINGS,
    SS_STORE_SET,
    SS_STORE_LEASE, /* lease.h */
    SS_STORE_PURGE
} ss_store_verb_t;

/* A message whose rows or content cannot be read or changed, though others can: nothing but a
 * repair of the queue helps. */
#define SS_STORE_UNREADABLE (APR_OS_START_USERERR + 1)

typedef struct ss_store_request_t ss_store_request_t;
typedef void ss_store_done_t(ss_store_request_t *request);
struct ss_store_request_t {
    APR_RING_ENTRY(ss_store_request_t) link;
    ss_store_verb_t verb;
    apr_pool_t *pool;
    ss_store_done_t *done; /* called on the loop's thread */
    void *baton;           /* the caller's */
    /* APR_SUCCESS; APR_NOTFOUND: no message has the id; SS_STORE_UNREADABLE; else a failure of the
     * store, with the message for people in result */
    apr_status_t rv;
    ss_result_t result;
    /* The store's own. The connection was lost during the commit: the store looks up whether it
     * took effect. */
    int is_unknown;
    ss_mono_t keep_until; /* set: its transaction failed, and is retried until then */
};
APR_RING_HEAD(ss_requests_t, ss_store_request_t);

/* A pool without a parent, for a request or a message. Any thread may use and destroy it, one at a
 * time. Aborts if out of memory. */
apr_pool_t *ss_store_pool(void);
void ss_store_request_push(struct ss_requests_t *ring, ss_store_request_t *request);
/* The first of a ring, removed from it; NULL: none. */
ss_store_request_t *ss_store_request_take(struct ss_requests_t *ring);
/* Whether it belongs in a transaction that writes. */
int ss_store_request_is_write(const ss_store_request_t *request);
/* The id, where it only reads or changes one message that is already there; else NULL. */
const char *ss_store_request_id(ss_store_request_t *request);
/* The struct with this head; verb must be its verb. */
void *ss_store_request_as(ss_store_request_t *request, ss_store_verb_t verb);
/* For the constructors: a zeroed struct of `size` bytes in a new pool, with its head filled in. */
void *ss_store_request_create(ss_store_verb_t verb, apr_size_t size, ss_store_done_t *done,
                              void *baton);

/* ---- writing ---- */

/* Inserts a message with its recipients and parts. The caller keeps message->pool alive until done.
 * If (submitter, idempotency key) exists already, nothing is inserted and existing_* describe the
 * first message. */
typedef struct {
    ss_store_request_t head;
    ss_message_t *message;
    char existing_id[SS_IDENT_TEXT]; /* "": inserted */
    int existing_same;               /* it has the same content hash */
} ss_store_accept_t;
ss_store_accept_t *ss_store_accept_create(ss_message_t *message, ss_store_done_t *done,
                                          void *baton);

/* Stores the results of recipients. Deletes the content once no recipient waits, or the whole
 * message if history is not kept. */
typedef struct {
    ss_store_request_t head;
    ss_message_t *message; /* only id and rcpts are used */
    int *changed;          /* indices in message->rcpts, changed_count of them */
    int changed_count;
    /* of ss_message_t *, or NULL: reports on it, inserted in the same transaction. Each has its own
     * pool, which stays the caller's. */
    apr_array_header_t *reports;
    apr_array_header_t *history; /* of ss_message_history_t, to add; or NULL */
    int keep_history;            /* 0: a finished message is deleted at once */
    apr_time_t now;
} ss_store_outcome_t;
ss_store_outcome_t *ss_store_outcome_create(ss_message_t *message, int keep_history, apr_time_t now,
                                            ss_store_done_t *done, void *baton);

/* Stores part `number` (1 or more) of a message that is not accepted yet; purged after an hour if
 * it never is. bytes must live until done. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    int number;
    const char *bytes;
    apr_size_t len;
} ss_store_stage_t;
ss_store_stage_t *ss_store_stage_create(const char *id, int number, const char *bytes,
                                        apr_size_t len, ss_store_done_t *done, void *baton);

/* Deletes the staged parts of a message that will not be accepted. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
} ss_store_unstage_t;
ss_store_unstage_t *ss_store_unstage_create(const char *id, ss_store_done_t *done, void *baton);

/* Writes a row of the setting table; value NULL deletes it. */
typedef struct {
    ss_store_request_t head;
    const char *key, *value, *who;
    apr_time_t now;
} ss_store_set_t;
ss_store_set_t *ss_store_set_create(const char *key, const char *value, apr_time_t now,
                                    ss_store_done_t *done, void *baton);

/* Actions of people on stored messages. */
typedef enum {
    SS_ACTION_RETRY,
    SS_ACTION_HOLD,
    SS_ACTION_RELEASE,
    SS_ACTION_CANCEL,
    SS_ACTION_BOUNCE, /* CONTROL only hands it to the node that delivers the message */
    SS_ACTIONS
} ss_store_action_t;

typedef struct {                   /* NULL or -1: any */
    int state;                     /* ss_state_t or -1 */
    const char *relay, *from, *to; /* from, to: patterns with * */
    const char *text;              /* part of id, address, subject, message id, metadata or reply */
    int uid;                       /* messages of this local user only, or -1 */
    /* with an id: it is one of these submitters' (const char *), or unknown; NULL: any */
    const apr_array_header_t *submitters;
    /* 0: any. Of created - paused_base: when it would have come in without pauses. */
    apr_time_t created_before;
    /* with created_before: also messages whose own expiry is before this */
    apr_time_t overdue_at;
    int is_waiting;            /* 1: only unfinished messages */
    char after[SS_IDENT_TEXT]; /* page: ids below this one; "": from the newest */
    /* a list: only ids that begin or end with this, whatever else is asked for but uid; NULL: any
     */
    const char *ident;
} ss_store_filter_t;

typedef struct { /* a message that CONTROL changed */
    char id[SS_IDENT_TEXT];
    const char *relay;
    int recipients;        /* how many of its recipients changed */
    ss_state_t from_state; /* of the first of them */
    int is_finished;       /* all its recipients are final now */
    int is_foreign;        /* another node delivers it, and is notified */
    apr_uint64_t size;
} ss_store_changed_t;

/* An action on one message (id), or on at most `limit` messages that match the filter,
 * in a step that looks at a bounded number of messages. */
typedef struct {
    ss_store_request_t head;
    ss_store_action_t control;
    char id[SS_IDENT_TEXT]; /* "": by filter. With an id only filter.uid and submitters are used. */
    ss_store_filter_t filter;
    int limit;
    const char *who;
    const char
        *reason; /* SS_ACTION_HOLD: why the message cannot be read; or NULL, and `who` holds it */
    int keep_history; /* 0: cancel deletes finished messages at once */
    apr_time_t now;
    /* answer */
    apr_int64_t messages;     /* changed, or handed over */
    apr_array_header_t *rows; /* of ss_store_changed_t */
    int more;                 /* there may be others: filter.after of the next step is */
    char next[SS_IDENT_TEXT];
    const char *state; /* state of the one message if it could not be changed */
} ss_store_control_t;
ss_store_control_t *ss_store_control_create(ss_store_action_t control, const char *who,
                                            apr_time_t now, ss_store_done_t *done, void *baton);

typedef struct {
    const char *relay;
    ss_state_t state;
    apr_int64_t messages, recipients;
    apr_uint64_t bytes;
    apr_time_t oldest;
} ss_store_count_t;

/* Deletes at most `limit` messages that finished before `before`, and orphaned parts. */
typedef struct {
    ss_store_request_t head;
    apr_time_t before, now;
    int limit;
    apr_array_header_t *rows; /* of ss_store_count_t: what was deleted */
    int more;                 /* there may be others */
} ss_store_purge_t;
ss_store_purge_t *ss_store_purge_create(apr_time_t before, int limit, apr_time_t now,
                                        ss_store_done_t *done, void *baton);

/* ---- reading ---- */

/* The store's own: where a read in several steps continues. */
typedef struct {
    char id[SS_IDENT_TEXT];
    const char *relay;
    apr_int64_t time;
    int phase;
} ss_store_place_t;

/* A message with its recipients and, if its size is at most whole_max bytes, all parts; else only
 * the first part, the others with bytes NULL. APR_NOTFOUND: unknown or finished. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    apr_uint64_t whole_max;
    ss_message_t *message; /* in a pool of its own, the caller's from then on */
} ss_store_load_t;
ss_store_load_t *ss_store_load_create(const char *id, apr_uint64_t whole_max, ss_store_done_t *done,
                                      void *baton);

/* One part, of a staged message too. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    int number;
    const char *bytes;
    apr_size_t len;
    apr_uint64_t size; /* of the whole content; 0 while the message is not accepted */
} ss_store_part_t;
ss_store_part_t *ss_store_part_create(const char *id, int number, ss_store_done_t *done,
                                      void *baton);

typedef struct {
    char id[SS_IDENT_TEXT];
    const char *relay, *submitter, *from;
    apr_time_t due, created;
    int priority, attempts;
    int queued; /* recipients that were not tried yet */
    apr_uint64_t size;
} ss_store_due_row_t;

/* Waiting messages of a relay in the order (due, id), after (after_time, after_id). */
typedef struct {
    ss_store_request_t head;
    const char *relay;
    apr_time_t after_time;
    char after_id[SS_IDENT_TEXT];
    int limit;
    apr_array_header_t *rows; /* of ss_store_due_row_t */
} ss_store_due_t;
ss_store_due_t *ss_store_due_create(const char *relay, apr_time_t after_time, const char *after_id,
                                    int limit, ss_store_done_t *done, void *baton);

/* A message with its recipients and its history, without parts. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    ss_message_t *message;
    apr_array_header_t *history; /* of ss_message_history_t, newest first */
} ss_store_lookup_t;
ss_store_lookup_t *ss_store_lookup_create(const char *id, ss_store_done_t *done, void *baton);

/* Messages that match a filter, newest first, without parts and with at most 20 recipients each. */
typedef struct {
    ss_store_request_t head;
    ss_store_filter_t filter;
    int limit;
    apr_array_header_t *rows; /* of ss_message_t * */
    int more;                 /* there may be others: set filter.after to the last id */
    ss_store_place_t place;
} ss_store_list_t;
ss_store_list_t *ss_store_list_create(const ss_store_filter_t *filter, int limit,
                                      ss_store_done_t *done, void *baton);

/* The number of messages that an action would change. */
typedef struct {
    ss_store_request_t head;
    ss_store_filter_t filter;
    ss_store_action_t control;
    apr_time_t now;
    apr_int64_t messages;
    ss_store_place_t place;
} ss_store_matches_t;
ss_store_matches_t *ss_store_matches_create(ss_store_action_t control,
                                            const ss_store_filter_t *filter, apr_time_t now,
                                            ss_store_done_t *done, void *baton);

/* Messages, bytes and the oldest by relay and state. */
typedef struct {
    ss_store_request_t head;
    apr_array_header_t *rows; /* of ss_store_count_t */
    ss_store_place_t place;
} ss_store_counts_t;
ss_store_counts_t *ss_store_counts_create(ss_store_done_t *done, void *baton);

/* The oldest waiting message of each relay. */
typedef struct {
    ss_store_request_t head;
    /* of ss_store_count_t. In: relay, and messages (about how many wait); out: oldest, 0 if none
     * waits */
    apr_array_header_t *rows;
    ss_store_place_t place;
} ss_store_oldest_t;
ss_store_oldest_t *ss_store_oldest_create(ss_store_done_t *done, void *baton);

typedef struct {
    const char *key, *value;
} ss_store_setting_t;

/* All settings of this node, and those shared by all nodes. */
typedef struct {
    ss_store_request_t head;
    apr_array_header_t *rows; /* of ss_store_setting_t */
} ss_store_settings_t;
ss_store_settings_t *ss_store_settings_create(ss_store_done_t *done, void *baton);
