/* waiter.c: see waiter.h. */
#include "operator/waiter.h"

void ss_waiter_wait(ss_operator_t *o, ss_waiter_t *waiter, const char *id, ss_mono_t until)
{
    ss_waiter_leave(o, waiter);
    waiter->id = id;
    waiter->next = apr_hash_get(o->waiters, id, APR_HASH_KEY_STRING);
    waiter->is_waiting = 1;
    /* The key is a waiter's own text: the entry is replaced, because the other waiter may be freed
     * first. */
    apr_hash_set(o->waiters, id, APR_HASH_KEY_STRING, NULL);
    apr_hash_set(o->waiters, id, APR_HASH_KEY_STRING, waiter);
    ss_loop_timer(o->loop, &waiter->timer, until);
}

void ss_waiter_leave(ss_operator_t *o, ss_waiter_t *waiter)
{
    ss_waiter_t *first, *before = NULL;

    ss_loop_untimer(o->loop, &waiter->timer);
    if (!waiter->is_waiting) return;
    waiter->is_waiting = 0;
    first = apr_hash_get(o->waiters, waiter->id, APR_HASH_KEY_STRING);
    for (ss_waiter_t *w = first; w && w != waiter; w = w->next) before = w;
    if (before) {
        before->next = waiter->next;
        return;
    }
    apr_hash_set(o->waiters, waiter->id, APR_HASH_KEY_STRING, NULL);
    if (waiter->next) apr_hash_set(o->waiters, waiter->next->id, APR_HASH_KEY_STRING, waiter->next);
}

void ss_waiter_wake(ss_operator_t *o, const char *id)
{
    ss_mono_t now = ss_loop_now(o->loop);

    for (ss_waiter_t *w = apr_hash_get(o->waiters, id, APR_HASH_KEY_STRING); w; w = w->next)
        ss_loop_timer(o->loop, &w->timer, now);
}
