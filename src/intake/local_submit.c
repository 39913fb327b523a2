/* local_submit.c: one message in a request; several are local_many.c's. See local_submit.h. */
#include "intake/local_submit.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "base/random.h"
#include "base/text.h"
#include "delivery/relay.h"
#include "intake/local_compose.h"
#include "intake/local_many.h"
#include "intake/local_message.h"
#include "intake/staging.h"
#include "mail/address.h"
#include "wire/frame.h"

#define ANSWER_MAX 512 /* octets of an answer's header */
#define ANSWERS_AT_ONCE 500

struct ss_local_submit_t {
    ss_intake_t *intake;
    ss_request_t *req;
    void (*more)(ss_request_t *req);
    apr_size_t charged; /* its content in intake->bytes */
    ss_relay_t *relay;
    ss_message_t *message;      /* NULL: given to the queue */
    ss_incoming_t *composing;   /* makes the message of the content; in its pool; or NULL */
    ss_local_many_t *many;      /* several messages instead of one */
    ss_canonical_check_t check; /* of content that is stored as it comes */
    int is_last;                /* all content has come */
    ss_buf_t held;              /* content that came before the many were made */
    json_t *answers;            /* of the many */
    char *text;
};

int ss_local_submit_is_verb(const char *verb)
{
    return !strcmp(verb, "submit") || !strcmp(verb, "submitMany");
}

apr_size_t ss_local_submit_charged(const ss_local_submit_t *submit)
{
    return submit->charged;
}

void ss_local_submit_free(ss_local_submit_t *submit)
{
    if (submit->message) ss_staging_drop(submit->intake, submit->message);
    if (submit->many) ss_local_many_free(submit->many);
    ss_intake_discharge(submit->intake, &submit->charged, submit->charged);
    ss_buf_free(&submit->held);
    free(submit);
}

static void refuse(ss_local_submit_t *submit, const ss_local_refusal_t *no)
{
    /* The field's name may be in the message's pool: the message goes last. */
    ss_request_refuse(submit->req, no->kind, no->retry_after, no->field, "%s", no->detail);
    ss_local_submit_free(submit);
}

/* The problem may live in the message's pool. */
static void refuse_mail(ss_local_submit_t *submit, const ss_mail_problem_t *problem)
{
    ss_local_refusal_t no;
    int kind = ss_mail_problem_kind(problem);

    ss_local_header_refuse(&no, kind, ss_problem_kind_status(kind) == 503 ? 5 : 0, problem->field,
                           "%s", problem->detail);
    refuse(submit, &no);
}

static void refuse_accept(ss_local_submit_t *submit, const ss_accept_answer_t *answer)
{
    ss_local_refusal_t no;

    ss_local_message_refuse(&no, answer);
    refuse(submit, &no);
}

/* ---- into the queue ---- */

static void answered(void *self, const ss_accept_answer_t *answer)
{
    ss_local_submit_t *submit = self;
    ss_request_t *req = submit->req;
    ss_object_t fields;
    ss_buf_t out;

    if (answer->refusal) {
        refuse_accept(submit, answer);
        return;
    }
    ss_local_submit_free(submit);
    ss_buf_init(&out, ANSWER_MAX);
    ss_object_begin(&fields, &out);
    ss_object_number(&fields, "status", answer->is_repeated || answer->is_dry_run ? 200 : 202);
    ss_object_flag(&fields, "dryRun", answer->is_dry_run);
    if (!answer->is_dry_run) {
        ss_object_text(&fields, "id", answer->id);
        ss_object_text(&fields, "state", "queued");
    }
    ss_object_number(&fields, "recipients", answer->rcpt_count);
    ss_object_flag(&fields, "paused", answer->is_paused);
    req->ops->answer(req, ss_object_end(&fields) == APR_SUCCESS ? ss_buf_text(&out) : NULL, NULL,
                     0);
    ss_buf_free(&out);
}

static void accept_message(ss_local_submit_t *submit)
{
    ss_message_t *m = submit->message;

    submit->message = NULL;
    ss_accept_message(submit->intake, submit->relay, m, answered, submit);
}

static void composed(void *self, const ss_mail_problem_t *problem)
{
    ss_local_submit_t *submit = self;

    if (problem) {
        refuse_mail(submit, problem);
        return;
    }
    ss_incoming_clear(submit->composing);
    accept_message(submit);
}

/* ---- content ---- */

static void part_taken(ss_local_submit_t *submit)
{
    if (!submit->is_last)
        submit->more(submit->req);
    else if (submit->composing)
        ss_incoming_end(submit->composing, composed, submit);
    else
        accept_message(submit);
}

static void staged(void *self, const ss_result_t *failed)
{
    ss_local_submit_t *submit = self;
    ss_local_refusal_t no;

    if (!submit->req->has_left && !failed) {
        part_taken(submit);
        return;
    }
    ss_local_header_refuse(&no, 503, 5, NULL, "%s", failed ? failed->text : "the client left");
    refuse(submit, &no);
}

/* The last part of a composed message may not be all of it: ss_incoming_end stages the rest. */
static int must_stage(const ss_local_submit_t *submit)
{
    return submit->composing ? !submit->is_last && ss_incoming_is_due(submit->composing)
                             : ss_staging_is_due(submit->message);
}

static void take_part(ss_local_submit_t *submit, const char *bytes, apr_size_t len)
{
    ss_accept_answer_t answer;

    if (submit->composing) {
        if (ss_incoming_add(submit->composing, bytes, len)) {
            refuse_mail(submit, &submit->composing->problem);
            return;
        }
    } else if (!ss_local_message_part(submit->relay, submit->message, &submit->check, bytes, len,
                                      submit->is_last, &answer)) {
        refuse_accept(submit, &answer);
        return;
    } else {
        ss_intake_charge(submit->intake, &submit->charged, len);
    }
    if (must_stage(submit) && submit->composing)
        ss_incoming_stage(submit->composing, staged, submit);
    else if (must_stage(submit))
        ss_staging_begin(submit->intake, submit->message, &submit->charged, staged, submit);
    else
        part_taken(submit);
}

static void add_to_many(ss_local_submit_t *submit, const char *bytes, apr_size_t len)
{
    ss_local_refusal_t no;

    if (!ss_local_many_part(submit->many, bytes, len)) {
        ss_local_header_refuse(&no, 400, 0, NULL,
                               "the request has more content than its messages' sizes");
        refuse(submit, &no);
    } else if (submit->is_last) {
        ss_local_many_end(submit->many);
    } else {
        submit->more(submit->req);
    }
}

static void many_made(void *self)
{
    ss_local_submit_t *submit = self;
    ss_local_refusal_t no;
    ss_buf_t held = submit->held;

    if (submit->req->has_left) {
        ss_local_header_refuse(&no, 503, 5, NULL, "the client left");
        refuse(submit, &no);
        return;
    }
    ss_buf_init(&submit->held, 0);
    add_to_many(submit, held.len ? held.data : "", held.len);
    ss_buf_free(&held);
}

static void take_part_of_many(ss_local_submit_t *submit, const char *bytes, apr_size_t len)
{
    ss_local_refusal_t no;

    ss_intake_charge(submit->intake, &submit->charged, len);
    if (ss_local_many_make(submit->many, many_made)) {
        add_to_many(submit, bytes, len);
    } else if (ss_buf_append(&submit->held, bytes, len) != APR_SUCCESS) {
        ss_local_header_refuse(&no, 503, 5, NULL, "there is not enough memory");
        refuse(submit, &no);
    }
}

void ss_local_submit_part(ss_local_submit_t *submit, const char *bytes, apr_size_t len, int is_last)
{
    submit->is_last = is_last;
    if (submit->many)
        take_part_of_many(submit, bytes, len);
    else
        take_part(submit, bytes, len);
}

/* ---- the beginning ---- */

/* The answers to many: a computing thread writes them, since 10,000 take a while. */
static void write_answers(void *self)
{
    ss_local_submit_t *submit = self;

    submit->text = json_dumps(submit->answers, JSON_COMPACT);
    json_decref(submit->answers);
}

static void answer_many(void *self)
{
    ss_local_submit_t *submit = self;
    ss_request_t *req = submit->req;
    char *text = submit->text;

    ss_local_submit_free(submit);
    ss_request_answer(req, text ? 200 : 500, NULL, text, text ? strlen(text) : 0);
    free(text);
}

static void many_done(void *self, json_t *answers)
{
    ss_local_submit_t *submit = self;

    submit->answers = answers;
    if (json_array_size(answers) > ANSWERS_AT_ONCE &&
        ss_loop_compute(submit->intake->loop, write_answers, answer_many, submit) == APR_SUCCESS)
        return;
    write_answers(submit);
    answer_many(submit);
}

ss_local_submit_t *ss_local_submit_begin(ss_intake_t *intake, ss_request_t *req, const char *verb,
                                         const json_t *header, void (*more)(ss_request_t *req))
{
    const ss_local_client_id_t client = { req->uid, req->is_trusted };
    ss_mail_problem_t problem = { .status = 0 };
    ss_local_refusal_t no;
    ss_local_submit_t *submit = calloc(1, sizeof(*submit));

    if (!submit) {
        ss_request_refuse(req, 503, 5, NULL, "out of memory");
        return NULL;
    }
    submit->intake = intake;
    submit->req = req;
    ss_buf_init(&submit->held, SS_FRAME_CONTENT_MAX);
    submit->more = more;
    if (!strcmp(verb, "submitMany")) {
        submit->many = ss_local_many_begin(intake, header, client, many_done, submit, &no);
    } else {
        submit->message = ss_local_message_make(intake, header, client, &submit->relay, &no);
    }
    if (!submit->many && !submit->message) {
        refuse(submit, &no);
        return NULL;
    }
    if (submit->message &&
        ss_local_compose_is_needed(header, client, submit->relay, submit->message)) {
        submit->composing = ss_local_compose(intake, header, client, submit->relay, submit->message,
                                             &submit->charged, &problem);
        if (!submit->composing) {
            refuse_mail(submit, &problem);
            return NULL;
        }
    }
    return submit;
}

/* ---- the test message ---- */

#define SUBJECT "Test message of mod_smtp_send"

static const char *content_of(const ss_relay_t *relay, const char *from, const char *to,
                              const char *domain, apr_pool_t *pool)
{
    return apr_psprintf(
        pool,
        "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: " SUBJECT "\r\n"
        "Message-ID: <%" APR_TIME_T_FMT ".%u@%s>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\nAuto-Submitted: auto-generated\r\n\r\n"
        "This message was sent from the connection test page of mod_smtp_send on %s,\r\n"
        "through its relay \"%s\". Its arrival shows that mail flows.\r\n",
        ss_text_time_mail(pool, ss_wall_now()), from, to, ss_wall_now(), (unsigned)ss_random_32(),
        domain, domain, relay->name);
}

void ss_local_submit_test(ss_intake_t *intake, ss_request_t *req, const json_t *header)
{
    const char *to = ss_json_text(header, "to");
    const char *from = ss_json_text(header, "from");
    const char *server = ss_json_text(header, "server");
    const char *why = NULL;
    const ss_relay_t *relay =
        server ? ss_relay_find(intake->delivery, server) : ss_relay_at(intake->delivery, 0);
    apr_pool_t *pool;

    apr_pool_create(&pool, intake->pool);
    to = ss_address_normal(to, 0, &why, pool);
    int is_bad = !relay || !to;
    if (!is_bad && from && *from) {
        from = ss_address_normal(from, 0, &why, pool);
        is_bad = !from;
    }
    if (is_bad) {
        ss_request_refuse(req, relay ? 400 : 404, 0, "to",
                          relay ? "a test message needs to=ADDRESS: %s" : "no such relay%s",
                          relay ? why : "");
        apr_pool_destroy(pool);
        return;
    }
    const char *domain =
        relay->settings->default_domain ? relay->settings->default_domain : relay->settings->helo;
    if (!from) from = apr_psprintf(pool, "smtp-send-test@%s", domain);
    const char *content = content_of(relay, from, to, domain, pool);
    json_t *submission = json_pack("{s:s,s:s,s:[s],s:s,s:s}", "do", "submit", "from", from, "to",
                                   to, "door", "test", "server", relay->name);
    ss_json_put(submission, "redirect", ss_json_text(header, "redirect"));
    const char *who = ss_json_text(header, "who");
    ss_json_put(submission, "submitter", apr_pstrcat(pool, "test:", who ? who : "", NULL));
    ss_local_submit_t *submit = ss_local_submit_begin(intake, req, "submit", submission, NULL);
    if (submit) ss_local_submit_part(submit, content, strlen(content), 1);
    json_decref(submission);
    apr_pool_destroy(pool);
}
