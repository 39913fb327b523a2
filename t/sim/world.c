/* world.c: one run: acceptance, the order, outcomes and their commits, pauses, crashes, and what
 * must hold. See world.h. */
#include "world.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "queue.h"

#define COMMITS_MOST 20 /* the disk is not full so often in a row */
#define START (APR_INT64_C(1800000000) * APR_USEC_PER_SEC)

void world_say(world_t *w, const char *format, ...)
{
    va_list args;

    if (!w->is_loud) return;
    printf("%9.3f  ", (double)(w->now - START) / 1e6);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* ---- the queue ---- */

/* Puts a job where its recipients' states want it. */
void world_settle(world_t *w, job_t *job)
{
    apr_time_t due = 0;
    int waits = 0;
    ss_schedule_entry_t *dropped = NULL;

    if (job->is_sending || job->is_scheduled || !job->is_accepted) return;
    for (int i = 0; i < job->rcpt_count; i++) {
        const ss_recipient_t *rcpt = &job->rcpts[i];
        if (rcpt->state != SS_STATE_QUEUED && rcpt->state != SS_STATE_DEFERRED) continue;
        if (!waits || rcpt->next < due) due = rcpt->next;
        waits = 1;
    }
    if (!waits) return;
    job->entry.due = (ss_mono_t){ due };
    job->entry.owner = job;
    job->is_scheduled = 1;
    ss_schedule_add(w->schedule, &job->entry, &dropped);
    if (dropped) truth_wrong(&w->truth, "the order dropped a message");
}

/* What the store holds now is what a crash leaves. */
static void committed(world_t *w)
{
    for (int i = 0; i < w->job_count; i++) {
        job_t *job = &w->jobs[i];
        memcpy(job->durable, job->written, sizeof(job->durable));
    }
}

static int commit(world_t *w)
{
    int is_written = queue_commit(w);

    if (is_written) committed(w);
    return is_written;
}

static void charge(world_t *w, ss_recipient_t *rcpt)
{
    rcpt->attempts++;
    rcpt->next =
        w->now + ss_schedule_wait(w->retry, rcpt->attempts, (apr_uint32_t)random_next(&w->random));
}

static void decide(world_t *w, ss_recipient_t *rcpt, ss_verdict_fate_t fate)
{
    switch (fate) {
    case SS_FATE_SENT: ss_recipient_go(rcpt, SS_STATE_SENT); return;
    case SS_FATE_FAILED: ss_recipient_go(rcpt, SS_STATE_FAILED); return;
    case SS_FATE_UNCERTAIN:
        rcpt->is_uncertain = 1;
        w->counts.uncertain++;
        if (w->holds_uncertain) {
            ss_recipient_go(rcpt, SS_STATE_HELD);
            return;
        }
        charge(w, rcpt);
        break;
    case SS_FATE_DEFERRED: charge(w, rcpt); break;
    default: break;
    }
    ss_recipient_go(rcpt, rcpt->attempts ? SS_STATE_DEFERRED : SS_STATE_QUEUED);
}

void world_done(world_t *w, conn_t *c, const ss_client_message_t *m)
{
    job_t *job = m->internal;
    int is_blocked = 0, numbers[RCPTS_MAX] = { 0 };

    for (int i = 0; i < m->rcpt_count; i++) {
        ss_recipient_t *rcpt = (ss_recipient_t *)(apr_uintptr_t)m->rcpts[i].orcpt;
        decide(w, rcpt, m->rcpts[i].fate);
        numbers[i] = rcpt->number;
        job->written[rcpt->number] = rcpt->state;
        is_blocked |= m->rcpts[i].fate == SS_FATE_BLOCKED;
    }
    queue_outcome(w, job, numbers, m->rcpt_count);
    (void)c;
    if (is_blocked)
        ss_breaker_failed(&w->host, SS_HOST_BLOCKED, NULL, (ss_mono_t){ w->now }, w->now,
                          (apr_uint32_t)random_next(&w->random));
    world_settle(w, job);
}

void world_closed(world_t *w, conn_t *c, const ss_client_event_t *event)
{
    int is_blocked = event->verdict.fate == SS_FATE_BLOCKED;

    world_say(w, "connection closed: %s", event->result.text);
    if (c->is_ready) {
        if (c->is_probe) w->host.is_probing = 0;
        return;
    }
    if (event->cmd == SS_CMD_AUTH && is_blocked) w->rejected = w->now;
    ss_breaker_failed(&w->host, is_blocked ? SS_HOST_BLOCKED : SS_HOST_DOWN, &event->result,
                      (ss_mono_t){ w->now }, w->now, (apr_uint32_t)random_next(&w->random));
}

/* ---- sending ---- */

static conn_t *pick(world_t *w)
{
    for (int i = 0; i < w->most_conns; i++) {
        if (w->conns[i] && w->conns[i]->is_ready && ss_client_can_send(w->conns[i]->client))
            return w->conns[i];
    }
    return NULL;
}

static int open_more(world_t *w)
{
    ss_mono_t when = { 0 };
    int place = -1, connecting = 0;

    for (int i = 0; i < w->most_conns; i++) {
        if (!w->conns[i])
            place = i;
        else
            connecting |= !w->conns[i]->is_ready;
    }
    if (place < 0 || connecting) return 0;
    if (ss_breaker_choose(&w->host, 1, (ss_mono_t){ w->now }, &when) < 0) {
        w->when = ss_mono_min((ss_mono_t){ w->when }, when).us;
        return 0;
    }
    conn_t *c = w->conns[place] = conn_open(w);
    if (w->host.condition != SS_HOST_UP) c->is_probe = w->host.is_probing = 1;
    return 1;
}

static int pump(world_t *w)
{
    int moved = 0;

    w->when = 0;
    if (w->is_paused) return 0;
    for (;;) {
        ss_mono_t when;
        ss_schedule_entry_t *entry = ss_schedule_next(w->schedule, (ss_mono_t){ w->now }, &when);
        if (!entry) {
            w->when = when.us;
            return moved;
        }
        job_t *job = entry->owner;
        conn_t *c = pick(w);
        job->is_scheduled = 0;
        if (c && conn_send(c, job)) {
            moved = 1;
            continue;
        }
        job->is_scheduled = 1;
        ss_schedule_unget(w->schedule, entry);
        return open_more(w) || moved;
    }
}

/* ---- what happens besides ---- */

static void crash(world_t *w)
{
    world_say(w, "crash");
    w->counts.crashes++;
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (w->conns[i]) conn_crash(w->conns[i]);
    }
    for (int i = 0; i < w->job_count; i++) {
        job_t *job = &w->jobs[i];
        if (job->is_scheduled) ss_schedule_remove(w->schedule, &job->entry);
        job->is_scheduled = job->is_sending = 0;
        for (int r = 0; r < job->rcpt_count; r++) {
            if (job->durable[r] != SS_STATE_SENT) w->truth.rcpts[i][r].known = 0;
        }
    }
    queue_crash(w, random_once(&w->random, 2));
    for (int i = 0; i < w->job_count; i++)
        memcpy(w->jobs[i].written, w->jobs[i].durable, sizeof(w->jobs[i].written));
    for (int i = 0; i < w->job_count; i++) world_settle(w, &w->jobs[i]);
    memset(&w->host, 0, sizeof(w->host));
    w->rejected = 0;
}

static void accept_due(world_t *w)
{
    for (int i = 0; i < w->job_count; i++) {
        job_t *job = &w->jobs[i];
        if (job->is_accepted || job->accepted > w->now) continue;
        if (!queue_accept(w, job)) {
            /* 503 with Retry-After: the program comes again. */
            job->accepted = w->now + APR_USEC_PER_SEC;
            continue;
        }
        job->is_accepted = 1;
        committed(w);
        world_settle(w, job);
    }
}

static int has_any(const job_t *job, ss_state_t least, ss_state_t most)
{
    for (int r = 0; r < job->rcpt_count; r++) {
        if (job->rcpts[r].state >= least && job->rcpts[r].state <= most) return 1;
    }
    return 0;
}

/* What a person's action made of a message, once it is on the disk. */
static void change(world_t *w, job_t *job, ss_state_t least, ss_state_t most, ss_state_t to)
{
    for (int r = 0; r < job->rcpt_count; r++) {
        ss_recipient_t *rcpt = &job->rcpts[r];
        if (rcpt->state < least || rcpt->state > most) continue;
        ss_recipient_go(rcpt, to);
        rcpt->next = to == SS_STATE_QUEUED ? w->now : 0;
        job->written[r] = to;
    }
    committed(w);
}

/* A person looks at what is held. */
static void release(world_t *w)
{
    for (int i = 0; i < w->job_count; i++) {
        job_t *job = &w->jobs[i];
        if (!has_any(job, SS_STATE_HELD, SS_STATE_HELD) ||
            !queue_control(w, job, SS_ACTION_RELEASE))
            continue;
        change(w, job, SS_STATE_HELD, SS_STATE_HELD, SS_STATE_QUEUED);
        world_settle(w, job);
    }
}

/* A person holds a message that is not on its way. */
static void hold(world_t *w, job_t *job)
{
    if (!job->is_accepted || job->is_sending || !has_any(job, SS_STATE_QUEUED, SS_STATE_DEFERRED) ||
        !queue_control(w, job, SS_ACTION_HOLD))
        return;
    if (job->is_scheduled) ss_schedule_remove(w->schedule, &job->entry);
    job->is_scheduled = 0;
    change(w, job, SS_STATE_QUEUED, SS_STATE_DEFERRED, SS_STATE_HELD);
}

static void chance(world_t *w)
{
    random_t *r = &w->random;

    if (random_once(r, 12)) commit(w);
    if (random_once(r, 150)) w->is_paused = !w->is_paused;
    if (random_once(r, 60)) release(w);
    if (random_once(r, 80)) hold(w, &w->jobs[random_below(r, w->job_count)]);
    if (w->crashes_left && random_once(r, 120)) {
        w->crashes_left--;
        crash(w);
    }
    if (random_once(r, 100)) {
        conn_t *c = w->conns[random_below(r, w->most_conns)];
        if (c) conn_quit(c);
    }
}

static int is_over(const world_t *w)
{
    for (int i = 0; i < w->job_count; i++) {
        const job_t *job = &w->jobs[i];
        for (int r = 0; r < job->rcpt_count; r++) {
            if (!ss_state_is_final(job->rcpts[r].state)) return 0;
        }
    }
    return 1;
}

/* Nothing moves: the clock goes on to what is waited for. */
static void wait_for_time(world_t *w)
{
    apr_time_t soonest = w->is_paused ? w->now + APR_USEC_PER_SEC : w->when;

    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        apr_time_t deadline = w->conns[i] ? conn_deadline(w->conns[i]) : 0;
        if (deadline && (!soonest || deadline < soonest)) soonest = deadline;
    }
    for (int i = 0; i < w->job_count; i++) {
        if (!w->jobs[i].is_accepted && (!soonest || w->jobs[i].accepted < soonest))
            soonest = w->jobs[i].accepted;
    }
    w->is_paused = 0;
    release(w);
    if (!soonest) return;
    if (soonest > w->now) w->now = soonest;
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        conn_t *c = w->conns[i];
        apr_time_t deadline = c ? conn_deadline(c) : 0;
        if (deadline && deadline <= w->now) conn_tick(c);
    }
}

static void step(world_t *w, int *quiet)
{
    int moved = 0;

    accept_due(w);
    moved |= pump(w);
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (w->conns[i]) moved |= conn_step(w->conns[i]);
    }
    chance(w);
    w->now += random_below(&w->random, 2000);
    *quiet = moved ? 0 : *quiet + 1;
    /* By chance nothing may have been tried: only a long silence is one. */
    if (*quiet < 12) return;
    *quiet = 0;
    wait_for_time(w);
}

/* ---- a run ---- */

static const char *make_content(world_t *w, int number, apr_size_t *len)
{
    int lines = random_once(&w->random, 30) ? 1500 : random_below(&w->random, 12);
    ss_buf_t text;

    ss_buf_init(&text, 1000000);
    ss_buf_printf(&text, "Subject: %d\r\n\r\n", number);
    for (int i = 0; i < lines; i++) {
        static const char *const parts[] = {
            ".\r\n",      "..\r\n",
            ".a\r\n",     "\r\n",
            "a line\r\n", "a line of somewhat more words than the others have, with a dot.\r\n"
        };
        ss_buf_puts(&text, parts[random_below(&w->random, 6)]);
    }
    *len = text.len;
    const char *content = apr_pmemdup(w->pool, text.data, text.len);
    ss_buf_free(&text);
    return content;
}

/* RFC 5321 4.5.2, by lines. */
static void stuff(world_t *w, int number)
{
    const char *line = w->truth.content[number], *end = line + w->truth.content_len[number];
    ss_buf_t text;

    ss_buf_init(&text, 1000000);
    while (line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next + 1 : end;
        if (*line == '.') ss_buf_puts(&text, ".");
        ss_buf_append(&text, line, (apr_size_t)(next - line));
        line = next;
    }
    ss_buf_puts(&text, ".\r\n");
    w->truth.stuffed[number] = apr_pmemdup(w->pool, text.data, text.len);
    w->truth.stuffed_len[number] = text.len;
    ss_buf_free(&text);
}

static void make_jobs(world_t *w)
{
    w->job_count = 1 + random_below(&w->random, MESSAGES_MAX);
    for (int i = 0; i < w->job_count; i++) {
        job_t *job = &w->jobs[i];
        job->number = i;
        apr_snprintf(job->entry.id, sizeof(job->entry.id), "%08d-0000-7000-8000-000000000000", i);
        job->rcpt_count = random_once(&w->random, 3) ? 1 + random_below(&w->random, RCPTS_MAX) : 1;
        job->accepted =
            w->now + (random_once(&w->random, 3) ? random_below(&w->random, 3000000) : 0);
        job->entry.created = job->accepted;
        job->content = make_content(w, i, &job->content_len);
        w->truth.content[i] = job->content;
        w->truth.content_len[i] = job->content_len;
        stuff(w, i);
        for (int r = 0; r < job->rcpt_count; r++) {
            job->rcpts[r].number = r;
            job->rcpts[r].address = apr_psprintf(w->pool, "r%d@y.example", r);
            w->truth.rcpts[i][r].is_unknown = random_once(&w->random, 12);
        }
    }
}

static void make_settings(world_t *w)
{
    random_t *r = &w->random;

    w->kind = (server_kind_t){ .has_pipelining = random_below(r, 4) > 0,
                               .has_chunking = random_once(r, 2),
                               .has_auth = 1,
                               .has_starttls = 1,
                               .has_ehlo = !random_once(r, 20),
                               .one_mail = random_once(r, 10),
                               .most_rcpts = random_once(r, 6) ? 1 + random_below(r, 2) : 0,
                               .refuses_bdat = random_once(r, 10) };
    w->options =
        (ss_client_options_t){ .helo = "me.example",
                               .host = "relay.example",
                               .port = 25,
                               .is_loopback = 1,
                               .pipelining = !random_once(r, 8),
                               .chunking = !random_once(r, 8),
                               .window_max = random_once(r, 3) ? 1 + random_below(r, 4)
                                                               : SS_CLIENT_WINDOW_MAX,
                               .max_messages = random_once(r, 6) ? 1 + random_below(r, 3) : 0,
                               .attempt_deadline = 1800 * APR_USEC_PER_SEC };
    for (int i = 0; i < SS_TIMEOUTS; i++) w->options.timeout[i] = 60 * APR_USEC_PER_SEC;
    if (w->kind.has_ehlo && random_once(r, 3))
        w->options.tls = random_once(r, 2) ? SS_CLIENT_TLS_REQUIRED : SS_CLIENT_TLS_IF_OFFERED;
    if (w->kind.has_ehlo && random_once(r, 3)) {
        w->options.username = "me";
        w->truth.rejected_logins = random_once(r, 3) ? random_below(r, 4) : 0;
    }
    w->holds_uncertain = random_once(r, 4);
    w->most_conns = 1 + random_below(r, CONNECTIONS_MAX);
    w->truth.faults_left = random_below(r, 8);
    w->crashes_left = random_once(r, 3) ? 1 + random_below(r, 3) : 0;
    w->retry = apr_array_make(w->pool, 2, sizeof(apr_interval_time_t));
    APR_ARRAY_PUSH(w->retry, apr_interval_time_t) = 60 * APR_USEC_PER_SEC;
    APR_ARRAY_PUSH(w->retry, apr_interval_time_t) = 300 * APR_USEC_PER_SEC;
}

/* What must hold when everything is over. */
static void judge(world_t *w)
{
    if (!is_over(w))
        truth_wrong(&w->truth, "not over after %d steps", STEPS_MAX);
    else
        queue_judge(w);
    for (int i = 0; i < w->job_count; i++) {
        const job_t *job = &w->jobs[i];
        for (int r = 0; r < job->rcpt_count; r++) {
            const truth_t *truth = &w->truth.rcpts[i][r];
            ss_state_t state = job->rcpts[r].state;
            if (state == SS_STATE_SENT && !truth->taken)
                truth_wrong(&w->truth, "message %d is lost for recipient %d", i, r);
            if (state == SS_STATE_FAILED && !truth->refused)
                truth_wrong(&w->truth, "message %d failed for recipient %d and nobody refused it",
                            i, r);
            if (truth->is_unknown && state == SS_STATE_SENT)
                truth_wrong(&w->truth, "message %d was sent to nobody", i);
            w->counts.sent += state == SS_STATE_SENT;
            w->counts.failed += state == SS_STATE_FAILED;
            w->counts.duplicates += truth->taken > 1 ? truth->taken - 1 : 0;
        }
    }
}

const char *world_run(uint64_t seed, int is_loud, counts_t *counts)
{
    static world_t w;
    int quiet = 0;

    memset(&w, 0, sizeof(w));
    apr_pool_create(&w.pool, NULL);
    w.random.state = seed;
    w.now = START;
    w.is_loud = is_loud;
    w.schedule = ss_schedule_create(w.pool);
    make_settings(&w);
    make_jobs(&w);
    queue_begin(&w, !random_once(&w.random, 4));
    int faults = w.truth.faults_left;
    while (w.counts.steps < STEPS_MAX && !w.truth.wrong && !is_over(&w)) {
        step(&w, &quiet);
        w.counts.steps++;
    }
    for (int i = 0; i < COMMITS_MOST && !commit(&w); i++) continue;
    judge(&w);
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (w.conns[i]) conn_crash(w.conns[i]);
    }
    w.counts.faults = faults - w.truth.faults_left;
    *counts = w.counts;
    ss_schedule_destroy(w.schedule);
    apr_pool_destroy(w.pool);
    return w.truth.wrong;
}
