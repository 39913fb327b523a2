/* test_handler.c: smtp-send-test: has the daemon run the connection test (GET) or send a test
 * message (POST), and shows the result, at the end or step by step. */
#include "web/test/test.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/module.h"
#include "web/shared/body.h"
#include "web/shared/csrf.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/place.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"
#include "web/shared/waiting.h"

#define FORM_MAX 16384
#define WAIT_MAX (120 * APR_USEC_PER_SEC)
/* after the test's own deadline, for the answer to arrive */
#define GRACE (10 * APR_USEC_PER_SEC)
/* a person is waiting: report a missing daemon soon */
#define CONNECT_WAIT (2 * APR_USEC_PER_SEC)

typedef enum { FORM_TEXT, FORM_JSON, FORM_HTML } form_t;

typedef struct {
    request_rec *r;
    const ss_settings_t *relay;
    ss_params_t query;
    form_t form;
    int is_stream, is_begun;
    ss_peer_t *peer;
    ss_rpc_answer_t answer;
    ss_mono_t deadline;
    ss_test_page_t page;
} test_t;

static form_t form_of(const request_rec *r, const ss_params_t *query)
{
    static const char *const offers[] = { "text/plain", "application/json", "text/html" };
    const char *format = ss_params_get(query, "format");

    if (format && !strcmp(format, "json")) return FORM_JSON;
    if (format && !strcmp(format, "html")) return FORM_HTML;
    if (format || ss_params_get(query, "download")) return FORM_TEXT;
    return (form_t)ss_http_prefers(r, offers, 3);
}

static const char *type_of(form_t form, int is_stream)
{
    if (form == FORM_JSON) return is_stream ? "application/x-ndjson" : "application/json";
    return form == FORM_HTML ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

/* ---- the request ---- */

static const char *request_of(const test_t *t)
{
    json_t *header = json_pack("{s:s,s:o,s:s,s:b,s:b,s:b,s:b}", "do", "test", "server",
                               ss_json_string(t->relay->relay_name), "format",
                               t->form == FORM_TEXT ? "text" : "json", "page", t->form == FORM_HTML,
                               "probe", ss_params_flag(&t->query, "probe", 1), "mask",
                               ss_params_flag(&t->query, "mask", 0), "stream", t->is_stream);
    const char *from = ss_params_get(&t->query, "from"), *to = ss_params_get(&t->query, "to");

    /* Empty fields of the form mean: not given. An empty sender with a recipient is <>. */
    if (to && *to) ss_json_put(header, "to", to);
    if (from && (*from || (to && *to))) ss_json_put(header, "from", strcmp(from, "<>") ? from : "");
    return ss_json_print(header, t->r->pool);
}

static void begin_stream(test_t *t)
{
    if (t->is_begun) return;
    t->is_begun = 1;
    if (t->form == FORM_HTML)
        ss_test_page_begin(t->r, t->relay, HTTP_OK);
    else
        ap_set_content_type(t->r, type_of(t->form, 1));
    ap_rflush(t->r);
}

/* A server's replies are in it: as JSON, control characters are escapes. */
static void write_step(const test_t *t, const char *bytes, apr_size_t len)
{
    if (t->form == FORM_JSON) {
        bytes = ss_text_visible(t->r->pool, bytes, len, SS_TEXT_JSON);
        len = strlen(bytes);
    }
    ap_rwrite(bytes, (int)len, t->r);
}

static apr_status_t on_step(void *self, const char *bytes, apr_size_t len)
{
    test_t *t = self;

    begin_stream(t);
    if (t->form == FORM_HTML)
        ss_test_page_step(t->r, &t->page, bytes, len);
    else
        write_step(t, bytes, len);
    /* A client that has left ends the test: the daemon sees the socket close. */
    return ap_rflush(t->r) < 0 || t->r->connection->aborted ? APR_ECONNABORTED : APR_SUCCESS;
}

/* Sends the request and receives the answer. NULL, or why that failed. */
static const char *run(test_t *t)
{
    ss_result_t result = { 0 };
    const char *header = request_of(t), *trouble;
    ss_rpc_wait_t wait = { .is_wanted = ss_http_is_wanted, .self = t->r, .asked = ss_mono_now() };
    apr_status_t rv = ss_peer_open(&t->peer, ss_module_globals()->socket_path, ss_module_instance(),
                                   CONNECT_WAIT, &result, t->r->pool);
    if (rv == APR_SUCCESS) ss_peer_set_wanted(t->peer, ss_rpc_goes_on, &wait);
    if (rv == APR_SUCCESS) rv = ss_peer_send(t->peer, header, strlen(header), NULL, 0, t->deadline);
    if (rv == APR_SUCCESS)
        rv = ss_peer_receive(t->peer, &t->answer.raw, on_step, t, t->deadline, t->r->pool);
    if (rv == APR_SUCCESS && ss_rpc_read(t->r->pool, &t->answer)) return NULL;
    trouble = rv == APR_ECONNRESET || rv == APR_TIMEUP ? ss_rpc_trouble(&wait, t->r->pool) : NULL;
    if (trouble) return trouble;
    if (ss_result_is_set(&result)) return apr_pstrdup(t->r->pool, result.text);
    if (APR_STATUS_IS_TIMEUP(rv)) return "the delivery daemon did not answer in time";
    if (rv == APR_ECONNABORTED || rv == APR_EOF)
        return "the delivery daemon is restarting: run the test again";
    return "the delivery daemon's answer could not be read: see the error log";
}

/* ---- the answer ---- */

static int is_document(const test_t *t)
{
    int status = t->answer.raw.status;

    return t->answer.raw.content_len &&
           (status == 200 || status == 502 || status == 503 || status == 504);
}

/* The test did not run. The text looks like a report, so that its first line says enough. */
static int not_run(test_t *t, int status, const char *why)
{
    const char *safe = ss_text_utf8(t->r->pool, why, strlen(why));
    const char *text =
        apr_pstrcat(t->r->pool, "Connection Test Results: FAILED at config\n\n[FAIL] config  ",
                    safe, "\n", NULL);

    if (status == 503 || status == 429) apr_table_setn(t->r->headers_out, "Retry-After", "5");
    if (t->form == FORM_HTML) {
        if (!t->is_begun) ss_test_page_begin(t->r, t->relay, status);
        ss_test_page_end(t->r, &t->page, &t->query, NULL, text, safe);
        return OK;
    }
    if (t->is_begun) {
        ap_rputs(t->form == FORM_JSON ? "{\"result\":\"failed\",\"failedStep\":\"config\"}\n"
                                      : text,
                 t->r);
        return OK;
    }
    if (t->form == FORM_JSON) return ss_problem(t->r, status, NULL, "%s", why);
    return ss_http_text(t->r, status, type_of(FORM_TEXT, 0), text, strlen(text));
}

static void offer_download(test_t *t)
{
    apr_time_exp_t now;
    char name[64];
    apr_size_t len;

    apr_time_exp_gmt(&now, t->r->request_time);
    apr_strftime(name, &len, sizeof(name), "smtp-send-test-%Y%m%d-%H%M%S", &now);
    apr_table_setn(t->r->headers_out, "Content-Disposition",
                   apr_psprintf(t->r->pool, "attachment; filename=\"%s.%s\"", name,
                                t->form == FORM_JSON ? "json" : "txt"));
}

static int answer_test(test_t *t)
{
    const ss_peer_answer_t *raw = &t->answer.raw;

    if (!is_document(t)) {
        const char *detail = ss_json_text(t->answer.fields, "detail");
        if (raw->status == 400 && !t->is_begun) return ss_rpc_refuse(t->r, t->answer.fields);
        return not_run(t, raw->status >= 400 ? raw->status : 503,
                       detail ? detail : "the delivery daemon did not run the test");
    }
    if (t->form == FORM_HTML) {
        begin_stream(t);
        const json_t *whole = ss_rpc_document(t->r->pool, &t->answer);
        ss_test_page_end(t->r, &t->page, &t->query, json_object_get(whole, "report"),
                         ss_html_member(whole, "text"), NULL);
        return OK;
    }
    if (t->is_stream) {
        begin_stream(t);
        if (t->form == FORM_TEXT) ap_rputs("\n", t->r);
        write_step(t, raw->content, raw->content_len);
        if (raw->content[raw->content_len - 1] != '\n') ap_rputs("\n", t->r);
        return OK;
    }
    if (ss_params_flag(&t->query, "download", 0)) offer_download(t);
    return ss_http_text(t->r, raw->status, type_of(t->form, 0), raw->content, raw->content_len);
}

static int run_test(request_rec *r)
{
    static const char *const known[] = { "from",   "to",       "probe", "mask", "stream",
                                         "format", "download", "asset", NULL };
    test_t t = { .r = r, .relay = ss_module_relay(r->server) };

    if (!ss_body_query(r, &t.query) || ss_html_asset(r, ss_params_get(&t.query, "asset")) ||
        !ss_body_known(r, &t.query, known))
        return OK;
    t.form = form_of(r, &t.query);
    t.is_stream = t.form == FORM_HTML || ss_params_flag(&t.query, "stream", 0);
    t.deadline = ss_mono_add(ss_mono_now(), t.relay->test_timeout + GRACE);
    apr_table_setn(r->headers_out, "Vary", "Accept");
    /* Proxies must not buffer a streamed answer. */
    if (t.is_stream) apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    /* A HEAD request must not log in at the relay. */
    if (r->header_only) return ss_http_text(r, HTTP_OK, type_of(t.form, t.is_stream), "", 0);
    int place = ss_waiting_begin();
    if (place < 0)
        return not_run(&t, HTTP_SERVICE_UNAVAILABLE,
                       "half of httpd's workers are waiting for tests and messages already: try "
                       "again in a few seconds");
    const char *failed = run(&t);
    ss_waiting_end(place);
    return failed ? not_run(&t, HTTP_SERVICE_UNAVAILABLE, failed) : answer_test(&t);
}

/* ---- a test message ---- */

/* Writes the result as a report. Returns the answer's HTTP status. */
static int put_outcome(ss_buf_t *out, const char *to, const json_t *message)
{
    const json_t *rcpt = json_array_get(json_object_get(message, "recipients"), 0);
    const json_t *advice = json_object_get(rcpt, "advice"),
                 *waits = json_object_get(message, "waitsFor");
    const char *state = ss_html_member(rcpt, "state"), *relay = ss_html_member(rcpt, "relay"),
               *reply = ss_html_member(rcpt, "reply");
    int is_sent = !strcmp(state, "sent"), is_failed = !strcmp(state, "failed") ||
                                                      !strcmp(state, "expired") ||
                                                      !strcmp(state, "cancelled");

    ss_buf_printf(out, "Test Message Results: %s\n\nMessage:   %s\nRecipient: %s\nState:     %s\n",
                  is_sent     ? "SENT"
                  : is_failed ? "FAILED"
                              : "NOT SENT YET",
                  ss_html_member(message, "id"), to, *state ? state : "unknown");
    if (*relay) ss_buf_printf(out, "Relay:     %s\n", relay);
    if (*reply) ss_buf_printf(out, "Reply:     %s\n", reply);
    if (ss_json_is(message, "paused"))
        ss_buf_puts(out, "\nSending is paused: the message is sent after a resume.\n");
    else if (waits && !is_sent && !is_failed)
        ss_buf_printf(out, "\nThe message is waiting, because the relay is %s: %s\n",
                      ss_html_member(waits, "relayState"), ss_html_member(waits, "cause"));
    if (json_is_object(advice))
        ss_buf_printf(out, "\nWhat to do: %s\n  %s\n", ss_html_member(advice, "title"),
                      ss_html_member(advice, "text"));
    return is_sent ? HTTP_OK : is_failed ? HTTP_BAD_GATEWAY : HTTP_GATEWAY_TIME_OUT;
}

static apr_interval_time_t wait_of(const ss_params_t *form, const ss_settings_t *relay)
{
    const char *text = ss_params_get(form, "wait");
    apr_interval_time_t wait = relay->test_timeout;

    if (text && ss_text_duration(text, &wait)) return -1;
    return wait < WAIT_MAX ? wait : WAIT_MAX;
}

/* Waits for the result of the queued message and shows it. */
static int follow(request_rec *r, const ss_params_t *form, form_t format, const char *id,
                  const char *to, apr_interval_time_t wait)
{
    ss_rpc_answer_t answer;
    json_t *message = NULL;
    ss_buf_t text;
    int status = HTTP_GATEWAY_TIME_OUT;

    ss_buf_init(&text, SS_FRAME_HEADER_MAX);
    if (ss_waiting_ask(r, ss_rpc_state_request(id), wait, &answer))
        message = ss_rpc_document(r->pool, &answer);
    if (message)
        status = put_outcome(&text, to, message);
    else
        ss_buf_printf(&text,
                      "Test Message Results: NOT SENT YET\n\nMessage:   %s\n\nIts state is not "
                      "known: %s\n",
                      id, answer.why ? answer.why : "no answer");
    if (format == FORM_JSON && message)
        ss_http_json(r, status, "application/json", json_incref(message));
    else if (format == FORM_HTML)
        ss_test_page_message_end(r, form,
                                 status == 200   ? "ok"
                                 : status == 502 ? "bad"
                                                 : "",
                                 ss_buf_text(&text));
    else {
        const char *shown = ss_text_visible(r->pool, text.data, text.len, SS_TEXT_LINES);
        ss_http_text(r, status, type_of(FORM_TEXT, 0), shown, strlen(shown));
    }
    ss_buf_free(&text);
    return OK;
}

static int send_message(request_rec *r)
{
    static const char *const known[] = { "to", "from", "wait", "token", "format", "stream", NULL };
    const ss_settings_t *relay = ss_module_relay(r->server);
    ss_params_t form;

    if (!ss_body_form(r, FORM_MAX, &form) || !ss_body_known(r, &form, known) ||
        !ss_csrf_check(r, &form, ss_http_path(r, 0)))
        return OK;
    const char *to = ss_params_get(&form, "to"), *from = ss_params_get(&form, "from");
    apr_interval_time_t wait = wait_of(&form, relay);
    if (!to || !*to)
        return ss_problem(r, HTTP_BAD_REQUEST, "to", "a test message needs to=ADDRESS");
    if (wait < 0) return ss_problem(r, HTTP_BAD_REQUEST, "wait", "not a duration such as 10s");
    json_t *header = json_pack("{s:s,s:o,s:o,s:o}", "do", "testmail", "server",
                               ss_json_string(relay->relay_name), "to", ss_json_string(to), "who",
                               ss_json_string(ss_http_user(r)));
    if (from && *from) ss_json_put(header, "from", from);
    ss_json_put(header, "redirect", ss_module_policy(r)->redirect);
    ss_rpc_answer_t queued;
    if (!ss_rpc_call(r, header, SS_RPC_TIMEOUT, &queued)) return OK;
    const char *id = ss_html_member(queued.fields, "id");
    form_t format = form_of(r, &form);
    if (format == FORM_HTML) ss_test_page_message_begin(r, relay, id, to);
    return follow(r, &form, format, id, to, wait);
}

int ss_test_handler(request_rec *r)
{
    const char *below = ss_place_below(r);

    if (below && *below)
        return ss_problem(r, HTTP_NOT_FOUND, NULL,
                          "there is nothing here: the connection test has no pages below its own");
    switch (r->method_number) {
    case M_GET: return run_test(r);
    case M_POST: return send_message(r);
    default: return ss_problem_not_allowed(r, "GET, HEAD, POST");
    }
}
