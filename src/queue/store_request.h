/* store_request.h: what the store can be asked, one struct per verb. Each begins with the common
 * head, which is what is posted; the answer comes in the same struct.
 *
 * A request owns a pool (store_pool.h), in which it lies itself, and the answer too. Texts that a
 * constructor takes are copied there. Whoever gets it back in done() owns it again and destroys
 * head.pool, which frees everything. After APR_SUCCESS in head.rv a write is on stable storage. */
#ifndef SS_QUEUE_STORE_REQUEST_H
#define SS_QUEUE_STORE_REQUEST_H

#include <apr_ring.h>

#include "base/mono.h"
#include "base/ident.h"
#include "base/result.h"
#include "queue/message.h"
#include "queue/store_pool.h"

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

typedef struct ss_store_request_t ss_store_request_t;
struct ss_store_request_t {
    APR_RING_ENTRY(ss_store_request_t) link;
    ss_store_verb_t verb;
    apr_pool_t *pool;
    void (*done)(ss_store_request_t *request); /* called on the loop's thread */
    void *baton;                               /* the caller's */
    /* APR_SUCCESS; APR_NOTFOUND where no message has the id; else the store's failure, and what to
     * tell a person in result */
    apr_status_t rv;
    ss_result_t result;
    /* The store's own. The connection broke at the end of the transaction: until unknown_until it
     * is asked whether it was committed. */
    int is_unknown;
    ss_mono_t unknown_until;
};
APR_RING_HEAD(ss_requests_t, ss_store_request_t);

/* Whether it belongs in a transaction that writes. */
int ss_store_request_is_write(const ss_store_request_t *request);
/* The struct whose head this is; the verb must be the struct's. */
void *ss_store_request_as(ss_store_request_t *request, ss_store_verb_t verb);
/* A zeroed struct of so many bytes in a pool of its own, its head filled. For the constructors. */
void *ss_store_request_create(ss_store_verb_t verb, apr_size_t size,
                              void (*done)(ss_store_request_t *), void *baton);

/* ---- writing ---- */

/* Inserts a message with its recipients and parts. The caller keeps message->pool alive until done.
 * Where (submitter, idempotency key) is there already nothing is inserted, and existing_* tell. */
typedef struct {
    ss_store_request_t head;
    ss_message_t *message;
    char existing_id[SS_IDENT_TEXT]; /* "": it was inserted */
    int existing_same;               /* the content hash is the same */
} ss_store_accept_t;
ss_store_accept_t *ss_store_accept_create(ss_message_t *message, void (*done)(ss_store_request_t *),
                                          void *baton);

/* Stores what became of recipients; deletes the content when none waits, and the rest too where
 * history is not kept. */
typedef struct {
    ss_store_request_t head;
    ss_message_t *message; /* its id and rcpts count */
    int *changed;          /* indices in message->rcpts, changed_count of them */
    int changed_count;
    /* of ss_message_t *, or NULL: reports on it, accepted in the same transaction. Each has its own
     * pool, which stays the caller's: after rv APR_SUCCESS they are in the queue, else not. */
    apr_array_header_t *reports;
    apr_array_header_t *history; /* of ss_message_history_t, to add; or NULL */
    int keep_history;            /* 0: a finished message is deleted at once */
    apr_time_t now;
} ss_store_outcome_t;
ss_store_outcome_t *ss_store_outcome_create(ss_message_t *message, int keep_history, apr_time_t now,
                                            void (*done)(ss_store_request_t *), void *baton);

/* Stores part `number`, from 1, of a message that is not accepted yet. What nobody accepts is
 * purged after an hour. bytes live until done. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    int number;
    const char *bytes;
    apr_size_t len;
} ss_store_stage_t;
ss_store_stage_t *ss_store_stage_create(const char *id, int number, const char *bytes,
                                        apr_size_t len, void (*done)(ss_store_request_t *),
                                        void *baton);

/* Deletes the staged parts of a message that will not be accepted. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
} ss_store_unstage_t;
ss_store_unstage_t *ss_store_unstage_create(const char *id, void (*done)(ss_store_request_t *),
                                            void *baton);

/* Writes a row of the setting table; value NULL deletes it. */
typedef struct {
    ss_store_request_t head;
    const char *key, *value, *who;
    apr_time_t now;
} ss_store_set_t;
ss_store_set_t *ss_store_set_create(const char *key, const char *value, apr_time_t now,
                                    void (*done)(ss_store_request_t *), void *baton);

/* What a person may do to stored messages. */
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
    int uid;                       /* this local user's messages only, or -1 */
    apr_time_t created_before;     /* 0: any */
    /* with created_before: those as well whose own expiry is before this */
    apr_time_t overdue_at;
    int is_waiting;            /* 1: only messages with a recipient whose state is not final */
    char after[SS_IDENT_TEXT]; /* page: ids below this one; "": from the newest */
} ss_store_filter_t;

typedef struct { /* a message that CONTROL changed */
    char id[SS_IDENT_TEXT];
    const char *relay;
    int recipients;        /* how many of its recipients changed */
    ss_state_t from_state; /* of the first of them */
    int is_finished;       /* no recipient waits any more */
    int is_foreign;        /* another node delivers it, and is told */
    apr_uint64_t size;
} ss_store_changed_t;

/* An action on one message (id), or on at most `limit` of those that fit the filter. */
typedef struct {
    ss_store_request_t head;
    ss_store_action_t control;
    char id[SS_IDENT_TEXT]; /* "": by filter. With an id only filter.uid counts. */
    ss_store_filter_t filter;
    int limit;
    const char *who;
    int keep_history; /* 0: cancel deletes finished messages at once */
    apr_time_t now;
    /* answer */
    apr_int64_t messages;     /* changed, or handed over */
    apr_array_header_t *rows; /* of ss_store_changed_t */
    int more;                 /* others fit the filter */
    const char *state;        /* of the one message, where it could not be changed */
} ss_store_control_t;
ss_store_control_t *ss_store_control_create(ss_store_action_t control, const char *who,
                                            apr_time_t now, void (*done)(ss_store_request_t *),
                                            void *baton);

typedef struct {
    const char *relay;
    ss_state_t state;
    apr_int64_t messages, recipients;
    apr_uint64_t bytes;
    apr_time_t oldest;
} ss_store_count_t;

/* Deletes at most `limit` messages that were finished before a time; orphaned parts too. */
typedef struct {
    ss_store_request_t head;
    apr_time_t before, now;
    int limit;
    apr_array_header_t *rows; /* of ss_store_count_t: what was deleted */
    int more;                 /* there may be others */
} ss_store_purge_t;
ss_store_purge_t *ss_store_purge_create(apr_time_t before, int limit, apr_time_t now,
                                        void (*done)(ss_store_request_t *), void *baton);

/* ---- reading ---- */

/* The store's own: where a read of several steps goes on. */
typedef struct {
    char id[SS_IDENT_TEXT];
    const char *relay;
    apr_int64_t time;
    int phase;
} ss_store_place_t;

/* A message with its recipients; all parts in memory where its size is at most whole_max, else the
 * first, the others with bytes NULL. APR_NOTFOUND: unknown, or finished. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    apr_uint64_t whole_max;
    ss_message_t *message; /* in a pool of its own, the caller's from then on */
} ss_store_load_t;
ss_store_load_t *ss_store_load_create(const char *id, apr_uint64_t whole_max,
                                      void (*done)(ss_store_request_t *), void *baton);

/* One part, of a staged message too. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    int number;
    const char *bytes;
    apr_size_t len;
    apr_uint64_t size; /* of the whole content; 0 while the message is not accepted */
} ss_store_part_t;
ss_store_part_t *ss_store_part_create(const char *id, int number,
                                      void (*done)(ss_store_request_t *), void *baton);

typedef struct {
    char id[SS_IDENT_TEXT];
    const char *relay, *submitter, *from;
    apr_time_t due, created;
    int priority, attempts;
    apr_uint64_t size;
} ss_store_due_row_t;

/* Waiting messages of a relay in the order (due, id), behind a place. */
typedef struct {
    ss_store_request_t head;
    const char *relay;
    apr_time_t after_time;
    char after_id[SS_IDENT_TEXT];
    int limit;
    apr_array_header_t *rows; /* of ss_store_due_row_t */
} ss_store_due_t;
ss_store_due_t *ss_store_due_create(const char *relay, apr_time_t after_time, const char *after_id,
                                    int limit, void (*done)(ss_store_request_t *), void *baton);

/* A message with its recipients and its history, without parts. */
typedef struct {
    ss_store_request_t head;
    char id[SS_IDENT_TEXT];
    ss_message_t *message;
    apr_array_header_t *history; /* of ss_message_history_t, newest first */
} ss_store_lookup_t;
ss_store_lookup_t *ss_store_lookup_create(const char *id, void (*done)(ss_store_request_t *),
                                          void *baton);

/* Messages that fit a filter, newest first, without parts and with at most 20 recipients. */
typedef struct {
    ss_store_request_t head;
    ss_store_filter_t filter;
    int limit;
    apr_array_header_t *rows; /* of ss_message_t * */
    int more;                 /* there may be others: filter.after the last one's id */
    ss_store_place_t place;
} ss_store_list_t;
ss_store_list_t *ss_store_list_create(const ss_store_filter_t *filter, int limit,
                                      void (*done)(ss_store_request_t *), void *baton);

/* How many messages an action would change. */
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
                                            void (*done)(ss_store_request_t *), void *baton);

/* Messages, bytes and the oldest, per relay and state. */
typedef struct {
    ss_store_request_t head;
    apr_array_header_t *rows; /* of ss_store_count_t */
    ss_store_place_t place;
} ss_store_counts_t;
ss_store_counts_t *ss_store_counts_create(void (*done)(ss_store_request_t *), void *baton);

/* The oldest waiting message of each relay. */
typedef struct {
    ss_store_request_t head;
    /* of ss_store_count_t, made empty; in: relay, and messages: about how many wait; out: oldest, 0
     * where none waits */
    apr_array_header_t *rows;
    ss_store_place_t place;
} ss_store_oldest_t;
ss_store_oldest_t *ss_store_oldest_create(void (*done)(ss_store_request_t *), void *baton);

typedef struct {
    const char *key, *value;
} ss_store_setting_t;

/* All rows of the setting table that are this node's or everybody's. */
typedef struct {
    ss_store_request_t head;
    apr_array_header_t *rows; /* of ss_store_setting_t */
    ss_store_place_t place;
} ss_store_settings_t;
ss_store_settings_t *ss_store_settings_create(void (*done)(ss_store_request_t *), void *baton);

#endif
