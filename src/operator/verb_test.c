#include "operator/verb.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/address.h"
#include "net/probe.h"
#include "smtp/advice.h"

#define TESTS_MAX 4 /* at once; further ones get 429 */

typedef struct {
    ss_request_t *req;
    ss_operator_t *context;
    ss_probe_t *probe;
    int is_json, is_masked, is_stream;
    /* JSON for our own page: with each step its advice as text and the next step, the plain text at
     * the end */
    int is_page;
    apr_pool_t *pool;
} testing_t;

static void end(testing_t *t)
{
    t->context->tests--;
    apr_pool_destroy(t->pool);
}

static void put_page_step(testing_t *t, const ss_probe_report_step_t *step)
{
    const ss_advice_t *advice = step->advice ? ss_advice_find(step->advice) : NULL;
    json_t *piece = json_loads(ss_probe_report_step_json(step, t->is_masked, t->pool), 0, NULL);

    if (advice) {
        json_object_set_new(piece, "advice",
                            json_pack("{s:s,s:s,s:s,s:s}", "code", advice->id, "title",
                                      advice->title, "meaning",
                                      advice->meaning ? advice->meaning : "", "text",
                                      advice->remedy ? advice->remedy : ""));
    }
    ss_json_put(piece, "next", step->next);
    const char *text = apr_pstrcat(t->pool, ss_json_print(piece, t->pool), "\n", NULL);
    t->req->ops->step(t->req, text, strlen(text));
}

static void on_step(void *self, const ss_probe_report_t *report, const ss_probe_report_step_t *step)
{
    testing_t *t = self;
    const char *text;

    (void)report;
    if (!t->is_stream) return;
    if (t->is_page) {
        put_page_step(t, step);
        return;
    }
    text = t->is_json ? apr_pstrcat(t->pool, ss_probe_report_step_json(step, t->is_masked, t->pool),
                                    "\n", NULL)
                      : ss_probe_report_step_text(step, t->is_masked, t->pool);
    t->req->ops->step(t->req, text, strlen(text));
}

static void on_end(void *self, ss_probe_report_t *report)
{
    testing_t *t = self;
    const char *text = t->is_json ? ss_probe_report_json(report, t->is_masked, t->pool)
                                  : ss_probe_report_text(report, t->is_masked, t->pool);

    if (t->is_page) {
        text = ss_json_print(json_pack("{s:o,s:s}", "report", json_loads(text, 0, NULL), "text",
                                       ss_probe_report_text(report, t->is_masked, t->pool)),
                             t->pool);
        if (!text) text = "{}";
    }
    ss_request_answer(t->req, report->http_status,
                      json_pack("{s:s?}", "failedStep", report->failed_step), text, strlen(text));
    apr_pool_destroy(report->pool);
    end(t);
}

static void left(ss_request_t *req)
{
    testing_t *t = req->work;

    ss_probe_cancel(t->probe);
    end(t);
    /* Nothing else uses the request: the answer frees it. */
    ss_request_answer(req, 499, NULL, NULL, 0);
}

static const char *address_of(ss_request_t *req, const char *name, apr_pool_t *pool, int *bad)
{
    const char *value = ss_json_text(req->header, name), *why = NULL;

    if (!value) return NULL;
    if (!*value && !strcmp(name, "from")) return "";
    const char *address = ss_address_normal(value, 0, &why, pool);
    if (!address) {
        ss_request_refuse(req, 400, 0, name, "%s is not an address: %s", name,
                          why ? why : "it is malformed");
        *bad = 1;
        return NULL;
    }
    return apr_pstrdup(pool, address);
}

void ss_verb_test(ss_operator_t *o, ss_request_t *req)
{
    const json_t *header = req->header;
    const char *server = ss_json_text(header, "server"), *format = ss_json_text(header, "format");
    ss_relay_t *relay = server ? ss_relay_find(o->delivery, server) : ss_relay_at(o->delivery, 0);
    apr_pool_t *pool;
    int bad = 0;

    if (!relay) {
        ss_request_refuse(req, 404, 0, "relay", "no relay is called \"%s\"", server);
        return;
    }
    if (o->tests >= TESTS_MAX) {
        ss_request_refuse(req, 429, 10, NULL, "%d connection tests are running already", TESTS_MAX);
        return;
    }
    apr_pool_create(&pool, o->pool);
    testing_t *t = apr_pcalloc(pool, sizeof(*t));
    *t = (testing_t){ .req = req,
                      .context = o,
                      .pool = pool,
                      .is_json = format && !strcmp(format, "json"),
                      .is_masked = ss_json_is(header, "mask"),
                      .is_stream = ss_json_is(header, "stream") };
    t->is_page = t->is_json && t->is_stream && ss_json_is(header, "page");
    const json_t *probe = json_object_get(header, "probe");
    ss_probe_options_t options = { .settings = relay->settings,
                                   .secret = relay->secret,
                                   .secret_state = ss_relay_secret_state(relay),
                                   .looks_further = probe ? json_is_true(probe) : 1 };
    options.from = address_of(req, "from", pool, &bad);
    if (!bad) options.to = address_of(req, "to", pool, &bad);
    if (bad) {
        apr_pool_destroy(pool);
        return;
    }
    ss_probe_owner_t owner = { on_step, on_end, t };
    o->tests++;
    req->work = t;
    req->left = left;
    t->probe = ss_probe_start(o->loop, &options, &owner);
}
