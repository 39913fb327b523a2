/* place.h: where the other handlers of this server are, so that their pages can link to each other.
 */
#pragma once

#include <httpd.h>

/* The path of the first <Location> of the request's server that sets the handler, without a
 * trailing slash ("" for "/") and escaped for a link. NULL: none does (another section may, whose
 * path in the URL is not known). */
const char *ss_place_path(request_rec *r, const char *handler);
/* The path of a message's page on the status handler, or NULL. */
const char *ss_place_message(request_rec *r, const char *id);
