/* slow_start.c: a relay that is resumed slowly, so that what waited does not flood its server: a
 * bound on its rate that doubles each minute. It is kept over a restart; SMTPSendRate is what
 * bounds a relay for good. */
#include "daemon/daemon.h"

#include <apr_strings.h>

#include "base/text.h"

#define RAMP_STEP (60 * APR_USEC_PER_SEC)
#define RAMP_FASTEST 1000 /* microseconds a message: past it the bound is none */

/* One message each `per / count`, not `count` at once and then none for long. */
static void apply(ss_relay_t *relay, ss_mono_t now)
{
    const apr_array_header_t *own = relay->settings->rates;
    apr_pool_t *pool;

    apr_pool_create(&pool, relay->pool);
    apr_array_header_t *rates =
        own ? apr_array_copy(pool, own) : apr_array_make(pool, 1, sizeof(ss_rate_t));
    if (relay->ramp.count) APR_ARRAY_PUSH(rates, ss_rate_t) = relay->ramp;
    ss_schedule_rates(relay->schedule, rates, now);
    apr_pool_destroy(pool);
    ss_relay_wake(relay);
}

static void remember(const ss_relay_t *relay)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, relay->pool);
    ss_daemon_remember(relay->daemon, apr_pstrcat(pool, "ramp/", relay->name, NULL),
                       relay->ramp.count ? apr_psprintf(pool, "%" APR_TIME_T_FMT, relay->ramp.per)
                                         : NULL);
    apr_pool_destroy(pool);
}

static void end(ss_relay_t *relay, ss_mono_t now)
{
    relay->ramp.count = 0;
    remember(relay);
    ss_loop_untimer(relay->daemon->loop, &relay->ramp_timer);
    apply(relay, now);
}

static void step(ss_timer_t *timer, ss_mono_t now)
{
    ss_relay_t *relay = timer->self;

    /* While it is paused again the bound waits, too. */
    if (ss_relay_is_paused(relay)) {
        ss_loop_timer(relay->daemon->loop, timer, ss_mono_add(now, RAMP_STEP));
        return;
    }
    relay->ramp.per /= 2;
    if (relay->waiting_messages && relay->ramp.per > RAMP_FASTEST) {
        ss_loop_timer(relay->daemon->loop, timer, ss_mono_add(now, RAMP_STEP));
        apply(relay, now);
        remember(relay);
        return;
    }
    ss_log(relay->daemon->log, SS_LOG_NOTICE, 277,
           "relay \"%s\": sends without the bound that it was resumed with; %" APR_INT64_T_FMT
           " messages wait",
           relay->name, relay->waiting_messages);
    end(relay, now);
}

static void begin(ss_relay_t *relay, apr_interval_time_t per, ss_mono_t now)
{
    relay->ramp = (ss_rate_t){ .count = 1, .per = per };
    relay->ramp_timer =
        (ss_timer_t){ .node = relay->ramp_timer.node, .fired = step, .self = relay };
    ss_loop_timer(relay->daemon->loop, &relay->ramp_timer, ss_mono_add(now, RAMP_STEP));
    apply(relay, now);
}

void ss_slow_start_restore(ss_relay_t *relay, const char *value, ss_mono_t now)
{
    apr_int64_t per = apr_strtoi64(value, NULL, 10);

    if (per > RAMP_FASTEST) begin(relay, per, now);
}

void ss_slow_start_set(ss_relay_t *relay, const ss_rate_t *rate, ss_mono_t now)
{
    if (!rate) {
        if (relay->ramp.count) end(relay, now);
        return;
    }
    begin(relay, rate->per > rate->count ? rate->per / rate->count : 1, now);
    remember(relay);
    ss_log(relay->daemon->log, SS_LOG_NOTICE, 278,
           "relay \"%s\": begins with %" APR_INT64_T_FMT
           " messages in %s, doubled each minute until nothing waits",
           relay->name, rate->count, ss_text_duration_print(relay->pool, rate->per));
}
