/* status_handler.c: smtp-send-status: finds the requested part and its format. */
#include "web/status/status_handler.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "base/ident.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/page.h"
#include "web/shared/params.h"
#include "web/shared/problem.h"
#include "web/shared/response.h"
#include "web/shared/rpc.h"
#include "web/status/action_post.h"
#include "web/status/auto_page.h"
#include "web/status/content_page.h"
#include "web/status/detail_page.h"
#include "web/status/health_page.h"
#include "web/status/list_page.h"
#include "web/status/metrics_page.h"
#include "web/status/overview_page.h"

#define LIST_LIMIT 100
#define LIST_MAX 1000

typedef enum { PART_OVERVIEW, PART_HEALTH, PART_METRICS, PART_QUEUE, PART_MESSAGE } part_t;

/* Parts are recognised at the end of the path: the beginning depends on the configuration. */
static part_t part_of(const request_rec *r, apr_size_t *cut)
{
    static const struct {
        const char *end;
        part_t part;
    } parts[] = { { "/health", PART_HEALTH },
                  { "/metrics", PART_METRICS },
                  { "/queue", PART_QUEUE } };
    static const char message[] = "/message/";
    apr_size_t len = strlen(r->uri), tail = sizeof(message) - 1 + SS_IDENT_TEXT - 1;

    for (apr_size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        apr_size_t end = strlen(parts[i].end);
        if (len > end && !strcmp(r->uri + len - end, parts[i].end)) {
            *cut = end;
            return parts[i].part;
        }
    }
    *cut = 0;
    if (len <= tail || strncmp(r->uri + len - tail, message, sizeof(message) - 1) ||
        !ss_ident_is_valid(ss_http_leaf(r)))
        return PART_OVERVIEW;
    *cut = tail;
    return PART_MESSAGE;
}

static int is_html(const ss_page_t *page)
{
    const char *format = ss_params_get(&page->query, "format");

    return format ? !strcmp(format, "html") : ss_http_wants_html(page->r);
}

static int overview(ss_page_t *page)
{
    ss_page_gather(page);
    if (ss_params_get(&page->query, "auto")) return ss_auto_page(page);
    if (is_html(page)) return ss_overview_page(page);
    if (!page->status) return ss_problem(page->r, HTTP_SERVICE_UNAVAILABLE, NULL, "%s", page->down);
    return ss_response_json(page->r, HTTP_OK, "application/json", json_deep_copy(page->status));
}

/* Sends a document of the daemon unchanged. */
static int pass_on(ss_page_t *page, json_t *request)
{
    ss_rpc_answer_t answer;

    if (!ss_rpc_call(page->r, request, SS_RPC_TIMEOUT, &answer)) return OK;
    if (answer.raw.status != 200 || !answer.raw.content) return ss_rpc_refuse(page->r, &answer);
    return ss_response_text(page->r, HTTP_OK, "application/json", answer.raw.content,
                            answer.raw.content_len);
}

static int queue(ss_page_t *page)
{
    const char *text = ss_params_get(&page->query, "limit");
    int limit = text ? (int)apr_atoi64(text) : LIST_LIMIT;

    if (is_html(page)) {
        ss_page_gather(page);
        return ss_list_page(page);
    }
    return pass_on(page,
                   ss_list_page_request(page, limit > 0 && limit <= LIST_MAX ? limit : LIST_LIMIT));
}

static int message(ss_page_t *page)
{
    const char *id = ss_http_leaf(page->r);

    if (ss_params_flag(&page->query, "source", 0)) return ss_content_page_download(page, id);
    if (is_html(page)) {
        ss_page_gather(page);
        return ss_detail_page(page, id);
    }
    return pass_on(page, json_pack("{s:s,s:s}", "do", "show", "id", id));
}

static int show(ss_page_t *page, part_t part)
{
    const char *asset = ss_params_get(&page->query, "asset");

    apr_table_setn(page->r->headers_out, "Vary", "Accept");
    if (ss_html_asset(page->r, asset)) return OK;
    switch (part) {
    case PART_HEALTH: ss_page_gather(page); return ss_health_page(page);
    case PART_METRICS: return ss_metrics_page(page);
    case PART_QUEUE: return queue(page);
    case PART_MESSAGE: return message(page);
    case PART_OVERVIEW: break;
    }
    return overview(page);
}

int ss_status_handler(request_rec *r)
{
    ss_page_t page = { .r = r };
    apr_size_t cut;
    part_t part = part_of(r, &cut);
    const char *why = NULL;

    page.base = ss_http_path(r, cut);
    if (ss_params_parse(&page.query, r->args, &why, r->pool))
        return ss_problem(r, HTTP_BAD_REQUEST, NULL, "the query string is malformed: %s", why);
    if (r->method_number == M_GET) return show(&page, part);
    if (r->method_number == M_POST &&
        (part == PART_OVERVIEW || part == PART_QUEUE || part == PART_MESSAGE))
        return ss_action_post(&page);
    return ss_problem_not_allowed(
        r, part == PART_HEALTH || part == PART_METRICS ? "GET, HEAD" : "GET, HEAD, POST");
}
