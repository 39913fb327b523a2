/* breaker.c: when a host that failed may be tried again. See breaker.h. */
#include "delivery/breaker.h"

#include <string.h>

#include "base/mono.h"

#define DOWN_FIRST APR_USEC_PER_SEC
/* a relay that comes back is noticed within this time */
#define DOWN_MOST (5 * APR_USEC_PER_SEC)
#define BLOCKED_FIRST (60 * APR_USEC_PER_SEC) /* no login more often: accounts get locked */
#define BLOCKED_MOST (900 * APR_USEC_PER_SEC)
#define JITTER 10

int ss_breaker_failed(ss_breaker_t *host, ss_breaker_condition_t condition,
                      const ss_result_t *cause, ss_mono_t now, apr_time_t wall, apr_uint32_t jitter)
{
    int is_new = host->condition != condition;
    apr_interval_time_t first = condition == SS_HOST_BLOCKED ? BLOCKED_FIRST : DOWN_FIRST;
    apr_interval_time_t most = condition == SS_HOST_BLOCKED ? BLOCKED_MOST : DOWN_MOST;

    /* Several connections fail together when a host goes away: one failure, not several. */
    if (!is_new && !host->is_probing && ss_mono_before(now, host->next)) return 0;
    host->wait = is_new ? first : host->wait * 2;
    if (host->wait > most) host->wait = most;
    apr_interval_time_t wait = ss_mono_jitter(host->wait, JITTER, jitter);
    if (wait > most) wait = most;
    if (condition == SS_HOST_BLOCKED && wait < first) wait = first;
    host->next = ss_mono_add(now, wait);
    host->is_probing = 0;
    if (is_new) host->since = wall;
    host->condition = condition;
    if (cause) host->cause = *cause;
    return is_new;
}

int ss_breaker_worked(ss_breaker_t *host, apr_time_t wall)
{
    int was_bad = host->condition != SS_HOST_UP;

    host->is_probing = host->is_of_messages = 0;
    if (!was_bad) return 0;
    host->condition = SS_HOST_UP;
    host->wait = 0;
    host->next = (ss_mono_t){ 0 };
    host->since = wall;
    ss_result_clear(&host->cause);
    return 1;
}

int ss_breaker_choose(const ss_breaker_t *hosts, int count, ss_mono_t now, ss_mono_t *when)
{
    *when = (ss_mono_t){ 0 };
    for (int i = 0; i < count; i++) {
        if (hosts[i].condition == SS_HOST_UP) return i;
        if (hosts[i].is_probing) continue;
        if (ss_mono_reached(hosts[i].next, now)) return i;
        *when = ss_mono_min(*when, hosts[i].next);
    }
    return -1;
}

void ss_breaker_reset(ss_breaker_t *hosts, int count)
{
    for (int i = 0; i < count; i++) {
        if (hosts[i].condition != SS_HOST_UP) hosts[i].next = (ss_mono_t){ 0 };
    }
}

int ss_breaker_is_of_transaction(const ss_breaker_t *host)
{
    const char *step = host->cause.step ? host->cause.step : "";

    return !strcmp(step, "mail") || !strcmp(step, "rcpt") || !strcmp(step, "data");
}
