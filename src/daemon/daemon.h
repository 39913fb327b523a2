/* daemon.h: what the delivery daemon's files share. Everything here belongs to the loop thread. No
 * httpd (see main.c, supervise.c). */
#ifndef SS_DAEMON_DAEMON_H
#define SS_DAEMON_DAEMON_H

#include <apr_hash.h>
#include <apr_ring.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/secrets.h"
#include "config/settings.h"
#include "delivery/breaker.h"
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
typedef struct ss_relay_t ss_relay_t;

/* ---- a waiting message in the daemon's memory (job.c) ---- */
typedef struct ss_job_t {
    ss_entry_t entry; /* in relay's schedule while it waits */
    ss_daemon_t *daemon;
    ss_relay_t *relay;
    /* NULL: only its place in the order is known; loaded before it is sent */
    ss_message_t *message;
    apr_size_t memory; /* bytes counted against SS_DAEMON_MEMORY_MAX */
    int is_scheduled, is_loading, is_sending;
    int is_loaded; /* came from the store, not from its submission */
    int outcomes;  /* posted, not yet committed */
    int agains;    /* uncharged attempts in a row */
    int is_stale;  /* the stored message was changed meanwhile: read again */
    /* the relay takes no 8-bit content: all of it is loaded, however large */
    int wants_whole;
    /* cancelled or otherwise final by somebody else: freed as soon as nothing uses it */
    int is_gone;
    apr_time_t received, stored, taken; /* for delays= */
} ss_job_t;

/* A job for a message that was just committed or loaded (takes the message's pool over), or for a
 * place in the order (message NULL). Found by id afterwards. */
ss_job_t *ss_job_create(ss_daemon_t *d, ss_relay_t *relay, ss_message_t *message,
                        const ss_due_t *due);
ss_job_t *ss_job_find(ss_daemon_t *d, const char *id);
/* The job of a message that was loaded: the one that is there (it has no content, and nothing uses
 * it) or a new one. It is not in the order. */
ss_job_t *ss_job_take(ss_daemon_t *d, ss_relay_t *relay, ss_message_t *message);
/* Takes it out of its relay's order. */
void ss_job_hide(ss_job_t *job);
/* Lets go of the content, keeps the place. */
void ss_job_forget(ss_job_t *job);
/* Puts the job into its relay's schedule as its recipients say; frees it when nobody waits any more
 * and no outcome is open. */
void ss_job_settle(ss_job_t *job, apr_time_t now);
void ss_job_free(ss_job_t *job);
/* Somebody changed the stored message (retry, hold, cancel ...): what memory knows of it is dropped
 * and read again. */
void ss_job_refresh(ss_daemon_t *d, const char *id, ss_relay_t *relay, apr_time_t now);

/* ---- a relay (relay.c, pause.c) ---- */
typedef struct ss_conn_t ss_conn_t;

typedef struct {
    int directive;              /* SMTPSendPause On */
    int stored;                 /* made while running */
    const char *reason, *who;   /* malloc'ed */
    apr_time_t since, until;    /* of the stored one; until 0: open */
    apr_time_t effective_since; /* paused by either (or engine off) since; 0: not */
    apr_interval_time_t total;  /* paused time before effective_since, over all restarts */
    apr_time_t said;            /* last line in the log */
    /* of the sign of life before the last change here (share.h): what that one reads is older */
    apr_uint64_t number;
} ss_pause_t;

struct ss_relay_t {
    ss_daemon_t *daemon;
    const ss_settings_t *settings;
    const char *name;
    ss_secret_t *secret;
    int is_secret_loading; /* a helper thread runs exec: or reads file: */
    int is_secret_rejected;
    ss_result_t secret_result;
    ss_tls_t *tls;
    ss_result_t tls_result; /* set: the TLS settings cannot work */
    ss_schedule_t *schedule;
    ss_host_state_t *hosts; /* settings->hosts->nelts of them */
    int host_count;
    APR_RING_HEAD(ss_conn_ring_t, ss_conn_t) conns;
    int conn_count, connecting;
    int conn_limit; /* settings->connections, or halved for a while */
    apr_time_t conn_limit_until;
    int loads;      /* SS_STORE_LOAD under way */
    int is_filling; /* SS_STORE_DUE under way */
    int in_flight;
    /* of const char *: whose mail it carries: its own name's, and the main server's that of names
     * that are not configured any more */
    apr_array_header_t *names;
    int fill_name;        /* where SS_STORE_DUE goes on: which of them, */
    apr_time_t fill_time; /* and behind what */
    char fill_id[SS_IDENT_TEXT];
    ss_pause_t pause;
    ss_timer_t timer; /* next thing to do: due, breaker, pause's end */
    ss_timer_t pause_timer;
    ss_timer_t fill_timer; /* reading the order failed: when it is tried again */
    int was_read;          /* all of the order was looked at once */
    int is_flushing;
    /* resumed slowly: no faster than this; count 0: no such bound (ramp.c) */
    ss_rate_t ramp;
    ss_timer_t ramp_timer;
    ss_deferred_t pump;
    apr_int64_t counts[SS_STATES]; /* recipients in the store by state, kept up */
    apr_int64_t waiting_messages;
    apr_uint64_t waiting_bytes;
    /* acceptance of the oldest waiting message, as far as known; 0 none */
    apr_time_t oldest;
    apr_time_t last_success;
    apr_uint64_t sent, failed, uncertain;
    ss_relay_metrics_t metrics;
    apr_pool_t *pool;
};

apr_status_t ss_relays_create(ss_daemon_t *d);
void ss_relays_destroy(ss_daemon_t *d);
/* By name; the main server's where the name is not configured any more (the log says so once a
 * name). */
ss_relay_t *ss_relay_for(ss_daemon_t *d, const char *name);
ss_relay_t *ss_relay_find(ss_daemon_t *d, const char *name);
/* Something changed: looks, at the end of this turn, what can be sent. Idempotent. */
void ss_relay_wake(ss_relay_t *relay);
/* Reads the order of what waits from the store (start, after drops, after flush). */
void ss_relay_fill(ss_relay_t *relay);
/* Tries at once: breakers and waits forgotten, in the store too (flush.c). */
void ss_relay_flush(ss_relay_t *relay, const char *who);
/* A relay that is resumed sends no faster than rate, doubled each minute until nothing waits or the
 * bound does not bind any more (ramp.c). rate NULL: without a bound. */
void ss_relay_ramp(ss_relay_t *relay, const ss_rate_t *rate, apr_time_t now);
/* The bound that a daemon before wrote down. */
void ss_relay_ramp_restore(ss_relay_t *relay, const char *value, apr_time_t now);
/* "up", "down", "blocked", "paused", "off"; cause and advice id of the state or NULL. */
const char *ss_relay_state(const ss_relay_t *relay, const char **cause, const char **advice);
/* A message came into the queue (+1) or left it (-1): all its recipients are counted as waiting. */
void ss_relay_stored(ss_relay_t *relay, const ss_message_t *m, int sign);
void ss_relay_counted(ss_relay_t *relay, ss_state_t from, ss_state_t to);
/* No new transactions; QUIT where nothing is in flight. */
void ss_relay_quit(ss_relay_t *relay);
/* Everything in flight is given back now. */
void ss_relay_abort(ss_relay_t *relay);
/* Gives up, in steps, what is older than SMTPSendExpire, or than its own time, though no attempt
 * comes to tell. */
void ss_relay_sweep(ss_relay_t *relay, apr_time_t now);
/* Whether the relay may send: not paused, engine on, not leaving. */
int ss_relay_is_paused(const ss_relay_t *relay);
apr_interval_time_t ss_relay_paused_total(const ss_relay_t *relay, apr_time_t now);
/* The secret's state for the test's settings list: "set (file)", "empty", "unreadable". */
const char *ss_relay_secret_state(const ss_relay_t *relay);

/* What a host was found to need, remembered for a day (learned.c). host: "name:port". */
unsigned ss_learned_bits(ss_daemon_t *d, const char *host, int *recipients, apr_time_t now);
void ss_learned_add(ss_daemon_t *d, const char *host, unsigned bit, int recipients,
                    const char *words, apr_time_t now);
void ss_learned_restore(ss_daemon_t *d, const char *host, const char *json, apr_time_t now);
json_t *ss_learned_json(ss_daemon_t *d, const char *host);

/* pause.c. until 0: open end. Persist first, then take effect; done(baton, rv) when on stable
 * storage. */
void ss_pause_restore(ss_relay_t *relay, const char *json, apr_time_t now);
/* What stands in the queue that several nodes share, read by the sign of life of that number:
 * another node's pause or resume takes effect. */
void ss_pause_share(ss_relay_t *relay, const char *json, apr_uint64_t number, apr_time_t now);
apr_status_t ss_pause_set(ss_relay_t *relay, const char *reason, const char *who, apr_time_t until,
                          apr_time_t now);
apr_status_t ss_pause_clear(ss_relay_t *relay, const char *who, apr_time_t now);
void ss_pause_begin(ss_relay_t *relay, apr_time_t now);
/* The pause as a JSON object for the status document. */
json_t *ss_pause_json(const ss_relay_t *relay);

/* ---- outcomes (outcome.c) ---- */
typedef struct {
    const char *host; /* "mail.example.com[192.0.2.1]:465" */
    int has_dsn;      /* the relay reports on what it took (RFC 3461) */
    /* connected_for: microseconds spent connecting for this message */
    apr_time_t handed, connected_for, started, ended;
} ss_attempt_t;
/* What became of the recipients of one transaction: changes their states, logs, posts the outcome.
 */
void ss_outcome_take(ss_job_t *job, ss_client_rcpt_t *rcpts, const int *numbers, int count,
                     const ss_attempt_t *attempt, apr_time_t now);
/* Gives all recipients that wait, held ones too, up in a person's name; returns their number. Their
 * sender is told. */
int ss_outcome_give_up(ss_job_t *job, const char *who, apr_time_t now);
/* How long the message was tried: time paused, held, or before `at` is left out. */
apr_interval_time_t ss_outcome_age(const ss_job_t *job, apr_time_t now);
/* Gives up the recipients whose time is over; returns whether any were. */
int ss_outcome_expire(ss_job_t *job, apr_time_t now);

/* ---- the local socket (intake.c), requests (submit.c, control.c, document.c, testing.c) ---- */
typedef struct ss_many_t ss_many_t; /* many submissions of one request under way */
/* a client of the local socket with a request under way */
typedef struct ss_request_t ss_request_t;
struct ss_request_t {
    ss_daemon_t *daemon;
    ss_watch_t watch;
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
    apr_time_t deadline; /* of a request that has begun and not all come; 0: none */
    apr_time_t begun;    /* when it began; 0: none */
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
int ss_operator_filter(ss_request_t *req, const json_t *from, ss_filter_t *filter,
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

/* ---- how much the store holds (tally.c) ---- */

/* At the start, after the settings were read: counts what waits, or takes over the numbers that the
 * last daemon wrote down (saved; NULL: none), then lets the relays begin. */
void ss_tally_begin(ss_daemon_t *d, const char *saved);
/* The numbers that stand in the settings (of ss_setting_t), or NULL. */
const char *ss_tally_saved(const apr_array_header_t *settings);
/* The last thing that a daemon which leaves asks of the store. */
void ss_tally_save(ss_daemon_t *d);
/* Adds what came into this node's keeping. */
void ss_tally_add(ss_daemon_t *d, const ss_count_t *row);
/* New numbers (of ss_count_t) in place of all. */
void ss_tally_replace(ss_daemon_t *d, const apr_array_header_t *rows);
/* What a purge deleted (of ss_count_t). */
void ss_tally_purged(ss_daemon_t *d, const apr_array_header_t *rows);
/* What OLDEST is to be asked about this relay, and what it answered. */
void ss_tally_ask_oldest(const ss_relay_t *relay, ss_store_request_t *request);
void ss_tally_take_oldest(ss_daemon_t *d, const ss_store_request_t *request);

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
    ss_watch_t listener;
    ss_timer_t listener_timer; /* listens again after descriptors ran out */
    int is_listening;
    struct ss_smtp_listener_t *door; /* SMTPSendListen (door.c); NULL: none */
    ss_watch_t lifeline, term;
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
    struct ss_share_t *share;
    ss_finished_fn *finished;
    apr_time_t counted;  /* when the store last told the oldest message's age */
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
