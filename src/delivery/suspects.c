#include "delivery/suspects.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery/delivery_impl.h"

/* jobs in order that are looked at for the one that tells most */
#define LOOK_AHEAD 1000
#define TELLS_MOST 4

unsigned ss_suspects_bit(int host)
{
    return 1u << (host < 31 ? host : 31);
}

apr_uint32_t ss_suspects_hash(const char *text)
{
    char folded[300];
    apr_ssize_t len = APR_HASH_KEY_STRING;

    apr_cpystrn(folded, text, sizeof(folded));
    for (char *p = folded; *p; p++) *p = (char)apr_tolower(*p);
    return apr_hashfunc_default(folded, &len);
}

apr_uint32_t ss_suspects_domain(const char *address)
{
    const char *at = strrchr(address, '@');

    return ss_suspects_hash(at ? at + 1 : "");
}

/* ---- which hosts, which jobs ---- */

int ss_suspects_is(const ss_relay_t *relay, int host)
{
    const ss_breaker_t *state = &relay->hosts[host];

    return relay->suspicions[host].is_active &&
           (state->condition == SS_HOST_UP || state->is_of_messages);
}

static int is_usable(const ss_relay_t *relay, int host)
{
    return relay->hosts[host].condition == SS_HOST_UP && !relay->suspicions[host].is_active;
}

static int has_usable(const ss_relay_t *relay)
{
    for (int i = 0; i < relay->host_count; i++)
        if (is_usable(relay, i)) return 1;
    return 0;
}

int ss_suspects_is_first(const ss_recipient_t *rcpt, int host)
{
    return !(rcpt->suspected & ss_suspects_bit(host));
}

static int is_first(const ss_job_t *job, int host)
{
    const ss_message_t *m = job->message;

    if (!m) return !(job->suspected & ss_suspects_bit(host));
    for (int i = 0; i < m->rcpt_count; i++)
        if (ss_suspects_is_first(&m->rcpts[i], host) && ss_job_is_due(job, &m->rcpts[i])) return 1;
    return 0;
}

int ss_suspects_was_refused(const ss_job_t *job, int host)
{
    return !is_first(job, host);
}

/* A quota is an account's or a sender's: another message of this sender shows nothing. */
static int was_asked(const ss_relay_t *relay, int host, const ss_job_t *job)
{
    return job->message &&
           ss_suspicion_was_asked(&relay->suspicions[host], ss_suspects_domain(job->message->from));
}

static ss_mono_t next_of(const ss_relay_t *relay, int host, const ss_job_t *job)
{
    const ss_breaker_t *state = &relay->hosts[host];
    int is_blocked = state->condition != SS_HOST_UP;
    /* Where another host carries the mail, a message is tried here only as a probe. */
    int counts =
        is_first(job, host) && !(is_blocked && (has_usable(relay) || was_asked(relay, host, job)));

    return ss_suspicion_next(&relay->suspicions[host], counts,
                             is_blocked ? state->next : (ss_mono_t){ 0 },
                             ss_delivery_mono(relay->delivery));
}

int ss_suspects_may_try(const ss_relay_t *relay, int host, const ss_job_t *job, ss_mono_t *when)
{
    ss_mono_t next = next_of(relay, host, job);

    *when = (ss_mono_t){ 0 };
    if (relay->suspicions[host].in_flight || !ss_mono_is_set(next)) return 0;
    if (ss_mono_reached(next, ss_delivery_mono(relay->delivery))) return 1;
    *when = next;
    return 0;
}

/* ---- jobs that are put aside ---- */

int ss_suspects_put_aside(ss_job_t *job)
{
    const ss_relay_t *relay = job->relay;
    ss_mono_t now = ss_delivery_mono(relay->delivery), until = { 0 };
    int is_suspected = 0;

    for (int i = 0; i < relay->host_count; i++) {
        ss_mono_t next = relay->hosts[i].next;
        if (is_usable(relay, i)) return 0;
        if (ss_suspects_is(relay, i)) {
            if (is_first(job, i)) return 0;
            next = next_of(relay, i, job);
            is_suspected = 1;
        }
        until = ss_mono_min(until, next);
    }
    if (!is_suspected || (ss_mono_is_set(until) && ss_mono_reached(until, now))) return 0;
    if (!ss_mono_is_set(until)) until = ss_mono_add(now, SS_SUSPICION_PACE);
    ss_job_put_aside(job, until);
    return 1;
}

static void forget_refusals(ss_job_t *job, unsigned hosts)
{
    job->was_suspected |= (job->suspected & hosts) != 0;
    job->suspected &= ~hosts;
    for (int i = 0; job->message && i < job->message->rcpt_count; i++) {
        ss_recipient_t *rcpt = &job->message->rcpts[i];
        job->was_suspected |= (rcpt->suspected & hosts) != 0;
        rcpt->suspected &= ~hosts;
    }
}

void ss_suspects_take_back(ss_relay_t *relay, unsigned forget)
{
    for (apr_hash_index_t *i = apr_hash_first(NULL, relay->delivery->jobs); i;
         i = apr_hash_next(i)) {
        ss_job_t *job = apr_hash_this_val(i);
        if (job->relay != relay) continue;
        forget_refusals(job, forget);
        ss_job_take_back(job);
    }
    ss_relay_wake(relay);
}

void ss_suspects_hurry(ss_relay_t *relay)
{
    for (apr_hash_index_t *i = apr_hash_first(NULL, relay->delivery->jobs); i;
         i = apr_hash_next(i)) {
        ss_job_t *job = apr_hash_this_val(i);
        if (job->relay == relay) ss_job_hurry(job);
    }
}

void ss_suspects_struck(ss_relay_t *relay, int host, const ss_job_t *job)
{
    ss_suspicion_t *s = &relay->suspicions[host];

    for (int i = 0; i < job->message->rcpt_count; i++)
        ss_suspicion_see(s, ss_suspects_hash(job->message->from),
                         ss_suspects_domain(job->message->rcpts[i].address));
}

void ss_suspects_end(ss_relay_t *relay, int host)
{
    relay->suspicions[host].is_active = 0;
    ss_suspects_take_back(relay, ss_suspects_bit(host));
}

void ss_suspects_forget(ss_relay_t *relay)
{
    for (int i = 0; i < relay->host_count; i++) relay->suspicions[i].is_active = 0;
    ss_suspects_take_back(relay, ~0u);
}

/* ---- which one tells most ---- */

static int tells(const ss_job_t *job, const ss_suspicion_t *s, int host)
{
    const ss_message_t *m = job->message;

    for (int i = 0; m && i < m->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &m->rcpts[i];
        if (!ss_suspects_is_first(rcpt, host) || !ss_job_is_due(job, rcpt)) continue;
        /* A session ended at it, and nothing was sent since. */
        if (job->uncharged && job->served == job->relay->served) return 0;
        return 1 +
               ss_suspicion_tells(s, ss_suspects_hash(m->from), ss_suspects_domain(rcpt->address));
    }
    return 0;
}

static int suspected_host(const ss_relay_t *relay)
{
    for (int i = 0; i < relay->host_count; i++)
        if (ss_suspects_is(relay, i)) return i;
    return -1;
}

/* A host whose sessions end at messages (ss_suspects_struck), where no other takes them. */
static int struck_host(const ss_relay_t *relay)
{
    int found = -1;

    for (int i = 0; i < relay->host_count; i++) {
        if (relay->hosts[i].strikes.count && relay->suspicions[i].seen_count)
            found = i;
        else if (relay->hosts[i].condition == SS_HOST_UP)
            return -1;
    }
    return found;
}

ss_job_t *ss_suspects_prefer(ss_job_t *job)
{
    ss_relay_t *relay = job->relay;
    ss_job_t *jobs[LOOK_AHEAD] = { job };
    int host = suspected_host(relay), count = 1, best = 0;
    ss_mono_t when;

    if (host < 0 || has_usable(relay)) host = struck_host(relay);
    if (host < 0 || !job->message) return job;
    const ss_suspicion_t *s = &relay->suspicions[host];
    while (count < LOOK_AHEAD && tells(jobs[best], s, host) < TELLS_MOST) {
        const ss_schedule_entry_t *entry =
            ss_schedule_next(relay->schedule, ss_delivery_mono(relay->delivery), &when);
        if (!entry) break;
        jobs[count] = entry->owner;
        if (tells(jobs[count], s, host) > tells(jobs[best], s, host)) best = count;
        count++;
    }
    while (count-- > 0)
        if (count != best) ss_schedule_unget(relay->schedule, &jobs[count]->entry);
    return jobs[best];
}
