/* http.h: what the client asked for: path, user, preferred media type; and answers. */
#pragma once

#include <httpd.h>

#include "base/json.h"

/* The index of the offered media type that the Accept header prefers; the earlier one on a tie, 0
 * without a header or match. */
int ss_http_prefers(const request_rec *r, const char *const *offers, int count);
/* Whether the client prefers HTML to JSON, as browsers do. */
int ss_http_wants_html(const request_rec *r);
/* The requested path without a trailing slash, escaped for a Location header or a link. cut: number
 * of bytes to leave out at the end of r->uri. */
const char *ss_http_path(const request_rec *r, apr_size_t cut);
/* The last segment of the path; never NULL. */
const char *ss_http_leaf(const request_rec *r);
/* Who sends the request, for log and history: the user's name, or "client ADDRESS". */
const char *ss_http_user(const request_rec *r);
/* Whether the client of a request (request_rec *) is still connected. While an answer is waited for
 * nothing is written: end of file on its socket is the only sign, with or without TLS. */
int ss_http_is_wanted(void *request);
/* Sends a document with its status and media type. Returns OK, for the handler to return. */
int ss_http_text(request_rec *r, int status, const char *type, const char *text, apr_size_t len);
/* Sends a JSON document and drops the reference. */
int ss_http_json(request_rec *r, int status, const char *type, json_t *document);
