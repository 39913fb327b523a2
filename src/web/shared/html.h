/* html.h: the frame of the pages, and shared pieces. Everything from outside goes through
 * ss_html_print, which escapes it. Style sheet, script and icon are compiled in, so that nothing
 * has to be installed. */
#pragma once

#include <httpd.h>

#include "base/json.h"

/* Begins a page: headers and title. base: path of the handler, for style sheet and script, and the
 * page's header begins with the logo: the caller continues inside "<header><div>", closes both, and
 * opens <main>; NULL: none of these. */
void ss_html_begin(request_rec *r, int status, const char *base, const char *title);
/* Ends the page from </main> on. */
void ss_html_end(request_rec *r);
/* Prints HTML with three conversions: %s is text, which is escaped (NULL: nothing), %d an integer,
 * %lld a number for people. */
void ss_html_print(request_rec *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A number for people: "12,345". */
const char *ss_html_count(request_rec *r, apr_int64_t number);
/* The text of a member, or "". */
const char *ss_html_member(const json_t *object, const char *name);
/* Prints a <time> element: its age, with the exact time as tooltip; nothing for an empty time. */
void ss_html_time(request_rec *r, const char *rfc3339);
/* The same for the next attempt; a time in the past is "due". */
void ss_html_due(request_rec *r, const char *rfc3339);
/* Seconds for people: "3 min", "2 d". */
const char *ss_html_age(request_rec *r, apr_int64_t seconds);
/* Bytes for people: "2.1 MB". */
const char *ss_html_size(request_rec *r, apr_int64_t bytes);
/* A relay's state in words: of one that was never contacted nobody knows whether it is up. */
const char *ss_html_relay_state(const json_t *relay);
/* Prints a state as a coloured word. */
void ss_html_state(request_rec *r, const char *state);
/* Prints an advice ({"title","text"}), if there is one. */
void ss_html_advice(request_rec *r, const json_t *advice);
/* Sends the asset that "?asset=" names. 1: sent; 0: no asset has that name (or name is NULL).
 */
int ss_html_asset(request_rec *r, const char *name);
