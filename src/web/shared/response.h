/* response.h: sending answers. */
#ifndef SS_WEB_SHARED_RESPONSE_H
#define SS_WEB_SHARED_RESPONSE_H

#include <httpd.h>
#include <jansson.h>

/* Sends a document with its status and media type. Returns OK, for the handler to return. */
int ss_response_text(request_rec *r, int status, const char *type, const char *text,
                     apr_size_t len);
/* Sends a JSON document and drops the reference. */
int ss_response_json(request_rec *r, int status, const char *type, json_t *document);
/* A JSON string of any bytes (invalid UTF-8 is replaced); NULL gives null. */
json_t *ss_response_string(request_rec *r, const char *text);

#endif
