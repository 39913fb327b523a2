/* breaker.c: when a host that failed may be tried again. See breaker.h. */
#include "delivery/breaker.h"

#include "base/clock.h"

#define DOWN_FIRST APR_USEC_PER_SEC
/* a relay that comes back is noticed within this time */
#define DOWN_MOST (30 * APR_USEC_PER_SEC)
#define BLOCKED_FIRST (60 * APR_USEC_PER_SEC) /* no login more often: accounts get locked */
#define BLOCKED_MOST (900 * APR_USEC_PER_SEC)
#define JITTER 10

int ss_breaker_failed(ss_breaker_t *host, ss_breaker_condition_t condition,
                      const ss_result_t *cause, apr_time_t now, apr_uint32_t jitter)
{
    int is_new = host->condition != condition;
    apr_interval_time_t first = condition == SS_HOST_BLOCKED ? BLOCKED_FIRST : DOWN_FIRST;
    apr_interval_time_t most = condition == SS_HOST_BLOCKED ? BLOCKED_MOST : DOWN_MOST;

    /* Several connections fail together when a host goes away: one failure, not several. */
    if (!is_new && !host->is_probing && host->next > now) return 0;
    host->wait = is_new ? first : host->wait * 2;
    if (host->wait > most) host->wait = most;
    host->next = now + ss_clock_jitter(host->wait, JITTER, jitter);
    if (host->next > now + most) host->next = now + most;
    if (condition == SS_HOST_BLOCKED && host->next < now + first) host->next = now + first;
    host->is_probing = 0;
    if (is_new) host->since = now;
    host->condition = condition;
    if (cause) host->cause = *cause;
    return is_new;
}

int ss_breaker_worked(ss_breaker_t *host, apr_time_t now)
{
    int was_bad = host->condition != SS_HOST_UP;

    host->is_probing = 0;
    if (!was_bad) return 0;
    host->condition = SS_HOST_UP;
    host->wait = 0;
    host->next = 0;
    host->since = now;
    ss_result_clear(&host->cause);
    return 1;
}

int ss_breaker_choose(const ss_breaker_t *hosts, int count, apr_time_t now, apr_time_t *when)
{
    *when = 0;
    for (int i = 0; i < count; i++) {
        if (hosts[i].condition == SS_HOST_UP) return i;
        if (hosts[i].is_probing) continue;
        if (hosts[i].next <= now) return i;
        if (!*when || hosts[i].next < *when) *when = hosts[i].next;
    }
    return -1;
}

void ss_breaker_reset(ss_breaker_t *hosts, int count)
{
    for (int i = 0; i < count; i++) {
        if (hosts[i].condition != SS_HOST_UP) hosts[i].next = 0;
    }
}
