/* daemon.h: what the delivery daemon's files share. Everything here belongs to the loop thread. No
 * httpd (see main.c, supervise.c). */
#ifndef SS_DAEMON_DAEMON_H
#define SS_DAEMON_DAEMON_H

#include <apr_hash.h>
#include <apr_ring.h>
#include <jansson.h>

#include "base/mono.h"
#include "base/log.h"
#include "config/secrets.h"
#include "config/settings.h"
#include "delivery/breaker.h"
#include "delivery/flush.h"
#include "delivery/job.h"
#include "delivery/learned.h"
#include "delivery/outcome.h"
#include "delivery/pause.h"
#include "delivery/relay.h"
#include "delivery/slow_start.h"
#include "delivery/queue_counts.h"
#include "record/log_throttle.h"
#include "record/metrics.h"
#include "net/link.h"
#include "net/loop.h"
#include "queue/message.h"
#include "queue/schedule.h"
#include "queue/store_port.h"

/* local socket; more wait in the listening socket's backlog */
#define SS_DAEMON_CLIENTS_MAX 1024
/* contents kept for delivery from memory; past it they are read from the store again */
#define SS_DAEMON_MEMORY_MAX (64 * 1024 * 1024)
/* contents on their way to the store; past it no more begin (and past twice as much none goes on)
 */
#define SS_DAEMON_INTAKE_MAX (128 * 1024 * 1024)
/* a larger message is not kept in memory: its parts go to the store as they come, and are read as
 * they are sent */
#define SS_DAEMON_WHOLE_MAX (2 * SS_PART_MAX)
/* messages being read from the store, a relay */
#define SS_DAEMON_LOADS_MAX 64
/* a leaving daemon waits so long for what is in flight */
#define SS_DAEMON_SETTLE (10 * APR_USEC_PER_SEC)
#define SS_DAEMON_TESTS_MAX 4 /* connection tests at once */
/* uncharged attempts of a message in a row; then one is charged */
#define SS_DAEMON_AGAIN_MAX 5

typedef struct ss_daemon_t ss_daemon_t;

/* ---- the local socket (intake.c), requests (submit.c, control.c, document.c, testing.c) ---- */
typedef struct ss_many_t ss_many_t; /* many submissions of one request under way */
/* a client of the local socket with a request under way */
typedef struct ss_request_t ss_request_t;
struct ss_request_t {
    ss_daemon_t *daemon;
    ss_loop_watch_t watch;
    ss_buf_t in, out;
    int uid;
    int is_busy;    /* a request is being worked on: nothing more is read */
    int is_last;    /* no more parts come */
    int is_closing; /* the peer left, or a write failed: freed when not busy */
    /* called once when the peer leaves while busy; or NULL */
    void (*left)(ss_request_t *req);
    void *work;               /* of the request under way */
    ss_message_t *submitting; /* parts are still coming */
    /* in its pool: the daemon composes the message of what comes (composing.h); or NULL */
    struct ss_incoming_t *composing;
    ss_many_t *many; /* parts of many are still coming */
    json_t *header;
    apr_size_t charged; /* bytes counted in daemon->intake_bytes */
    ss_timer_t timer;
    ss_mono_t deadline; /* of a request that has begun and not all come; or not set */
    ss_mono_t begun;    /* when it began; or not set */
    struct ss_request_t *next, *prev;
};

apr_status_t ss_local_socket_start(ss_daemon_t *d, int listen_fd);
/* Accepts nothing more, reads nothing more; says goodbye where nothing is under way. */
void ss_local_socket_stop(ss_daemon_t *d);
/* Ends the request: an answer with status and, where given, a document. fields: more members of the
 * header, or NULL; both are taken over. */
void ss_request_answer(ss_request_t *req, int status, json_t *fields, const char *content,
                       apr_size_t len);
/* The same with a header that is written already. */
void ss_request_answer_text(ss_request_t *req, const char *text, const char *content,
                            apr_size_t len);
/* The same with a document. */
void ss_request_document(ss_request_t *req, int status, json_t *document);
/* Ends the request as refused. retry_after: seconds, 0: none. */
void ss_request_refuse(ss_request_t *req, int status, int retry_after, const char *field,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A piece before the answer. */
void ss_request_step(ss_request_t *req, const char *bytes, apr_size_t len);
int ss_request_is_trusted(const ss_request_t *req); /* root or httpd's User */

void ss_local_submit(ss_request_t *req, ss_message_t *message);
/* The message with its place for content, from a submit request's header; NULL: refused already. */
ss_message_t *ss_local_submit_begin(ss_request_t *req, const json_t *header);
/* Adds content to req->submitting; 0: refused already (too large), the message is gone. */
int ss_local_submit_part(ss_request_t *req, const char *content, apr_size_t len);
/* After a part (req->is_last says which): 1 when it has to go to the store first (staging.h);
 * ss_local_submit_go_on comes then. */
int ss_local_submit_stages(ss_request_t *req);
/* intake.c: req->submitting was taken so far: more is read, or it is submitted. */
void ss_local_submit_go_on(ss_request_t *req);
/* The same for many messages in one request ("submitMany"); NULL: refused already. */
ss_many_t *ss_local_submit_many_begin(ss_request_t *req, const json_t *header);
/* Adds content to the message whose turn it is; 0: more than was announced. */
int ss_local_submit_many_part(ss_many_t *many, const char *content, apr_size_t len);
/* All content is there: to the queue; the req is answered when the last of them is. */
void ss_local_submit_many_end(ss_many_t *many);
/* Drops what was not given to the queue yet (the client left). */
void ss_local_submit_many_free(ss_many_t *many);
/* A verb that is no submission. */
void ss_verbs_dispatch(ss_request_t *req, const char *verb, const json_t *header);
/* The action "bounce" (giveup.c): messages are given up and their senders told. */
void ss_bounce_request_begin(ss_request_t *req, const json_t *header);
/* The same, asked for at another node, of one message. */
void ss_bounce_request_handed(ss_daemon_t *d, const char *id, const char *who);
/* What a request says of messages: the filter; 0: a word is wrong, refused already (control.c). */
int ss_operator_filter(ss_request_t *req, const json_t *from, ss_store_filter_t *filter,
                       apr_pool_t *pool);
void ss_connection_test_run(ss_request_t *req, const json_t *header);
void ss_connection_test_message(ss_request_t *req, const json_t *header);
json_t *ss_document_status(ss_daemon_t *d, apr_time_t now);
json_t *ss_document_message(ss_daemon_t *d, const ss_message_t *m,
                            const apr_array_header_t *history);
json_t *ss_document_summary(ss_daemon_t *d, const ss_message_t *m);

/* Why mail does not flow, as [{"relay","reason","detail"}], reasons paused, blocked, stuck, full,
 * disk (health.c); empty: healthy. */
json_t *ss_health_reasons(ss_daemon_t *d, apr_time_t now);
/* All metrics as OpenMetrics text, with its end (exposition.c). */
void ss_exposition_print(ss_daemon_t *d, ss_buf_t *out, apr_time_t now);

/* ---- what happened: counts over time and who did what, kept over restarts (chronicle.c) ---- */
void ss_activity_start(ss_daemon_t *d);
void ss_activity_restore(ss_daemon_t *d, const char *key, const char *json, apr_time_t now);
/* All rows were read: from now on it may be written. */
void ss_activity_ready(ss_daemon_t *d);
/* Writes it to the store, if anything changed. */
void ss_activity_save(ss_daemon_t *d, apr_time_t now);
/* A person's action: "paused relay default". */
void ss_activity_note(ss_daemon_t *d, const char *who, const char *what, apr_time_t now);
/* {"hour":..., "day":..., "week":..., "actions":[{"time","who","what"}]}: series newest last. */
json_t *ss_activity_json(ss_daemon_t *d, apr_time_t now);

/* ---- SMTP submissions from this machine (door.c) ---- */
/* Serves the listening socket; -1: there is none. */
apr_status_t ss_smtp_listener_start(ss_daemon_t *d, int listen_fd);
/* Accepts nobody more. Idle clients are dismissed with 421, a transaction under way has a moment to
 * end. */
void ss_smtp_listener_stop(ss_daemon_t *d);
/* Whether clients are left that a leaving daemon still owes an answer. */
int ss_smtp_listener_is_busy(const ss_daemon_t *d);
/* After the loop's end: closes what is left. */
void ss_smtp_listener_destroy(ss_daemon_t *d);

/* ---- the whole (core.c) ---- */
typedef void ss_finished_fn(const char *id, const char *from, const char *to, const char *state,
                            const char *reply, const char *metadata);

struct ss_daemon_t {
    const ss_config_t *config;
    const ss_log_t *log;
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_store_port_t queue;
    int is_opening_store; /* on a helper thread */
    /* a write is under way that tells whether the store heals (health.c) */
    int is_probing_store;
    /* how often the relays' counts of messages and recipients changed */
    apr_uint64_t count_changes;
    int is_counted;   /* what waits in the store was asked: mail may be accepted */
    int knows_counts; /* ... and answered */
    ss_deferred_t refuse;
    /* "submitter\nidempotency key" of messages on their way to the store */
    apr_hash_t *accepting;
    ss_timer_t store_timer; /* tries to open it again */
    ss_timer_t purge_timer;
    ss_echo_t echo; /* sentences of the last minute that may come in heaps */
    ss_timer_t echo_timer;
    ss_timer_t expire_timer; /* looks through the jobs in memory, while there are any */
    apr_hash_t *jobs;        /* id -> ss_job_t */
    apr_size_t memory, intake_bytes;
    ss_buf_t spare;             /* a buffer of the local socket that nobody reads into now */
    apr_array_header_t *relays; /* of ss_relay_t *, [0] the main server's */
    apr_hash_t *adopted;        /* relay names that are no longer configured -> "" (said) */
    ss_request_t *clients;
    int client_count;
    ss_loop_watch_t listener;
    ss_timer_t listener_timer; /* listens again after descriptors ran out */
    int is_listening;
    struct ss_smtp_listener_t *door; /* SMTPSendListen (door.c); NULL: none */
    ss_loop_watch_t lifeline, term;
    ss_timer_t settle_timer;
    int is_leaving;
    int tests;
    apr_uint64_t instance;
    unsigned generation, restarts;
    apr_time_t started;
    int owner_uid; /* httpd's User */
    ss_ident_source_t idents;
    ss_metrics_t metrics;
    ss_secret_t *(*secret_of)(const ss_settings_t *settings);
    struct ss_learned_t *learned;
    struct ss_activity_t *chronicle;
    struct ss_quota_t *quota;
    struct ss_webhooks_t *webhooks;
    /* a queue of several nodes (share.h); NULL: of this one alone */
    struct ss_node_t *share;
    ss_finished_fn *finished;
    ss_mono_t counted;   /* when the store last told the oldest message's age */
    apr_hash_t *waiters; /* message's id -> ss_waiter_t, the first of them */
};

typedef struct {
    const ss_config_t *config;
    const ss_log_t *log;
    ss_finished_fn *finished; /* told of each final state, on the loop thread; or NULL */
    int listen_fd, lifeline_fd;
    int door_fd; /* of SMTPSendListen; -1: none */
    int term_fd; /* readable: SIGTERM came; 0: none */
    apr_uint64_t instance;
    unsigned generation, restarts;
    int owner_uid;
    /* the loaded secrets, by relay */
    ss_secret_t *(*secret_of)(const ss_settings_t *settings);
} ss_daemon_options_t;

/* Runs the daemon until its lifeline says to leave. Returns the process's exit code: 0 left in
 * order, SS_DAEMON_EXIT_CONFIG: do not start again. */
int ss_daemon_run(const ss_daemon_options_t *options);
#define SS_DAEMON_EXIT_CONFIG 254
/* Leaves: no new work, at most SS_DAEMON_SETTLE for what is in flight, then the store is closed. */
void ss_daemon_leave(ss_daemon_t *d, const char *why);
/* Looks whether a leaving daemon is done. */
void ss_daemon_check_left(ss_daemon_t *d);
apr_uint32_t ss_daemon_random(void);
/* Whether a sentence that may come in heaps is to be written now; where not, it is counted, and the
 * log says a minute later how often it came. The text names the sentence and what of it is always
 * the same: it stands in that later line. */
int ss_daemon_is_new(ss_daemon_t *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What waits in the whole queue, of all its nodes: messages and bytes. */
void ss_daemon_waiting(const ss_daemon_t *d, apr_int64_t *messages, apr_uint64_t *bytes);
/* Writes a row of the setting table, without an answer. */
void ss_daemon_remember(ss_daemon_t *d, const char *key, const char *value);

#endif
