#include "delivery/suspects_judge.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "delivery/relay_host.h"
#include "delivery/retry.h"
#include "smtp/phrase.h"

int ss_suspects_choose(const ss_relay_t *relay, const ss_job_t *job, ss_mono_t *when)
{
    ss_mono_t next;
    int trial = -1;

    *when = (ss_mono_t){ 0 };
    for (int i = 0; i < relay->host_count; i++) {
        const ss_breaker_t *state = &relay->hosts[i];
        if (!ss_suspects_is(relay, i)) {
            if (ss_breaker_choose(state, 1, ss_delivery_mono(relay->delivery), &next) == 0)
                return i;
        } else if (ss_suspects_may_try(relay, i, job, &next) && !ss_connection_is_open(relay, i)) {
            if (state->condition == SS_HOST_UP) return i;
            if (trial < 0) trial = i;
        }
        *when = ss_mono_min(*when, next);
        /* It is about to be known, by this message or another. What it refused need not wait. */
        if (state->condition == SS_HOST_UP && !ss_suspects_was_refused(job, i)) return -1;
    }
    return trial;
}

/* ---- what a transaction says ---- */

static void describe(ss_result_t *cause, const ss_job_t *job, const ss_client_rcpt_t *rcpt)
{
    char words[400], code[16];

    apr_cpystrn(words, rcpt->text ? rcpt->text : "", sizeof(words));
    for (char *p = words; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
    apr_snprintf(code, sizeof(code), "%d", rcpt->code);
    ss_result_clear(cause);
    ss_result_set(cause, ss_relay_host_step(rcpt->cmd), code, rcpt->advice,
                  "%d %s%s%s (message %s to <%.200s>)", rcpt->code, rcpt->has_dsn ? rcpt->dsn : "",
                  rcpt->has_dsn ? " " : "", words, job->entry.id,
                  rcpt->address ? rcpt->address : "");
}

static void say_suspected(const ss_relay_t *relay, int host)
{
    const ss_delivery_t *d = relay->delivery;
    apr_pool_t *pool;

    if (!ss_delivery_may_log(d, "a reply that may be about us [relay \"%s\"]", relay->name)) return;
    apr_pool_create(&pool, relay->pool);
    ss_log(d->log, SS_LOG_NOTICE, 229,
           "relay \"%s\": a reply of %s may be about this server or only about one message: %s; "
           "other messages are tried to find out, and this one is not charged an attempt",
           relay->name, ss_relay_host_name(relay, host, pool), relay->suspicions[host].cause.text);
    apr_pool_destroy(pool);
}

/* "451 local problem" names neither us nor a recipient, a sender or a rate. */
static int is_fault(const char *advice)
{
    return advice && ss_text_word_index("deferred service-unavailable server-fault relay-storage",
                                        advice) >= 0;
}

static void block(ss_relay_t *relay, int host, const char *why)
{
    ss_result_t cause = relay->suspicions[host].cause;
    apr_size_t len = strlen(cause.text);

    apr_snprintf(cause.text + len, sizeof(cause.text) - len, "; %s", why);
    relay->hosts[host].is_of_messages = 1;
    ss_relay_host_refuses(relay, host, is_fault(cause.advice) ? SS_HOST_DOWN : SS_HOST_BLOCKED,
                          &cause);
    ss_suspects_take_back(relay, 0);
}

void ss_suspects_conclude(ss_relay_t *relay)
{
    for (int i = 0; i < relay->host_count; i++) {
        if (ss_suspects_is(relay, i) && relay->hosts[i].condition == SS_HOST_UP &&
            !relay->suspicions[i].in_flight)
            block(relay, i, "there is no other message to compare it with");
    }
}

/* Not known whether it is about us. */
static void set_aside(ss_connection_t *connection, ss_job_t *job, const ss_client_rcpt_t *results,
                      const int *numbers, int count, ss_suspicion_finding_t finding)
{
    ss_relay_t *relay = job->relay;
    int host = connection->host;
    ss_suspicion_t *s = &relay->suspicions[host];
    const ss_breaker_t *state = &relay->hosts[host];

    for (int i = 0; i < count; i++) {
        ss_recipient_t *rcpt = &job->message->rcpts[numbers[i]];
        if (results[i].fate != SS_FATE_SUSPECT) continue;
        rcpt->suspected |= ss_suspects_bit(host);
        ss_suspicion_see(s, ss_suspects_hash(job->message->from),
                         ss_suspects_domain(rcpt->address));
    }
    if (finding == SS_SUSPICION_CONFIRMED && state->condition == SS_HOST_UP)
        block(relay, host, "another message met the same before it");
    else if (state->condition != SS_HOST_UP &&
             ss_mono_reached(state->next, ss_delivery_mono(relay->delivery)))
        block(relay, host, "no message was taken since");
    else if (state->condition == SS_HOST_UP)
        say_suspected(relay, host);
    else if (!ss_suspects_is(relay, host))
        ss_connection_quit(connection); /* refused elsewhere meanwhile: messages show nothing */
}

/* Those whose RCPT was refused while others' was accepted, or all if the relay took the message:
 * the code decides. Returns the first that is left. */
static const ss_client_rcpt_t *clear(ss_client_rcpt_t *results, int count, int is_taken)
{
    const ss_client_rcpt_t *left = NULL;
    int is_past_rcpt = 0;

    for (int i = 0; i < count; i++)
        is_past_rcpt |= results[i].code && results[i].cmd >= SS_CMD_DATA;
    for (int i = 0; i < count; i++) {
        if (results[i].fate != SS_FATE_SUSPECT) continue;
        if (is_taken || (is_past_rcpt && results[i].cmd == SS_CMD_RCPT))
            results[i].fate = ss_retry_is_quota(results[i].advice)
                                  ? SS_FATE_LIMITED
                                  : ss_verdict_cleared(results[i].code);
        else if (!left)
            left = &results[i];
    }
    return left;
}

/* ---- a host that defers everything ---- */

/* messages deferred in a row, for reasons that are not theirs, after which a host that took mail
 * lately is not trusted any more; and after which it is suspected without another message */
#define DEFERS_ALL 2
#define DEFERS_EACH 3

/* At RCPT most temporary refusals are the recipient's; not those of the mail system (x.3.x). */
static int is_of_system(const ss_client_rcpt_t *result)
{
    char words[400];

    if (result->has_dsn) return !strncmp(result->dsn + 1, ".3.", 3);
    apr_cpystrn(words, result->text ? result->text : "", sizeof(words));
    ss_phrase_blank(words);
    return ss_phrase_is_in("local problem|local error|internal error|server error|system error",
                           words);
}

static int is_host_fault(const ss_client_rcpt_t *result)
{
    return result->fate == SS_FATE_DEFERRED && result->code / 100 == 4 &&
           (result->cmd != SS_CMD_RCPT || is_of_system(result)) && is_fault(result->advice);
}

static int has_other_host(const ss_relay_t *relay, int host)
{
    for (int i = 0; i < relay->host_count; i++)
        if (i != host && relay->hosts[i].condition == SS_HOST_UP && !relay->suspicions[i].is_active)
            return 1;
    return 0;
}

/* Whether another message can show what the host does with it. */
static int has_other_message(const ss_relay_t *relay)
{
    ss_mono_t when;
    ss_schedule_entry_t *entry =
        ss_schedule_next(relay->schedule, ss_delivery_mono(relay->delivery), &when);

    if (entry) ss_schedule_unget(relay->schedule, entry);
    return entry != NULL;
}

/* A host that defers one message after the other is suspected like one that refuses us: the next
 * host takes over, or another message shows that it is not the host; no message is charged. A
 * message that is alone waits for itself. */
static void suspect_host(const ss_connection_t *connection, const ss_job_t *job,
                         ss_client_rcpt_t *results, const int *numbers, int count)
{
    const ss_relay_t *relay = job->relay;
    ss_suspicion_t *s = &relay->suspicions[connection->host];
    int found = 0, is_new = 0;

    for (int i = 0; i < count; i++) {
        const ss_recipient_t *rcpt = &job->message->rcpts[numbers[i]];
        if (!is_host_fault(&results[i])) continue;
        found = 1;
        is_new |= !rcpt->attempts && ss_suspects_is_first(rcpt, connection->host);
    }
    if (!found) return;
    s->faults += is_new;
    if (!s->is_active && s->faults < DEFERS_EACH && !has_other_host(relay, connection->host) &&
        !has_other_message(relay))
        return;
    for (int i = 0; i < count; i++)
        if (is_host_fault(&results[i])) results[i].fate = SS_FATE_SUSPECT;
    if (s->row < DEFERS_ALL) return;
    s->took = (ss_mono_t){ 0 };
    s->doubted = ss_delivery_mono(job->delivery);
}

/* The host took mail on another connection that is open, or since this one was opened, but none on
 * this: it may have been judged when it was opened, like a client that postscreen did not know
 * then. Another connection shows it, once. */
static int is_of_session(const ss_connection_t *connection, ss_mono_t now)
{
    const ss_relay_t *relay = connection->relay;
    const ss_suspicion_t *s = &relay->suspicions[connection->host];

    return !ss_mono_is_set(connection->took) &&
           (ss_mono_before(connection->opened, s->took) ||
            ss_connection_took(relay, connection->host)) &&
           !(ss_mono_is_set(s->same) && ss_mono_since(now, s->same) < SS_SUSPICION_TRUSTED_FOR);
}

static void try_elsewhere(const ss_connection_t *connection, ss_job_t *job,
                          ss_client_rcpt_t *results, int count)
{
    job->was_elsewhere = 1;
    for (int i = 0; i < count; i++)
        if (results[i].fate == SS_FATE_SUSPECT) results[i].fate = SS_FATE_AGAIN;
    ss_connection_quit_barren(job->relay, connection->host);
}

static void judge(ss_connection_t *connection, ss_job_t *job, ss_client_rcpt_t *results,
                  const int *numbers, int count)
{
    ss_suspicion_t *s = &job->relay->suspicions[connection->host];
    ss_mono_t now = ss_delivery_mono(job->delivery);
    const ss_client_rcpt_t *suspect;
    ss_result_t cause;
    int is_taken = 0;

    for (int i = 0; i < count; i++) is_taken |= results[i].fate == SS_FATE_SENT;
    if (is_taken) {
        connection->took = now;
        if (job->was_elsewhere) s->same = (ss_mono_t){ 0 };
        ss_suspicion_in_quota(s, ss_suspects_domain(job->message->from));
        if (ss_suspicion_took(s, now))
            ss_suspects_take_back(job->relay, ss_suspects_bit(connection->host));
    } else
        suspect_host(connection, job, results, numbers, count);
    suspect = clear(results, count, is_taken);
    if (!suspect) return;
    if (job->was_elsewhere) s->same = now;
    if (!ss_retry_is_quota(suspect->advice) && is_of_session(connection, now)) {
        try_elsewhere(connection, job, results, count);
        return;
    }
    describe(&cause, job, suspect);
    ss_suspicion_finding_t finding =
        ss_retry_is_quota(suspect->advice)
            ? ss_suspicion_over_quota(
                  s, job->entry.id, &cause, ss_suspects_domain(job->message->from),
                  ss_retry_quota(suspect->text, 0, ss_delivery_wall(job->delivery)), now)
            : ss_suspicion_refused(s, job->entry.id, &cause, connection->took, job->was_suspected,
                                   now);
    if (finding == SS_SUSPICION_HIS)
        clear(results, count, 1);
    else
        set_aside(connection, job, results, numbers, count, finding);
}

/* The session ended at it. */
static int is_broken(const ss_client_rcpt_t *results, int count)
{
    for (int i = 0; i < count; i++) {
        if (results[i].fate == SS_FATE_DOWN || results[i].fate == SS_FATE_UNCERTAIN ||
            (results[i].fate == SS_FATE_AGAIN && results[i].code == 421))
            return 1;
    }
    return 0;
}

void ss_suspects_judge(ss_connection_t *connection, ss_job_t *job, ss_client_rcpt_t *results,
                       const int *numbers, int count)
{
    judge(connection, job, results, numbers, count);
    if (!connection->is_useful && is_broken(results, count))
        ss_suspects_struck(job->relay, connection->host, job);
    job->is_faulted = job->is_hurried = 0;
    for (int i = 0; i < count; i++) job->is_faulted |= is_host_fault(&results[i]);
}
