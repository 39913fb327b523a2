/* status_handler.c: smtp-send-status: finds the requested part and its format. */
#include "web/status/status.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/ident.h"
#include "base/text.h"
#include "config/module.h"
#include "web/shared/body.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/place.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TIMEOUT (10 * APR_USEC_PER_SEC)
#define LIST_LIMIT 100
#define LIST_MAX 1000

typedef enum {
    PART_OVERVIEW,
    PART_HEALTH,
    PART_LIVE,
    PART_READY,
    PART_METRICS,
    PART_QUEUE,
    PART_MESSAGE,
    PART_NONE
} part_t;

/* The part that a path below the handler names. */
static part_t part_named(const char *below)
{
    static const struct {
        const char *path;
        part_t part;
    } parts[] = { { "", PART_OVERVIEW },         { "/health", PART_HEALTH },
                  { "/health/live", PART_LIVE }, { "/health/ready", PART_READY },
                  { "/metrics", PART_METRICS },  { "/queue", PART_QUEUE } };
    static const char message[] = "/message/";

    for (apr_size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strcmp(below, parts[i].path)) return parts[i].part;
    if (!strncmp(below, message, sizeof(message) - 1) &&
        ss_ident_is_valid(below + sizeof(message) - 1))
        return PART_MESSAGE;
    return PART_NONE;
}

/* *cut: so much at the end of the path is the part's. Where it is not known how much that is (the
 * handler is set by a pattern), a part is known by the end of the path, and any other path is the
 * overview's. */
static part_t part_of(request_rec *r, apr_size_t *cut)
{
    const char *below = ss_place_below(r), *path, *p;
    apr_size_t len = strlen(r->uri), slashes = 0;

    while (slashes < len && r->uri[len - 1 - slashes] == '/') slashes++;
    path = apr_pstrmemdup(r->pool, r->uri, len - slashes);
    *cut = 0;
    p = below ? below : *path ? strchr(path + 1, '/') : NULL;
    for (; p; p = strchr(p + 1, '/')) {
        part_t part = part_named(p);
        *cut = strlen(p) + slashes;
        if (below || part != PART_NONE) return part;
    }
    *cut = 0;
    return PART_OVERVIEW;
}

/* ---- for programs ---- */

/* A value on one line. */
static const char *value_of(request_rec *r, const json_t *value)
{
    if (json_is_string(value))
        return ss_text_visible(r->pool, json_string_value(value), json_string_length(value),
                               SS_TEXT_ONE_LINE);
    if (json_is_integer(value))
        return apr_psprintf(r->pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    if (json_is_boolean(value)) return json_is_true(value) ? "1" : "0";
    return "";
}

/* "limitMessages" under the prefix "Queue" becomes "QueueLimitMessages". Objects go one level
 * deeper. */
static void put_lines(request_rec *r, const char *prefix, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        char *key = apr_pstrcat(r->pool, prefix, name, NULL);
        key[strlen(prefix)] = (char)apr_toupper(key[strlen(prefix)]);
        if (json_is_object(value))
            put_lines(r, key, value);
        else if (!json_is_array(value))
            ap_rprintf(r, "%s: %s\n", key, value_of(r, value));
    }
}

/* ?auto: the status as "Key: value" lines, in the format of mod_status?auto. */
static int auto_lines(ss_page_t *page)
{
    request_rec *r = page->r;
    const json_t *relays = json_object_get(page->status, "relays");

    ap_set_content_type(r, "text/plain; charset=utf-8");
    r->status = page->status ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE;
    ap_rprintf(r, "Daemon: %s\n", page->status ? "up" : page->is_hung ? "hung" : "down");
    if (!page->status) {
        ap_rprintf(r, "Reason: %s\n", page->down);
        return OK;
    }
    json_t *reasons = ss_page_reasons(page);
    ap_rprintf(r, "Healthy: %d\n", !json_array_size(reasons));
    json_decref(reasons);
    put_lines(r, "", page->status);
    for (size_t i = 0; i < json_array_size(relays); i++)
        put_lines(r, apr_psprintf(r->pool, "Relay[%d]", (int)i), json_array_get(relays, i));
    return OK;
}

/* GET <page>/health: 200 when mail flows, otherwise 503 with the reasons. */
static int health(ss_page_t *page)
{
    ss_page_gather(page);
    json_t *reasons = ss_page_reasons(page);
    int is_healthy = !json_array_size(reasons);

    return ss_http_json(page->r, is_healthy ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                        "application/json",
                        json_pack("{s:b,s:o}", "healthy", is_healthy, "reasons", reasons));
}

/* GET <page>/health/live: this process answers; the daemon is not asked. */
static int live(const ss_page_t *page)
{
    return ss_http_json(page->r, HTTP_OK, "application/json", json_pack("{s:b}", "live", 1));
}

/* GET <page>/health/ready: 200 when a message would be accepted, whatever becomes of it then. */
static int ready(ss_page_t *page)
{
    json_t *against = json_array();

    ss_page_gather(page);
    json_t *reasons = ss_page_reasons(page);
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        json_t *reason = json_array_get(reasons, i);
        if (ss_text_word_index("daemon queue", ss_html_member(reason, "reason")) >= 0)
            json_array_append(against, reason);
    }
    json_decref(reasons);
    if (page->status && !ss_json_is(page->status, "engine"))
        json_array_append_new(against, json_pack("{s:s,s:s,s:s}", "reason", "off", "level",
                                                 "warning", "detail", "SMTPSendEngine is Off"));
    int is_ready = !json_array_size(against);
    return ss_http_json(page->r, is_ready ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE, "application/json",
                        json_pack("{s:b,s:o}", "ready", is_ready, "reasons", against));
}

/* A label value with backslash, quote and line end escaped. */
static const char *label_of(apr_pool_t *pool, const char *value)
{
    char *text = apr_palloc(pool, strlen(value) * 2 + 1), *out = text;

    for (; *value; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n') *out++ = '\\';
        *out++ = *value == '\n' ? 'n' : *value;
    }
    *out = '\0';
    return text;
}

/* What is known without the daemon. */
static const char *metrics_without(apr_pool_t *pool)
{
    const apr_array_header_t *relays = ss_module_config()->relays;
    const char *text =
        "# TYPE smtp_send_up gauge\n# HELP smtp_send_up 1 while the delivery daemon "
        "answers.\nsmtp_send_up 0\n"
        "# TYPE smtp_send_healthy gauge\n# HELP smtp_send_healthy 1 while mail flows.\n";

    for (int i = 0; i < relays->nelts; i++)
        text =
            apr_pstrcat(pool, text, "smtp_send_healthy{relay=\"",
                        label_of(pool, APR_ARRAY_IDX(relays, i, const ss_settings_t *)->relay_name),
                        "\"} 0\n", NULL);
    return apr_pstrcat(pool, text, "# EOF\n", NULL);
}

/* A browser shows no application/openmetrics-text. */
static int metrics_page(ss_page_t *page, const char *text)
{
    ss_page_begin(page, HTTP_OK, "Metrics", "/metrics");
    ss_html_print(page->r,
                  "<div id='live' data-live><pre class='whole' tabindex='0' "
                  "aria-label='Metrics'>%s</pre></div>\n",
                  text);
    ss_html_end(page->r);
    return OK;
}

/* GET <page>/metrics: the daemon's text; smtp_send_up 0 when it does not answer. */
static int metrics(ss_page_t *page)
{
    static const char *const offers[] = { "application/openmetrics-text", "text/html" };
    request_rec *r = page->r;
    ss_rpc_answer_t answer;
    const char *text = NULL;

    if (ss_rpc_try(json_pack("{s:s}", "do", "metrics"), METRICS_TIMEOUT, &answer, r->pool) &&
        answer.raw.status == 200)
        text = answer.raw.content;
    if (!text) text = metrics_without(r->pool);
    return ss_http_prefers(r, offers, 2)
               ? metrics_page(page, text)
               : ss_http_text(r, HTTP_OK, METRICS_TYPE, text, strlen(text));
}

/* ---- the parts ---- */

static int is_html(const ss_page_t *page)
{
    const char *format = ss_params_get(&page->query, "format");

    return format ? !strcmp(format, "html") : ss_http_wants_html(page->r);
}

/* No page waits for a daemon that does not answer a second time. */
static int unavailable(const ss_page_t *page)
{
    return ss_problem(page->r, HTTP_SERVICE_UNAVAILABLE, NULL, "%s", page->down);
}

static int overview(ss_page_t *page)
{
    ss_page_gather(page);
    if (ss_params_get(&page->query, "auto")) return auto_lines(page);
    if (is_html(page)) return ss_status_overview(page);
    if (!page->status) return unavailable(page);
    return ss_http_json(page->r, HTTP_OK, "application/json", json_deep_copy(page->status));
}

/* Sends a document of the daemon unchanged. */
static int pass_on(ss_page_t *page, json_t *request)
{
    ss_rpc_answer_t answer;

    return ss_rpc_call(page->r, request, SS_RPC_TIMEOUT, &answer) ? ss_rpc_pass(page->r, &answer)
                                                                  : OK;
}

static int queue(ss_page_t *page)
{
    const char *text = ss_params_get(&page->query, "limit");
    int limit = text ? (int)apr_atoi64(text) : LIST_LIMIT;

    if (is_html(page)) {
        ss_page_gather(page);
        return ss_status_list(page);
    }
    return pass_on(
        page, ss_status_list_request(page, limit > 0 && limit <= LIST_MAX ? limit : LIST_LIMIT));
}

static int message(ss_page_t *page)
{
    const char *id = strrchr(ss_http_path(page->r, 0), '/') + 1;

    if (ss_params_flag(&page->query, "source", 0)) return ss_status_content(page, id);
    if (is_html(page)) {
        ss_page_gather(page);
        return page->status ? ss_status_detail(page, id) : unavailable(page);
    }
    return pass_on(page, json_pack("{s:s,s:s}", "do", "show", "id", id));
}

static int show(ss_page_t *page, part_t part)
{
    const char *asset = ss_params_get(&page->query, "asset");

    apr_table_setn(page->r->headers_out, "Vary", "Accept");
    if (ss_html_asset(page->r, asset)) return OK;
    switch (part) {
    case PART_HEALTH: return health(page);
    case PART_LIVE: return live(page);
    case PART_READY: return ready(page);
    case PART_METRICS: return metrics(page);
    case PART_QUEUE: return queue(page);
    case PART_MESSAGE: return message(page);
    default: break;
    }
    return overview(page);
}

int ss_status_handler(request_rec *r)
{
    ss_page_t page = { .r = r };
    apr_size_t cut;
    part_t part = part_of(r, &cut);

    page.base = ss_http_path(r, cut);
    if (part == PART_NONE)
        return ss_problem(r, HTTP_NOT_FOUND, NULL,
                          "there is nothing here: the parts of the status are /queue, /message/ID, "
                          "/metrics, /health, /health/live and /health/ready");
    if (!ss_body_query(r, &page.query)) return OK;
    if (r->method_number == M_GET) return show(&page, part);
    if (r->method_number == M_POST &&
        (part == PART_OVERVIEW || part == PART_QUEUE || part == PART_MESSAGE))
        return ss_status_action(&page);
    return ss_problem_not_allowed(
        r, part >= PART_HEALTH && part <= PART_METRICS ? "GET, HEAD" : "GET, HEAD, POST");
}
