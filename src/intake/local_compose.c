#include "intake/local_compose.h"

#include <apr_strings.h>

#include "base/text.h"
#include "delivery/relay.h"

int ss_local_compose_is_needed(const json_t *header, ss_local_client_id_t client,
                               const ss_relay_t *relay, const ss_message_t *m)
{
    int is_made = client.is_trusted && ss_json_is(header, "asIs");

    return !is_made || ss_local_header_is_composed(header) ||
           (relay->settings->redirect && !m->attr.is_redirected);
}

static apr_status_t release_content(void *incoming)
{
    ss_incoming_free(incoming);
    return APR_SUCCESS;
}

/* The recipients as a person typed them, or an SMTP client, which may say more about each: kept for
 * ss_incoming_end, which reads many of them on a computing thread. */
static int keep_typed(ss_incoming_t *in, const json_t *header, ss_mail_problem_t *problem)
{
    const json_t *row, *to = json_object_get(header, "to");
    const json_t *notifies = json_object_get(header, "notifies");
    const json_t *orcpts = json_object_get(header, "orcpts");
    apr_pool_t *pool = in->message->pool;
    size_t i;

    in->typed = apr_array_make(pool, (int)json_array_size(to), sizeof(ss_mail_rcpt_t));
    json_array_foreach(to, i, row)
    {
        const json_t *own = json_array_get(notifies, i);
        const char *orcpt = json_string_value(json_array_get(orcpts, i));
        if (!json_is_string(row)) {
            ss_mail_problem(problem, 400, "to", "recipient %d is not a text", (int)i + 1);
            return -1;
        }
        if (orcpt && ss_text_has_control(orcpt)) orcpt = NULL;
        APR_ARRAY_PUSH(in->typed, ss_mail_rcpt_t) =
            (ss_mail_rcpt_t){ .address = apr_pstrdup(pool, json_string_value(row)),
                              .orcpt = apr_pstrdup(pool, orcpt),
                              .notify = own ? (unsigned)json_integer_value(own) : in->how.notify };
    }
    if (in->typed->nelts || in->how.takes_rcpts) return 0;
    return ss_mail_problem(problem, 400, "to", "a message needs a recipient");
}

ss_incoming_t *ss_local_compose(ss_intake_t *intake, const json_t *header,
                                ss_local_client_id_t client, const ss_relay_t *relay,
                                ss_message_t *m, apr_size_t *charged, ss_mail_problem_t *problem)
{
    const json_t *typed = json_object_get(header, "compose");
    const char *from = ss_json_text(header, "from"), *name = ss_json_text(typed, "fullName");
    const char *redirect = client.is_trusted ? ss_json_text(header, "redirect") : NULL;
    ss_incoming_t *incoming = apr_palloc(m->pool, sizeof(*incoming));
    ss_mail_message_t *mail = ss_mail_create(m->pool);
    ss_draft_t how = { .settings = relay->settings,
                       .takes_rcpts = ss_json_is(typed, "takesRcpts"),
                       .takes_names = typed != NULL,
                       .full_name = name ? apr_pstrdup(m->pool, name) : NULL,
                       .redirect = redirect ? apr_pstrdup(m->pool, redirect) : NULL,
                       .is_kept = client.is_trusted && json_object_get(header, "restore"),
                       .notify = typed ? (unsigned)ss_json_number(header, "notify") : 0 };

    ss_incoming_init(incoming, intake, charged);
    apr_pool_cleanup_register(m->pool, incoming, release_content, apr_pool_cleanup_null);
    ss_incoming_begin(incoming, relay, m, mail, &how,
                      (apr_size_t)relay->settings->max_message_size);
    incoming->needs_content = !typed;
    mail->attr.requires_tls = m->attr.requires_tls;
    incoming->takes_envelope = !typed;
    if (!typed) return incoming;
    if (from && ss_draft_from(mail, from, relay->settings->default_domain, problem)) return NULL;
    return keep_typed(incoming, header, problem) ? NULL : incoming;
}
