#include "delivery/progress.h"

#include "delivery/delivery_impl.h"
#include "delivery/job.h"

void ss_progress_succeeded(ss_relay_progress_t *p)
{
    *p = (ss_relay_progress_t){ 0 };
}

void ss_progress_waits(ss_relay_progress_t *p, apr_uint32_t recipient, ss_mono_t now)
{
    int at = 0;

    if (!ss_mono_is_set(p->first)) p->first = now;
    if (!recipient) {
        p->is_general = 1;
        return;
    }
    while (at < p->count && p->recipients[at] != recipient) at++;
    if (at < SS_PROGRESS_RECIPIENTS) p->recipients[at] = recipient;
    if (at == p->count && at < SS_PROGRESS_RECIPIENTS) p->count++;
}

int ss_progress_is_personal(const ss_client_rcpt_t *result)
{
    int subject = result->has_dsn ? result->dsn[2] : 0;

    return result->code && (result->cmd == SS_CMD_RCPT ||
                            ((subject == '1' || subject == '2') && result->dsn[3] == '.'));
}

apr_interval_time_t ss_progress_fruitless(const ss_relay_t *relay)
{
    const ss_relay_progress_t *p = &relay->progress;

    if (!p->is_general && p->count < SS_PROGRESS_RECIPIENTS) return 0;
    if (relay->counts[SS_STATE_QUEUED] + relay->counts[SS_STATE_SENDING] +
            relay->counts[SS_STATE_DEFERRED] <=
        0)
        return 0;
    return ss_mono_since(ss_delivery_mono(relay->delivery), ss_mono_max(p->first, relay->may_send));
}

/* Since when it is due, as far as it was not tried since. */
static ss_mono_t due_of(const ss_job_t *job)
{
    return ss_mono_is_set(job->entry.due) ? job->entry.due
                                          : (ss_mono_t){ job->entry.created - job->clock };
}

apr_interval_time_t ss_progress_untried(const ss_relay_t *relay)
{
    ss_mono_t now = ss_delivery_mono(relay->delivery), first = now;

    for (apr_hash_index_t *i = apr_hash_first(NULL, relay->delivery->jobs); i;
         i = apr_hash_next(i)) {
        const ss_job_t *job = apr_hash_this_val(i);
        if (job->relay != relay || !job->is_scheduled || job->is_aside || job->uncharged) continue;
        ss_mono_t due = ss_mono_max(due_of(job), relay->may_send);
        if (ss_mono_before(due, first)) first = due;
    }
    return ss_mono_since(now, first);
}

static ss_state_t state_of(const ss_job_t *job)
{
    ss_state_t state = job->entry.is_retry ? SS_STATE_DEFERRED : SS_STATE_QUEUED;

    if (job->is_sending) return SS_STATE_SENDING;
    if (!job->message) return state;
    state = SS_STATE_QUEUED;
    for (int i = 0; i < job->message->rcpt_count; i++)
        if (job->message->rcpts[i].state == SS_STATE_DEFERRED) state = SS_STATE_DEFERRED;
    return state;
}

void ss_progress_messages(const ss_relay_t *relay, apr_int64_t counts[SS_STATES])
{
    apr_int64_t rest = relay->waiting_messages, held = relay->counts[SS_STATE_HELD];

    for (int i = 0; i < SS_STATES; i++) counts[i] = 0;
    for (apr_hash_index_t *i = apr_hash_first(NULL, relay->delivery->jobs); i;
         i = apr_hash_next(i)) {
        const ss_job_t *job = apr_hash_this_val(i);
        int any = 1;
        if (job->relay != relay || job->is_gone) continue;
        if (job->message) ss_message_due(job->message, &any);
        if (!any && !job->is_sending) continue; /* over, and not yet committed */
        counts[state_of(job)]++;
        rest--;
    }
    if (rest <= 0) return;
    counts[SS_STATE_HELD] = held < rest ? held : rest;
    counts[SS_STATE_QUEUED] += rest - counts[SS_STATE_HELD];
}
