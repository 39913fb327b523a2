/* smtp_transaction.c: a transaction of the SMTP door becomes a message of the queue: the rules of
 * the other doors, said in SMTP. */
#include "intake/smtp_listener.h"

#include <apr_strings.h>

#include "intake/staging.h"
#include "mail/address.h"

/* all of this machine's programs share one place in the order */
#define SUBMITTER "smtp:127.0.0.1"

/* The refusals of accept.c. What is our state and not the message's fault is a 4xx: the client
 * keeps its mail and tries again. */
static const struct {
    int code;
    const char *enhanced;
} refusals[] = { [SS_REFUSED_LEAVING] = { 421, "4.3.2" }, [SS_REFUSED_STORE] = { 451, "4.3.0" },
                 [SS_REFUSED_OFF] = { 451, "4.3.2" },     [SS_REFUSED_HOST] = { 451, "4.3.5" },
                 [SS_REFUSED_FULL] = { 452, "4.3.1" },    [SS_REFUSED_SIZE] = { 552, "5.3.4" },
                 [SS_REFUSED_EMPTY] = { 554, "5.6.0" },   [SS_REFUSED_KEY] = { 554, "5.7.0" },
                 [SS_REFUSED_BUSY] = { 451, "4.3.0" } };

static void refuse(ss_smtp_listener_client_t *c, const ss_accepted_t *answer)
{
    ss_server_answer(c->server, refusals[answer->refused].code, refusals[answer->refused].enhanced,
                     "%s", answer->detail);
}

static void release_charge(ss_smtp_listener_client_t *c)
{
    c->door->daemon->intake_bytes -= c->charged;
    c->charged = 0;
}

static void forget_content(ss_smtp_listener_client_t *c)
{
    c->message = NULL;
    c->mail = NULL;
    c->is_dropped = 0;
    c->began = (ss_mono_t){ 0 };
    ss_incoming_clear(&c->incoming);
}

void ss_smtp_transaction_reset(ss_smtp_listener_client_t *c)
{
    ss_message_t *m = c->message;

    forget_content(c);
    release_charge(c);
    if (m) ss_staging_drop(c->door->daemon, m);
}

/* ---- the envelope ---- */

void ss_smtp_transaction_sender(ss_smtp_listener_client_t *c, const ss_parameter_t *envelope)
{
    ss_daemon_t *d = c->door->daemon;
    ss_accepted_t answer;
    const char *why = NULL;

    c->relay = ss_accept_relay(d, envelope->address, APR_ARRAY_IDX(d->relays, 0, ss_relay_t *));
    if (!ss_accept_may(c->relay, &answer)) {
        refuse(c, &answer);
        return;
    }
    if (envelope->size > c->relay->settings->max_message_size) {
        ss_server_answer(c->server, 552, "5.3.4",
                         "larger than %" APR_INT64_T_FMT " bytes (SMTPSendMaxMessageSize)",
                         c->relay->settings->max_message_size);
        return;
    }
    ss_message_t *m = ss_accept_begin(c->relay);
    const char *from = ss_address_with_domain(apr_pstrdup(m->pool, envelope->address),
                                              c->relay->settings->default_domain, m->pool);
    if (*from && !ss_address_is_valid(from, 0, &why)) {
        ss_server_answer(c->server, 553, "5.1.7", "<%s>: %s", envelope->address, why);
        apr_pool_destroy(m->pool);
        return;
    }
    const ss_attributes_t given = { .dsn_options = envelope->dsn_options };
    const ss_draft_t how = { .settings = c->relay->settings };
    c->message = m;
    c->mail = ss_mail_create(m->pool);
    c->mail->from = from;
    ss_attributes_copy(&m->attr, &given, SS_SET_SMTP, m->pool);
    ss_incoming_begin(&c->incoming, c->relay, m, c->mail, &how,
                      (apr_size_t)c->door->options.max_size);
    ss_server_answer(c->server, 250, "2.1.0", "Ok");
}

void ss_smtp_transaction_recipient(ss_smtp_listener_client_t *c, const ss_parameter_t *envelope)
{
    ss_mail_message_t *mail = c->mail;
    const char *address =
        ss_address_with_domain(envelope->address, c->relay->settings->default_domain, mail->pool);
    int before = mail->rcpts->nelts;
    const char *why = NULL;

    if (!ss_address_is_valid(address, 0, &why)) {
        ss_server_answer(c->server, 501, "5.1.3", "<%s>: %s", envelope->address, why);
        return;
    }
    if (ss_mail_add_rcpt(mail, address, envelope->notify, "to", NULL)) {
        ss_server_answer(c->server, 452, "4.5.3", "too many recipients in one message");
        return;
    }
    if (mail->rcpts->nelts > before && envelope->orcpt) {
        APR_ARRAY_IDX(mail->rcpts, before, ss_mail_rcpt_t).orcpt =
            apr_pstrdup(mail->pool, envelope->orcpt);
    }
    ss_server_answer(c->server, 250, "2.1.5", "Ok");
}

/* ---- the content ---- */

static void staged(void *self, const ss_result_t *failed)
{
    ss_smtp_listener_client_t *c = self;

    if (failed) ss_mail_problem(&c->incoming.problem, 503, NULL, "%s", failed->text);
    c->is_busy = 0;
    ss_smtp_listener_answered(c);
}

void ss_smtp_transaction_content(ss_smtp_listener_client_t *c, const char *bytes, apr_size_t len)
{
    ss_daemon_t *d = c->door->daemon;

    if (!ss_mono_is_set(c->began)) c->began = ss_loop_now(d->loop);
    if (c->is_dropped) return;
    if (d->intake_bytes + len > SS_DAEMON_INTAKE_MAX) {
        c->is_dropped = 1;
        ss_incoming_free(&c->incoming);
        release_charge(c);
        return;
    }
    /* What is wrong with it is told at its end. */
    ss_incoming_add(&c->incoming, bytes, len);
    if (!ss_incoming_is_due(&c->incoming)) return;
    c->is_busy = 1;
    ss_staging_begin(d, c->message, &c->charged, staged, c);
}

static void answered(void *self, const ss_accepted_t *answer)
{
    ss_smtp_listener_client_t *c = self;

    release_charge(c);
    if (answer->refused)
        refuse(c, answer);
    else
        ss_server_answer(c->server, 250, "2.0.0", "Ok: queued as %s", answer->id);
    c->is_busy = 0;
    ss_smtp_listener_answered(c);
}

static void refuse_content(ss_smtp_listener_client_t *c, const ss_mail_problem_t *problem)
{
    if (problem->status == 413)
        ss_server_answer(c->server, 552, "5.3.4", "%s", problem->detail);
    else if (problem->status == 503)
        ss_server_answer(c->server, 451, "4.3.0", "%s", problem->detail);
    else
        ss_server_answer(c->server, 554, "5.6.0", "%s", problem->detail);
    ss_smtp_transaction_reset(c);
}

/* The message is made, or it cannot be. */
static void made(void *self, const ss_mail_problem_t *problem)
{
    ss_smtp_listener_client_t *c = self;
    ss_message_t *m = c->message;

    if (problem) {
        refuse_content(c, problem);
        c->is_busy = 0;
        ss_smtp_listener_answered(c);
        return;
    }
    m->attr.submitter = SUBMITTER;
    m->attr.door = "smtp";
    m->attr.uid = -1;
    forget_content(c);
    ss_accept_message(c->relay, m, answered, c);
}

void ss_smtp_transaction_end(ss_smtp_listener_client_t *c)
{
    if (c->is_dropped) {
        ss_server_answer(c->server, 452, "4.3.1", "too much mail is coming in at once");
        ss_smtp_transaction_reset(c);
    } else if (!c->incoming.got) {
        ss_server_answer(c->server, 554, "5.6.0", "the message is empty");
        ss_smtp_transaction_reset(c);
    } else {
        c->is_busy = 1;
        ss_incoming_end(&c->incoming, made, c);
    }
}
