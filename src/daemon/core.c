#include "daemon/core.h"

#include <apr_strings.h>
#include <malloc.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/daemon.h"
#include "daemon/leaving.h"
#include "daemon/notify.h"
#include "daemon/opening.h"
#include "daemon/repeats.h"
#include "daemon/wiring.h"
#include "delivery/relay.h"
#include "base/descriptors.h"
#include "operator/verb.h"
#include "record/activity.h"
#include "record/counters.h"

/* free memory that stays with the process */
#define MEMORY_KEPT (4 * 1024 * 1024)

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

static int is_starting(const ss_daemon_t *d)
{
    return d->is_opening_store || (d->queue.store && !ss_delivery_is_ready(d->delivery) &&
                                   !ss_delivery_start_problem(d->delivery));
}

/* Clients are accepted once the queue was counted, or what they submit would be counted twice; or
 * once it is known to be at fault. */
static apr_status_t wait_for_queue(ss_daemon_t *d)
{
    while (is_starting(d) && !d->is_leaving) {
        apr_status_t rv = ss_loop_turn(d->loop, -1);
        if (rv != APR_SUCCESS) return rv;
    }
    return APR_SUCCESS;
}

static apr_status_t start(ss_daemon_t *d, const ss_core_options_t *options)
{
    const ss_wiring_options_t wiring = { .instance = options->instance,
                                         .generation = options->generation,
                                         .restarts = options->restarts,
                                         .finished = options->finished,
                                         .event_fd = options->event_fd,
                                         .event_path = options->event_path };
    apr_status_t rv = ss_loop_create(&d->loop, d->log, d->pool);

    if (rv == APR_SUCCESS) rv = ss_wiring_create(d, &wiring);
    if (rv == APR_SUCCESS) rv = ss_leaving_watch(d, options->lifeline_fd, options->term_fd);
    if (rv != APR_SUCCESS) return rv;
    ss_repeats_start(d);
    ss_opening_start(d);
    rv = wait_for_queue(d);
    if (rv != APR_SUCCESS || d->is_leaving) return rv;
    rv = ss_smtp_listener_start(&d->smtp_listener, d->intake, options->smtp_fd);
    if (rv != APR_SUCCESS) return rv;
    const ss_local_socket_options_t local = { .fd = options->listen_fd,
                                              .instance = options->instance,
                                              .owner_uid = options->owner_uid,
                                              .web_uid = options->web_uid,
                                              .web_reads = options->web_reads,
                                              .idle = SS_LOCAL_SOCKET_IDLE,
                                              .descriptors = ss_descriptors_limit(),
                                              .command = ss_verb_dispatch,
                                              .self = d->operators };
    rv = ss_local_socket_start(&d->local_socket, d->intake, &local);
    d->turned = &options->trouble->turned;
    if (rv == APR_SUCCESS) ss_loop_beat(d->loop, d->turned);
    return rv;
}

/* What the last transactions said is committed before the store is let go. */
static void end(ss_daemon_t *d)
{
    ss_repeats_end(d);
    ss_activity_save(d->record, ss_wall_now());
    if (ss_delivery_is_ready(d->delivery)) ss_counters_save(d->record);
    ss_delivery_save(d->delivery);
    ss_opening_close(d);
    ss_wiring_destroy(d);
    apr_pool_destroy(d->pool);
}

int ss_core_refuse(const ss_core_options_t *options, const char *why)
{
    char text[SS_TROUBLE_TEXT];

    apr_snprintf(text, sizeof(text), "the delivery daemon cannot start: %s", why);
    if (ss_trouble_set(options->trouble->start, text))
        ss_log(options->log, SS_LOG_ERROR, 208, "%s; it is tried again, mail is not sent meanwhile",
               text);
    return SS_CORE_EXIT_AGAIN;
}

int ss_core_run(const ss_core_options_t *options)
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
    ss_opening_init(d);
    apr_status_t rv = start(d, options);
    if (rv != APR_SUCCESS) {
        char why[120];
        return ss_core_refuse(options, apr_strerror(rv, why, sizeof(why)));
    }
    if (ss_trouble_set(options->trouble->start, ""))
        ss_log(d->log, SS_LOG_NOTICE, 289, "the delivery daemon could be started now");
    ss_log(d->log, SS_LOG_INFO, 209, "delivery daemon %d runs with %d relays", (int)getpid(),
           ss_relay_count(d->delivery));
    ss_notify_send("READY=1");
    ss_loop_run(d->loop);
    /* It has said why it leaves (SMTPSend-306), and is started again with the other file. */
    int is_replaced = d->queue.store && ss_store_is_replaced(d->queue.store);
    end(d);
    return is_replaced ? SS_CORE_EXIT_AGAIN : 0;
}
