/* test.h: the handler smtp-send-test (README) and the parts of its page. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "config/settings.h"
#include "web/shared/params.h"

int ss_test_handler(request_rec *r);

typedef struct {
    int has_settings, steps;
} ss_test_page_t; /* what the page shows already */

/* Begins the page: header and forms. */
void ss_test_page_begin(request_rec *r, const ss_settings_t *relay, const ss_params_t *query,
                        int status);
/* Prints one JSON object of the streamed test: the effective settings or a step. */
void ss_test_page_piece(request_rec *r, ss_test_page_t *page, const char *bytes, apr_size_t len);
/* Prints the outcome, the dialogue and the plain text, and ends the page. report: NULL if the test
 * did not run; then text says why. */
void ss_test_page_end(request_rec *r, ss_test_page_t *page, const ss_params_t *query,
                      const json_t *report, const char *text);
/* Begins the page of a test message that was queued. */
void ss_test_page_message_begin(request_rec *r, const ss_settings_t *relay, const char *id,
                                const char *to);
/* Prints its result and ends the page. class: "ok", "bad", or "" while it is waiting. */
void ss_test_page_message_end(request_rec *r, const ss_params_t *query, const char *class,
                              const char *text);
