/* client_transaction.c: what replies mean for each recipient. The first reply about it decides it;
 * later ones (503 to the rest of a group) never replace that. */
#include "smtp/client_inside.h"

#include <apr_strings.h>
#include <string.h>

#include "smtp/command.h"
#include "smtp/phrase.h"

/* A transaction that is still open at the server is ended by closing the connection: some refuse or
 * penalize RSET. But where others are to show whether the server refuses us, that would cost a
 * connection for each. */
static void end_open(ss_client_t *c, const ss_client_tx_t *tx)
{
    /* Something asked: the next message has begun. */
    if (!tx->is_suspect || c->is_closing || c->asked_count || c->resets++ >= SS_RESETS_MAX) {
        c->is_closing = 1;
        return;
    }
    ss_buf_clear(&c->command);
    ss_command_line(&c->command, "RSET", NULL);
    ss_client_say(c, SS_CMD_RSET, NULL, 0);
}

void ss_client_settle(ss_client_t *c)
{
    while (c->first) {
        ss_client_tx_t *tx = c->first;
        if (tx->has_failed && tx->say < SS_SAY_WAIT) tx->say = SS_SAY_NOTHING;
        if (tx->say != SS_SAY_NOTHING || tx->open || tx->stray) return;
        if (tx->is_mail_ok && !tx->is_over) end_open(c, tx);
        if (tx->has_failed) c->has_error = 1;
        ss_client_give_back(c, tx);
    }
}

/* ---- refusals ---- */

/* Haraka takes several messages, but none whose MAIL stands behind a content. */
static int is_streaming_refused(const ss_client_t *c, const ss_client_tx_t *tx,
                                const ss_reply_t *reply)
{
    if (reply->code != 503 || !tx->is_streamed) return 0;
    if (ss_phrase_is_in("pipelin", reply->text)) return 1;
    return !c->has_mail_streamed &&
           !ss_phrase_is_in("one mail|nested mail|sender already|session|connection", reply->text);
}

static ss_verdict_t judge(const ss_client_t *c, const ss_client_tx_t *tx, ss_cmd_t cmd,
                          const ss_reply_t *reply)
{
    ss_verdict_t verdict = ss_verdict(cmd, reply, tx->is_reused);

    /* Its first recipient is one too many: a limit of the session, not of the transaction. */
    if (cmd == SS_CMD_RCPT && c->carried && !tx->accepted &&
        verdict.learn & SS_LEARN_MAX_RECIPIENTS)
        verdict.learn = SS_LEARN_MAX_MESSAGES;
    /* No limit of messages where none was accepted. After an earlier error on this connection the
     * count is not the server's, and "bad sequence" may be a consequence. */
    if (!c->carried || c->has_error) verdict.learn &= ~(unsigned)SS_LEARN_MAX_MESSAGES;
    if (verdict.learn & SS_LEARN_MAX_MESSAGES && is_streaming_refused(c, tx, reply)) {
        verdict.learn = SS_LEARN_NO_STREAMING;
        verdict.advice = "no-pipelining";
    }
    return verdict;
}

static void refused(ss_client_t *c, ss_client_tx_t *tx, ss_cmd_t cmd, const ss_reply_t *reply)
{
    ss_verdict_t verdict = judge(c, tx, cmd, reply);

    tx->has_failed = 1;
    /* After a login that was accepted this is the answer to something else: no message is to meet
     * the next one. */
    if (reply->code == 535 && c->mechanism) c->is_closing = 1;
    ss_client_refused(c, cmd, reply, &verdict,
                      verdict.learn & SS_LEARN_NO_STREAMING ? 1 : tx->accepted);
    ss_client_decide(c, tx, cmd, reply, verdict.fate, NULL, verdict.advice, reply->text);
    if (verdict.scope == SS_SCOPE_CONNECTION || verdict.scope == SS_SCOPE_RELAY) {
        c->is_closing = 1;
        if (verdict.fate != SS_FATE_AGAIN) ss_client_reason(c, 0, cmd, reply, &verdict, NULL);
    }
    c->has_error = 1;
}

/* 421: the server closes the connection; unanswered commands were not accepted. */
static void is_leaving(ss_client_t *c, ss_client_tx_t *tx, ss_cmd_t cmd, const ss_reply_t *reply)
{
    if (tx->is_chunked) ss_client_suspect(c, reply->text);
    if (ss_client_is_undecided(tx)) refused(c, tx, cmd, reply);
    c->is_gone = 1;
    ss_verdict_t verdict = ss_verdict(cmd, reply, tx->is_reused);
    int is_ok = (tx->is_reused && verdict.fate == SS_FATE_AGAIN) || verdict.fate == SS_FATE_LIMITED;
    ss_client_reason(c, is_ok, cmd, reply, &verdict, NULL);
    ss_client_close(c, SS_FATE_AGAIN, verdict.advice, reply->text);
}

/* ---- answers ---- */

static void mail_answer(ss_client_t *c, ss_client_tx_t *tx, const ss_reply_t *reply)
{
    if (reply->code / 100 != 2) {
        refused(c, tx, SS_CMD_MAIL, reply);
        return;
    }
    tx->is_mail_ok = 1;
    c->has_mail_streamed |= tx->is_streamed;
    if (!c->carried || c->takes_several) return;
    c->takes_several = 1;
    ss_client_learn(c, SS_LEARN_SEVERAL, 0, "");
}

/* It takes no more recipients: those that it was not asked for yet meet the same, and servers get
 * slow with a client that asks on. */
static void skip_rest(ss_client_tx_t *tx, const ss_reply_t *reply, const ss_verdict_t *verdict,
                      const char *text)
{
    while (tx->rcpts_said < tx->m->rcpt_count)
        ss_client_decide_rcpt(&tx->m->rcpts[tx->rcpts_said++], SS_CMD_RCPT, reply, verdict->fate,
                              NULL, verdict->advice, text);
    if (tx->say == SS_SAY_RCPT) tx->say = SS_SAY_DATA;
}

static void rcpt_answer(ss_client_t *c, ss_client_tx_t *tx, int number, const ss_reply_t *reply)
{
    ss_client_rcpt_t *rcpt = &tx->m->rcpts[number];

    tx->rcpts_answered++;
    rcpt->is_taken = reply->code / 100 == 2;
    if (tx->has_failed) return;
    if (reply->code / 100 == 2) {
        tx->accepted++;
        return;
    }
    ss_verdict_t verdict = judge(c, tx, SS_CMD_RCPT, reply);
    ss_client_refused(c, SS_CMD_RCPT, reply, &verdict, tx->accepted);
    const char *text = apr_pstrdup(tx->m->pool, reply->text);
    ss_client_decide_rcpt(rcpt, SS_CMD_RCPT, reply, verdict.fate, NULL, verdict.advice, text);
    if (verdict.learn & (SS_LEARN_MAX_RECIPIENTS | SS_LEARN_MAX_MESSAGES))
        skip_rest(tx, reply, &verdict, text);
    tx->m->ended = c->now;
    if (verdict.learn & SS_LEARN_MAX_MESSAGES && !tx->accepted && tx->say <= SS_SAY_WAIT &&
        tx->rcpts_answered < tx->rcpts_asked) {
        /* The others of its group meet the same, and each may be answered slowly. */
        ss_client_close(c, SS_FATE_AGAIN, verdict.advice, reply->text);
        return;
    }
    tx->is_suspect |= verdict.fate == SS_FATE_SUSPECT || verdict.fate == SS_FATE_LIMITED;
    if (verdict.scope == SS_SCOPE_CONNECTION || verdict.scope == SS_SCOPE_RELAY) c->is_closing = 1;
    if (verdict.fate == SS_FATE_DOWN) ss_client_reason(c, 0, SS_CMD_RCPT, reply, &verdict, NULL);
    if (!ss_client_is_undecided(tx)) tx->has_failed = 1;
}

static int has_taken(const ss_client_tx_t *tx)
{
    for (int i = 0; i < tx->m->rcpt_count; i++) {
        if (tx->m->rcpts[i].is_taken) return 1;
    }
    return 0;
}

static void data_answer(ss_client_t *c, ss_client_tx_t *tx, const ss_reply_t *reply)
{
    if (reply->code == 354) {
        if (tx->has_failed && has_taken(tx)) {
            /* It refused MAIL and takes what follows: nothing arrives if the content never ends. */
            ss_client_close(c, SS_FATE_AGAIN, "connection-lost",
                            "the connection was closed because the server expected the content of "
                            "a message whose MAIL command it had refused");
            return;
        }
        if (tx->has_failed) {
            /* The server expects content for no recipient: an empty message ends the transaction
             * (RFC 2920 3.1), and its reply does not count. */
            ss_client_put(c, ".\r\n", 3, 0);
            ss_client_asked(c, SS_CMD_END, tx, 0);
            ss_client_last_asked(c)->end = c->out.queued;
            tx->say = SS_SAY_NOTHING;
            return;
        }
        ss_content_start(&tx->reader, &tx->m->content, tx->m->size, 1);
        tx->say = SS_SAY_CONTENT;
        ss_client_asked(c, SS_CMD_END, tx, 0);
        return;
    }
    tx->say = SS_SAY_NOTHING;
    if (reply->code / 100 < 4) {
        ss_client_nonsense(c, "the server answered DATA with neither 354 nor a refusal");
        return;
    }
    if (!tx->has_failed) refused(c, tx, SS_CMD_DATA, reply);
}

static void taken(ss_client_t *c, ss_client_tx_t *tx, const ss_reply_t *reply)
{
    int is_clean = tx->accepted == tx->m->rcpt_count;

    c->carried++;
    ss_client_decide(c, tx, SS_CMD_END, reply, SS_FATE_SENT, NULL, "accepted", reply->text);
    ss_client_is_shown(c, SS_PROVE_SESSION);
    if (tx->is_chunked) ss_client_is_shown(c, SS_PROVE_BDAT);
    tx->is_chunked = 0;
    if (c->asked_count) c->has_streamed = 1;
    if (is_clean && c->window < c->options.window_max) c->window++;
}

/* About the extension, not the message. */
static int is_syntax(const ss_reply_t *reply)
{
    return reply->code >= 500 && reply->code <= 504 &&
           (!reply->enhanced[0] || !strncmp(reply->enhanced, "5.5.", 4));
}

/* The server does not know or accept BDAT: at the first one, whatever it says that is not about
 * this content. */
static int is_bdat_refused(const ss_client_tx_t *tx, const ss_reply_t *reply)
{
    /* "452 4.3.1" may be about it, too: DATA shows. */
    int is_about_system = reply->code < 500 && !strncmp(reply->enhanced, "4.3.", 4);
    int is_about_content = reply->enhanced[0] && strncmp(reply->enhanced + 1, ".5.", 3) &&
                           strcmp(reply->enhanced + 1, ".0.0") && !is_about_system &&
                           !ss_phrase_is_in("bdat|chunk", reply->text);

    return tx->uses_bdat && reply->code >= 400 &&
           (is_syntax(reply) || (tx->is_chunked && !tx->is_chunk_taken && !is_about_content));
}

/* The first group of commands was answered like one command, or in part. 503 to MAIL on a used
 * connection is about that. */
static int is_group_refused(const ss_client_tx_t *tx, ss_cmd_t cmd, const ss_reply_t *reply)
{
    return tx->is_grouped && !tx->has_failed && is_syntax(reply) && reply->code != 501 &&
           reply->code != 504 && !(cmd == SS_CMD_MAIL && tx->is_reused && reply->code == 503);
}

/* Nothing more is sent, and what the server may still say to what it was sent does not count. */
static void extension_refused(ss_client_t *c, ss_client_tx_t *tx, ss_cmd_t cmd,
                              const ss_reply_t *reply, unsigned learn)
{
    ss_verdict_t verdict = ss_verdict(cmd, reply, tx->is_reused);

    verdict.fate = SS_FATE_AGAIN;
    verdict.scope = SS_SCOPE_CONNECTION;
    verdict.learn |= learn;
    ss_client_refused(c, cmd, reply, &verdict, 0);
    ss_client_decide(c, tx, cmd, reply, SS_FATE_AGAIN, NULL, verdict.advice, reply->text);
    ss_client_close(c, SS_FATE_AGAIN, verdict.advice, reply->text);
}

static void chunk_answer(ss_client_t *c, ss_client_tx_t *tx, const ss_reply_t *reply)
{
    if (reply->code / 100 == 2) {
        tx->is_chunk_taken = 1;
        tx->say = SS_SAY_DATA;
    } else if (is_bdat_refused(tx, reply)) {
        extension_refused(c, tx, SS_CMD_BDAT, reply, SS_LEARN_NO_CHUNKING);
    } else {
        tx->say = SS_SAY_NOTHING;
        refused(c, tx, SS_CMD_BDAT, reply);
    }
}

static void end_answer(ss_client_t *c, ss_client_tx_t *tx, const ss_reply_t *reply)
{
    if (!tx->uses_bdat || tx->accepted) tx->is_over = 1;
    if (tx->has_failed) {
        if (!tx->is_mail_ok && reply->code / 100 == 2 && has_taken(tx))
            tx->stray = apr_pstrdup(tx->m->pool, reply->text);
        return;
    }
    if (reply->code / 100 == 2) {
        taken(c, tx, reply);
    } else if (is_bdat_refused(tx, reply)) {
        extension_refused(c, tx, SS_CMD_BDAT, reply, SS_LEARN_NO_CHUNKING);
    } else {
        refused(c, tx, SS_CMD_END, reply);
    }
}

void ss_client_undecide_stray(ss_client_tx_t *tx)
{
    for (int i = 0; i < tx->m->rcpt_count; i++) {
        if (tx->m->rcpts[i].is_taken) tx->m->rcpts[i].cmd = SS_CMD_NONE;
    }
}

/* 221: the replies were in order, so the server did accept what followed the MAIL that it refused.
 * Else one reply too many had shifted them, and the content was not answered yet. */
static void stray_answer(ss_client_t *c, const ss_reply_t *reply)
{
    ss_reply_t taken = { .code = 250 };

    if (reply->code != 221) {
        ss_client_nonsense(c, "the server's replies are out of order");
        return;
    }
    for (ss_client_tx_t *tx = c->first; tx; tx = tx->next) {
        if (!tx->stray) continue;
        ss_client_undecide_stray(tx);
        ss_client_decide(c, tx, SS_CMD_END, &taken, SS_FATE_SENT, NULL, "accepted", tx->stray);
        tx->stray = NULL;
    }
    ss_client_close(c, SS_FATE_AGAIN, "closing", "the session was ended");
}

void ss_client_answer(ss_client_t *c, const ss_client_asked_t *asked, const ss_reply_t *reply)
{
    ss_client_tx_t *tx = asked->tx;

    if (reply->code == 421) {
        is_leaving(c, tx, asked->cmd, reply);
        return;
    }
    if (is_group_refused(tx, asked->cmd, reply)) {
        extension_refused(c, tx, asked->cmd, reply, SS_LEARN_NO_PIPELINING);
        return;
    }
    if (tx->is_grouped && !tx->open) {
        /* A refusal may be a reply that nobody asked for. */
        if (reply->code < 400) ss_client_is_shown(c, SS_PROVE_GROUP);
        tx->is_grouped = 0;
    }
    if (reply->code / 100 == 3 && asked->cmd != SS_CMD_DATA) {
        ss_client_nonsense(c, "the server's reply has an invalid code");
        return;
    }
    switch (asked->cmd) {
    case SS_CMD_MAIL: mail_answer(c, tx, reply); break;
    case SS_CMD_RCPT: rcpt_answer(c, tx, asked->rcpt, reply); break;
    case SS_CMD_DATA: data_answer(c, tx, reply); break;
    case SS_CMD_QUIT: stray_answer(c, reply); break;
    case SS_CMD_BDAT: chunk_answer(c, tx, reply); break;
    default: end_answer(c, tx, reply); break;
    }
}

void ss_client_early(ss_client_t *c, const ss_client_asked_t *asked, const ss_reply_t *reply)
{
    ss_client_tx_t *tx = asked->tx;

    if (reply->code / 100 < 4) {
        ss_client_nonsense(c, "the server replied before the command was sent");
        return;
    }
    if (reply->code == 421) {
        is_leaving(c, tx, asked->cmd, reply);
        return;
    }
    /* "552 too big" in the middle of the content: it counts, and the rest is not sent. */
    tx->has_reply = 1;
    if (is_bdat_refused(tx, reply) && (asked->cmd == SS_CMD_END || asked->cmd == SS_CMD_BDAT)) {
        extension_refused(c, tx, SS_CMD_BDAT, reply, SS_LEARN_NO_CHUNKING);
        return;
    }
    if (!tx->has_failed) refused(c, tx, asked->cmd, reply);
    ss_client_close(c, SS_FATE_AGAIN, "connection-lost",
                    "the connection was closed because the server refused another message before "
                    "it was complete");
}
