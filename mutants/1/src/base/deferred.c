#include "base/deferred.h"

#include <stddef.h>

void ss_deferred_add(ss_deferred_list_t *list, ss_deferred_t *deferred)
{
    if (deferred->is_pending) return;
    deferred->is_pending = 1;
    deferred->next = NULL;
    if (list->asked.last)
        list->asked.last->next = deferred;
    else
        list->asked.first = deferred;
    list->asked.last = deferred;
}

static int take_out(ss_deferred_t **first, ss_deferred_t **last, ss_deferred_t *deferred)
{
    ss_deferred_t *before = NULL;

    for (ss_deferred_t *d = *first; d; before = d, d = d->next) {
        if (d != deferred) continue;
        if (before)
            before->next = d->next;
        else
            *first = d->next;
        if (*last == d) *last = before;
        return 1;
    }
    return 0;
}

void ss_deferred_cancel(ss_deferred_list_t *list, ss_deferred_t *deferred)
{
    if (!deferred->is_pending) return;
    if (!take_out(&list->running.first, &list->running.last, deferred))
        take_out(&list->asked.first, &list->asked.last, deferred);
    deferred->is_pending = 0;
    deferred->next = NULL;
}

int ss_deferred_any(const ss_deferred_list_t *list)
{
    return list->asked.first != NULL;
}

void ss_deferred_run(ss_deferred_list_t *list, ss_mono_t now)
{
    list->running.first = list->asked.first;
    list->running.last = list->asked.last;
    list->asked.first = list->asked.last = NULL;
    while (list->running.first) {
        ss_deferred_t *d = list->running.first;
        list->running.first = d->next;
        if (!d->next) list->running.last = NULL;
        d->is_pending = 0;
        d->next = NULL;
        d->call(d, now);
    }
}
