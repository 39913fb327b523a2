#include "intake/smtp_envelope.h"

#include <apr_strings.h>

#include "base/problem_kind.h"
#include "delivery/relay.h"
#include "intake/local_message.h"
#include "mail/address.h"
#include "mail/mail.h"

ss_server_options_t ss_smtp_envelope_options(const ss_intake_t *intake)
{
    const char *host = ss_relay_at(intake->delivery, 0)->settings->helo;
    ss_server_options_t options = { .host = host ? host : "localhost",
                                    .max_rcpts = SS_MAIL_RECIPIENTS_MAX };

    for (int i = 0; i < ss_relay_count(intake->delivery); i++) {
        apr_int64_t size = ss_relay_at(intake->delivery, i)->settings->max_message_size;
        if (size > options.max_size) options.max_size = size;
    }
    return options;
}

ss_relay_t *ss_smtp_envelope_relay(const ss_intake_t *intake, const char *from, apr_int64_t size,
                                   ss_accept_answer_t *answer)
{
    ss_relay_t *relay = ss_accept_relay(intake, from, ss_relay_at(intake->delivery, 0));

    if (!ss_accept_may(intake, relay, answer)) return NULL;
    if (size <= relay->settings->max_message_size) return relay;
    answer->refusal = SS_ACCEPT_SIZE;
    apr_snprintf(answer->detail, sizeof(answer->detail),
                 "larger than %" APR_INT64_T_FMT " bytes (SMTPSendMaxMessageSize)",
                 relay->settings->max_message_size);
    return NULL;
}

const char *ss_smtp_envelope_address(const ss_relay_t *relay, const char *address, const char **why,
                                     apr_pool_t *pool)
{
    const char *full =
        ss_address_with_domain(apr_pstrdup(pool, address), relay->settings->default_domain, pool);

    return ss_address_normal(full, 0, why, pool);
}

/* Whether the address in the field may be used; else the request is refused. */
static int check(ss_request_t *req, const ss_relay_t *relay, const char *field, const char *address,
                 apr_pool_t *pool)
{
    const char *why = NULL;

    if (ss_smtp_envelope_address(relay, address, &why, pool)) return 1;
    ss_request_refuse(req, SS_PROBLEM_ADDRESS, 0, field, "<%s>: %s", address, why);
    return 0;
}

void ss_smtp_envelope_verify(ss_intake_t *intake, ss_request_t *req, const json_t *header)
{
    const ss_server_options_t options = ss_smtp_envelope_options(intake);
    const char *from = ss_json_text(header, "from"), *to = ss_json_text(header, "to");
    ss_accept_answer_t answer;
    ss_local_refusal_t no;
    apr_pool_t *pool;
    int is_fine = 1;

    if (from) {
        const ss_relay_t *relay =
            ss_smtp_envelope_relay(intake, from, ss_json_number(header, "size"), &answer);
        if (!relay) {
            ss_local_message_refuse(&no, &answer);
            ss_request_refuse(req, no.kind, no.retry_after, no.field, "%s", no.detail);
            return;
        }
        apr_pool_create(&pool, intake->pool);
        is_fine = (!*from || check(req, relay, "from", from, pool)) &&
                  (!to || check(req, relay, "to", to, pool));
        apr_pool_destroy(pool);
    }
    if (is_fine)
        ss_request_answer(
            req, 200,
            json_pack("{s:s,s:I}", "host", options.host, "maxSize", (json_int_t)options.max_size),
            NULL, 0);
}
