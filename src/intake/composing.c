/* composing.c: see composing.h. */
#include "intake/composing.h"

#include <jansson.h>
#include <apr_strings.h>

static apr_status_t release(void *incoming)
{
    ss_incoming_free(incoming);
    return APR_SUCCESS;
}

static int read_rcpts(const ss_relay_t *relay, ss_mail_message_t *mail, const json_t *to,
                      const ss_draft_t *how, ss_mail_problem_t *problem)
{
    const json_t *row;
    size_t i;

    json_array_foreach(to, i, row)
    {
        if (!json_is_string(row)) {
            ss_mail_problem(problem, 400, "to", "recipient %d is not a text", (int)i + 1);
            return -1;
        }
        if (ss_draft_rcpt(mail, json_string_value(row), how->notify,
                          relay->settings->default_domain, problem))
            return -1;
    }
    if (mail->rcpts->nelts || how->takes_rcpts) return 0;
    ss_mail_problem(problem, 400, "to", "a message needs a recipient");
    return -1;
}

ss_incoming_t *ss_composing_begin(ss_intake_t *intake, const ss_relay_t *relay, ss_message_t *m,
                                  const json_t *header, apr_size_t *charged,
                                  ss_mail_problem_t *problem)
{
    const json_t *compose = json_object_get(header, "compose");
    const char *from = json_string_value(json_object_get(header, "from")),
               *name = json_string_value(json_object_get(compose, "fullName"));
    ss_incoming_t *incoming = apr_palloc(m->pool, sizeof(*incoming));
    ss_mail_message_t *mail = ss_mail_create(m->pool);
    ss_draft_t how = { .settings = relay->settings,
                       .takes_rcpts = json_is_true(json_object_get(compose, "takesRcpts")),
                       .full_name = name ? apr_pstrdup(m->pool, name) : NULL,
                       .notify = (unsigned)json_integer_value(json_object_get(header, "notify")) };

    ss_incoming_init(incoming, intake, charged);
    apr_pool_cleanup_register(m->pool, incoming, release, apr_pool_cleanup_null);
    ss_incoming_begin(incoming, relay, m, mail, &how,
                      (apr_size_t)relay->settings->max_message_size);
    if (from && ss_draft_from(mail, from, relay->settings->default_domain, problem)) return NULL;
    return read_rcpts(relay, mail, json_object_get(header, "to"), &how, problem) ? NULL : incoming;
}
