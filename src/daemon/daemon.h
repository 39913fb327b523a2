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

/* contents kept for delivery from memory; past it they are read from the store again */
#define SS_DAEMON_MEMORY_MAX (64 * 1024 * 1024)
/* a larger message is not kept in memory: its parts go to the store as they come, and are read as
 * they are sent */
#define SS_DAEMON_WHOLE_MAX (2 * SS_PART_MAX)
/* messages being read from the store, a relay */
#define SS_DAEMON_LOADS_MAX 64
/* a leaving daemon waits so long for what is in flight */
#define SS_DAEMON_SETTLE (10 * APR_USEC_PER_SEC)
/* uncharged attempts of a message in a row; then one is charged */
#define SS_DAEMON_AGAIN_MAX 5

typedef struct ss_daemon_t ss_daemon_t;

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
    /* how often the relays' counts of messages and recipients changed */
    apr_uint64_t count_changes;
    int is_counted;   /* what waits in the store was asked: mail may be accepted */
    int knows_counts; /* ... and answered */
    ss_deferred_t refuse;
    ss_timer_t store_timer; /* tries to open it again */
    ss_timer_t purge_timer;
    ss_echo_t echo; /* sentences of the last minute that may come in heaps */
    ss_timer_t echo_timer;
    ss_timer_t expire_timer; /* looks through the jobs in memory, while there are any */
    apr_hash_t *jobs;        /* id -> ss_job_t */
    apr_size_t memory;
    apr_array_header_t *relays; /* of ss_relay_t *, [0] the main server's */
    apr_hash_t *adopted;        /* relay names that are no longer configured -> "" (said) */
    struct ss_record_t *record;
    struct ss_operator_t *operator;
    struct ss_intake_t *intake;
    struct ss_local_socket_t *local_socket;   /* NULL: not open yet */
    struct ss_smtp_listener_t *smtp_listener; /* SMTPSendListen; NULL: none */
    ss_loop_watch_t lifeline, term;
    ss_timer_t settle_timer;
    int is_leaving;
    ss_ident_source_t idents;
    ss_secret_t *(*secret_of)(const ss_settings_t *settings);
    struct ss_learned_t *learned;
    /* a queue of several nodes (share.h); NULL: of this one alone */
    struct ss_node_t *share;
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
