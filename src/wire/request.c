/* request.c: answers of the local socket in JSON. See request.h. */
#include "wire/request.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/problem_kind.h"

void ss_request_answer(ss_request_t *req, int status, json_t *fields, const char *content,
                       apr_size_t len)
{
    json_t *header = fields ? fields : json_object();

    json_object_set_new(header, "status", json_integer(status));
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    req->ops->answer(req, text, content, len);
    free(text);
}

void ss_request_document(ss_request_t *req, int status, json_t *document)
{
    char *text = json_dumps(document, JSON_COMPACT);

    json_decref(document);
    ss_request_answer(req, text ? status : 500, NULL, text ? text : "", text ? strlen(text) : 0);
    free(text);
}

void ss_request_refuse(ss_request_t *req, int kind, int retry_after, const char *field,
                       const char *format, ...)
{
    char detail[2048];
    json_t *fields = json_object();
    va_list args;

    va_start(args, format);
    apr_vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    ss_json_put(fields, "detail", detail);
    ss_json_put(fields, "field", field);
    if (retry_after) json_object_set_new(fields, "retryAfter", json_integer(retry_after));
    if (kind != ss_problem_kind_status(kind))
        ss_json_put(fields, "code", ss_problem_kind_code(kind));
    ss_request_answer(req, ss_problem_kind_status(kind), fields, NULL, 0);
}
