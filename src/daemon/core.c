/* core.c: the delivery daemon as a whole: opens the store, starts relays and the local socket, runs
 * the loop, leaves in order. No httpd here: main.c brings the process into shape first, the
 * simulator and tests call it as it is. */
#include "base/clock.h"
#include "daemon/daemon.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "intake/local_socket.h"
#include "intake/smtp_listener.h"
#include "operator/verbs.h"
#include "operator/operator.h"
#include "record/activity.h"
#include "delivery/node.h"
#include "record/webhook.h"

/* the old daemon settles for at most 10 s before it lets go of the store */
#define STORE_LOCK_WAIT (15 * APR_USEC_PER_SEC)
/* a store that could not be opened is tried again */
#define STORE_RETRY (10 * APR_USEC_PER_SEC)
#define PURGE_EVERY (600 * APR_USEC_PER_SEC)
#define PURGE_STEP 1000
/* there is more to purge: ten thousand messages a second */
#define PURGE_AGAIN (100 * 1000)
#define RANDOM_WORDS 64
/* free memory that stays with the process */
#define MEMORY_KEPT (4 * 1024 * 1024)

static void store_opened(ss_daemon_t *d);

/* Drawn from the kernel for many at once: the loop's thread alone asks. */
apr_uint32_t ss_daemon_random(void)
{
    static apr_uint32_t words[RANDOM_WORDS];
    static apr_size_t left;

    if (!left) {
        if (getrandom(words, sizeof(words), GRND_NONBLOCK) != (ssize_t)sizeof(words))
            return (apr_uint32_t)ss_wall_now();
        left = RANDOM_WORDS;
    }
    return words[--left];
}

/* Memory that one message gave back serves the next: without this the C library returns it to the
 * kernel and asks for it again each time. */
static void keep_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
    mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT / 4);
    mallopt(M_TOP_PAD, MEMORY_KEPT / 16);
#endif
}

/* ---- what the log says once ---- */

static void say_repeated(ss_daemon_t *d, ss_mono_t now)
{
    const char *key;
    apr_int64_t more;

    while ((key = ss_echo_next(&d->echo, now, &more)) != NULL)
        ss_log(d->log, SS_LOG_WARN, 299, "%s: %" APR_INT64_T_FMT " more within a minute", key,
               more);
}

static void echo_over(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;

    say_repeated(d, now);
    ss_mono_t due = ss_echo_due(&d->echo);
    if (ss_mono_is_set(due)) ss_loop_timer(d->loop, &d->echo_timer, due);
}

int ss_daemon_is_new(ss_daemon_t *d, const char *format, ...)
{
    char key[SS_ECHO_KEY_MAX];
    va_list args;

    va_start(args, format);
    apr_vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    int is_new = ss_echo_is_new(&d->echo, key, ss_loop_now(d->loop));
    if (!is_new) ss_loop_timer(d->loop, &d->echo_timer, ss_echo_due(&d->echo));
    return is_new;
}

/* ---- the store ---- */

static void collect(void *baton)
{
    ss_daemon_t *d = baton;

    if (d->queue.store) ss_store_collect(d->queue.store);
    if (d->is_leaving) ss_daemon_check_left(d);
}

static void notify(void *self)
{
    ss_daemon_t *d = self;

    ss_loop_post(d->loop, collect, d);
}

/* Opening waits for a lock, a disk, or a server that does not answer: on a helper thread. */
typedef struct {
    ss_daemon_t *daemon;
    ss_store_options_t options;
    apr_interval_time_t lock_wait;
    ss_store_t *store;
    ss_result_t result;
} opening_t;

static void do_open(void *baton)
{
    opening_t *opening = baton;

    if (ss_store_open(&opening->store, &opening->options, opening->lock_wait, &opening->result,
                      NULL) != APR_SUCCESS)
        opening->store = NULL;
}

static void opened(void *baton)
{
    opening_t *opening = baton;
    ss_daemon_t *d = opening->daemon;

    d->is_opening_store = 0;
    d->queue.store = opening->store;
    if (d->queue.store) {
        ss_result_clear(&d->queue.result);
        store_opened(d);
    } else {
        if (strcmp(d->queue.result.text, opening->result.text)) {
            ss_log(d->log, SS_LOG_ERROR, 201,
                   "the queue cannot be used: %s; submissions are refused with 503 until this is "
                   "mended",
                   opening->result.text);
        }
        d->queue.result = opening->result;
        ss_loop_timer(d->loop, &d->store_timer, ss_mono_add(ss_loop_now(d->loop), STORE_RETRY));
    }
    free(opening);
    if (d->is_leaving) ss_daemon_check_left(d);
}

static void open_store(ss_daemon_t *d, apr_interval_time_t lock_wait)
{
    opening_t *opening = calloc(1, sizeof(*opening));

    if (!opening) abort();
    opening->daemon = d;
    opening->lock_wait = lock_wait;
    opening->options = (ss_store_options_t){ .driver = d->config->globals.queue_driver,
                                             .params = d->config->globals.queue_params,
                                             .node_file = d->config->globals.node_file,
                                             .log = d->log,
                                             .notify = notify,
                                             .self = d,
                                             .migrates = 1 };
    if (!ss_result_is_set(&d->queue.result))
        ss_result_set(&d->queue.result, "queue", "", NULL, "the queue is being opened");
    d->is_opening_store = 1;
    if (ss_loop_help(d->loop, do_open, opened, opening) == APR_SUCCESS) return;
    d->is_opening_store = 0;
    free(opening);
    ss_loop_timer(d->loop, &d->store_timer, ss_mono_add(ss_loop_now(d->loop), STORE_RETRY));
}

static void retry_store(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;

    (void)now;
    if (!d->queue.store && !d->is_opening_store && !d->is_leaving) open_store(d, 0);
}

static void defer_refused(void *self)
{
    ss_daemon_t *d = self;

    ss_loop_defer(d->loop, &d->refuse);
}

static void answer_refused(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_daemon_t *d = deferred->self;

    (void)now;
    ss_store_port_answer(&d->queue);
    if (d->is_leaving) ss_daemon_check_left(d);
}

static void drop_request(ss_store_request_t *request)
{
    apr_pool_destroy(request->pool);
}

static void remembered(ss_store_request_t *request)
{
    ss_daemon_t *d = request->baton;
    const ss_store_set_t *set = ss_store_request_as(request, SS_STORE_SET);

    if (request->rv != APR_SUCCESS) {
        ss_log(d->log, SS_LOG_WARN, 202, "the queue could not remember \"%s\": %s", set->key,
               request->result.text);
    }
    drop_request(request);
}

void ss_daemon_remember(ss_daemon_t *d, const char *key, const char *value)
{
    ss_store_set_t *set = ss_store_set_create(key, value, ss_loop_wall(d->loop), remembered, d);

    ss_store_port_post(&d->queue, &set->head);
}

/* ---- what a start finds ---- */

static void settings_read(ss_store_request_t *request)
{
    ss_daemon_t *d = request->baton;
    const ss_store_settings_t *settings = ss_store_request_as(request, SS_STORE_SETTINGS);
    apr_time_t now = ss_loop_wall(d->loop);

    for (int i = 0; request->rv == APR_SUCCESS && i < settings->rows->nelts; i++) {
        const ss_store_setting_t *row = &APR_ARRAY_IDX(settings->rows, i, ss_store_setting_t);
        if (!strncmp(row->key, "pause/", 6)) {
            ss_relay_t *relay = ss_relay_find(d, row->key + 6);
            if (relay) ss_pause_restore(relay, row->value, now);
        } else if (!strncmp(row->key, "ramp/", 5)) {
            ss_relay_t *relay = ss_relay_find(d, row->key + 5);
            if (relay) ss_slow_start_restore(relay, row->value, ss_loop_now(d->loop));
        } else if (!strncmp(row->key, "learned/", 8)) {
            ss_learned_restore(d, row->key + 8, row->value, now);
        } else if (!strncmp(row->key, "webhook/", 8)) {
            ss_webhook_restore(d->record, row->key, row->value);
        } else if (!strncmp(row->key, "chronicle/", 10)) {
            ss_activity_restore(d->record, row->key, row->value, now);
        }
    }
    if (request->rv == APR_SUCCESS) {
        ss_activity_ready(d->record);
    } else {
        ss_log(d->log, SS_LOG_ERROR, 205, "pauses could not be read from the queue: %s",
               request->result.text);
    }
    ss_queue_counts_begin(d, request->rv == APR_SUCCESS ? ss_queue_counts_saved(settings->rows)
                                                        : NULL);
    drop_request(request);
}

static void claimed(ss_daemon_t *d)
{
    ss_store_port_post(&d->queue, &ss_store_settings_create(settings_read, d)->head);
    ss_loop_timer(d->loop, &d->purge_timer,
                  ss_mono_add(ss_loop_now(d->loop), 60 * APR_USEC_PER_SEC));
}

/* Pauses are known before the first message is scheduled: the node's claim first, then settings,
 * then the counts, then the order. */
static void store_opened(ss_daemon_t *d)
{
    ss_node_begin(d, claimed);
}

void ss_daemon_waiting(const ss_daemon_t *d, apr_int64_t *messages, apr_uint64_t *bytes)
{
    *messages = 0;
    *bytes = 0;
    for (int i = 0; i < d->relays->nelts; i++) {
        const ss_relay_t *relay = APR_ARRAY_IDX(d->relays, i, ss_relay_t *);
        *messages += relay->waiting_messages;
        *bytes += relay->waiting_bytes;
    }
    ss_node_add(d, NULL, NULL, messages, bytes);
}

/* ---- housekeeping ---- */

static void purged(ss_store_request_t *request)
{
    ss_daemon_t *d = request->baton;
    const ss_store_purge_t *purged = ss_store_request_as(request, SS_STORE_PURGE);
    int more = purged->more;

    if (request->rv == APR_SUCCESS) ss_queue_counts_purged(d, purged->rows);
    drop_request(request);
    ss_loop_timer(d->loop, &d->purge_timer,
                  ss_mono_add(ss_loop_now(d->loop), (more ? PURGE_AGAIN : PURGE_EVERY)));
}

static void purge(ss_timer_t *timer, ss_mono_t unused)
{
    ss_daemon_t *d = timer->self;
    apr_time_t now = ss_loop_wall(d->loop);

    (void)unused;
    if (d->is_leaving || !d->queue.store) return;
    for (int i = 0; i < d->relays->nelts; i++) {
        ss_relay_sweep(APR_ARRAY_IDX(d->relays, i, ss_relay_t *), now);
    }
    ss_store_purge_t *request =
        ss_store_purge_create(now - d->config->globals.history, PURGE_STEP, now, purged, d);
    ss_store_port_post(&d->queue, &request->head);
}

/* ---- leaving ---- */

static void lifeline_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_daemon_t *d = watch->self;
    char byte;
    ssize_t got = read(watch->fd, &byte, 1);

    (void)events;
    (void)now;
    if (got < 0) return;
    ss_loop_unwatch(d->loop, watch);
    ss_daemon_leave(d, watch == &d->term ? "it was told to end"
                       : got             ? "httpd asks for it"
                                         : "httpd is gone");
}

static int in_flight(const ss_daemon_t *d)
{
    int count = 0;

    for (int i = 0; i < d->relays->nelts; i++)
        count += APR_ARRAY_IDX(d->relays, i, ss_relay_t *)->in_flight;
    return count;
}

void ss_daemon_check_left(ss_daemon_t *d)
{
    if (!d->is_leaving || d->is_opening_store || in_flight(d) ||
        (d->local_socket && ss_local_socket_is_busy(d->local_socket)) ||
        ss_smtp_listener_is_busy(d->smtp_listener))
        return;
    if (ss_store_port_waiting(&d->queue)) return;
    ss_loop_stop(d->loop);
}

static void settle_over(ss_timer_t *timer, ss_mono_t now)
{
    ss_daemon_t *d = timer->self;

    (void)now;
    if (in_flight(d)) {
        ss_log(d->log, SS_LOG_WARN, 206,
               "%d messages were still being sent after %d s: their connections are closed, the "
               "queue keeps them",
               in_flight(d), (int)apr_time_sec(SS_DAEMON_SETTLE));
    }
    for (int i = 0; i < d->relays->nelts; i++)
        ss_relay_abort(APR_ARRAY_IDX(d->relays, i, ss_relay_t *));
    ss_loop_stop(d->loop);
}

void ss_daemon_leave(ss_daemon_t *d, const char *why)
{
    if (d->is_leaving) return;
    d->is_leaving = d->record->is_leaving = d->operator->is_leaving = d->intake->is_leaving = 1;
    ss_log(d->log, SS_LOG_INFO, 207, "delivery daemon leaves (%s): %d messages in flight", why,
           in_flight(d));
    if (d->local_socket) ss_local_socket_stop(d->local_socket);
    ss_smtp_listener_stop(d->smtp_listener);
    for (int i = 0; i < d->relays->nelts; i++)
        ss_relay_quit(APR_ARRAY_IDX(d->relays, i, ss_relay_t *));
    ss_loop_timer(d->loop, &d->settle_timer, ss_mono_add(ss_loop_now(d->loop), SS_DAEMON_SETTLE));
    ss_daemon_check_left(d);
}

/* ---- the run ---- */

static void went_idle(void *self)
{
    ss_daemon_check_left(self);
}

/* What the folders need of each other; the loop is there. */
static void wire(ss_daemon_t *d, const ss_daemon_options_t *options)
{
    d->record = apr_palloc(d->pool, sizeof(*d->record));
    *d->record = (ss_record_t){ .config = d->config,
                                .log = d->log,
                                .pool = d->pool,
                                .loop = d->loop,
                                .queue = &d->queue,
                                .delivery = d,
                                .restarts = options->restarts,
                                .finished = options->finished };
    ss_webhook_create(d->record);
    d->operator= apr_palloc(d->pool, sizeof(*d->operator));
    *d->operator=(ss_operator_t){ .config = d->config,
                                  .log = d->log,
                                  .pool = d->pool,
                                  .loop = d->loop,
                                  .queue = &d->queue,
                                  .delivery = d,
                                  .record = d->record,
                                  .instance = options->instance,
                                  .generation = options->generation,
                                  .restarts = options->restarts,
                                  .started = ss_wall_now() };
    ss_operator_init(d->operator);
    d->intake = apr_palloc(d->pool, sizeof(*d->intake));
    *d->intake = (ss_intake_t){ .config = d->config,
                                .log = d->log,
                                .pool = d->pool,
                                .loop = d->loop,
                                .queue = &d->queue,
                                .delivery = d,
                                .metrics = &d->record->metrics,
                                .idents = &d->idents,
                                .went_idle = went_idle,
                                .self = d };
    ss_intake_init(d->intake);
}

static apr_status_t start(ss_daemon_t *d, const ss_daemon_options_t *options)
{
    apr_status_t rv = ss_loop_create(&d->loop, d->log, d->pool);

    if (rv != APR_SUCCESS) return rv;
    wire(d, options);
    d->lifeline =
        (ss_loop_watch_t){ .fd = options->lifeline_fd, .ready = lifeline_ready, .self = d };
    if (options->lifeline_fd >= 0) {
        rv = ss_loop_watch(d->loop, &d->lifeline, SS_LOOP_READ);
        if (rv != APR_SUCCESS) return rv;
    }
    d->term = (ss_loop_watch_t){ .fd = options->term_fd, .ready = lifeline_ready, .self = d };
    if (options->term_fd > 0) {
        rv = ss_loop_watch(d->loop, &d->term, SS_LOOP_READ);
        if (rv != APR_SUCCESS) return rv;
    }
    d->store_timer = (ss_timer_t){ .fired = retry_store, .self = d };
    d->purge_timer = (ss_timer_t){ .fired = purge, .self = d };
    d->settle_timer = (ss_timer_t){ .fired = settle_over, .self = d };
    d->echo_timer = (ss_timer_t){ .fired = echo_over, .self = d };
    rv = ss_relays_create(d);
    if (rv != APR_SUCCESS) return rv;
    ss_activity_start(d->record);
    open_store(d, STORE_LOCK_WAIT);
    /* Doors open after what waits is counted, or what they accept would be counted twice. */
    while ((d->is_opening_store || (d->queue.store && !d->is_counted)) && !d->is_leaving) {
        rv = ss_loop_turn(d->loop, -1);
        if (rv != APR_SUCCESS) return rv;
    }
    if (d->is_leaving) return APR_SUCCESS;
    const ss_local_socket_options_t local = { .fd = options->listen_fd,
                                              .instance = options->instance,
                                              .owner_uid = options->owner_uid,
                                              .command = ss_verbs_dispatch,
                                              .self = d->operator};
    rv = ss_smtp_listener_start(&d->smtp_listener, d->intake, options->door_fd);
    return rv == APR_SUCCESS ? ss_local_socket_start(&d->local_socket, d->intake, &local) : rv;
}

int ss_daemon_run(const ss_daemon_options_t *options)
{
    apr_pool_t *pool;
    ss_daemon_t *d;

    keep_memory();
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) return 1;
    apr_pool_tag(pool, "smtp_send_daemon");
    d = apr_pcalloc(pool, sizeof(*d));
    d->pool = pool;
    d->config = options->config;
    d->log = options->log;
    d->secret_of = options->secret_of;
    d->jobs = apr_hash_make(pool);
    d->adopted = apr_hash_make(pool);
    ss_store_port_init(&d->queue, defer_refused, d);
    d->refuse = (ss_deferred_t){ .call = answer_refused, .self = d };

    apr_status_t rv = start(d, options);
    if (rv != APR_SUCCESS) {
        char why[120];
        ss_log(d->log, SS_LOG_ERROR, 208, "the delivery daemon cannot start: %s",
               apr_strerror(rv, why, sizeof(why)));
        return SS_DAEMON_EXIT_CONFIG;
    }
    ss_log(d->log, SS_LOG_INFO, 209, "delivery daemon %d runs with %d relays", (int)getpid(),
           d->relays->nelts);
    ss_loop_run(d->loop);
    /* What the last transactions said is committed before the store is let go. */
    say_repeated(d, (ss_mono_t){ 0 });
    ss_activity_save(d->record, ss_wall_now());
    ss_queue_counts_save(d);
    if (d->queue.store) ss_store_close(d->queue.store);
    d->queue.store = NULL;
    answer_refused(&d->refuse, ss_mono_now());
    ss_node_destroy(d);
    ss_smtp_listener_destroy(d->smtp_listener);
    ss_relays_destroy(d);
    if (d->local_socket) ss_local_socket_destroy(d->local_socket);
    ss_loop_destroy(d->loop);
    ss_webhook_destroy(d->record);
    apr_pool_destroy(pool);
    return 0;
}
