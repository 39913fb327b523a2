/* html.h: the frame of our pages, and the pieces they share. Everything that came from outside goes
 * through ss_html_put. */
#ifndef SS_WEB_SHARED_HTML_H
#define SS_WEB_SHARED_HTML_H

#include <httpd.h>
#include <jansson.h>

/* Starts a page: headers, title, style sheet. base: path of the handler, for its style sheet and
 * script. live: the script is loaded. */
void ss_html_begin(request_rec *r, int status, const char *base, const char *title, int live);
/* The head's beginning with our mark; the caller goes on inside "<header><div>" and closes both. */
void ss_html_brand(request_rec *r, const char *name);
void ss_html_end(request_rec *r);
/* Text, escaped. NULL: nothing. */
void ss_html_put(request_rec *r, const char *text);
/* A string member of an object, or "". */
const char *ss_html_member(const json_t *object, const char *name);
/* A time as a <time> element: its age in words, the exact time in the tooltip; nothing for an empty
 * one. */
void ss_html_time(request_rec *r, const char *rfc3339);
/* The same for when something is next tried: what is past is "due". */
void ss_html_due(request_rec *r, const char *rfc3339);
/* A number of seconds in words: "3 min", "2 days". */
const char *ss_html_age(request_rec *r, apr_int64_t seconds);
/* A number of bytes in words: "2.1 MB". */
const char *ss_html_size(request_rec *r, apr_int64_t bytes);
/* A state as a coloured word. */
void ss_html_state(request_rec *r, const char *state);
/* The knowledge base's advice ({"title","text"}), if there is one. */
void ss_html_advice(request_rec *r, const json_t *advice);
/* Sends "style.css" or "page.js" if the query asks for one ("?asset="). 1: sent. */
int ss_html_asset(request_rec *r, const char *name);

#endif
