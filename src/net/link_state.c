/* link_state.c: what the phases of a link do alike. See link_state.h. */
#include "net/link_state.h"

#include "base/clock.h"

void ss_link_enter(ss_link_t *link)
{
    link->busy++;
}

void ss_link_free(ss_link_t *link)
{
    if (link->client) ss_client_destroy(link->client);
    apr_pool_destroy(link->pool);
}

int ss_link_leave(ss_link_t *link)
{
    link->busy--;
    if (!link->is_gone || link->busy) return !link->is_gone;
    ss_link_free(link);
    return 0;
}

/* The client outlives the socket: its last events are taken from it. */
void ss_link_close_socket(ss_link_t *link)
{
    ss_loop_untimer(link->loop, &link->timer);
    ss_loop_unwatch(link->loop, &link->watch);
    ss_stream_close(&link->stream);
    link->watch.fd = -1;
}

void ss_link_drop(ss_link_t *link)
{
    ss_link_close_socket(link);
    if (link->client) ss_client_destroy(link->client);
    link->client = NULL;
    if (link->session_pool) apr_pool_clear(link->session_pool);
    link->is_blocked = link->has_more = link->wants_tls = 0;
}

void ss_link_emit(ss_link_t *link, const ss_client_event_t *event)
{
    if (link->is_gone || !link->owner.event) return;
    link->owner.event(link->owner.self, link, event);
}

void ss_link_step(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result)
{
    ss_mono_t now = ss_mono_now();
    ss_client_event_t event = { .kind = SS_EVENT_STEP,
                                .is_ok = is_ok,
                                .cmd = cmd,
                                .result = *result,
                                .took = ss_mono_since(now, link->step_began) };

    if (!is_ok) event.verdict = (ss_verdict_t){ SS_SCOPE_RELAY, SS_FATE_DOWN, 0, result->advice };
    link->step_began = now;
    ss_link_emit(link, &event);
}

void ss_link_closed(ss_link_t *link, int is_ok, ss_cmd_t cmd, const ss_result_t *result)
{
    ss_client_event_t event = {
        .kind = SS_EVENT_CLOSED, .is_ok = is_ok, .cmd = cmd, .result = *result
    };

    event.verdict = (ss_verdict_t){ SS_SCOPE_RELAY, SS_FATE_DOWN, 0, result->advice };
    ss_link_close_socket(link);
    link->phase = SS_LINK_CLOSED;
    ss_link_emit(link, &event);
}

void ss_link_fail(ss_link_t *link, ss_cmd_t cmd, const ss_result_t *result)
{
    if (link->options.tls && link->settings->tls == SS_TLS_NEGOTIATE)
        ss_tls_way_set(link->options.tls, link->options.host, SS_TLS_WAY_UNKNOWN);
    ss_link_step(link, 0, cmd, result);
    if (!link->is_gone) ss_link_closed(link, 0, cmd, result);
}
