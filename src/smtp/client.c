/* client.c: bytes, time and calls from outside. What the states do is in client_*.c. */
#include "smtp/client.h"

#include <apr_strings.h>
#include <string.h>

#include "smtp/client_inside.h"

/* ---- the end ---- */

static void timed_out(ss_client_t *c)
{
    char words[SS_RESULT_TEXT_MAX];
    ss_cmd_t cmd = ss_client_current(c);

    if (c->state == SS_CLIENT_QUITTING) {
        ss_client_close(c, SS_FATE_DOWN, "timeout", "");
        return;
    }
    const ss_client_tx_t *tx = c->asked_count > 1 ? c->asked[c->asked_first].tx : NULL;
    if (tx && tx->has_reply)
        ss_client_learn(c, SS_LEARN_NO_PIPELINING, 0,
                        "the server stopped answering in the middle of a group of commands");
    if (cmd == SS_CMD_GREETING)
        apr_snprintf(words, sizeof(words), "The server did not greet in time");
    else
        apr_snprintf(words, sizeof(words), "The server did not answer %s in time",
                     ss_cmd_name(cmd));
    if (ss_client_group_failed(c, words)) return;
    ss_client_suspect(c, words);
    ss_client_broke_off(c, "ETIMEDOUT", cmd == SS_CMD_GREETING ? "greeting-timeout" : "timeout",
                        words, NULL);
    ss_client_close(c, SS_FATE_DOWN, "timeout", words);
}

/* Some servers (Dovecot 2.3's submission proxy) break off when commands follow a message's content,
 * which RFC 2920 3.1 allows. The message is then uncertain, and sending it again would break the
 * next connection. A server that has replied to such a message before is not suspected. */
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
    ss_cmd_t cmd = ss_client_current(c);

    c->now = now;
    if (c->state == SS_CLIENT_CLOSED) return;
    if (c->state == SS_CLIENT_QUITTING ||
        (c->state == SS_CLIENT_READY && !c->first && c->handed && APR_STATUS_IS_EOF(status))) {
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
                        "the connection was lost with commands after a message's content");
    if (ss_client_group_failed(c, words)) return;
    if (!APR_STATUS_IS_ECONNABORTED(status)) ss_client_suspect(c, words);
    ss_client_broke_off(c, APR_STATUS_IS_EOF(status) ? "EOF" : "",
                        cmd == SS_CMD_GREETING ? "greeting-lost" : "connection-lost", words,
                        result);
    ss_client_close(c, SS_FATE_DOWN, "connection-lost", words);
}

/* ---- bytes and time ---- */

/* A reply that no command asked for. 421 ends an idle session in order; one that has carried
 * nothing is good for nothing. */
static void unasked(ss_client_t *c, const ss_reply_t *reply)
{
    char words[SS_RESULT_TEXT_MAX];
    ss_verdict_t verdict = ss_verdict(SS_CMD_NONE, reply, c->handed > 0);

    apr_snprintf(words, sizeof(words),
                 "the server sent a reply that no command asked for: %d%s%s %s", reply->code,
                 reply->enhanced[0] ? " " : "", reply->enhanced, reply->text);
    if (reply->code != 421) {
        ss_client_nonsense(c, words);
        return;
    }
    c->is_gone = 1;
    if (c->state != SS_CLIENT_READY)
        ss_client_reason(c, 0, ss_client_phases[c->state].cmd, reply, &verdict, NULL);
    else if (c->first || !c->handed)
        ss_client_broke_off(c, "421", verdict.advice, words, NULL);
    ss_client_close(c, SS_FATE_AGAIN, verdict.advice, reply->text);
}

static void answered(ss_client_t *c)
{
    const ss_reply_t *reply = &c->reply;
    ss_client_asked_t asked;

    if (!c->asked_count) {
        unasked(c, reply);
        return;
    }
    asked = c->asked[c->asked_first];
    if (ss_client_is_hello_again(c, asked.cmd, reply)) {
        ss_client_nonsense(c, "the server answered EHLO twice");
        return;
    }
    apr_interval_time_t took = ss_mono_since(c->now, ss_mono_max(asked.time, c->progress));
    if (asked.cmd != SS_CMD_END && took > c->slowest) c->slowest = took;
    c->progress = c->now;
    if (asked.end > c->out.sent) {
        if (asked.tx)
            ss_client_early(c, &asked, reply);
        else
            ss_client_nonsense(c, "the server replied before the command was sent");
        return;
    }
    c->asked_first = (c->asked_first + 1) % SS_ASKED_MAX;
    c->asked_count--;
    c->answering = asked.cmd;
    if (asked.tx) {
        asked.tx->open--;
        asked.tx->has_reply = 1;
        ss_client_answer(c, &asked, reply);
        if (c->state != SS_CLIENT_CLOSED) ss_client_settle(c);
    } else {
        ss_client_phases[c->state].answer(c, reply);
    }
    c->answering = SS_CMD_NONE;
}

/* of the greeting of another service; after that no line end is awaited */
#define STRANGER_LINE_MAX 512

/* Waits for the whole greeting line of another service, to report it. */
static int is_stranger_unfinished(const ss_client_t *c, const char *bytes, apr_size_t len)
{
    return c->state == SS_CLIENT_GREETING && len < STRANGER_LINE_MAX && bytes[0] > ' ' &&
           bytes[0] < 127 && !memchr(bytes, '\n', len);
}

/* Names the service that replied instead of an SMTP server, so that a wrong port is recognized. */
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
        apr_cpystrn(words, "the other side does not speak SMTP", sizeof(words));
    else
        apr_snprintf(words, sizeof(words), "the other side does not speak SMTP, it is %s: \"%s\"",
                     name ? name : "something else", line);
    ss_client_nonsense(c, words);
}

/* Processes all complete replies in bytes. Returns the number of bytes used. */
static apr_size_t take_replies(ss_client_t *c, const char *bytes, apr_size_t len)
{
    apr_size_t at = 0, used;

    while (at < len && c->state != SS_CLIENT_CLOSED) {
        if (c->state == SS_CLIENT_TLS) {
            ss_client_nonsense(c, "the server sent plain text after its reply to STARTTLS: an "
                                  "attacker may be injecting commands");
            break;
        }
        apr_status_t rv = ss_reply_parse(&c->reply, bytes + at, len - at, &used);
        if (rv == APR_EINCOMPLETE) break;
        if (rv != APR_SUCCESS && is_stranger_unfinished(c, bytes + at, len - at)) break;
        if (rv != APR_SUCCESS) {
            if (c->state == SS_CLIENT_GREETING)
                stranger(c, bytes + at, len - at);
            else
                ss_client_nonsense(c, "the server's reply is not valid SMTP");
            break;
        }
        at += used;
        if (c->options.counts)
            c->options.counts->count[c->asked_count ? c->asked[c->asked_first].cmd : SS_CMD_NONE]
                                    [c->reply.code - 200]++;
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
    ss_client_advance(c);
    return APR_SUCCESS;
}

/* How long the reply to a command is waited for. What a server has not shown yet is not worth the
 * whole time: it goes without. */
static apr_interval_time_t patience(const ss_client_t *c, const ss_client_asked_t *asked)
{
    apr_interval_time_t wait =
        c->options.timeout[asked->cmd == SS_CMD_END ? SS_TIMEOUT_DATA
                                                    : ss_client_phases[c->state].timeout];
    int is_trial =
        asked->tx && asked->cmd != SS_CMD_END && (asked->tx->is_grouped || asked->tx->is_chunked);

    if (c->state == SS_CLIENT_QUITTING && (!wait || wait > SS_QUIT_TIME)) wait = SS_QUIT_TIME;
    is_trial |= ss_client_tries_group(c);
    if (is_trial && asked->end <= c->out.sent && c->slowest < SS_PROVE_QUICK &&
        (!wait || wait > SS_PROVE_TIME))
        wait = SS_PROVE_TIME;
    if (c->options.haste && !c->carried && asked->cmd != SS_CMD_END && asked->cmd != SS_CMD_AUTH &&
        (!wait || wait > c->options.haste))
        wait = c->options.haste;
    return wait;
}

ss_mono_t ss_client_deadline(const ss_client_t *c)
{
    const ss_client_asked_t *asked = c->asked_count ? &c->asked[c->asked_first] : NULL;
    ss_mono_t deadline = { 0 };

    if (c->state == SS_CLIENT_CLOSED) return deadline;
    if (asked) {
        ss_mono_t base = ss_mono_max(asked->time, c->progress);
        apr_interval_time_t wait = patience(c, asked);
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
    ss_client_advance(c);
}

int ss_client_output(ss_client_t *c, struct iovec *pieces, int max, ss_mono_t now)
{
    c->now = now;
    return ss_send_buffer_pieces(&c->out, pieces, max);
}

void ss_client_sent(ss_client_t *c, apr_size_t len, ss_mono_t now)
{
    c->now = now;
    if (len) c->progress = now;
    ss_send_buffer_sent(&c->out, len);
    ss_client_advance(c);
}

void ss_client_more(ss_client_t *c, ss_mono_t now)
{
    c->now = now;
    ss_client_advance(c);
}

const ss_client_event_t *ss_client_next(ss_client_t *c)
{
    ss_client_event_node_t *node = c->events;

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
    c->takes_several = options->takes_several;
    c->now = c->created = c->entered = c->progress = now;
    c->auth = ss_auth_create(pool);
    ss_buf_init(&c->in, SS_INPUT_MAX);
    ss_buf_init(&c->command, SS_COMMAND_BUF_MAX);
    ss_send_buffer_init(&c->out, pool);
    ss_client_asked(c, SS_CMD_GREETING, NULL, 0);
    return c;
}

void ss_client_destroy(ss_client_t *c)
{
    ss_client_trial_over(c, c->trying);
    ss_auth_destroy(c->auth);
    if (c->blanks) ss_transcript_secret(c->blanks, NULL, 0);
    ss_send_buffer_drop(&c->out);
    if (c->binding) explicit_bzero(c->binding, c->binding_len);
    ss_buf_wipe(&c->command);
    ss_buf_free(&c->in);
}

void ss_client_quit(ss_client_t *c, ss_mono_t now)
{
    c->now = now;
    c->wants_quit = 1;
    if (c->state < SS_CLIENT_READY) ss_client_hang_up(c);
    ss_client_advance(c);
}

int ss_client_in_flight(const ss_client_t *c)
{
    return c->in_flight;
}

const ss_capability_t *ss_client_capability(const ss_client_t *c)
{
    return &c->capability;
}
