#include "web/shared/problem.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "web/shared/context.h"
#include "web/shared/html.h"
#include "web/shared/http.h"
#include "web/shared/place.h"

#define RETRY_AFTER 5 /* seconds, unless the daemon says otherwise */
#define DETAIL_MAX 2048

static const char *phrase_of(int status)
{
    return status == HTTP_REQUEST_ENTITY_TOO_LARGE ? "Content Too Large"
           : status == HTTP_UNPROCESSABLE_ENTITY   ? "Unprocessable Content"
                                                   : ap_get_status_line(status) + 4;
}

void ss_problem_describe(json_t *document, int kind)
{
    int status = ss_problem_kind_status(kind);
    const char *code = ss_problem_kind_code(kind), *title = ss_problem_kind_title(kind);

    json_object_set_new(document, "type", json_sprintf(SS_PROBLEM_URI "%s", code));
    json_object_set_new(document, "code", json_string(code));
    ss_json_put(document, "title", title ? title : phrase_of(status));
    json_object_set_new(document, "status", json_integer(status));
}

static int send_page(request_rec *r, const ss_problem_t *problem, const char *detail)
{
    int status = ss_problem_kind_status(problem->kind);
    const char *title = phrase_of(status);

    ss_place_page(r, status, title, apr_psprintf(r->pool, "%d %s", status, title));
    ss_html_print(r, "<p>%s</p>\n", detail);
    if (problem->field) ss_html_print(r, "<p>Field: <code>%s</code></p>\n", problem->field);
    if (problem->state) ss_html_print(r, "<p>State: %s</p>\n", problem->state);
    ss_html_end(r);
    return OK;
}

void ss_problem_use(request_rec *r, const ss_problem_format_t *format)
{
    ss_context(r)->format = format;
}

int ss_problem_send(request_rec *r, const ss_problem_t *problem)
{
    const char *raw = problem->detail ? problem->detail : "",
               *detail = ss_text_quote(r->pool, raw, strlen(raw), DETAIL_MAX);
    int retry = problem->retry_after, status = ss_problem_kind_status(problem->kind);

    if (!retry && (status == 429 || status == 503)) retry = RETRY_AFTER;
    if (retry) apr_table_setn(r->headers_out, "Retry-After", apr_itoa(r->pool, retry));
    const ss_problem_format_t *format = ss_context(r)->format;
    if (format) {
        json_t *written = format->write(problem, detail, &status);
        return ss_http_json(r, status, "application/json", written);
    }
    if (ss_http_wants_html(r)) return send_page(r, problem, detail);

    json_t *document = json_object();
    ss_problem_describe(document, problem->kind);
    json_object_set_new(document, "detail", ss_json_string(detail));
    ss_json_put(document, "field", problem->field);
    ss_json_put(document, "state", problem->state);
    ss_http_json(r, status, "application/problem+json", document);
    return OK;
}

int ss_problem(request_rec *r, int kind, const char *field, const char *format, ...)
{
    va_list args;
    ss_problem_t problem = { .kind = kind, .field = field };

    va_start(args, format);
    problem.detail = apr_pvsprintf(r->pool, format, args);
    va_end(args);
    return ss_problem_send(r, &problem);
}

int ss_problem_mail(request_rec *r, const ss_mail_problem_t *problem)
{
    return ss_problem(r, ss_mail_problem_kind(problem), problem->field, "%s", problem->detail);
}

int ss_problem_not_allowed(request_rec *r, const char *allow)
{
    apr_table_setn(r->headers_out, "Allow", allow);
    return ss_problem(r, HTTP_METHOD_NOT_ALLOWED, NULL, "%s is not allowed here, only %s",
                      r->method, allow);
}
