#include "delivery/slow_start.h"

#include <apr_strings.h>

#include "base/text.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"

#define STEP (60 * APR_USEC_PER_SEC)

apr_interval_time_t ss_slow_start_next(apr_interval_time_t per_message,
                                       apr_int64_t waiting_messages)
{
    apr_interval_time_t next = per_message / 2;

    return waiting_messages && next > SS_SLOW_START_FASTEST ? next : 0;
}

static void apply(ss_relay_t *relay)
{
    const apr_array_header_t *own = relay->settings->rates;
    apr_pool_t *pool;

    apr_pool_create(&pool, relay->pool);
    apr_array_header_t *rates =
        own ? apr_array_copy(pool, own) : apr_array_make(pool, 1, sizeof(ss_settings_rate_t));
    if (relay->slow_start.count) APR_ARRAY_PUSH(rates, ss_settings_rate_t) = relay->slow_start;
    ss_schedule_rates(relay->schedule, rates, ss_delivery_mono(relay->delivery));
    apr_pool_destroy(pool);
    ss_relay_wake(relay);
}

static void remember(const ss_relay_t *relay)
{
    char value[24];

    apr_snprintf(value, sizeof(value), "%" APR_TIME_T_FMT, relay->slow_start.per);
    ss_delivery_remember(relay->delivery, "ramp/", relay->name,
                         relay->slow_start.count ? value : NULL);
}

static void end(ss_relay_t *relay)
{
    relay->slow_start.count = 0;
    remember(relay);
    ss_delivery_untimer(relay->delivery, &relay->slow_start_timer);
    apply(relay);
}

static void step(ss_timer_t *timer, ss_mono_t now)
{
    ss_relay_t *relay = timer->self;

    ss_delivery_timer(relay->delivery, timer, ss_mono_add(now, STEP));
    /* While it is paused again the bound waits, too. */
    if (ss_relay_is_paused(relay)) return;
    relay->slow_start.per = ss_slow_start_next(relay->slow_start.per, relay->waiting_messages);
    if (relay->slow_start.per) {
        apply(relay);
        remember(relay);
        return;
    }
    ss_log(relay->delivery->log, SS_LOG_NOTICE, 277,
           "relay \"%s\": slow start is over; sending at full rate; %" APR_INT64_T_FMT
           " messages wait",
           relay->name, relay->waiting_messages);
    end(relay);
}

/* One message each `per / count`, not `count` at once and then none for long. */
static void begin(ss_relay_t *relay, apr_interval_time_t per)
{
    relay->slow_start = (ss_settings_rate_t){ .count = 1, .per = per };
    relay->slow_start_timer.fired = step;
    relay->slow_start_timer.self = relay;
    ss_delivery_timer(relay->delivery, &relay->slow_start_timer,
                      ss_mono_add(ss_delivery_mono(relay->delivery), STEP));
    apply(relay);
}

void ss_slow_start_restore(ss_relay_t *relay, const char *value)
{
    apr_int64_t per = apr_strtoi64(value, NULL, 10);

    if (per > SS_SLOW_START_FASTEST) begin(relay, per);
}

void ss_slow_start_set(ss_relay_t *relay, const ss_settings_rate_t *rate)
{
    if (!rate) {
        if (relay->slow_start.count) end(relay);
        return;
    }
    begin(relay, rate->per > rate->count ? rate->per / rate->count : 1);
    remember(relay);
    ss_log(relay->delivery->log, SS_LOG_NOTICE, 278,
           "relay \"%s\": slow start with %" APR_INT64_T_FMT
           " messages in %s, doubled each minute until nothing waits",
           relay->name, rate->count, ss_text_duration_print(relay->pool, rate->per));
}
