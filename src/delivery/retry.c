#include "delivery/retry.h"

#include "base/mono.h"

#define JITTER 10 /* percent */
#define WAIT_DEFAULT (60 * APR_USEC_PER_SEC)

ss_retry_t ss_retry_decide(ss_verdict_fate_t fate, ss_uncertain_t uncertain, int uncharged)
{
    switch (fate) {
    case SS_FATE_SENT: return SS_RETRY_SENT;
    case SS_FATE_FAILED: return SS_RETRY_FAILED;
    case SS_FATE_UNCERTAIN: return uncertain == SS_UNCERTAIN_HOLD ? SS_RETRY_HOLD : SS_RETRY_LATER;
    case SS_FATE_DEFERRED: return SS_RETRY_LATER;
    /* The connection or the server failed, not the message; but it may be the message that does
     * it. */
    case SS_FATE_AGAIN:
    case SS_FATE_DOWN:
        return uncharged < SS_RETRY_UNCHARGED_MAX ? SS_RETRY_UNCHARGED : SS_RETRY_LATER;
    /* The server refuses us, whatever the message; or may do so. */
    case SS_FATE_BLOCKED:
    case SS_FATE_SUSPECT: return SS_RETRY_UNCHARGED;
    }
    return SS_RETRY_LATER;
}

static apr_interval_time_t wait_of(const apr_array_header_t *waits, int attempts)
{
    int index = attempts > 0 ? attempts - 1 : 0;

    if (!waits || !waits->nelts) return WAIT_DEFAULT;
    if (index >= waits->nelts) index = waits->nelts - 1;
    return APR_ARRAY_IDX(waits, index, apr_interval_time_t);
}

apr_interval_time_t ss_retry_wait(const apr_array_header_t *waits, int attempts,
                                  apr_uint32_t random)
{
    return ss_mono_jitter(wait_of(waits, attempts), JITTER, random);
}

apr_time_t ss_retry_next(apr_time_t next, const apr_array_header_t *waits, int attempts,
                         apr_time_t now)
{
    apr_interval_time_t most = wait_of(waits, attempts) / 100 * (100 + JITTER) + APR_USEC_PER_SEC;

    return attempts && next - now > most ? now : next;
}

apr_interval_time_t ss_retry_age(const ss_message_t *m, apr_interval_time_t paused,
                                 apr_interval_time_t back, apr_time_t now)
{
    apr_interval_time_t since_accepted = paused - m->paused_base;
    apr_time_t from = m->attr.at > m->created ? m->attr.at : m->created;

    /* The total may be another relay's: then it says nothing. */
    return now - from - (since_accepted > back ? since_accepted : back) - m->held;
}

apr_interval_time_t ss_retry_expire(const ss_message_t *m, const ss_settings_t *settings)
{
    return m->attr.expire ? m->attr.expire : settings->expire;
}

int ss_retry_is_over(const ss_message_t *m, const ss_settings_t *settings, apr_interval_time_t age)
{
    return age > ss_retry_expire(m, settings);
}
