/* response.c: sending answers. */
#include "web/shared/response.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int ss_response_text(request_rec *r, int status, const char *type, const char *text, apr_size_t len)
{
    r->status = status;
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)len);
    if (!r->header_only && len) ap_rwrite(text, (int)len, r);
    return OK;
}

int ss_response_json(request_rec *r, int status, const char *type, json_t *document)
{
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;

    json_decref(document);
    if (!text) return HTTP_INTERNAL_SERVER_ERROR;
    apr_size_t len = strlen(text);
    char *line = apr_palloc(r->pool, len + 2);
    memcpy(line, text, len);
    memcpy(line + len, "\n", 2);
    free(text);
    return ss_response_text(r, status, type, line, len + 1);
}

json_t *ss_response_string(request_rec *r, const char *text)
{
    if (!text) return json_null();
    json_t *string = json_string(text);
    return string ? string : json_string(ss_text_utf8(r->pool, text, strlen(text)));
}
