#include "delivery/relay_host.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/kept.h"
#include "delivery/suspects.h"
#include "delivery/retry.h"
#include "smtp/advice.h"

static void say_failed(const ss_relay_t *relay, int host)
{
    const ss_breaker_t *state = &relay->hosts[host];
    const ss_advice_t *advice = state->cause.advice ? ss_advice_find(state->cause.advice) : NULL;
    apr_pool_t *pool;

    apr_pool_create(&pool, relay->pool);
    ss_log(relay->delivery->log, SS_LOG_WARN, 220,
           "relay \"%s\": %s is %s at %s: %s; %" APR_INT64_T_FMT
           " messages wait, none is charged an attempt%s%s%s%s",
           relay->name, ss_relay_host_name(relay, host, pool),
           state->condition == SS_HOST_BLOCKED ? "blocked (it refuses us)"
           : state->is_of_messages             ? "down (it defers everything)"
                                               : "down",
           state->cause.step ? state->cause.step : "connect", state->cause.text,
           relay->waiting_messages, advice ? ". " : "", advice ? advice->title : "",
           advice ? ". " : "", advice ? advice->remedy : "");
    apr_pool_destroy(pool);
}

void ss_relay_host_refuses(ss_relay_t *relay, int host, ss_breaker_condition_t condition,
                           const ss_result_t *cause)
{
    const ss_delivery_t *d = relay->delivery;

    ss_breaker_t *state = &relay->hosts[host];
    ss_mono_t before = state->next;
    int was_quota = state->condition == SS_HOST_BLOCKED && ss_retry_is_quota(state->cause.advice);

    int is_new = ss_breaker_failed(state, condition, cause, ss_delivery_mono(d),
                                   ss_delivery_wall(d), ss_delivery_random(d));
    if (cause && condition == SS_HOST_BLOCKED && ss_retry_is_quota(cause->advice) &&
        state->next.us != before.us)
        state->next = ss_mono_add(ss_delivery_mono(d),
                                  ss_retry_quota(cause->text, was_quota, ss_delivery_wall(d)));
    if (is_new) say_failed(relay, host);
    if (state->condition == SS_HOST_BLOCKED && state->next.us != before.us &&
        ss_retry_is_quota(state->cause.advice))
        ss_kept_save(relay);
    ss_relay_wake(relay);
}

void ss_relay_host_failed(ss_relay_t *relay, int host, ss_breaker_condition_t condition,
                          const ss_result_t *cause)
{
    /* While messages are tried to find out whether it refuses us: no more of them, and the wait
     * begins now. */
    if (condition == SS_HOST_BLOCKED && ss_suspects_is(relay, host)) {
        ss_suspects_end(relay, host);
        relay->hosts[host].is_probing = 1;
    }
    /* What it refused is tried when it is back: not when the long wait of the block would end. */
    if (condition == SS_HOST_DOWN && relay->hosts[host].condition == SS_HOST_BLOCKED)
        ss_suspects_end(relay, host);
    relay->hosts[host].is_of_messages = 0;
    ss_relay_host_refuses(relay, host, condition, cause);
}

void ss_relay_host_struck(ss_relay_t *relay, int host, int round, int weight,
                          const ss_result_t *cause)
{
    const ss_delivery_t *d = relay->delivery;
    ss_breaker_t *state = &relay->hosts[host];
    apr_pool_t *pool;

    if (!ss_strikes_add(&state->strikes, round, weight)) return;
    state->proof.shown = 0;
    if (ss_strikes_are_out(&state->strikes)) {
        ss_relay_host_failed(relay, host, SS_HOST_DOWN, cause);
        return;
    }
    apr_pool_create(&pool, relay->pool);
    const char *name = ss_relay_host_name(relay, host, pool);
    if (ss_delivery_may_log(d, "relay \"%s\": a session of %s carried no mail", relay->name, name))
        ss_log(d->log, SS_LOG_WARN, 226,
               "relay \"%s\": a session of %s ended at %s before it carried mail: %s; after "
               "%d such sessions in a row the host is taken as down",
               relay->name, name, cause->step ? cause->step : "connect", cause->text,
               SS_STRIKES_DOWN);
    apr_pool_destroy(pool);
}

static void recovered(ss_relay_t *relay, int host)
{
    const ss_delivery_t *d = relay->delivery;
    apr_time_t now = ss_delivery_wall(d), since = relay->hosts[host].since;
    int was_quota = ss_retry_is_quota(relay->hosts[host].cause.advice);
    int was_of_messages = relay->hosts[host].is_of_messages;
    apr_pool_t *pool;

    if (!ss_breaker_worked(&relay->hosts[host], now)) return;
    if (was_quota) ss_kept_save(relay);
    apr_pool_create(&pool, relay->pool);
    ss_log(d->log, SS_LOG_NOTICE, 221,
           "relay \"%s\": %s works again after %s; %" APR_INT64_T_FMT " waiting messages are sent",
           relay->name, ss_relay_host_name(relay, host, pool),
           ss_text_duration_print(pool, apr_time_from_sec(apr_time_sec(now - since))),
           relay->waiting_messages);
    apr_pool_destroy(pool);
    ss_suspects_take_back(relay, 0);
    if (was_of_messages) ss_suspects_hurry(relay);
}

void ss_relay_host_worked(ss_relay_t *relay, int host)
{
    ss_strikes_clear(&relay->hosts[host].strikes);
    recovered(relay, host);
}

void ss_relay_host_is_ready(ss_relay_t *relay, int host)
{
    const ss_breaker_t *state = &relay->hosts[host];

    if (ss_strikes_are_out(&state->strikes)) return;
    if (state->condition == SS_HOST_DOWN ? !state->is_of_messages
                                         : !ss_breaker_is_of_transaction(state))
        recovered(relay, host);
}

const char *ss_relay_host_step(ss_cmd_t cmd)
{
    return cmd == SS_CMD_MAIL       ? "mail"
           : cmd == SS_CMD_RCPT     ? "rcpt"
           : cmd == SS_CMD_AUTH     ? "auth"
           : cmd == SS_CMD_GREETING ? "greeting"
                                    : "data";
}

int ss_relay_host_judge(ss_relay_t *relay, int host, const ss_client_rcpt_t *results, int count)
{
    for (int i = 0; i < count; i++) {
        const ss_client_rcpt_t *rcpt = &results[i];
        if (rcpt->fate == SS_FATE_BLOCKED) {
            ss_result_t cause;
            char code[16];
            ss_result_clear(&cause);
            apr_snprintf(code, sizeof(code), "%d", rcpt->code);
            ss_result_set(&cause, ss_relay_host_step(rcpt->cmd), code, rcpt->advice, "%d %s",
                          rcpt->code, rcpt->text ? rcpt->text : "");
            ss_relay_host_failed(relay, host, SS_HOST_BLOCKED, &cause);
            return 1;
        }
        /* That a message fails does not tell whether another one would be taken. */
        if (rcpt->code && (rcpt->fate == SS_FATE_SENT ||
                           (rcpt->fate == SS_FATE_FAILED && !ss_suspects_is(relay, host))))
            ss_relay_host_worked(relay, host);
    }
    return 0;
}
