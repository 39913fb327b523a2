/* test.h: the handler smtp-send-test (README) and the parts of its page. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "config/settings.h"
#include "web/shared/params.h"

int ss_test_handler(request_rec *r);

typedef struct {
    int steps;
} ss_test_page_t; /* what the page shows already */

/* Begins the page up to the steps. */
void ss_test_page_begin(request_rec *r, const ss_settings_t *relay, int status);
/* Prints a step of the streamed test, a JSON object. */
void ss_test_page_step(request_rec *r, ss_test_page_t *page, const char *bytes, apr_size_t len);
/* Prints the outcome, which the browser shows first, the dialogue, the settings, the plain text and
 * the forms, and ends the page. report: NULL if the test did not run; why: then the reason, or
 * NULL. */
void ss_test_page_end(request_rec *r, const ss_test_page_t *page, const ss_params_t *query,
                      const json_t *report, const char *text, const char *why);
/* Begins the page of a test message that was queued. */
void ss_test_page_message_begin(request_rec *r, const ss_settings_t *relay, const char *id,
                                const char *to);
/* Prints its result and ends the page. class: "ok", "bad", or "" while it is waiting. */
void ss_test_page_message_end(request_rec *r, const ss_params_t *query, const char *class,
                              const char *text);
