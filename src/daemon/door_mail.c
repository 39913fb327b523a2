/* door_mail.c: a transaction of the SMTP door becomes a message of the queue: the rules of the other doors, said in SMTP. */
#include "daemon/door.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/address.h"
#include "mail/parse.h"
#include "mail/rewrite.h"

#define SUBMITTER "smtp:127.0.0.1"     /* all of this machine's programs share one place in the order */

/* The refusals of accept.c. What is our state and not the message's fault is a 4xx: the client keeps its mail and tries again. */
static const struct { int code; const char *enhanced; } refusals[] = {
    [SS_REFUSED_LEAVING] = { 421, "4.3.2" }, [SS_REFUSED_STORE] = { 451, "4.3.0" }, [SS_REFUSED_OFF] = { 451, "4.3.2" },
    [SS_REFUSED_HOST] = { 451, "4.3.5" }, [SS_REFUSED_FULL] = { 452, "4.3.1" }, [SS_REFUSED_SIZE] = { 552, "5.3.4" },
    [SS_REFUSED_EMPTY] = { 554, "5.6.0" }, [SS_REFUSED_KEY] = { 554, "5.7.0" }
};

static void refuse(ss_door_client_t *c, const ss_accepted_t *answer)
{
    ss_server_answer(c->server, refusals[answer->refused].code, refusals[answer->refused].enhanced, "%s", answer->detail);
}

static void release_charge(ss_door_client_t *c)
{
    c->door->daemon->intake_bytes -= c->charged;
    c->charged = 0;
}

/* The buffer is kept for the next message, unless it grew for a large one. */
static void drop_content(ss_door_client_t *c)
{
    if (c->content.size > sizeof(c->door->bytes) * 2) ss_buf_free(&c->content);
    else ss_buf_clear(&c->content);
    c->is_dropped = 0;
    c->began = 0;
}

void ss_door_reset(ss_door_client_t *c)
{
    if (c->message) apr_pool_destroy(c->message->pool);
    c->message = NULL;
    c->mail = NULL;
    drop_content(c);
    release_charge(c);
}

/* ---- the envelope ---- */

void ss_door_sender(ss_door_client_t *c, const ss_parameter_t *envelope)
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
        ss_server_answer(c->server, 552, "5.3.4", "larger than %" APR_INT64_T_FMT " bytes (SMTPSendMaxMessageSize)", c->relay->settings->max_message_size);
        return;
    }
    ss_message_t *m = ss_accept_begin(c->relay);
    const char *from = ss_address_with_domain(apr_pstrdup(m->pool, envelope->address), c->relay->settings->default_domain, m->pool);
    if (*from && !ss_address_is_valid(from, 0, &why)) {
        ss_server_answer(c->server, 553, "5.1.7", "<%s>: %s", envelope->address, why);
        apr_pool_destroy(m->pool);
        return;
    }
    c->message = m;
    c->mail = ss_mail_create(m->pool);
    c->mail->from = from;
    m->ret = envelope->ret;
    m->envid = envelope->envid ? apr_pstrdup(m->pool, envelope->envid) : NULL;
    ss_server_answer(c->server, 250, "2.1.0", "Ok");
}

void ss_door_recipient(ss_door_client_t *c, const ss_parameter_t *envelope)
{
    ss_mail_message_t *mail = c->mail;
    const char *address = ss_address_with_domain(envelope->address, c->relay->settings->default_domain, mail->pool);
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
        APR_ARRAY_IDX(mail->rcpts, before, ss_mail_rcpt_t).orcpt = apr_pstrdup(mail->pool, envelope->orcpt);
    }
    ss_server_answer(c->server, 250, "2.1.5", "Ok");
}

/* ---- the content ---- */

void ss_door_content(ss_door_client_t *c, const char *bytes, apr_size_t len)
{
    ss_daemon_t *d = c->door->daemon;

    if (!c->began) c->began = ss_loop_now(d->loop);
    if (c->is_dropped) return;
    if (d->intake_bytes + len > SS_DAEMON_INTAKE_MAX || ss_buf_append(&c->content, bytes, len) != APR_SUCCESS) {
        c->is_dropped = 1;
        ss_buf_free(&c->content);
        release_charge(c);
        return;
    }
    c->charged += len;
    d->intake_bytes += len;
}

/* The rules of every door: Bcc goes, missing fields come (programs leave them to the local mail server), aliases and senders as configured. */
static int compose(ss_door_client_t *c, ss_mail_problem_t *problem)
{
    const ss_settings_t *s = c->relay->settings;
    ss_mail_message_t *mail = c->mail;
    ss_parse_options_t options = { .adds_missing = 1, .takes_plain_text = 1, .host = s->helo, .default_domain = s->default_domain,
                                   .now = ss_loop_now(c->door->daemon->loop), .max_size = (apr_size_t)s->max_message_size };

    if (!options.host || *options.host == '[') options.host = s->server_name;
    options.random = (apr_uint64_t)ss_daemon_random() << 32 | ss_daemon_random();
    if (ss_parse_message(mail, c->content.data, c->content.len, &options, problem)) return -1;
    if (mail->received_count > SS_DOOR_RECEIVED_MAX) {
        ss_mail_problem(problem, 400, "Received", "it has come through %d servers: a loop", mail->received_count);
        return -1;
    }
    if (ss_rewrite_alias(mail, s->aliases, s->default_domain, problem)) return -1;
    ss_rewrite_envelope_from(mail, s->envelope_from);
    return ss_rewrite_header_from(mail, s->header_from, problem);
}

static void fill(ss_message_t *m, const ss_mail_message_t *mail)
{
    m->from = mail->from;
    m->rcpt_count = mail->rcpts->nelts;
    m->rcpts = apr_pcalloc(m->pool, sizeof(*m->rcpts) * (apr_size_t)m->rcpt_count);
    for (int i = 0; i < m->rcpt_count; i++) {
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(mail->rcpts, i, ss_mail_rcpt_t);
        m->rcpts[i] = (ss_recipient_t){ .number = i, .address = rcpt->address, .orcpt = rcpt->orcpt, .notify = rcpt->notify, .state = SS_STATE_QUEUED };
    }
    m->subject = mail->subject;
    m->message_id = mail->message_id;
    m->header_from = mail->header_from;
    m->is_8bit = mail->is_8bit;
    m->is_utf8 = mail->is_utf8;
    m->is_auto = mail->is_auto;
    m->requires_tls = mail->requires_tls;
    m->priority = mail->is_bulk ? SS_PRIORITY_BULK : SS_PRIORITY_NORMAL;
    m->submitter = SUBMITTER;
    m->door = "smtp";
    m->uid = -1;
}

static int put_parts(ss_door_client_t *c, ss_accepted_t *answer)
{
    const ss_mail_message_t *mail = c->mail;

    for (apr_size_t at = 0; at < mail->content_len; at += SS_PART_MAX) {
        apr_size_t left = mail->content_len - at;
        if (!ss_accept_part(c->relay, c->message, mail->content + at, left < SS_PART_MAX ? left : SS_PART_MAX, answer)) return 0;
    }
    return 1;
}

static void answered(void *self, const ss_accepted_t *answer)
{
    ss_door_client_t *c = self;

    release_charge(c);
    if (answer->refused) refuse(c, answer);
    else ss_server_answer(c->server, 250, "2.0.0", "Ok: queued as %s", answer->id);
    c->is_busy = 0;
    ss_door_answered(c);
}

void ss_door_end(ss_door_client_t *c)
{
    ss_mail_problem_t problem = { .status = 0 };
    ss_accepted_t answer;

    memset(&answer, 0, sizeof(answer));
    if (c->is_dropped) {
        ss_server_answer(c->server, 452, "4.3.1", "too much mail is coming in at once");
    } else if (!c->content.len) {
        ss_server_answer(c->server, 554, "5.6.0", "the message is empty");
    } else if (compose(c, &problem)) {
        if (problem.status == 413) ss_server_answer(c->server, 552, "5.3.4", "%s", problem.detail);
        else ss_server_answer(c->server, 554, "5.6.0", "%s", problem.detail);
    } else if (!put_parts(c, &answer)) {
        refuse(c, &answer);
    } else {
        ss_message_t *m = c->message;
        fill(m, c->mail);
        c->message = NULL;
        c->mail = NULL;
        drop_content(c);
        c->is_busy = 1;
        ss_accept(c->relay, m, answered, c);
        return;
    }
    ss_door_reset(c);
}
