/* test_mail.c: sends a test message and waits for its result. */
#include "web/test/test_mail.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "config/module.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"
#include "web/test/test_page.h"

#define WAIT_MAX (120 * APR_USEC_PER_SEC)

/* The result as a report. status: the answer's HTTP status. */
static const char *outcome_text(request_rec *r, const char *to, const json_t *message, int *status)
{
    const json_t *rcpt = json_array_get(json_object_get(message, "recipients"), 0);
    const json_t *advice = json_object_get(rcpt, "advice"),
                 *waits = json_object_get(message, "waitsFor");
    const char *id = ss_html_member(message, "id"), *state = ss_html_member(rcpt, "state"),
               *reply = ss_html_member(rcpt, "reply");
    int is_sent = !strcmp(state, "sent"), is_failed = !strcmp(state, "failed") ||
                                                      !strcmp(state, "expired") ||
                                                      !strcmp(state, "cancelled");
    const char *text;

    *status = is_sent ? HTTP_OK : is_failed ? HTTP_BAD_GATEWAY : HTTP_GATEWAY_TIME_OUT;
    text = apr_psprintf(r->pool,
                        "Test Message Results: %s\n\nMessage:   %s\nRecipient: %s\nState:     %s\n",
                        is_sent     ? "SENT"
                        : is_failed ? "FAILED"
                                    : "NOT SENT YET",
                        id, to, *state ? state : "unknown");
    if (*ss_html_member(rcpt, "relay"))
        text = apr_pstrcat(r->pool, text, "Relay:     ", ss_html_member(rcpt, "relay"), "\n", NULL);
    if (*reply)
        text = apr_pstrcat(r->pool, text,
                           "Reply:     ", ss_text_utf8(r->pool, reply, strlen(reply)), "\n", NULL);
    if (ss_json_is(message, "paused"))
        text = apr_pstrcat(r->pool, text,
                           "\nSending is paused: the message is sent after a resume.\n", NULL);
    else if (waits && !is_sent && !is_failed)
        text = apr_pstrcat(r->pool, text, "\nThe message is waiting, because the relay is ",
                           ss_html_member(waits, "relayState"), ": ",
                           ss_html_member(waits, "cause"), "\n", NULL);
    if (json_is_object(advice)) {
        text = apr_pstrcat(r->pool, text, "\nWhat to do: ", ss_html_member(advice, "title"), "\n  ",
                           ss_html_member(advice, "text"), "\n", NULL);
    }
    return text;
}

static apr_interval_time_t wait_of(const ss_params_t *form, const ss_settings_t *relay)
{
    const char *text = ss_params_get(form, "wait");
    apr_interval_time_t wait = relay->test_timeout;

    if (text && ss_text_duration(text, &wait)) return -1;
    return wait < WAIT_MAX ? wait : WAIT_MAX;
}

int ss_test_mail_send(request_rec *r, const ss_params_t *form, int as_html, int as_json)
{
    const ss_settings_t *relay = ss_module_relay(r->server);
    const char *to = ss_params_get(form, "to"), *from = ss_params_get(form, "from");
    apr_interval_time_t wait = wait_of(form, relay);
    ss_rpc_answer_t queued, followed;
    int status = 504;

    if (!to || !*to)
        return ss_problem(r, HTTP_BAD_REQUEST, "to", "a test message needs to=ADDRESS");
    if (wait < 0) return ss_problem(r, HTTP_BAD_REQUEST, "wait", "not a duration such as 10s");
    json_t *header = json_pack("{s:s,s:o,s:o,s:o}", "do", "testmail", "server",
                               ss_json_string(relay->relay_name), "to", ss_json_string(to), "who",
                               ss_json_string(ss_http_user(r)));
    if (from && *from) json_object_set_new(header, "from", ss_json_string(from));
    if (!ss_rpc_call(r, header, SS_RPC_TIMEOUT, &queued)) return OK;
    const char *id = ss_html_member(queued.fields, "id");
    if (as_html) ss_test_page_message_begin(r, relay, id, to);

    json_t *message = NULL;
    if (ss_rpc_try(ss_rpc_state_request(id, wait), wait + SS_RPC_TIMEOUT, &followed, r->pool))
        message = ss_rpc_document(r->pool, &followed);
    const char *text = message ? outcome_text(r, to, message, &status)
                               : apr_psprintf(r->pool,
                                              "Test Message Results: NOT SENT YET\n\nMessage:   "
                                              "%s\n\nIts state is not known: %s\n",
                                              id, followed.why ? followed.why : "no answer");
    if (as_json && message)
        return ss_http_json(r, status, "application/json", json_incref(message));
    if (!as_html) return ss_http_text(r, status, "text/plain; charset=utf-8", text, strlen(text));
    ss_test_page_message_end(r, form, status == 200 ? "ok" : status == 502 ? "bad" : "", text);
    return OK;
}
