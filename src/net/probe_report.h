/* probe_report.h: a connection test's result and its two forms, text (made to be copied into an
 * email) and JSON. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "config/settings.h"

typedef enum { SS_STEP_OK, SS_STEP_WARN, SS_STEP_FAIL } ss_step_outcome_t;

typedef struct {
    /* config resolve connect tls greeting hello starttls auth mail rcpt quit */
    const char *name;
    ss_step_outcome_t outcome;
    apr_interval_time_t took;
    const char *detail; /* may hold line ends: continuation lines are indented */
    const char *advice; /* id or NULL */
    const char *next;   /* the step under way now, "search" (what would work), or NULL */
} ss_probe_report_step_t;

typedef struct {
    apr_pool_t *pool;
    const ss_settings_t *settings;
    const char *secret_state;
    /* 200 passed, 502 failed or refused, 504 no answer in time, 503 not configured */
    int http_status;
    const char *failed_step;      /* NULL: passed */
    apr_array_header_t *steps;    /* of ss_probe_report_step_t */
    apr_array_header_t *dialogue; /* of const char * */
    apr_array_header_t *advice;   /* of const char *: ids, no double */
    apr_array_header_t *works;    /* of const char *: "SMTPSendTLS starttls, SMTPSendPort 587" */
    apr_time_t started;
    apr_interval_time_t took;
} ss_probe_report_t;

/* The whole text: "Connection Test Results: PASSED" first. is_masked: addresses and host names
 * shortened. */
const char *ss_probe_report_text(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool);
/* One step's lines, as they stand in the text. */
const char *ss_probe_report_step_text(const ss_probe_report_step_t *step, int is_masked,
                                      apr_pool_t *pool);
const char *ss_probe_report_json(const ss_probe_report_t *report, int is_masked, apr_pool_t *pool);
/* One step as a JSON object. */
const char *ss_probe_report_step_json(const ss_probe_report_step_t *step, int is_masked,
                                      apr_pool_t *pool);
