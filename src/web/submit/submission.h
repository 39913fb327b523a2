/* submission.h: one message on its way from the bytes of a request to the daemon; for all kinds of
 * POST and the C API. */
#pragma once

#include <httpd.h>
#include <jansson.h>

#include "base/json.h"
#include "config/settings.h"
#include "mail/lift.h"
#include "mail/mail.h"
#include "web/shared/params.h"
#include "web/submit/idempotency.h"

typedef enum {
    SS_SUBMISSION_MESSAGE,
    SS_SUBMISSION_JSON,
    SS_SUBMISSION_FORM,
    SS_SUBMISSION_MULTIPART,
    SS_SUBMISSION_LINES,
    SS_SUBMISSION_DOCUMENT /* JSON that an adapter has made (src/web/api) */
} ss_submission_kind_t;

typedef struct {
    request_rec *r; /* NULL: none (the C API) */
    const ss_settings_t *relay;
    const ss_settings_policy_t *policy;
    const char *submitter; /* submitter.h */
    const char *via;       /* how it was submitted: "http", "c" */
    ss_params_t query;
    ss_submission_kind_t kind;
    const char *type;                /* the whole Content-Type */
    json_t *document;                /* DOCUMENT: compose takes it over */
    const apr_array_header_t *files; /* DOCUMENT: of ss_compose_attachment_t, or NULL */
    int lines_before;                /* of the body, before a message of many */
    ss_lift_t *lift;                 /* files lifted out of the document, or NULL */
    ss_idempotency_t idempotency;
    apr_interval_time_t wait;
    int is_dry_run;            /* everything is checked, nothing is stored */
    apr_array_header_t *added; /* fields of SMTPSendAddHeader, evaluated once per request */
    /* the message */
    apr_pool_t *pool;
    ss_mail_message_t *m;
    ss_mail_problem_t problem;
} ss_submission_t;

/* The handler smtp-send (README). */
int ss_submission_handler(request_rec *r);
/* Makes s->m of the bytes (DOCUMENT: of s->document), in s->pool: parses it, checks the permissions
 * of the location and applies its rewrites. 0, or -1 with s->problem. */
int ss_submission_compose(ss_submission_t *s, const char *bytes, apr_size_t len);
/* The header of the daemon's "submit" for s->m, in s->pool; NULL: too large. */
const char *ss_submission_request(ss_submission_t *s);

/* submission_page.c: what a person sees at the path of the handler: a form for a browser, a command
 * line for curl. Returns OK. */
int ss_submission_page(request_rec *r);
/* Whether the answer to an accepted form is a page. */
int ss_submission_page_is_wanted(const ss_submission_t *s);
/* That answer: document is that of the API. Returns OK. */
int ss_submission_page_accepted(const ss_submission_t *s, int status, const json_t *document);
