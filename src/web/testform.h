/* testform.h: the parts of the connection test's page, inside src/web only. */
#ifndef SS_WEB_TESTFORM_H
#define SS_WEB_TESTFORM_H

#include <httpd.h>

#include "config/settings.h"
#include "web/query.h"

/* The page's beginning: title, the list of steps is open. */
void ss_testform_begin(request_rec *r, const ss_settings_t *relay, const char *heading);
/* A piece of the streamed steps, as text. */
void ss_testform_piece(request_rec *r, const char *bytes, apr_size_t len);
/* The whole result with its buttons, the forms, and the page's end. outcome: "passed", "failed", or NULL where there is no result. */
void ss_testform_end(request_rec *r, const ss_query_t *query, const char *outcome, const char *text);

#endif
