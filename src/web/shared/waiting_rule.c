/* waiting_rule.c: the places are memory that all processes share, and no lock: a process may end at
 * any moment. */
#include <apr_atomic.h>

#include "web/shared/waiting.h"

int ss_waiting_rule_share(int workers)
{
    return workers > 1 ? workers / 2 : 1;
}

static int count_own(const ss_waiting_rule_t *rule)
{
    int own = 0;

    for (int i = 0; i < rule->count; i++)
        own += apr_atomic_read32(&rule->places[i]) == rule->process;
    return own;
}

int ss_waiting_rule_take(const ss_waiting_rule_t *rule)
{
    if (count_own(rule) >= rule->own) return -1;
    for (int i = 0; i < rule->count; i++) {
        apr_uint32_t there = apr_atomic_read32(&rule->places[i]);
        if (there == rule->process || (there && rule->is_alive(there))) continue;
        if (apr_atomic_cas32(&rule->places[i], rule->process, there) != there) continue;
        /* Other threads may have taken places since they were counted. */
        if (count_own(rule) <= rule->own) return i;
        apr_atomic_set32(&rule->places[i], 0);
        return -1;
    }
    return -1;
}

void ss_waiting_rule_clean(const ss_waiting_rule_t *rule)
{
    for (int i = 0; i < rule->count; i++) {
        apr_uint32_t there = apr_atomic_read32(&rule->places[i]);
        if (there && (there == rule->process || !rule->is_alive(there)))
            apr_atomic_cas32(&rule->places[i], 0, there);
    }
}
