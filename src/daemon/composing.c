/* composing.c: sendmail's submissions. See composing.h. */
#include "daemon/composing.h"

#include <apr_strings.h>
#include <string.h>

#include "base/buf.h"

struct ss_composing_t {
    const ss_relay_t *relay;
    ss_message_t *m;
    ss_mail_message_t *mail;
    ss_buf_t raw;
    unsigned notify;
    int takes_rcpts;
    const char *full_name;
};

int ss_composing_is_wanted(const json_t *header)
{
    return json_is_object(json_object_get(header, "compose"));
}

static apr_status_t free_raw(void *raw)
{
    ss_buf_free(raw);
    return APR_SUCCESS;
}

static int read_rcpts(ss_composing_t *c, const json_t *to, ss_mail_problem_t *problem)
{
    const char *domain = c->relay->settings->default_domain;
    const json_t *row;
    size_t i;

    json_array_foreach(to, i, row) {
        if (!json_is_string(row)) {
            ss_mail_problem(problem, 400, "to", "recipient %d is no text", (int)i + 1);
            return -1;
        }
        if (ss_draft_rcpt(c->mail, json_string_value(row), c->notify, domain, problem)) return -1;
    }
    if (c->mail->rcpts->nelts || c->takes_rcpts) return 0;
    ss_mail_problem(problem, 400, "to", "a message needs a recipient");
    return -1;
}

ss_composing_t *ss_composing_begin(const ss_relay_t *relay, ss_message_t *m, const json_t *header, ss_mail_problem_t *problem)
{
    const json_t *compose = json_object_get(header, "compose");
    const char *from = json_string_value(json_object_get(header, "from")), *name = json_string_value(json_object_get(compose, "fullName"));
    ss_composing_t *c = apr_pcalloc(m->pool, sizeof(*c));

    c->relay = relay;
    c->m = m;
    c->mail = ss_mail_create(m->pool);
    c->takes_rcpts = json_is_true(json_object_get(compose, "takesRcpts"));
    c->full_name = name ? apr_pstrdup(m->pool, name) : NULL;
    c->notify = (unsigned)json_integer_value(json_object_get(header, "notify"));
    ss_buf_init(&c->raw, (apr_size_t)relay->settings->max_message_size);
    apr_pool_cleanup_register(m->pool, &c->raw, free_raw, apr_pool_cleanup_null);
    if (from && ss_draft_from(c->mail, from, relay->settings->default_domain, problem)) return NULL;
    return read_rcpts(c, json_object_get(header, "to"), problem) ? NULL : c;
}

int ss_composing_part(ss_composing_t *c, const char *bytes, apr_size_t len, ss_mail_problem_t *problem)
{
    if (ss_buf_append(&c->raw, bytes, len) == APR_SUCCESS) return 0;
    ss_mail_problem(problem, 413, NULL, "the message is larger than SMTPSendMaxMessageSize, %" APR_SIZE_T_FMT " bytes", c->raw.max);
    return -1;
}

int ss_composing_end(ss_composing_t *c, ss_mail_problem_t *problem)
{
    ss_draft_t how = { .settings = c->relay->settings, .takes_rcpts = c->takes_rcpts, .full_name = c->full_name, .now = ss_loop_now(c->relay->daemon->loop) };
    ss_accepted_t answer;

    if (!c->raw.len) {
        ss_mail_problem(problem, 400, NULL, "the message is empty");
        return -1;
    }
    if (ss_draft_finish(c->mail, c->raw.data, c->raw.len, &how, problem)) return -1;
    for (int i = 0; c->notify && i < c->mail->rcpts->nelts; i++) APR_ARRAY_IDX(c->mail->rcpts, i, ss_mail_rcpt_t).notify = c->notify;
    if (!ss_draft_take(c->relay, c->m, c->mail, c->raw.data, c->raw.len, &answer)) {
        ss_mail_problem(problem, 413, NULL, "%s", answer.detail);
        return -1;
    }
    ss_buf_free(&c->raw);
    return 0;
}
