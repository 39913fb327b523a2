/* probe.h: the connection test: a link step by step with the delivery's own settings; findings as a
 * report. */
#pragma once

#include "config/secret.h"
#include "net/link.h"
#include "net/probe_report.h"

typedef struct {
    const ss_settings_t *settings;
    ss_secret_t *secret;
    const char *secret_state; /* "set (file)", "empty", "unreadable" */
    const char *from, *to;    /* NULL: no MAIL and RCPT */
    int looks_further;        /* what would work instead (probe=1) */
} ss_probe_options_t;

typedef struct {
    /* a step ended */
    void (*step)(void *self, const ss_probe_report_t *report, const ss_probe_report_step_t *step);
    /* exactly once; the report lives in its own pool, the callee destroys it */
    void (*end)(void *self, ss_probe_report_t *report);
    void *self;
} ss_probe_owner_t;

typedef struct ss_probe_t ss_probe_t;

/* Starts a test; ends by itself at settings->test_timeout at the latest. */
ss_probe_t *ss_probe_start(ss_loop_t *loop, const ss_probe_options_t *options,
                           const ss_probe_owner_t *owner);
/* Ends it without calling end (the client has left). Allowed within its callbacks; it is freed at
 * the end of the loop's turn. */
void ss_probe_cancel(ss_probe_t *probe);
