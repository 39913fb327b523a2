#include "base/deferred.h"

#include <stddef.h>

void ss_deferred_add(ss_deferred_list_t *list, ss_deferred_t *deferred)
{
    if (deferred->is_pending) return;
    deferred->is_pending = 1;
    deferred->next = NULL;
    if (list->last)
        list->last->next = deferred;
    else
        list->first = deferred;
    list->last = deferred;
    list->count++;
}

void ss_deferred_cancel(ss_deferred_list_t *list, ss_deferred_t *deferred)
{
    ss_deferred_t *before = NULL;
    int place = 0;

    if (!deferred->is_pending) return;
    for (ss_deferred_t *d = list->first; d != deferred; d = d->next, place++) before = d;
    if (before)
        before->next = deferred->next;
    else
        list->first = deferred->next;
    if (list->last == deferred) list->last = before;
    list->count--;
    if (place < list->running) list->running--;
    deferred->is_pending = 0;
}

int ss_deferred_any(const ss_deferred_list_t *list)
{
    return list->first != NULL;
}

void ss_deferred_run(ss_deferred_list_t *list, ss_mono_t now)
{
    list->running = list->count;
    while (list->running) {
        ss_deferred_t *d = list->first;
        ss_deferred_cancel(list, d);
        d->call(d, now);
    }
}
