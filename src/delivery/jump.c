/* jump.c: see jump.h. The row "clock" of the setting table holds all of it. */
#include "delivery/jump.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/job.h"
#include "delivery/pause.h"
#include "delivery/retry.h"

#define UNSURE (3600 * APR_USEC_PER_SEC)

apr_interval_time_t ss_jump_of(int is_same_boot, apr_time_t wall_then, ss_mono_t mono_then,
                               apr_time_t wall, ss_mono_t mono)
{
    apr_interval_time_t by = wall - wall_then, least = SS_JUMP_OFF;

    if (is_same_boot) {
        by -= ss_mono_since(mono, mono_then);
        least = SS_JUMP_LEAST;
    }
    return by >= least || by <= -SS_JUMP_LEAST ? by : 0;
}

/* ---- when it happens ---- */

static void add(ss_delivery_t *d, apr_interval_time_t by)
{
    ss_delivery_clock_t *c = &d->clock;

    c->total += by;
    if (by < 0) c->back += by;
    c->ahead = c->ahead + by > 0 ? c->ahead + by : 0;
    if (by > 0) c->since = ss_delivery_mono(d);
    long seconds = (long)apr_time_sec((by > 0 ? by : -by) + APR_USEC_PER_SEC / 2);
    ss_log(d->log, SS_LOG_WARN, 218,
           "the clock was set %s by %ld days %02ld:%02ld:%02ld: waiting mail keeps its times, and "
           "none of it expires earlier or later",
           by > 0 ? "forward" : "back", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60,
           seconds % 60);
}

static void settle(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_delivery_t *d = deferred->self;

    (void)now;
    for (apr_hash_index_t *i = apr_hash_first(NULL, d->jobs); i; i = apr_hash_next(i))
        ss_job_retime(apr_hash_this_val(i));
    for (int i = 0; i < ss_relay_count(d); i++) ss_relay_wake(ss_relay_at(d, i));
}

int ss_jump_look(ss_delivery_t *d)
{
    ss_delivery_clock_t *c = &d->clock;

    /* Twice: a process that is stopped between the two readings sees clocks that do not agree. */
    if (!ss_jump_of(1, c->ahead_of_mono, (ss_mono_t){ 0 }, ss_delivery_clock(d), (ss_mono_t){ 0 }))
        return 0;
    apr_interval_time_t by =
        ss_jump_of(1, c->ahead_of_mono, (ss_mono_t){ 0 }, ss_delivery_clock(d), (ss_mono_t){ 0 });
    if (!by) return 0;
    c->ahead_of_mono += by;
    add(d, by);
    for (int i = 0; i < ss_relay_count(d); i++) {
        ss_relay_at(d, i)->may_send = ss_delivery_mono(d);
        ss_pause_shift(ss_relay_at(d, i), by);
    }
    ss_jump_save(d);
    d->ports.defer(d->ports.self, &c->settle);
    return 1;
}

void ss_jump_create(ss_delivery_t *d)
{
    d->clock.ahead_of_mono = ss_delivery_clock(d);
    d->clock.settle = (ss_deferred_t){ .call = settle, .self = d };
}

/* ---- over restarts ---- */

void ss_jump_save(const ss_delivery_t *d)
{
    const ss_delivery_clock_t *c = &d->clock;
    ss_mono_t now = ss_delivery_mono(d);
    /* A jump since the last look is the next process's to find. */
    json_t *row = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s*}", "wall",
                            (json_int_t)(now.us + c->ahead_of_mono), "mono", (json_int_t)now.us,
                            "total", (json_int_t)c->total, "back", (json_int_t)c->back, "ahead",
                            (json_int_t)c->ahead, "since", (json_int_t)c->since.us, "unsure",
                            (json_int_t)c->unsure_until.us, "boot", d->ports.boot);
    char *text = json_dumps(row, JSON_COMPACT);

    json_decref(row);
    if (text) ss_delivery_remember(d, "clock", "", text);
    free(text);
}

static json_int_t number(const json_t *row, const char *name)
{
    return json_integer_value(json_object_get(row, name));
}

void ss_jump_begin(ss_delivery_t *d, const char *text)
{
    ss_delivery_clock_t *c = &d->clock;
    json_t *row = text ? json_loads(text, 0, NULL) : NULL;
    const char *boot = json_string_value(json_object_get(row, "boot"));
    int is_same_boot = boot && d->ports.boot && !strcmp(boot, d->ports.boot);

    c->ahead_of_mono = ss_delivery_clock(d);
    c->unsure_until = ss_mono_add(ss_delivery_mono(d), UNSURE);
    if (row) {
        c->unsure_until = is_same_boot ? (ss_mono_t){ number(row, "unsure") } : (ss_mono_t){ 0 };
        c->total = number(row, "total");
        c->back = number(row, "back");
        c->ahead = number(row, "ahead");
        c->since = is_same_boot ? (ss_mono_t){ number(row, "since") } : ss_delivery_mono(d);
        c->at_start =
            ss_jump_of(is_same_boot, number(row, "wall"), (ss_mono_t){ number(row, "mono") },
                       ss_delivery_wall(d), ss_delivery_mono(d));
        if (c->at_start) add(d, c->at_start);
    }
    json_decref(row);
    ss_jump_save(d);
}

/* ---- what is counted ---- */

void ss_jump_stamp(const ss_relay_t *relay, ss_message_t *m)
{
    ss_jump_look(relay->delivery);
    m->created = ss_delivery_wall(relay->delivery);
    m->paused_base = ss_pause_total(relay, m->created) + relay->delivery->clock.total;
}

apr_time_t ss_jump_birth(const ss_relay_t *relay)
{
    ss_message_t m;

    ss_jump_stamp(relay, &m);
    return m.created - m.paused_base;
}

apr_interval_time_t ss_jump_age(const ss_relay_t *relay, const ss_message_t *m)
{
    ss_message_t now;

    ss_jump_stamp(relay, &now);
    return ss_retry_age(m, now.paused_base, relay->delivery->clock.back, now.created);
}

/* Whether it is not known if the clock was set before the first start, which is not so long ago. */
static int is_unsure(const ss_delivery_t *d, apr_interval_time_t least)
{
    return ss_mono_since(d->clock.unsure_until, ss_delivery_mono(d)) > UNSURE - least;
}

int ss_jump_is_over(const ss_relay_t *relay, const ss_message_t *m)
{
    apr_interval_time_t expire = ss_retry_expire(m, relay->settings);

    return ss_retry_is_over(m, relay->settings, ss_jump_age(relay, m)) &&
           !is_unsure(relay->delivery, expire < UNSURE ? expire : UNSURE);
}

apr_interval_time_t ss_jump_oldest_age(const ss_relay_t *relay)
{
    const ss_delivery_clock_t *c = &relay->delivery->clock;
    apr_time_t now = ss_delivery_wall(relay->delivery);
    apr_time_t jump = ss_mono_to_wall(c->since, ss_delivery_mono(relay->delivery), now);
    apr_interval_time_t age = now - relay->oldest - (relay->oldest < jump ? c->ahead : 0);

    return relay->waiting_messages > 0 && relay->oldest && age > 0 ? age : 0;
}

apr_interval_time_t ss_jump_ahead(const ss_delivery_t *d, apr_interval_time_t history)
{
    const ss_delivery_clock_t *c = &d->clock;

    /* What finished before the start is that old when this process is. */
    if (is_unsure(d, history < UNSURE ? history : UNSURE)) return ss_delivery_wall(d);
    return ss_mono_since(ss_delivery_mono(d), c->since) < history ? c->ahead : 0;
}
