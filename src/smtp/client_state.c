#include "smtp/client_inside.h"

#include <apr_strings.h>
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "smtp/command.h"

#define BIT(state) (1u << (state))
#define ENDS (BIT(SS_CLIENT_QUITTING) | BIT(SS_CLIENT_CLOSED))

/* Which states may follow; anything else is a bug. */
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
    ss_cmd_t cmd = ss_client_phases[to].cmd;

    assert(may_go[c->state] & BIT(to));
    c->state = to;
    c->entered = c->now;
    if (!ss_client_phases[to].sends_cmd) return;
    ss_buf_clear(&c->command);
    if (ss_command_line(&c->command, ss_cmd_name(cmd),
                        cmd == SS_CMD_EHLO || cmd == SS_CMD_HELO ? c->options.helo : NULL) ==
        APR_SUCCESS)
        ss_client_say(c, cmd, NULL, 0);
    else
        ss_client_nonsense(c, "a command cannot be written: its argument has control characters");
}

ss_cmd_t ss_client_current(const ss_client_t *c)
{
    if (c->answering != SS_CMD_NONE) return c->answering;
    return c->asked_count ? c->asked[c->asked_first].cmd : ss_client_phases[c->state].cmd;
}

const char *ss_client_step(ss_cmd_t cmd)
{
    switch (cmd) {
    case SS_CMD_GREETING: return "greeting";
    case SS_CMD_EHLO:
    case SS_CMD_HELO: return "hello";
    case SS_CMD_STARTTLS: return "starttls";
    case SS_CMD_TLS: return "tls";
    case SS_CMD_AUTH: return "auth";
    case SS_CMD_MAIL:
    case SS_CMD_RSET: return "mail"; /* in the trial */
    case SS_CMD_RCPT: return "rcpt";
    case SS_CMD_QUIT: return "quit";
    default: return "data";
    }
}

/* ---- commands sent ---- */

int ss_client_is_unproven(const ss_client_t *c, unsigned bit)
{
    return c->options.proof && !(c->options.proof->shown & bit);
}

int ss_client_may_use(const ss_client_t *c, unsigned bit)
{
    return !ss_client_is_unproven(c, bit) || (c->trying & bit) || !(c->options.proof->trying & bit);
}

void ss_client_try_out(ss_client_t *c, ss_client_tx_t *tx, unsigned bit)
{
    tx->trying |= bit;
    c->options.proof->trying |= bit;
    c->trying |= bit;
}

void ss_client_is_shown(ss_client_t *c, unsigned bit)
{
    if (c->options.proof) c->options.proof->shown |= bit;
}

void ss_client_trial_over(ss_client_t *c, unsigned bits)
{
    if (bits) c->options.proof->trying &= ~bits;
    c->trying &= ~bits;
}

int ss_client_is_pipelining(const ss_client_t *c)
{
    return c->options.pipelining && c->capability.pipelining && c->state == SS_CLIENT_READY &&
           !ss_client_is_unproven(c, SS_PROVE_SESSION) && ss_client_may_use(c, SS_PROVE_GROUP);
}

/* A group shows something only if its commands leave together: what was sent before is answered
 * first, and another transaction's RSET is no part of it. */
static int must_not_join(const ss_client_t *c)
{
    if (!c->asked_count || !ss_client_is_unproven(c, SS_PROVE_GROUP)) return 0;
    const ss_client_asked_t *last = &c->asked[(c->asked_first + c->asked_count - 1) % SS_ASKED_MAX];
    return last->tx != c->saying || last->end <= c->out.sent;
}

int ss_client_may_ask(const ss_client_t *c)
{
    int is_single =
        !ss_client_is_pipelining(c) || (c->saying && c->saying->is_single) || must_not_join(c);

    return is_single ? !c->asked_count : c->asked_count < SS_ASKED_MAX;
}

void ss_client_asked(ss_client_t *c, ss_cmd_t cmd, ss_client_tx_t *tx, int rcpt)
{
    assert(c->asked_count < SS_ASKED_MAX);
    c->asked_count++;
    *ss_client_last_asked(c) =
        (ss_client_asked_t){ .cmd = cmd,
                             .tx = tx,
                             .rcpt = rcpt,
                             .time = c->now,
                             .end = cmd == SS_CMD_END ? UINT64_MAX : c->out.queued };
    if (tx) tx->open++;
}

ss_client_asked_t *ss_client_last_asked(ss_client_t *c)
{
    return &c->asked[(c->asked_first + c->asked_count - 1) % SS_ASKED_MAX];
}

void ss_client_put(ss_client_t *c, const char *bytes, apr_size_t len, int is_secret)
{
    ss_send_buffer_text(&c->out, bytes, len, is_secret);
    ss_transcript_add(c->options.transcript, 1, bytes, len);
}

void ss_client_say(ss_client_t *c, ss_cmd_t cmd, ss_client_tx_t *tx, int rcpt)
{
    ss_client_put(c, c->command.data, c->command.len, 0);
    if (tx && c->asked_count && ss_client_is_unproven(c, SS_PROVE_GROUP)) {
        tx->is_grouped = 1;
        ss_client_try_out(c, tx, SS_PROVE_GROUP);
    }
    ss_client_asked(c, cmd, tx, rcpt);
}

/* ---- events ---- */

ss_client_event_t *ss_client_event(ss_client_t *c, ss_client_event_kind_t kind)
{
    ss_client_event_node_t *node = c->events_spare;

    if (node)
        c->events_spare = node->next;
    else
        node = apr_palloc(c->pool, sizeof(*node));
    node->next = NULL;
    /* the texts, at the end, are large */
    memset(&node->event, 0, offsetof(ss_client_event_t, result));
    node->event.kind = kind;
    node->event.verdict.advice = "";
    ss_result_clear(&node->event.result);
    node->event.text[0] = '\0';
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

static apr_uint32_t sum(const ss_reply_t *reply)
{
    apr_uint32_t sum = 2166136261u; /* FNV-1a */

    for (apr_size_t i = 0; i < reply->text_len; i++)
        sum = (sum ^ (unsigned char)reply->text[i]) * 16777619u;
    return sum;
}

/* With a name or several lines no other command is answered like this; "250 Ok" says nothing. */
void ss_client_know_hello(ss_client_t *c, const ss_reply_t *reply)
{
    apr_size_t word = strcspn(reply->text, " \n");
    const char *dot = memchr(reply->text, '.', word);

    c->hello_len =
        (dot && dot + 1 < reply->text + word) || reply->text[word] == '\n' ? reply->text_len : 0;
    c->hello_sum = sum(reply);
}

int ss_client_is_hello_again(const ss_client_t *c, ss_cmd_t cmd, const ss_reply_t *reply)
{
    return c->hello_len && reply->text_len == c->hello_len && cmd != SS_CMD_EHLO &&
           cmd != SS_CMD_HELO && sum(reply) == c->hello_sum;
}

void ss_client_learn(ss_client_t *c, unsigned bits, int number, const char *text)
{
    unsigned fresh = bits & ~c->learned;

    c->learned |= bits;
    for (unsigned bit = 1; bit <= fresh; bit <<= 1) {
        if (!(fresh & bit)) continue;
        ss_client_event_t *event = ss_client_event(c, SS_EVENT_LEARNED);
        event->learn = bit;
        event->number = bit == SS_LEARN_MAX_MESSAGES ? c->carried : number;
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

/* ---- the fate of recipients ---- */

void ss_client_decide_rcpt(ss_client_rcpt_t *rcpt, ss_cmd_t cmd, const ss_reply_t *reply,
                           ss_verdict_fate_t fate, const char *dsn, const char *advice,
                           const char *text)
{
    if (rcpt->cmd != SS_CMD_NONE) return;
    rcpt->cmd = cmd;
    rcpt->fate = fate;
    rcpt->code = reply ? reply->code : 0;
    rcpt->has_dsn = reply && reply->enhanced[0];
    apr_cpystrn(rcpt->dsn, reply ? ss_verdict_dsn(reply) : dsn, sizeof(rcpt->dsn));
    rcpt->advice = advice;
    rcpt->text = text;
}

void ss_client_decide(ss_client_t *c, ss_client_tx_t *tx, ss_cmd_t cmd, const ss_reply_t *reply,
                      ss_verdict_fate_t fate, const char *dsn, const char *advice, const char *text)
{
    const char *kept = apr_pstrdup(tx->m->pool, text);

    for (int i = 0; i < tx->m->rcpt_count; i++)
        ss_client_decide_rcpt(&tx->m->rcpts[i], cmd, reply, fate, dsn, advice, kept);
    tx->m->ended = c->now;
}

int ss_client_is_undecided(const ss_client_tx_t *tx)
{
    for (int i = 0; i < tx->m->rcpt_count; i++) {
        if (tx->m->rcpts[i].cmd == SS_CMD_NONE) return 1;
    }
    return 0;
}

void ss_client_give_back(ss_client_t *c, ss_client_tx_t *tx)
{
    ss_client_tx_t **link = &c->first, *before = NULL;

    while (*link != tx) {
        before = *link;
        link = &before->next;
    }
    *link = tx->next;
    if (c->last == tx) c->last = before;
    if (c->saying == tx) c->saying = tx->next;
    c->in_flight--;
    ss_client_trial_over(c, tx->trying);
    ss_client_event(c, SS_EVENT_DONE)->message = tx->m;
}

/* ---- the end ---- */

void ss_client_reason(ss_client_t *c, int is_ok, ss_cmd_t cmd, const ss_reply_t *reply,
                      const ss_verdict_t *verdict, const ss_result_t *result)
{
    char code[8];

    if (c->has_end) return;
    c->has_end = 1;
    c->end.is_ok = is_ok;
    /* the refusal of EHLO is already in it */
    if (c->state == SS_CLIENT_HELO && c->has_refused_ehlo) return;
    ss_client_event_reply(&c->end, cmd, reply);
    c->end.verdict = *verdict;
    if (result) {
        c->end.result = *result;
    } else {
        apr_snprintf(code, sizeof(code), "%d", reply->code);
        ss_result_set(&c->end.result, ss_client_step(cmd), code, verdict->advice,
                      "The server answered %s with %d%s%s %s", ss_cmd_name(cmd), reply->code,
                      reply->enhanced[0] ? " " : "", reply->enhanced, reply->text);
    }
}

static void resolve(ss_client_t *c, ss_client_tx_t *tx, int is_front, ss_verdict_fate_t fate,
                    const char *advice, const char *why)
{
    int is_end_written = tx->is_ended && c->out.sent >= tx->end;
    int is_innocent = tx->is_reused && !tx->has_reply && (!is_front || fate != SS_FATE_DEFERRED);

    /* What is not answered may be taken, too, where a recipient was after the refused MAIL. */
    int may_be_taken = is_end_written && tx->has_failed && !tx->is_mail_ok && tx->open;

    if (tx->stray || (may_be_taken && !c->is_gone)) {
        ss_client_undecide_stray(tx);
        ss_client_decide(c, tx, SS_CMD_END, NULL, SS_FATE_UNCERTAIN, "4.4.2", "uncertain", why);
    }
    if (!ss_client_is_undecided(tx)) return;
    if (tx->say == SS_SAY_MAIL || c->is_gone || (!is_end_written && is_innocent)) {
        ss_client_decide(c, tx, SS_CMD_CONNECT, NULL, SS_FATE_AGAIN, "4.4.2", advice, why);
    } else if (is_end_written) {
        ss_client_decide(c, tx, SS_CMD_END, NULL, SS_FATE_UNCERTAIN, "4.4.2", "uncertain", why);
    } else {
        ss_client_decide(c, tx,
                         tx->say >= SS_SAY_CONTENT ? SS_CMD_END
                         : tx->has_reply           ? SS_CMD_RCPT
                                                   : SS_CMD_MAIL,
                         NULL, fate, "4.4.2", advice, why);
    }
}

void ss_client_close(ss_client_t *c, ss_verdict_fate_t fate, const char *advice, const char *why)
{
    const ss_client_tx_t *front = c->first;
    for (ss_client_tx_t *tx = c->first, *next; tx; tx = next) {
        next = tx->next;
        resolve(c, tx, tx == front, fate, advice, why);
        ss_client_give_back(c, tx);
    }
    c->asked_count = 0;
    ss_send_buffer_drop(&c->out);
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

void ss_client_broke_off(ss_client_t *c, const char *code, const char *advice, const char *why,
                         const ss_result_t *better)
{
    ss_verdict_t verdict = { SS_SCOPE_CONNECTION, SS_FATE_DOWN, 0, advice };
    ss_result_t result = { 0 };
    int is_step = c->state < SS_CLIENT_READY || c->state == SS_CLIENT_TRYING;
    ss_cmd_t cmd = ss_client_current(c);
    /* Nothing was asked: the last step is the one that made the session ready. */
    if (cmd == SS_CMD_NONE) cmd = c->mechanism ? SS_CMD_AUTH : SS_CMD_EHLO;
    const char *step =
        ss_client_step(c->state < SS_CLIENT_READY ? ss_client_phases[c->state].cmd : cmd);

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

/* On a used connection the server may as well have had enough of it, unless it answered in part. */
void ss_client_suspect(ss_client_t *c, const char *words)
{
    const ss_client_tx_t *tx = c->first;

    if (tx && tx->is_chunked)
        ss_client_learn(c, SS_LEARN_NO_CHUNKING, 0, words);
    else if (tx && tx->is_grouped && (!tx->is_reused || tx->has_reply))
        ss_client_learn(c, SS_LEARN_NO_PIPELINING, 0, words);
}

void ss_client_nonsense(ss_client_t *c, const char *what)
{
    char words[SS_RESULT_TEXT_MAX];

    if (c->state == SS_CLIENT_QUITTING) {
        /* The reply to QUIT does not matter. */
        ss_client_close(c, SS_FATE_DOWN, "closing", "");
        return;
    }
    /* Replies in disorder while several commands were outstanding: the host mishandles PIPELINING,
     * so it gets single commands the next time. */
    if (ss_client_is_pipelining(c) && c->asked_count + (c->answering != SS_CMD_NONE) > 1)
        ss_client_learn(c, SS_LEARN_NO_PIPELINING, 0, what);
    ss_client_suspect(c, what);
    apr_snprintf(words, sizeof(words), "%s (%s)", what, ss_cmd_name(ss_client_current(c)));
    const char *advice = c->state == SS_CLIENT_TLS ? "starttls-injection" : "not-smtp";
    ss_client_broke_off(c, "", advice, words, NULL);
    ss_client_close(c, SS_FATE_DOWN, advice, words);
}
