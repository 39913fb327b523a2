/* client.c: the SMTP client's surface: states and which changes are legal, the list of commands
 * asked and not answered, time, events, the end. What the states do is in session.c, transaction.c
 * and say.c. See client.h. */
#include "smtp/client.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#include "smtp/client_impl.h"
#include "smtp/command.h"

#define BIT(state) (1u << (state))
#define ENDS (BIT(SS_CLIENT_QUITTING) | BIT(SS_CLIENT_CLOSED))

/* Which states may follow; another one is our own mistake. */
static const unsigned may_go[SS_CLIENT_STATES] = {
    [SS_CLIENT_GREETING] = BIT(SS_CLIENT_HELLO) | BIT(SS_CLIENT_HELO) | ENDS,
    [SS_CLIENT_HELLO] = BIT(SS_CLIENT_HELO) | BIT(SS_CLIENT_STARTTLS) | BIT(SS_CLIENT_SECRET) |
                        BIT(SS_CLIENT_AUTH) | BIT(SS_CLIENT_READY) | ENDS,
    [SS_CLIENT_HELO] = BIT(SS_CLIENT_READY) | ENDS,
    [SS_CLIENT_STARTTLS] = BIT(SS_CLIENT_TLS) | BIT(SS_CLIENT_SECRET) | BIT(SS_CLIENT_AUTH) |
                           BIT(SS_CLIENT_READY) | ENDS,
    [SS_CLIENT_TLS] = BIT(SS_CLIENT_HELLO) | ENDS,
    [SS_CLIENT_SECRET] = BIT(SS_CLIENT_AUTH) | ENDS,
    /* another mechanism */
    [SS_CLIENT_AUTH] = BIT(SS_CLIENT_READY) | BIT(SS_CLIENT_SECRET) | ENDS,
    [SS_CLIENT_READY] = BIT(SS_CLIENT_TRYING) | ENDS,
    [SS_CLIENT_TRYING] = BIT(SS_CLIENT_READY) | ENDS,
    [SS_CLIENT_QUITTING] = BIT(SS_CLIENT_CLOSED),
    [SS_CLIENT_CLOSED] = 0
};

void ss_client_go(ss_client_t *c, ss_client_state_t to)
{
    assert(may_go[c->state] & BIT(to));
    c->state = to;
    c->entered = c->now;
    if (ss_client_phases[to].enter) ss_client_phases[to].enter(c);
}

/* The command that everything waits for, or whose answer is being looked at. */
static ss_cmd_t current(const ss_client_t *c)
{
    if (c->answering != SS_CMD_NONE) return c->answering;
    return c->asked_count ? c->asked[c->asked_first].cmd : ss_client_phases[c->state].cmd;
}

const char *ss_client_step(const ss_client_t *c)
{
    if (c->state == SS_CLIENT_TRYING) return c->try_step == 1 ? "rcpt" : "mail";
    if (c->state == SS_CLIENT_READY) {
        ss_cmd_t cmd = current(c);
        return cmd == SS_CMD_MAIL ? "mail" : cmd == SS_CMD_RCPT ? "rcpt" : "data";
    }
    return ss_client_phases[c->state].step;
}

/* ---- what was asked ---- */

int ss_client_is_pipelining(const ss_client_t *c)
{
    return c->options.pipelining && c->capability.pipelining && c->state == SS_CLIENT_READY;
}

int ss_client_may_ask(const ss_client_t *c)
{
    return ss_client_is_pipelining(c) ? c->asked_count < SS_ASKED_MAX : !c->asked_count;
}

void ss_client_asked(ss_client_t *c, ss_cmd_t cmd, ss_tx_t *tx, int rcpt)
{
    assert(c->asked_count < SS_ASKED_MAX);
    c->asked_count++;
    *ss_client_last_asked(c) =
        (ss_asked_t){ .cmd = cmd,
                      .tx = tx,
                      .rcpt = rcpt,
                      .time = c->now,
                      .end = cmd == SS_CMD_END ? UINT64_MAX : c->out.queued };
    if (tx) tx->open++;
}

ss_asked_t *ss_client_last_asked(ss_client_t *c)
{
    return &c->asked[(c->asked_first + c->asked_count - 1) % SS_ASKED_MAX];
}

void ss_client_put(ss_client_t *c, const char *bytes, apr_size_t len, int is_secret)
{
    ss_output_text(&c->out, bytes, len, is_secret);
    if (c->options.transcript) ss_transcript_add(c->options.transcript, 1, bytes, len);
}

void ss_client_ask(ss_client_t *c, ss_cmd_t cmd, const char *verb, const char *argument)
{
    ss_buf_clear(&c->command);
    if (ss_command_line(&c->command, verb, argument) != APR_SUCCESS) {
        ss_client_nonsense(c, "a command cannot be written: its argument has control characters");
        return;
    }
    ss_client_put(c, c->command.data, c->command.len, 0);
    ss_client_asked(c, cmd, NULL, 0);
}

/* ---- events ---- */

ss_client_event_t *ss_client_event(ss_client_t *c, ss_event_kind_t kind)
{
    ss_event_node_t *node = c->events_spare;

    if (node)
        c->events_spare = node->next;
    else
        node = apr_palloc(c->pool, sizeof(*node));
    node->next = NULL;
    node->event.kind = kind;
    node->event.is_ok = 0;
    node->event.cmd = SS_CMD_NONE;
    node->event.code = 0;
    node->event.dsn[0] = '\0';
    node->event.verdict = (ss_verdict_t){ .advice = "" };
    ss_result_clear(&node->event.result);
    node->event.text[0] = '\0';
    node->event.message = NULL;
    node->event.learn = 0;
    node->event.number = 0;
    node->event.takes_several = 0;
    node->event.took = 0;
    node->event.mechanism = NULL;
    if (c->events_last)
        c->events_last->next = node;
    else
        c->events = node;
    c->events_last = node;
    return &node->event;
}

void ss_client_event_reply(ss_client_event_t *event, ss_cmd_t cmd, const ss_reply_t *reply)
{
    event->cmd = cmd;
    if (!reply) return;
    event->code = reply->code;
    apr_cpystrn(event->dsn, ss_verdict_dsn(reply), sizeof(event->dsn));
    apr_cpystrn(event->text, reply->text, sizeof(event->text));
}

const ss_client_event_t *ss_client_next(ss_client_t *c)
{
    ss_event_node_t *node = c->events;

    if (c->events_taken) {
        c->events_taken->next = c->events_spare;
        c->events_spare = c->events_taken;
    }
    c->events_taken = node;
    if (!node) return NULL;
    c->events = node->next;
    if (!c->events) c->events_last = NULL;
    return &node->event;
}

void ss_client_learn(ss_client_t *c, unsigned bits, int number, const char *text)
{
    unsigned fresh = bits & ~c->learned;

    c->learned |= bits;
    for (unsigned bit = 1; bit <= fresh; bit <<= 1) {
        if (!(fresh & bit)) continue;
        ss_client_event_t *event = ss_client_event(c, SS_EVENT_LEARNED);
        event->learn = bit;
        event->number = bit == SS_LEARN_MAX_RECIPIENTS ? number : 0;
        apr_cpystrn(event->text, text, sizeof(event->text));
    }
}

void ss_client_refused(ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply,
                       const ss_verdict_t *verdict, int number)
{
    ss_client_event_t *event = ss_client_event(c, SS_EVENT_REFUSED);

    ss_client_event_reply(event, cmd, reply);
    event->verdict = *verdict;
    ss_client_learn(c, verdict->learn, number, reply->text);
}

/* ---- the end ---- */

void ss_client_reason(ss_client_t *c, int is_ok, ss_cmd_t cmd, const ss_reply_t *reply,
                      const ss_verdict_t *verdict, const ss_result_t *result)
{
    char code[8];

    if (c->has_end) return;
    c->has_end = 1;
    c->end.is_ok = is_ok;
    /* EHLO's refusal is in it already */
    if (c->state == SS_CLIENT_HELO && c->has_refused_ehlo) return;
    ss_client_event_reply(&c->end, cmd, reply);
    c->end.verdict = *verdict;
    if (result) {
        c->end.result = *result;
    } else {
        apr_snprintf(code, sizeof(code), "%d", reply->code);
        ss_result_set(&c->end.result, ss_client_step(c), code, verdict->advice,
                      "The server answered %s with %d%s%s %s", ss_cmd_name(cmd), reply->code,
                      reply->enhanced[0] ? " " : "", reply->enhanced, reply->text);
    }
}

/* A message that is not answered when the connection is over. */
static void resolve(ss_client_t *c, ss_tx_t *tx, int is_front, ss_fate_t fate, const char *advice,
                    const char *why)
{
    int is_end_written = tx->is_ended && c->out.sent >= tx->end;
    int is_innocent = tx->is_reused && !tx->has_reply && (!is_front || fate != SS_FATE_DEFERRED);

    if (!ss_transaction_is_undecided(tx)) return;
    if (tx->say == SS_SAY_MAIL || c->is_gone || (!is_end_written && is_innocent)) {
        ss_transaction_decide(c, tx, SS_CMD_CONNECT, NULL, SS_FATE_AGAIN, "4.4.2", advice, why);
    } else if (is_end_written) {
        ss_transaction_decide(c, tx, SS_CMD_END, NULL, SS_FATE_UNCERTAIN, "4.4.2", "uncertain",
                              why);
    } else {
        ss_transaction_decide(c, tx,
                              tx->say >= SS_SAY_CONTENT ? SS_CMD_END
                              : tx->has_reply           ? SS_CMD_RCPT
                                                        : SS_CMD_MAIL,
                              NULL, fate, "4.4.2", advice, why);
    }
}

void ss_client_close(ss_client_t *c, ss_fate_t fate, const char *advice, const char *why)
{
    const ss_tx_t *front = c->first;
    for (ss_tx_t *tx = c->first, *next; tx; tx = next) {
        next = tx->next;
        resolve(c, tx, tx == front, fate, advice, why);
        ss_transaction_give_back(c, tx);
    }
    c->first = c->last = c->saying = NULL;
    c->window = 1;
    c->asked_count = 0;
    ss_output_drop(&c->out);
    ss_auth_cancel(c->auth);
    if (c->blanks) ss_transcript_secret(c->blanks, NULL, 0);
    ss_client_go(c, SS_CLIENT_CLOSED);
    ss_client_event_t *event = ss_client_event(c, SS_EVENT_CLOSED);
    *event = c->end;
    event->kind = SS_EVENT_CLOSED;
    if (!c->has_end) event->is_ok = 1;
    if (!event->verdict.advice) event->verdict.advice = advice;
}

void ss_client_hang_up(ss_client_t *c)
{
    c->is_closing = 1;
    if (c->is_gone || c->asked_count || c->state == SS_CLIENT_GREETING ||
        c->state == SS_CLIENT_TLS) {
        ss_client_close(c, SS_FATE_DOWN, "connection-lost", "the session was ended");
        return;
    }
    ss_client_go(c, SS_CLIENT_QUITTING);
}

/* What a step without a reply says of the host: it broke off. */
static void broke_off(ss_client_t *c, const char *code, const char *advice, const char *why,
                      const ss_result_t *better)
{
    ss_verdict_t verdict = { SS_SCOPE_CONNECTION, SS_FATE_DOWN, 0, advice };
    ss_result_t result;
    int is_step = c->state < SS_CLIENT_READY || c->state == SS_CLIENT_TRYING;
    const char *step = ss_client_step(c);
    ss_cmd_t cmd = current(c);

    ss_result_clear(&result);
    if (c->state == SS_CLIENT_HELO && c->has_refused_ehlo) better = &c->end.result;
    if (better && ss_result_is_set(better)) {
        result = *better;
        if (better->advice) verdict.advice = better->advice;
    } else {
        ss_result_set(&result, step, code, advice, "%s", why);
    }
    if (is_step) {
        ss_client_event_t *event = ss_client_event(c, SS_EVENT_STEP);
        event->cmd = cmd;
        event->verdict = verdict;
        event->result = result;
        event->result.step = step;
        event->took = ss_mono_since(c->now, c->entered);
    }
    ss_client_reason(c, 0, cmd, NULL, &verdict, &result);
}

void ss_client_nonsense(ss_client_t *c, const char *what)
{
    char words[SS_RESULT_TEXT_MAX];

    if (c->state == SS_CLIENT_QUITTING) {
        /* All is said and done: how the server says goodbye matters to nobody. */
        ss_client_close(c, SS_FATE_DOWN, "closing", "");
        return;
    }
    /* Answers in disorder while several commands were under way: a host that mishandles PIPELINING
     * is asked one by one the next time. */
    if (ss_client_is_pipelining(c) && c->asked_count + (c->answering != SS_CMD_NONE) > 1)
        ss_client_learn(c, SS_LEARN_NO_PIPELINING, 0, what);
    apr_snprintf(words, sizeof(words), "%s (%s)", what, ss_cmd_name(current(c)));
    const char *advice = c->state == SS_CLIENT_TLS ? "starttls-injection" : "not-smtp";
    broke_off(c, "", advice, words, NULL);
    ss_client_close(c, SS_FATE_DEFERRED, advice, words);
}

static void timed_out(ss_client_t *c)
{
    char words[SS_RESULT_TEXT_MAX];
    ss_cmd_t cmd = current(c);

    if (c->state == SS_CLIENT_QUITTING) {
        ss_client_close(c, SS_FATE_DOWN, "timeout", "");
        return;
    }
    if (c->asked_count > 1 && c->asked[c->asked_first].tx->has_reply)
        ss_client_learn(c, SS_LEARN_NO_PIPELINING, 0,
                        "the server stopped answering in the middle of a group of commands");
    if (cmd == SS_CMD_GREETING)
        apr_snprintf(words, sizeof(words), "The server did not greet in time");
    else
        apr_snprintf(words, sizeof(words), "The server did not answer %s in time",
                     ss_cmd_name(cmd));
    broke_off(c, "ETIMEDOUT", cmd == SS_CMD_GREETING ? "greeting-timeout" : "timeout", words, NULL);
    ss_client_close(c, SS_FATE_DOWN, "timeout", words);
}

/* A server that dies of commands behind a message's content (RFC 2920 3.1 allows them;
 * Dovecot 2.3's submission proxy does) takes the answer with it: the message is uncertain, and sent
 * again it kills the next connection. One that has answered so before is not suspected. */
static int dies_of_streaming(const ss_client_t *c)
{
    for (int i = 0; i + 1 < c->asked_count && !c->has_streamed; i++) {
        if (c->asked[(c->asked_first + i) % SS_ASKED_MAX].cmd == SS_CMD_END) return 1;
    }
    return 0;
}

void ss_client_lost(ss_client_t *c, apr_status_t status, const ss_result_t *result, ss_mono_t now)
{
    char why[160], words[SS_RESULT_TEXT_MAX];
    ss_cmd_t cmd = current(c);

    c->now = now;
    if (c->state == SS_CLIENT_CLOSED) return;
    if (c->state == SS_CLIENT_QUITTING ||
        (c->state == SS_CLIENT_READY && !c->first && APR_STATUS_IS_EOF(status))) {
        ss_client_close(c, SS_FATE_DOWN, "connection-lost",
                        "the server closed the idle connection");
        return;
    }
    if (APR_STATUS_IS_TIMEUP(status)) {
        timed_out(c);
        return;
    }
    apr_snprintf(words, sizeof(words), "The connection was lost while waiting for %s%s: %s",
                 cmd == SS_CMD_GREETING || cmd == SS_CMD_NONE ? "" : "the answer to ",
                 cmd == SS_CMD_GREETING ? "the greeting"
                 : cmd == SS_CMD_NONE   ? "something to send"
                                        : ss_cmd_name(cmd),
                 APR_STATUS_IS_EOF(status) ? "the server closed it"
                                           : apr_strerror(status, why, sizeof(why)));
    if (result && ss_result_is_set(result)) apr_cpystrn(words, result->text, sizeof(words));
    if (dies_of_streaming(c))
        ss_client_learn(c, SS_LEARN_NO_STREAMING, 0,
                        "the connection was lost with commands behind a message's content");
    broke_off(c, APR_STATUS_IS_EOF(status) ? "EOF" : "",
              cmd == SS_CMD_GREETING ? "greeting-lost" : "connection-lost", words, result);
    ss_client_close(c, SS_FATE_DOWN, "connection-lost", words);
}

/* ---- bytes and time ---- */

static void count_reply(ss_client_t *c)
{
    ss_cmd_t cmd = c->asked_count ? c->asked[c->asked_first].cmd : SS_CMD_NONE;

    if (c->options.counts) c->options.counts->count[cmd][c->reply.code - 200]++;
}

static void answered(ss_client_t *c)
{
    const ss_reply_t *reply = &c->reply;
    ss_asked_t asked;

    if (!c->asked_count) {
        if (reply->code == 421) {
            ss_verdict_t verdict = ss_verdict(SS_CMD_NONE, reply, c->handed > 0);
            c->is_gone = 1;
            if (c->state != SS_CLIENT_READY || c->first)
                ss_client_reason(c, 0, ss_client_phases[c->state].cmd, reply, &verdict, NULL);
            ss_client_close(c, SS_FATE_AGAIN, verdict.advice, reply->text);
        } else {
            ss_client_nonsense(c, "the server sent a reply that nothing had asked for");
        }
        return;
    }
    asked = c->asked[c->asked_first];
    c->progress = c->now;
    if (asked.end > c->out.sent) {
        if (asked.tx)
            ss_transaction_early(c, &asked, reply);
        else
            ss_client_nonsense(c, "the server answered before it was asked");
        return;
    }
    c->asked_first = (c->asked_first + 1) % SS_ASKED_MAX;
    c->asked_count--;
    c->answering = asked.cmd;
    if (asked.tx) {
        asked.tx->open--;
        asked.tx->has_reply = 1;
        ss_transaction_answer(c, &asked, reply);
        if (c->state != SS_CLIENT_CLOSED) ss_transaction_settle(c);
    } else {
        ss_client_phases[c->state].answer(c, reply);
    }
    c->answering = SS_CMD_NONE;
}

/* of what another service greets with; past it no line end is waited for */
#define STRANGER_LINE_MAX 512

/* Another service's greeting is worth naming: its line is waited for. */
static int is_stranger_unfinished(const ss_client_t *c, const char *bytes, apr_size_t len)
{
    return c->state == SS_CLIENT_GREETING && len < STRANGER_LINE_MAX && bytes[0] > ' ' &&
           bytes[0] < 127 && !memchr(bytes, '\n', len);
}

/* What answers where a server should: by its first words, so that a wrong port is understood. */
static void stranger(ss_client_t *c, const char *bytes, apr_size_t len)
{
    static const struct {
        const char *start, *name;
    } services[] = {
        { "+OK", "a POP3 server" },    { "-ERR", "a POP3 server" },
        { "* OK", "an IMAP server" },  { "* PREAUTH", "an IMAP server" },
        { "* BYE", "an IMAP server" }, { "HTTP/", "a web server" },
        { "<", "a web server" },       { "SSH-", "an SSH server" },
        { "RFB ", "a VNC server" },
    };
    char words[SS_RESULT_TEXT_MAX], line[80];
    const char *name = NULL;
    apr_size_t n = 0;

    for (; n < len && n + 1 < sizeof(line) && bytes[n] >= ' ' && bytes[n] < 127; n++)
        line[n] = bytes[n];
    line[n] = '\0';
    for (apr_size_t i = 0; i < sizeof(services) / sizeof(services[0]) && !name; i++) {
        if (!strncmp(line, services[i].start, strlen(services[i].start))) name = services[i].name;
    }
    if (!n)
        apr_cpystrn(words, "what answers there does not speak SMTP", sizeof(words));
    else
        apr_snprintf(words, sizeof(words),
                     "what answers there does not speak SMTP, it is %s: \"%s\"",
                     name ? name : "something else", line);
    ss_client_nonsense(c, words);
}

/* Takes replies from bytes while there are whole ones; how many bytes were taken. */
static apr_size_t take_replies(ss_client_t *c, const char *bytes, apr_size_t len)
{
    apr_size_t at = 0, used;

    while (at < len && c->state != SS_CLIENT_CLOSED) {
        if (c->state == SS_CLIENT_TLS) {
            ss_client_nonsense(c, "the server sent plain text after its answer to STARTTLS: "
                                  "somebody may be injecting commands");
            break;
        }
        apr_status_t rv = ss_reply_parse(&c->reply, bytes + at, len - at, &used);
        if (rv == APR_EINCOMPLETE) break;
        if (rv != APR_SUCCESS && is_stranger_unfinished(c, bytes + at, len - at)) break;
        if (rv != APR_SUCCESS) {
            if (c->state == SS_CLIENT_GREETING)
                stranger(c, bytes + at, len - at);
            else
                ss_client_nonsense(c, "the server's answer is no SMTP reply");
            break;
        }
        at += used;
        count_reply(c);
        answered(c);
    }
    return at;
}

apr_status_t ss_client_feed(ss_client_t *c, const char *bytes, apr_size_t *len, ss_mono_t now)
{
    apr_status_t rv = APR_SUCCESS;
    apr_size_t used;

    c->now = now;
    if (c->state == SS_CLIENT_CLOSED) {
        *len = 0;
        return APR_EOF;
    }
    if (!c->in.len) {
        used = take_replies(c, bytes, *len);
        if (c->state != SS_CLIENT_CLOSED && used < *len)
            rv = ss_buf_append(&c->in, bytes + used, *len - used);
    } else {
        rv = ss_buf_append(&c->in, bytes, *len);
        if (rv == APR_SUCCESS) ss_buf_take(&c->in, take_replies(c, c->in.data, c->in.len));
    }
    if (rv != APR_SUCCESS) ss_client_nonsense(c, "the server's reply is too long");
    ss_say(c);
    return APR_SUCCESS;
}

ss_mono_t ss_client_deadline(const ss_client_t *c)
{
    const ss_asked_t *asked = c->asked_count ? &c->asked[c->asked_first] : NULL;
    ss_mono_t deadline = { 0 };

    if (c->state == SS_CLIENT_CLOSED) return deadline;
    if (asked) {
        ss_mono_t base = ss_mono_max(asked->time, c->progress);
        apr_interval_time_t wait =
            c->options.timeout[asked->cmd == SS_CMD_END ? SS_TIMEOUT_DATA
                                                        : ss_client_phases[c->state].timeout];
        if (c->state == SS_CLIENT_QUITTING && (!wait || wait > SS_QUIT_TIME)) wait = SS_QUIT_TIME;
        if (wait) deadline = ss_mono_add(base, wait);
    }
    if (c->options.attempt_deadline && c->state < SS_CLIENT_READY)
        deadline = ss_mono_min(deadline, ss_mono_add(c->created, c->options.attempt_deadline));
    if (c->first) deadline = ss_mono_min(deadline, c->first->deadline);
    return deadline;
}

void ss_client_tick(ss_client_t *c, ss_mono_t now)
{
    ss_mono_t deadline = ss_client_deadline(c);

    c->now = now;
    if (ss_mono_is_set(deadline) && ss_mono_reached(deadline, now)) timed_out(c);
    ss_say(c);
}

int ss_client_output(ss_client_t *c, struct iovec *pieces, int max, ss_mono_t now)
{
    c->now = now;
    return ss_output_pieces(&c->out, pieces, max);
}

void ss_client_sent(ss_client_t *c, apr_size_t len, ss_mono_t now)
{
    c->now = now;
    if (len) c->progress = now;
    ss_output_sent(&c->out, len);
    ss_say(c);
}

void ss_client_more(ss_client_t *c, ss_mono_t now)
{
    c->now = now;
    ss_say(c);
}

/* ---- the rest of the surface ---- */

ss_client_t *ss_client_create(const ss_client_options_t *options, ss_mono_t now, apr_pool_t *pool)
{
    ss_client_t *c = apr_pcalloc(pool, sizeof(*c));

    c->pool = pool;
    c->options = *options;
    if (c->options.window_max < 1 || c->options.window_max > SS_CLIENT_WINDOW_MAX)
        c->options.window_max = SS_CLIENT_WINDOW_MAX;
    if (c->options.max_recipients < 1 || c->options.max_recipients > SS_CLIENT_RECIPIENTS_MAX)
        c->options.max_recipients = SS_CLIENT_RECIPIENTS_MAX;
    c->is_tls = options->tls == SS_CLIENT_TLS_ON;
    c->window = 1;
    c->now = c->created = c->entered = c->progress = now;
    c->auth = ss_auth_create(pool);
    ss_buf_init(&c->in, SS_INPUT_MAX);
    ss_buf_init(&c->command, SS_COMMAND_BUF_MAX);
    ss_output_init(&c->out, pool);
    ss_client_asked(c, SS_CMD_GREETING, NULL, 0);
    return c;
}

void ss_client_destroy(ss_client_t *c)
{
    ss_auth_destroy(c->auth);
    if (c->blanks) ss_transcript_secret(c->blanks, NULL, 0);
    ss_output_drop(&c->out);
    if (c->binding) explicit_bzero(c->binding, c->binding_len);
    ss_buf_wipe(&c->command);
    ss_buf_free(&c->in);
}

void ss_client_quit(ss_client_t *c, ss_mono_t now)
{
    c->now = now;
    c->wants_quit = 1;
    if (c->state < SS_CLIENT_READY) ss_client_hang_up(c);
    ss_say(c);
}
