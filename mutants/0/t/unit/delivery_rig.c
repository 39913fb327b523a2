/* delivery_rig.c: see delivery_rig.h. */
#include "delivery_rig.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

/* ---- the ports ---- */

static void post(void *self, ss_store_request_t *request)
{
    delivery_rig_t *rig = self;

    if (request->verb == SS_STORE_SET) {
        const ss_store_set_t *set = ss_store_request_as(request, SS_STORE_SET);
        apr_cpystrn(rig->key, set->key, sizeof(rig->key));
        apr_cpystrn(rig->value, set->value ? set->value : "", sizeof(rig->value));
        rig->sets++;
    } else if (request->verb == SS_STORE_PURGE) {
        ss_store_purge_t *purge = ss_store_request_as(request, SS_STORE_PURGE);
        rig->purged_before = purge->before;
        rig->purges++;
        purge->more = rig->more;
        purge->rows = apr_array_make(request->pool, 1, sizeof(ss_store_count_t));
    }
    CU_ASSERT_FATAL(rig->asked_count < 64);
    rig->asked[rig->asked_count++] = request;
}

static int store_waiting(void *self)
{
    return ((delivery_rig_t *)self)->asked_count;
}

static void answer(delivery_rig_t *rig)
{
    while (rig->asked_count) {
        ss_store_request_t *request = rig->asked[--rig->asked_count];
        request->rv = APR_SUCCESS;
        request->done(request);
    }
}

static apr_status_t prepare(void *self, const ss_settings_t *settings, ss_result_t *result)
{
    (void)self;
    (void)settings;
    (void)result;
    return APR_SUCCESS;
}

static apr_status_t no_open(void *self, ss_transport_t **transport,
                            const ss_transport_options_t *options)
{
    (void)self;
    (void)transport;
    (void)options;
    return APR_EGENERAL;
}

static ss_secret_t *secret_of(void *self, const ss_settings_t *settings)
{
    (void)self;
    (void)settings;
    return NULL;
}

static ss_mono_t mono_now(void *self)
{
    return ((delivery_rig_t *)self)->mono;
}

static apr_time_t wall_now(void *self)
{
    return ((delivery_rig_t *)self)->wall;
}

static void timer(void *self, ss_timer_t *t, ss_mono_t when)
{
    CU_ASSERT_EQUAL(ss_timer_set(&((delivery_rig_t *)self)->timers, t, when), APR_SUCCESS);
}

static void untimer(void *self, ss_timer_t *t)
{
    ss_heap_remove(&((delivery_rig_t *)self)->timers, &t->node);
}

static void defer(void *self, ss_deferred_t *deferred)
{
    (void)deferred;
    ((delivery_rig_t *)self)->deferred++;
}

static apr_uint32_t give_random(void *self)
{
    return ((delivery_rig_t *)self)->random;
}

static int may_log(void *self, const char *key)
{
    (void)self;
    (void)key;
    return 1;
}

static void write_log(void *self, ss_log_level_t level, const char *line)
{
    delivery_rig_t *rig = self;

    (void)level;
    rig->logged++;
    apr_cpystrn(rig->line, line, sizeof(rig->line));
}

static const ss_transport_ops_t transport = { .prepare = prepare, .open = no_open };

/* ---- the rig ---- */

void delivery_rig_begin(delivery_rig_t *rig)
{
    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, NULL);
    rig->mono = (ss_mono_t){ RIG_MONO };
    rig->wall = RIG_WALL;
    rig->random = 0x80000000u;
    ss_heap_init(&rig->timers, 100);
    ss_settings_clear(&rig->settings);
    rig->settings.server_name = "www.example.com";
    rig->settings.hosts = apr_array_make(rig->pool, 1, sizeof(ss_settings_host_t));
    APR_ARRAY_PUSH(rig->settings.hosts, ss_settings_host_t) =
        (ss_settings_host_t){ .name = "mail.example.com" };
    ss_settings_finish(&rig->settings, rig->pool);
    rig->settings.engine = 1;
    ss_settings_globals_clear(&rig->config.globals);
    ss_settings_globals_finish(&rig->config.globals, "/state", "/run", rig->pool);
    rig->config.relays = apr_array_make(rig->pool, 1, sizeof(const ss_settings_t *));
    APR_ARRAY_PUSH(rig->config.relays, const ss_settings_t *) = &rig->settings;
    rig->log = (ss_log_t){ .write = write_log, .self = rig, .level = SS_LOG_DEBUG };
}

void delivery_rig_create(delivery_rig_t *rig)
{
    ss_delivery_options_t options = { .config = &rig->config,
                                      .log = &rig->log,
                                      .ports = { .self = rig,
                                                 .post = post,
                                                 .store_waiting = store_waiting,
                                                 .transport = &transport,
                                                 .secret_of = secret_of,
                                                 .mono_now = mono_now,
                                                 .wall_now = wall_now,
                                                 .timer = timer,
                                                 .untimer = untimer,
                                                 .defer = defer,
                                                 .random = give_random,
                                                 .may_log = may_log } };

    CU_ASSERT_EQUAL_FATAL(ss_delivery_create(&rig->delivery, &options, rig->pool), APR_SUCCESS);
    rig->relay = ss_relay_at(rig->delivery, 0);
}

void delivery_rig_end(delivery_rig_t *rig)
{
    answer(rig);
    ss_delivery_destroy(rig->delivery);
    ss_heap_free(&rig->timers);
    apr_pool_destroy(rig->pool);
}

void delivery_rig_pass(delivery_rig_t *rig, apr_interval_time_t time)
{
    ss_mono_t end = ss_mono_add(rig->mono, time), when;

    answer(rig);
    while (ss_timer_next(&rig->timers, &when) && !ss_mono_before(end, when)) {
        if (ss_mono_before(rig->mono, when)) {
            rig->wall += ss_mono_since(when, rig->mono);
            rig->mono = when;
        }
        ss_timer_fire(&rig->timers, rig->mono);
        answer(rig);
    }
    rig->wall += ss_mono_since(end, rig->mono);
    rig->mono = end;
}
