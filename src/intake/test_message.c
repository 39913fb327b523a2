/* test_message.c: see test_message.h. */
#include "intake/test_message.h"

#include <jansson.h>
#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "delivery/relay.h"
#include "intake/local_submit.h"
#include "mail/address.h"

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

void ss_test_message_submit(ss_intake_t *intake, ss_request_t *req, const json_t *header)
{
    const char *to = json_string_value(json_object_get(header, "to"));
    const char *from = json_string_value(json_object_get(header, "from"));
    const char *server = json_string_value(json_object_get(header, "server"));
    const char *why = NULL;
    const ss_relay_t *relay =
        server ? ss_relay_find(intake->delivery, server) : ss_relay_at(intake->delivery, 0);
    apr_pool_t *pool;

    if (!relay || !to || !ss_address_is_valid(to, 0, &why) ||
        (from && *from && !ss_address_is_valid(from, 0, &why))) {
        ss_request_refuse(req, relay ? 400 : 404, 0, "to",
                          relay ? "a test message needs to=ADDRESS: %s" : "no such relay%s",
                          relay ? (why ? why : "missing") : "");
        return;
    }
    apr_pool_create(&pool, intake->pool);
    const char *domain =
        relay->settings->default_domain ? relay->settings->default_domain : relay->settings->helo;
    if (!from) from = apr_psprintf(pool, "smtp-send-test@%s", domain);
    const char *content = content_of(relay, from, to, domain, pool);
    json_t *submission =
        json_pack("{s:s,s:s,s:[s],s:s,s:s,s:s}", "do", "submit", "from", from, "to", to, "door",
                  "test", "server", relay->name, "subject", SUBJECT);
    json_object_set(submission, "submitter", json_object_get(header, "who"));
    ss_local_submit_t *submit = ss_local_submit_begin(intake, req, "submit", submission, NULL);
    if (submit) ss_local_submit_part(submit, content, strlen(content), 1);
    json_decref(submission);
    apr_pool_destroy(pool);
}
