/* place.h: where the handlers are configured: what of a path is below its handler, and links to the
 * others. */
#pragma once

#include <httpd.h>

/* What of the request's path is below the place where its handler is configured ("/queue", "" at
 * the place itself), without a slash at its end. NULL: not known (a pattern, .htaccess). */
const char *ss_place_below(request_rec *r);
/* The path of the first <Location> of the request's server that sets the handler, without a
 * trailing slash ("" for "/") and escaped for a link. NULL: none does (another section may, whose
 * path in the URL is not known). */
const char *ss_place_path(request_rec *r, const char *handler);
/* The path of a message's page on the status handler, or NULL. */
const char *ss_place_message(request_rec *r, const char *id);

#define SS_PLACE_TEST "test" /* the page of the connection test */

/* Prints the links to the pages of the status handler (base: its path; NULL: not known) and to the
 * connection test. part: the current one: "" for the overview, "/queue" ..., SS_PLACE_TEST, or
 * NULL. */
void ss_place_nav(request_rec *r, const char *base, const char *part);
/* Begins a page of no handler in particular (a refusal), up to its heading. The style sheet is that
 * of the status pages or the connection test, if it is known where they are. */
void ss_place_page(request_rec *r, int status, const char *title, const char *heading);
