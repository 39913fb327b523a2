#include "web/shared/origin.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

#include "config/module.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/problem.h"

#define PREFLIGHT_AGE "600" /* seconds that a browser may remember our answer */

static const char *field(const request_rec *r, const char *name)
{
    return apr_table_get(r->headers_in, name);
}

static ss_origin_rule_request_t request_of(const request_rec *r, int acts)
{
    return (ss_origin_rule_request_t){
        .is_safe = r->method_number == M_GET || r->method_number == M_OPTIONS,
        .acts = acts,
        .host = field(r, "Host"),
        .origin = field(r, "Origin"),
        .referer = field(r, "Referer"),
        .site = field(r, "Sec-Fetch-Site"),
        .mode = field(r, "Sec-Fetch-Mode"),
        .user = field(r, "Sec-Fetch-User"),
        .cookie = field(r, "Cookie"),
        .language = field(r, "Accept-Language"),
        .agent = field(r, "User-Agent"),
        .name = r->server->server_hostname,
        .port = r->server->port,
        .names = r->server->names,
        .patterns = r->server->wild_names,
    };
}

/* Lets a page of another site read the answer. With "*" none that belongs to a login. */
static void put_cors(request_rec *r, const char *origin, const char *entry)
{
    int is_any = !strcmp(entry, "*");

    apr_table_setn(r->headers_out, "Access-Control-Allow-Origin", is_any ? "*" : origin);
    if (!is_any) apr_table_setn(r->headers_out, "Access-Control-Allow-Credentials", "true");
    apr_table_setn(r->headers_out, "Access-Control-Expose-Headers", "Location, Retry-After");
}

/* What a browser asks before it sends a request that no form could make. */
static int answer_preflight(request_rec *r)
{
    apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", "GET, POST, DELETE");
    apr_table_setn(r->headers_out, "Access-Control-Allow-Headers",
                   "Accept, Authorization, Content-Type, Idempotency-Key, traceparent");
    apr_table_setn(r->headers_out, "Access-Control-Max-Age", PREFLIGHT_AGE);
    if (field(r, "Access-Control-Request-Private-Network"))
        apr_table_setn(r->headers_out, "Access-Control-Allow-Private-Network", "true");
    r->status = HTTP_NO_CONTENT;
    return 0;
}

/* httpd has ServerAlias in virtual hosts only. */
static const char *names_directive(const request_rec *r)
{
    return r->server->names ? "ServerName or ServerAlias" : "ServerName";
}

static int refuse_host(request_rec *r, const char *host)
{
    return ss_problem(r, SS_PROBLEM_ORIGIN_FORBIDDEN, NULL,
                      "\"%s\" is not a name of this server, so a page of another site may have led "
                      "the browser here (DNS rebinding). If it is a name of this server, set %s to "
                      "it",
                      host, names_directive(r));
}

static int refuse_page(request_rec *r, const ss_origin_rule_request_t *q, int is_submission)
{
    int is_known = q->origin && strcmp(q->origin, "null");
    const char *from = is_known ? q->origin : "another site", *other;

    other = is_submission
                ? apr_pstrcat(r->pool, "To let it submit mail here, set SMTPSendAllowOrigin ",
                              is_known ? q->origin : "https://HOST", NULL)
                : "Otherwise open this address directly";
    return ss_problem(
        r, SS_PROBLEM_ORIGIN_FORBIDDEN, NULL,
        "this request was made by a page of %s. If that is this server, set %s to the "
        "page's host. %s",
        from, names_directive(r), other);
}

/* What a person who typed the address can click on; what another page embedded shows nothing. */
static int ask_for_click(request_rec *r)
{
    if (!ss_http_wants_html(r))
        return ss_problem(r, SS_PROBLEM_ORIGIN_FORBIDDEN, NULL,
                          "a browser starts this only from a link of this server: open the address "
                          "in a window of its own");
    ss_html_begin(r, HTTP_OK, NULL, "Connection test");
    ss_html_print(r,
                  "<main>\n<h1>Connection test</h1>\n<p>Without HTTPS the browser does not say "
                  "whether you opened this page, or a page of another site did.</p>\n<p><a "
                  "href='%s'>Run the connection test</a></p>\n",
                  r->unparsed_uri);
    ss_html_end(r);
    return 0;
}

int ss_origin_check(request_rec *r, int is_submission, int acts)
{
    ss_origin_rule_request_t q = request_of(r, acts);
    const char *entry;

    if (is_submission && q.origin) {
        q.allowed = ss_module_policy(r)->allow_origin;
        apr_table_mergen(r->headers_out, "Vary", "Origin");
    }
    if ((entry = ss_origin_rule_allowed(&q))) {
        put_cors(r, q.origin, entry);
        if (r->method_number == M_OPTIONS && field(r, "Access-Control-Request-Method"))
            return answer_preflight(r);
        return 1;
    }
    switch (ss_origin_rule(&q, r->pool)) {
    case SS_ORIGIN_RULE_HOST: return refuse_host(r, q.host);
    case SS_ORIGIN_RULE_PAGE: return refuse_page(r, &q, is_submission);
    case SS_ORIGIN_RULE_CLICK: return ask_for_click(r);
    case SS_ORIGIN_RULE_OK: break;
    }
    return 1;
}
