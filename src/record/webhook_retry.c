/* webhook_retry.c: see webhook_retry.h. */
#include "record/webhook_retry.h"

ss_webhook_retry_t ss_webhook_retry_judge(int status, apr_interval_time_t age)
{
    if (status >= 200 && status < 300) return SS_WEBHOOK_TAKEN;
    if (status == 410 || age >= SS_WEBHOOK_RETRY_SPAN) return SS_WEBHOOK_GONE;
    return SS_WEBHOOK_TRY_AGAIN;
}

apr_interval_time_t ss_webhook_retry_wait(int failed)
{
    apr_interval_time_t wait = SS_WEBHOOK_RETRY_FIRST;

    for (int i = 1; i < failed && wait < SS_WEBHOOK_RETRY_LONGEST; i++) wait *= 2;
    return wait < SS_WEBHOOK_RETRY_LONGEST ? wait : SS_WEBHOOK_RETRY_LONGEST;
}

int ss_webhook_retry_has_room(int waiting)
{
    return waiting < SS_WEBHOOK_RETRY_BACKLOG;
}
