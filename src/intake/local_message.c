#include "intake/local_message.h"

#include <apr_strings.h>

#include "delivery/relay.h"

/* The refusals of accept.c in terms of HTTP. */
static const struct {
    int kind, retry_after;
    const char *field;
} refusals[] = { [SS_ACCEPT_LEAVING] = { SS_PROBLEM_UNAVAILABLE, 5, NULL },
                 [SS_ACCEPT_STORE] = { SS_PROBLEM_QUEUE, 5, NULL },
                 [SS_ACCEPT_OFF] = { SS_PROBLEM_ENGINE_OFF, 60, NULL },
                 [SS_ACCEPT_HOST] = { SS_PROBLEM_NO_HOST, 60, NULL },
                 [SS_ACCEPT_FULL] = { SS_PROBLEM_QUEUE_FULL, 60, NULL },
                 [SS_ACCEPT_SIZE] = { SS_PROBLEM_SIZE, 0, NULL },
                 [SS_ACCEPT_EMPTY] = { 400, 0, NULL },
                 [SS_ACCEPT_FORM] = { 400, 0, NULL },
                 [SS_ACCEPT_KEY] = { SS_PROBLEM_KEY_REUSED, 0, "Idempotency-Key" },
                 [SS_ACCEPT_BUSY] = { SS_PROBLEM_KEY_BUSY, 1, "Idempotency-Key" } };

int ss_local_message_refuse(ss_local_refusal_t *no, const ss_accept_answer_t *answer)
{
    return ss_local_header_refuse(no, refusals[answer->refusal].kind,
                                  refusals[answer->refusal].retry_after,
                                  refusals[answer->refusal].field, "%s", answer->detail);
}

/* The relay that the submission names, or the one for its sender, or the virtual host's. */
static ss_relay_t *relay_of(const ss_intake_t *intake, const json_t *header, ss_local_refusal_t *no)
{
    const char *asked = ss_json_text(header, "relay");
    const char *server = ss_json_text(header, "server");
    const char *from = ss_json_text(header, "from");
    const char *name = asked ? asked : server;
    ss_relay_t *relay =
        name ? ss_relay_find(intake->delivery, name) : ss_relay_at(intake->delivery, 0);

    if (!relay)
        ss_local_header_refuse(no, asked ? SS_PROBLEM_RELAY_UNKNOWN : 503,
                               asked ? 0 : refusals[SS_ACCEPT_LEAVING].retry_after, "relay",
                               "no relay is called \"%s\"", name);
    return relay && !asked ? ss_accept_relay(intake, from ? from : "", relay) : relay;
}

static int has_quota(const ss_intake_t *intake, const json_t *header, ss_local_client_id_t client,
                     const ss_message_t *m, ss_local_refusal_t *no)
{
    ss_settings_rate_t rates[SS_QUOTA_RATES_MAX];
    int count = ss_local_header_rates(rates, header, client);
    int wait = count ? ss_quota_take(intake->quota, m->attr.submitter, rates, count,
                                     ss_loop_now(intake->loop))
                     : 0;

    return !wait || ss_local_header_refuse(
                        no, 429, wait, NULL,
                        "%s has submitted more messages than SMTPSendSubmitterRate allows",
                        m->attr.submitter);
}

ss_message_t *ss_local_message_make(ss_intake_t *intake, const json_t *header,
                                    ss_local_client_id_t client, ss_relay_t **relay,
                                    ss_local_refusal_t *no)
{
    ss_accept_answer_t answer;
    const char *restored;

    *relay = relay_of(intake, header, no);
    if (!*relay) return NULL;
    if (!ss_accept_may(intake, *relay, &answer)) {
        ss_local_message_refuse(no, &answer);
        return NULL;
    }
    ss_message_t *m = ss_accept_begin(*relay);
    m->is_dry_run = ss_json_is(header, "dryRun");
    if (ss_local_header_read(m, header, client, no) &&
        (m->is_dry_run || has_quota(intake, header, client, m, no)) &&
        ss_local_header_restore(m, header, client, m->created, &restored, no)) {
        ss_relay_t *other = restored ? ss_relay_find(intake->delivery, restored) : NULL;
        if (other) {
            *relay = other;
            m->relay = restored;
        }
        return m;
    }
    apr_pool_destroy(m->pool);
    return NULL;
}

int ss_local_message_part(const ss_relay_t *relay, ss_message_t *m, ss_canonical_check_t *check,
                          const char *bytes, apr_size_t len, int is_last,
                          ss_accept_answer_t *answer)
{
    if (!ss_accept_part(relay, m, bytes, len, answer)) return 0;
    if (ss_canonical_check(check, bytes, len) && (!is_last || ss_canonical_check_end(check)))
        return 1;
    answer->refusal = SS_ACCEPT_FORM;
    apr_cpystrn(answer->detail,
                "the content is not canonical: lines of at most 998 octets that end with CRLF, "
                "without zero bytes",
                sizeof(answer->detail));
    return 0;
}
