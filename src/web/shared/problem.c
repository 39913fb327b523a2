#include "web/shared/problem.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/html.h"
#include "web/shared/http.h"

#define RETRY_AFTER 5 /* seconds, unless the daemon says otherwise */

const char *ss_problem_title(int status)
{
    return status == HTTP_REQUEST_ENTITY_TOO_LARGE ? "Content Too Large"
           : status == HTTP_UNPROCESSABLE_ENTITY   ? "Unprocessable Content"
                                                   : ap_get_status_line(status) + 4;
}

static int send_page(request_rec *r, const ss_problem_t *problem, const char *detail)
{
    const char *title = ss_problem_title(problem->status);

    /* Without a style sheet, since the path of the handler is not known here. */
    ss_html_begin(r, problem->status, NULL, title);
    ss_html_print(r, "<main>\n<h1>%d %s</h1>\n<p>%s</p>\n", problem->status, title, detail);
    if (problem->field) ss_html_print(r, "<p>Field: <code>%s</code></p>\n", problem->field);
    if (problem->state) ss_html_print(r, "<p>State: %s</p>\n", problem->state);
    ss_html_end(r);
    return OK;
}

int ss_problem_send(request_rec *r, const ss_problem_t *problem)
{
    const char *detail = problem->detail ? problem->detail : "";
    int retry = problem->retry_after;

    if (!retry && (problem->status == 429 || problem->status == 503)) retry = RETRY_AFTER;
    if (retry) apr_table_setn(r->headers_out, "Retry-After", apr_itoa(r->pool, retry));
    if (ss_http_wants_html(r))
        return send_page(r, problem, ss_text_utf8(r->pool, detail, strlen(detail)));

    json_t *document = json_pack("{s:s,s:s,s:i,s:o,s:o*,s:o*}", "type", "about:blank", "title",
                                 ss_problem_title(problem->status), "status", problem->status,
                                 "detail", ss_json_string(detail), "field",
                                 problem->field ? ss_json_string(problem->field) : NULL, "state",
                                 problem->state ? ss_json_string(problem->state) : NULL);
    ss_http_json(r, problem->status, "application/problem+json", document);
    return OK;
}

int ss_problem(request_rec *r, int status, const char *field, const char *format, ...)
{
    va_list args;
    ss_problem_t problem = { .status = status, .field = field };

    va_start(args, format);
    problem.detail = apr_pvsprintf(r->pool, format, args);
    va_end(args);
    return ss_problem_send(r, &problem);
}

int ss_problem_mail(request_rec *r, const ss_mail_problem_t *problem)
{
    return ss_problem(r, problem->status ? problem->status : HTTP_BAD_REQUEST, problem->field, "%s",
                      problem->detail);
}

int ss_problem_not_allowed(request_rec *r, const char *allow)
{
    apr_table_setn(r->headers_out, "Allow", allow);
    return ss_problem(r, HTTP_METHOD_NOT_ALLOWED, NULL, "%s is not allowed here, only %s",
                      r->method, allow);
}
