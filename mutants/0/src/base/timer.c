/* timer.c: timers in a heap. See timer.h. */
#include "base/timer.h"

#include <stddef.h>

apr_status_t ss_timer_set(ss_heap_t *timers, ss_timer_t *timer, ss_mono_t when)
{
    if (timer->node.place && timer->node.key == when.us) return APR_SUCCESS;
    ss_heap_remove(timers, &timer->node);
    return ss_heap_insert(timers, &timer->node, when.us);
}

int ss_timer_next(const ss_heap_t *timers, ss_mono_t *when)
{
    const ss_heap_node_t *first = ss_heap_first(timers);

    if (first) *when = (ss_mono_t){ first->key };
    return first != NULL;
}

void ss_timer_fire(ss_heap_t *timers, ss_mono_t now)
{
    apr_uint64_t begin = timers->next_order;

    for (;;) {
        ss_heap_node_t *node = ss_heap_first(timers);
        if (!node || node->key > now.us || node->order >= begin) return;
        ss_heap_remove(timers, node);
        ss_timer_t *timer = (ss_timer_t *)(void *)((char *)node - offsetof(ss_timer_t, node));
        timer->fired(timer, now);
    }
}
