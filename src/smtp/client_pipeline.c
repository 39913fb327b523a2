/* client_pipeline.c: what is sent when: lock-step without PIPELINING; with it a group contains the
 * end of a message and MAIL, RCPT, DATA of the next (RFC 2920 3.1); with CHUNKING as well, whole
 * messages are sent ahead within the window.
 *
 * A server that has not shown what it offers (SS_PROVE_) gets its first message one command at a
 * time and with DATA. The next one goes as a group, and with BDAT in two chunks: until the first is
 * answered the message has no end, so that whatever the server does, it cannot have taken it. */
#include "smtp/client.h"

#include <apr_strings.h>

#include "base/text.h"
#include "smtp/client_inside.h"
#include "smtp/command.h"

/* ---- accepting messages ---- */

static int uses_bdat(const ss_client_t *c)
{
    return c->options.chunking && c->capability.chunking &&
           !ss_client_is_unproven(c, SS_PROVE_SESSION) && ss_client_may_use(c, SS_PROVE_BDAT);
}

/* The maximum of messages in flight. The window counts messages whose end was sent; with DATA, the
 * next one is prepared meanwhile. */
static int most_in_flight(const ss_client_t *c)
{
    if (!ss_client_is_pipelining(c) || c->options.is_stepwise || !c->takes_several ||
        ss_client_is_unproven(c, SS_PROVE_GROUP))
        return 1;
    if (uses_bdat(c) && ss_client_is_unproven(c, SS_PROVE_BDAT)) return 1;
    return uses_bdat(c) ? c->window : 2;
}

static int is_used_up(const ss_client_t *c)
{
    return (c->options.max_messages > 0 && c->handed >= c->options.max_messages) ||
           (c->capability.limit_messages > 0 && c->handed >= c->capability.limit_messages);
}

int ss_client_can_send(const ss_client_t *c)
{
    return c->state == SS_CLIENT_READY && !c->is_closing && !c->wants_quit && !is_used_up(c) &&
           c->in_flight < most_in_flight(c);
}

static int has_utf8_rcpt(const ss_client_message_t *m)
{
    for (int i = 0; i < m->rcpt_count; i++) {
        if (ss_text_has_8bit(m->rcpts[i].address)) return 1;
    }
    return 0;
}

static void fail(ss_client_t *c, ss_client_tx_t *tx, const char *dsn, const char *advice,
                 const char *why)
{
    ss_client_decide(c, tx, SS_CMD_MAIL, NULL, SS_FATE_FAILED, dsn, advice, why);
}

static void fail_rcpt(ss_client_rcpt_t *rcpt, const char *dsn, const char *advice, const char *why)
{
    ss_client_decide_rcpt(rcpt, SS_CMD_RCPT, NULL, SS_FATE_FAILED, dsn, advice, why);
}

/* A message that this server cannot accept at all fails before anything is sent. Without SMTPUTF8
 * only the recipients that need it fail, unless the sender or the header needs it. */
static void refuse_unfit(ss_client_t *c, ss_client_tx_t *tx)
{
    ss_client_message_t *m = tx->m;
    const ss_capability_t *have = &c->capability;

    tx->uses_utf8 = m->is_utf8 || ss_text_has_8bit(m->from) || has_utf8_rcpt(m);
    if (!ss_command_is_address(m->from)) {
        fail(c, tx, "5.1.7", "address-syntax", "the sender's address is malformed");
    } else if (have->size && (apr_uint64_t)m->size > have->size) {
        fail(c, tx, "5.3.4", "message-too-big",
             "the message is larger than the server's limit (SIZE)");
    } else if (m->requires_tls && (!have->requiretls || !c->is_tls)) {
        fail(c, tx, "5.7.30", "requiretls-missing",
             "the message requires TLS all the way (REQUIRETLS), which this server does not offer");
    } else if (m->is_8bit && !have->eight_bit_mime) {
        fail(c, tx, "5.6.3", "no-8bitmime",
             apr_pstrcat(m->pool, "this server does not support 8-bit text (no 8BITMIME): ",
                         m->why_8bit ? m->why_8bit : "the message has some", NULL));
    } else if (tx->uses_utf8 && !have->smtputf8) {
        int all = ss_text_has_8bit(m->from) ||
                  (m->is_utf8 && ss_content_has_utf8_header(&m->content, m->size));
        for (int i = 0; i < m->rcpt_count; i++) {
            int is_own = ss_text_has_8bit(m->rcpts[i].address);
            if (!all && !is_own) continue;
            fail_rcpt(&m->rcpts[i], "5.6.7", "address-utf8",
                      is_own || !m->why_8bit
                          ? "the address or header has characters outside ASCII, which this server "
                            "does not support (no SMTPUTF8)"
                          : apr_pstrcat(m->pool, "this server does not support SMTPUTF8: ",
                                        m->why_8bit, NULL));
        }
        tx->uses_utf8 = 0;
    }
    for (int i = 0; i < m->rcpt_count; i++) {
        if (m->rcpts[i].address[0] && ss_command_is_address(m->rcpts[i].address)) continue;
        fail_rcpt(&m->rcpts[i], "5.1.3", "address-syntax", "the address is malformed");
    }
}

static int most_recipients(const ss_client_t *c)
{
    int limit = c->capability.limit_recipients;

    return limit > 0 && limit < c->options.max_recipients ? limit : c->options.max_recipients;
}

apr_status_t ss_client_send(ss_client_t *c, ss_client_message_t *m, ss_mono_t now)
{
    ss_client_tx_t *tx;

    c->now = now;
    if (m->rcpt_count < 1 || m->rcpt_count > most_recipients(c) || m->size < 0) return APR_EINVAL;
    if (!ss_client_can_send(c)) return APR_EAGAIN;
    tx = apr_pcalloc(m->pool, sizeof(*tx));
    tx->m = m;
    m->started = m->ended = (ss_mono_t){ 0 };
    for (int i = 0; i < m->rcpt_count; i++) m->rcpts[i].cmd = SS_CMD_NONE;
    tx->is_reused = c->handed > 0;
    if (c->options.attempt_deadline)
        tx->deadline = ss_mono_add(c->now, c->options.attempt_deadline);
    refuse_unfit(c, tx);
    c->in_flight++;
    if (c->last)
        c->last->next = tx;
    else
        c->first = tx;
    c->last = tx;
    if (!c->saying) c->saying = tx;
    if (!ss_client_is_undecided(tx))
        ss_client_give_back(c, tx);
    else
        c->handed++;
    ss_client_advance(c);
    return APR_SUCCESS;
}

/* ---- sending a message ---- */

static int is_behind_content(const ss_client_t *c)
{
    for (int i = 0; i < c->asked_count; i++) {
        if (c->asked[(c->asked_first + i) % SS_ASKED_MAX].cmd == SS_CMD_END) return 1;
    }
    return 0;
}

static void say_mail(ss_client_t *c, ss_client_tx_t *tx)
{
    ss_buf_clear(&c->command);
    if (ss_command_mail(&c->command, tx->m, &c->capability, tx->uses_utf8) != APR_SUCCESS) {
        fail(c, tx, "5.1.7", "address-syntax", "sender and envelope id are too long for a command");
        tx->has_failed = 1;
        return;
    }
    tx->m->started = c->now;
    if (c->options.attempt_deadline)
        tx->deadline = ss_mono_add(c->now, c->options.attempt_deadline);
    tx->say = SS_SAY_RCPT;
    tx->is_streamed = is_behind_content(c);
    tx->is_single = !ss_client_is_pipelining(c);
    tx->uses_bdat = uses_bdat(c);
    if (tx->uses_bdat && ss_client_is_unproven(c, SS_PROVE_BDAT))
        ss_client_try_out(c, tx, SS_PROVE_BDAT);
    ss_client_say(c, SS_CMD_MAIL, tx, 0);
}

static void say_rcpt(ss_client_t *c, ss_client_tx_t *tx)
{
    int number = tx->rcpts_said++;
    ss_client_rcpt_t *rcpt = &tx->m->rcpts[number];

    if (rcpt->cmd == SS_CMD_NONE) {
        ss_buf_clear(&c->command);
        if (ss_command_rcpt(&c->command, rcpt, &c->capability) == APR_SUCCESS) {
            tx->rcpts_asked++;
            ss_client_say(c, SS_CMD_RCPT, tx, number);
        } else {
            fail_rcpt(rcpt, "5.1.3", "address-syntax", "the address is too long for a command");
        }
    }
    if (tx->rcpts_said == tx->m->rcpt_count) tx->say = SS_SAY_DATA;
}

/* Content without its end: the last two octets are left for the last chunk. */
static apr_off_t first_chunk(const ss_client_tx_t *tx)
{
    apr_off_t size = tx->m->size - 2;

    if (!(tx->trying & SS_PROVE_BDAT) || size <= 0) return 0;
    return size < SS_AHEAD_MAX ? size : SS_AHEAD_MAX;
}

static void say_first_chunk(ss_client_t *c, ss_client_tx_t *tx)
{
    char size[24];

    apr_snprintf(size, sizeof(size), "%" APR_OFF_T_FMT, tx->chunk);
    ss_command_line(&c->command, "BDAT", size);
    ss_client_say(c, SS_CMD_BDAT, tx, 0);
    ss_client_last_asked(c)->end = UINT64_MAX;
    ss_content_start(&tx->reader, &tx->m->content, tx->chunk, 0);
    tx->say = SS_SAY_CONTENT;
}

static void say_last_chunk(ss_client_t *c, ss_client_tx_t *tx)
{
    ss_command_bdat(&c->command, tx->m->size - tx->chunk);
    ss_client_say(c, SS_CMD_END, tx, 0);
    ss_content_start(&tx->reader, &tx->m->content, tx->m->size, 0);
    tx->reader.at = tx->chunk;
    tx->say = SS_SAY_CONTENT;
}

/* DATA, or BDAT followed by the content. 0: a reply must come first. */
static int say_data(ss_client_t *c, ss_client_tx_t *tx)
{
    int is_all_answered = tx->rcpts_answered == tx->rcpts_asked;

    if (is_all_answered && !ss_client_is_undecided(tx)) {
        tx->has_failed = 1;
        return 1;
    }
    int is_trial = tx->uses_bdat && (tx->trying & SS_PROVE_BDAT);
    /* The end of a message is no part of a group that a server may drop. */
    int waits = is_trial || tx->m->size > SS_AHEAD_MAX || ss_client_is_unproven(c, SS_PROVE_GROUP);
    if (tx->uses_bdat && waits && !is_all_answered) return 0;
    ss_buf_clear(&c->command);
    if (!tx->uses_bdat) {
        ss_command_line(&c->command, "DATA", NULL);
        ss_client_say(c, SS_CMD_DATA, tx, 0);
        tx->say = SS_SAY_WAIT;
        return 1;
    }
    tx->is_chunked = is_trial;
    if (!tx->is_chunk_taken) tx->chunk = first_chunk(tx);
    if (tx->chunk && !tx->is_chunk_taken)
        say_first_chunk(c, tx);
    else
        say_last_chunk(c, tx);
    return 1;
}

/* The content is complete: from here on the message may have been accepted. */
static void content_ended(ss_client_t *c, ss_client_tx_t *tx)
{
    if (tx->chunk && !tx->is_chunk_taken) {
        ss_client_last_asked(c)->end = c->out.queued;
        ss_client_last_asked(c)->time = c->now;
        tx->say = SS_SAY_WAIT;
        return;
    }
    tx->say = SS_SAY_NOTHING;
    tx->is_ended = 1;
    tx->end = c->out.queued;
    ss_transcript_note(c->options.transcript, "the message's content: %" APR_UINT64_T_FMT " octets",
                       tx->m->size);
    /* No command follows content that is being sent, so this is the last one. */
    ss_client_asked_t *asked = ss_client_last_asked(c);
    asked->end = tx->end;
    asked->time = c->now;
}

/* Sends content until the output is full. 0: full, or the content is not in memory. */
static int say_content(ss_client_t *c, ss_client_tx_t *tx)
{
    while (c->out.queued - c->out.sent < SS_SEND_BUFFER_HIGH) {
        const char *bytes;
        apr_size_t len;
        apr_status_t rv = ss_content_next(&tx->reader, &bytes, &len);
        if (rv == APR_SUCCESS) {
            ss_send_buffer_ref(&c->out, bytes, len);
        } else if (rv == APR_EOF) {
            content_ended(c, tx);
            return 1;
        } else if (APR_STATUS_IS_EAGAIN(rv)) {
            return 0;
        } else {
            ss_verdict_t verdict = { SS_SCOPE_CONNECTION, SS_FATE_AGAIN, 0, "content-unreadable" };
            ss_result_t result = { 0 };
            ss_result_set(&result, "data", "", verdict.advice,
                          "The message's content could not be read from the queue, so the "
                          "connection was closed");
            ss_client_decide(c, tx, SS_CMD_END, NULL, SS_FATE_DEFERRED, "4.3.0", verdict.advice,
                             result.text);
            ss_client_reason(c, 0, SS_CMD_END, NULL, &verdict, &result);
            ss_client_close(
                c, SS_FATE_AGAIN, "connection-lost",
                "the connection was closed because another message's content could not be read");
            return 0;
        }
    }
    return 0;
}

/* Sends the next part of a message. 0: it must wait. */
static int say_next(ss_client_t *c, ss_client_tx_t *tx)
{
    if (tx->has_failed && tx->say < SS_SAY_WAIT) {
        tx->say = SS_SAY_NOTHING;
        return 1;
    }
    if (tx->say <= SS_SAY_DATA && !ss_client_may_ask(c)) return 0;
    switch (tx->say) {
    case SS_SAY_MAIL: say_mail(c, tx); return 1;
    case SS_SAY_RCPT:
        /* A server that refuses a second MAIL may still accept what follows it: then the message
         * would arrive twice, or empty. */
        if (tx->is_reused && !c->takes_several && !tx->is_mail_ok) return 0;
        say_rcpt(c, tx);
        return 1;
    case SS_SAY_DATA: return say_data(c, tx);
    case SS_SAY_WAIT: return 0;
    case SS_SAY_CONTENT: return say_content(c, tx);
    default: return 1;
    }
}

/* A closing connection starts no message: those not started are returned. */
static void give_back_unsaid(ss_client_t *c)
{
    for (ss_client_tx_t *tx = c->first, *next; tx; tx = next) {
        next = tx->next;
        if (tx->say != SS_SAY_MAIL) continue;
        ss_client_decide(c, tx, SS_CMD_MAIL, NULL, SS_FATE_AGAIN, "4.4.2", "closing",
                         "the connection was closed before this message was started");
        ss_client_give_back(c, tx);
    }
}

/* ss_client_tx_t.stray */
static void say_quit(ss_client_t *c)
{
    ss_buf_clear(&c->command);
    ss_command_line(&c->command, "QUIT", NULL);
    ss_client_say(c, SS_CMD_QUIT, c->first, 0);
}

void ss_client_advance(ss_client_t *c)
{
    if (c->state != SS_CLIENT_READY) return;
    for (;;) {
        if (c->is_closing) give_back_unsaid(c);
        ss_client_tx_t *tx = c->saying;
        if (!tx || c->out.queued - c->out.sent >= SS_SEND_BUFFER_HIGH || !say_next(c, tx)) break;
        if (tx->say == SS_SAY_NOTHING) {
            c->saying = tx->next;
            ss_client_settle(c);
        }
    }
    if (c->state != SS_CLIENT_READY || c->asked_count) return;
    if (c->first) {
        if (c->first->stray && !c->saying) say_quit(c);
        return;
    }
    if (c->is_closing || c->wants_quit || is_used_up(c)) ss_client_hang_up(c);
}
