#include "intake/smtp_transaction.h"

#include <apr_strings.h>

#include "intake/smtp_envelope.h"
#include "intake/staging.h"

/* one submitter for all programs of this machine */
#define SUBMITTER "smtp:127.0.0.1"

/* The refusals of accept.c as SMTP replies. A refusal that is not the message's fault is a 4xx: the
 * client keeps the message and retries. */
static const struct {
    int code;
    const char *enhanced;
} refusals[] = { [SS_ACCEPT_LEAVING] = { 421, "4.3.2" }, [SS_ACCEPT_STORE] = { 451, "4.3.0" },
                 [SS_ACCEPT_OFF] = { 451, "4.3.2" },     [SS_ACCEPT_HOST] = { 451, "4.3.5" },
                 [SS_ACCEPT_FULL] = { 452, "4.3.1" },    [SS_ACCEPT_SIZE] = { 552, "5.3.4" },
                 [SS_ACCEPT_EMPTY] = { 554, "5.6.0" },   [SS_ACCEPT_FORM] = { 554, "5.6.0" },
                 [SS_ACCEPT_KEY] = { 554, "5.7.0" },     [SS_ACCEPT_BUSY] = { 451, "4.3.0" } };

static void refuse(ss_smtp_transaction_t *t, const ss_accept_answer_t *answer)
{
    ss_server_answer(t->server, refusals[answer->refusal].code, refusals[answer->refusal].enhanced,
                     "%s", answer->detail);
}

static void release_charge(ss_smtp_transaction_t *t)
{
    ss_intake_discharge(t->intake, &t->charged, t->charged);
}

static void forget_content(ss_smtp_transaction_t *t)
{
    t->message = NULL;
    t->mail = NULL;
    t->is_dropped = 0;
    t->began = (ss_mono_t){ 0 };
    ss_incoming_clear(&t->incoming);
}

void ss_smtp_transaction_init(ss_smtp_transaction_t *t)
{
    ss_incoming_init(&t->incoming, t->intake, &t->charged);
}

void ss_smtp_transaction_free(ss_smtp_transaction_t *t)
{
    ss_incoming_free(&t->incoming);
}

int ss_smtp_transaction_has_room(apr_size_t bytes, apr_size_t len)
{
    return bytes + len <= SS_INTAKE_BYTES_MAX;
}

void ss_smtp_transaction_reset(ss_smtp_transaction_t *t)
{
    ss_message_t *m = t->message;

    forget_content(t);
    release_charge(t);
    if (m) ss_staging_drop(t->intake, m);
}

/* ---- the envelope ---- */

void ss_smtp_transaction_sender(ss_smtp_transaction_t *t, const ss_parameter_t *envelope)
{
    ss_accept_answer_t answer;
    const char *why = NULL, *from = "";

    t->relay = ss_smtp_envelope_relay(t->intake, envelope->address, envelope->size, &answer);
    if (!t->relay) {
        refuse(t, &answer);
        return;
    }
    ss_message_t *m = ss_accept_begin(t->relay);
    if (*envelope->address)
        from = ss_smtp_envelope_address(t->relay, envelope->address, &why, m->pool);
    if (!from) {
        ss_server_answer(t->server, 553, "5.1.7", "<%s>: %s", envelope->address, why);
        apr_pool_destroy(m->pool);
        return;
    }
    const ss_draft_t how = { .settings = t->relay->settings };
    t->message = m;
    t->mail = ss_mail_create(m->pool);
    t->mail->from = from;
    const ss_attributes_t given = { .dsn_options = envelope->dsn_options };
    ss_attributes_copy(&m->attr, &given, SS_SET_SMTP, m->pool);
    ss_incoming_begin(&t->incoming, t->relay, m, t->mail, &how, (apr_size_t)t->max_size);
    ss_server_answer(t->server, 250, "2.1.0", "Ok");
}

void ss_smtp_transaction_recipient(ss_smtp_transaction_t *t, const ss_parameter_t *envelope)
{
    ss_mail_message_t *mail = t->mail;
    int before = mail->rcpts->nelts;
    const char *why = NULL;
    const char *address = ss_smtp_envelope_address(t->relay, envelope->address, &why, mail->pool);

    if (!address) {
        ss_server_answer(t->server, 501, "5.1.3", "<%s>: %s", envelope->address, why);
        return;
    }
    if (ss_mail_add_rcpt(mail, address, envelope->notify, "to", NULL)) {
        ss_server_answer(t->server, 452, "4.5.3", "too many recipients in one message");
        return;
    }
    if (mail->rcpts->nelts > before && envelope->orcpt) {
        APR_ARRAY_IDX(mail->rcpts, before, ss_mail_rcpt_t).orcpt =
            apr_pstrdup(mail->pool, envelope->orcpt);
    }
    ss_server_answer(t->server, 250, "2.1.5", "Ok");
}

/* ---- the content ---- */

static void staged(void *self, const ss_result_t *failed)
{
    ss_smtp_transaction_t *t = self;

    if (failed) ss_mail_problem(&t->incoming.problem, 503, NULL, "%s", failed->text);
    t->is_busy = 0;
    t->ready(t->self);
}

void ss_smtp_transaction_content(ss_smtp_transaction_t *t, const char *bytes, apr_size_t len)
{

    if (!ss_mono_is_set(t->began)) t->began = ss_loop_now(t->intake->loop);
    if (t->is_dropped) return;
    if (!ss_smtp_transaction_has_room(t->intake->bytes, len)) {
        t->is_dropped = 1;
        ss_incoming_free(&t->incoming);
        release_charge(t);
        return;
    }
    /* A problem is reported at its end. */
    ss_incoming_add(&t->incoming, bytes, len);
    if (!ss_incoming_is_due(&t->incoming)) return;
    t->is_busy = 1;
    ss_incoming_stage(&t->incoming, staged, t);
}

static void answered(void *self, const ss_accept_answer_t *answer)
{
    ss_smtp_transaction_t *t = self;

    release_charge(t);
    if (answer->refusal)
        refuse(t, answer);
    else
        ss_server_answer(t->server, 250, "2.0.0", "Ok: queued as %s", answer->id);
    t->is_busy = 0;
    t->ready(t->self);
}

static void refuse_content(ss_smtp_transaction_t *t, const ss_mail_problem_t *problem)
{
    if (problem->status == 413)
        ss_server_answer(t->server, 552, "5.3.4", "%s", problem->detail);
    else if (problem->status == 503)
        ss_server_answer(t->server, 451, "4.3.0", "%s", problem->detail);
    else
        ss_server_answer(t->server, 554, "5.6.0", "%s", problem->detail);
    ss_smtp_transaction_reset(t);
}

/* The message is complete, or has a problem. */
static void made(void *self, const ss_mail_problem_t *problem)
{
    ss_smtp_transaction_t *t = self;
    ss_message_t *m = t->message;

    if (problem) {
        refuse_content(t, problem);
        t->is_busy = 0;
        t->ready(t->self);
        return;
    }
    m->attr.submitter = SUBMITTER;
    m->attr.via = "smtp";
    m->attr.uid = -1;
    forget_content(t);
    ss_accept_message(t->intake, t->relay, m, answered, t);
}

void ss_smtp_transaction_end(ss_smtp_transaction_t *t)
{
    if (t->is_dropped) {
        ss_server_answer(t->server, 452, "4.3.1", "too much mail is coming in at once");
        ss_smtp_transaction_reset(t);
    } else if (!t->incoming.got) {
        ss_server_answer(t->server, 554, "5.6.0", "the message is empty");
        ss_smtp_transaction_reset(t);
    } else {
        t->is_busy = 1;
        ss_incoming_end(&t->incoming, made, t);
    }
}
