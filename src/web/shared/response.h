/* response.h: sending answers, and which form of them the client wants. */
#ifndef SS_WEB_SHARED_RESPONSE_H
#define SS_WEB_SHARED_RESPONSE_H

#include <httpd.h>
#include <jansson.h>

/* Which of the offered media types the Accept header likes best; equals: the earlier offer. No
 * header, or nothing that fits: 0. */
int ss_http_prefers(const request_rec *r, const char *const *offers, int count);
/* Whether the client would rather have HTML than JSON: a browser. */
int ss_http_wants_html(const request_rec *r);
/* Sends a document with its status and type. Gives OK, for the handler to return. */
int ss_response_text(request_rec *r, int status, const char *type, const char *text,
                     apr_size_t len);
/* Sends a JSON document and drops the reference. */
int ss_response_json(request_rec *r, int status, const char *type, json_t *document);
/* 405, with the Allow header. allow: "GET, DELETE". */
int ss_problem_not_allowed(request_rec *r, const char *allow);
/* The path that the request was for, without a slash at its end, as it may stand in a Location
 * header or a link. cut: bytes of r->uri's end left out. */
const char *ss_http_path(const request_rec *r, apr_size_t cut);
/* What stands behind the last slash of the path; never NULL. */
const char *ss_http_leaf(const request_rec *r);
/* Who asks, for log and history: the user's name, or the address of the client. */
const char *ss_http_user(const request_rec *r);
/* A JSON string of any bytes (what is no UTF-8 is replaced); NULL gives null. */
json_t *ss_response_string(request_rec *r, const char *text);

#endif
