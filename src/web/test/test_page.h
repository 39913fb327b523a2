/* test_page.h: the parts of the connection test's page, inside src/web only. */
#ifndef SS_WEB_TEST_TEST_PAGE_H
#define SS_WEB_TEST_TEST_PAGE_H

#include <httpd.h>
#include <jansson.h>

#include "config/settings.h"
#include "web/shared/params.h"

typedef struct {
    int has_settings, steps;
} ss_test_page_t; /* what the page shows so far */

/* The page's beginning: head, forms. */
void ss_test_page_begin(request_rec *r, const ss_settings_t *relay, const ss_params_t *query,
                        int status);
/* A piece of the streamed test: one JSON object, the settings in force or a step. */
void ss_test_page_piece(request_rec *r, ss_test_page_t *page, const char *bytes, apr_size_t len);
/* The outcome with its buttons, the dialogue, the plain text, and the page's end. report: NULL
 * where the test did not run; text says why. */
void ss_test_page_end(request_rec *r, ss_test_page_t *page, const ss_params_t *query,
                      const json_t *report, const char *text);
/* The page of a test message: it is queued; then what became of it ("ok", "bad", "" still waiting)
 * and the end. */
void ss_test_page_message_begin(request_rec *r, const ss_settings_t *relay, const char *id,
                                const char *to);
void ss_test_page_message_end(request_rec *r, const ss_params_t *query, const char *class,
                              const char *text);

#endif
