/* submission.h: one message on its way from a request's bytes to the daemon's question; shared by
 * all forms of a POST and by the C API. */
#ifndef SS_WEB_SUBMIT_SUBMISSION_H
#define SS_WEB_SUBMIT_SUBMISSION_H

#include <httpd.h>
#include <jansson.h>

#include "config/settings.h"
#include "mail/lift.h"
#include "mail/submitted.h"
#include "web/shared/params.h"
#include "web/submit/idempotency.h"

typedef enum {
    SS_SUBMISSION_MESSAGE,
    SS_SUBMISSION_JSON,
    SS_SUBMISSION_FORM,
    SS_SUBMISSION_MULTIPART,
    SS_SUBMISSION_LINES
} ss_submission_kind_t;

typedef struct {
    request_rec *r; /* NULL: none (the C API) */
    const ss_settings_t *relay;
    const ss_policy_t *policy;
    /* who the mail is from in the eyes of fairness, limits and history */
    const char *submitter;
    const char *door; /* "http", "c" */
    ss_params_t query;
    ss_submission_kind_t kind;
    const char *type;        /* the whole Content-Type */
    ss_lift_t *lift;         /* files that were lifted out of a document, or NULL */
    ss_idempotency_t repeat; /* Idempotency-Key */
    apr_interval_time_t wait;
    apr_array_header_t *added; /* SMTPSendAddHeader's fields, evaluated once a request */
    int has_added;
    /* the message */
    apr_pool_t *pool;
    ss_mail_message_t *m;
    ss_mail_problem_t problem;
} ss_submission_t;

/* The user, else the path that was asked for. */
const char *ss_submission_submitter(const request_rec *r);
/* Makes a message of the bytes in s->pool, and applies what the location allows and changes. 0, or
 * -1 with s->problem. */
int ss_submission_compose(ss_submission_t *s, const char *bytes, apr_size_t len);
/* The daemon's "submit" for it, with the size of the content in memory, in s->pool; NULL: larger
 * than a question may be. */
const char *ss_submission_question(ss_submission_t *s);

#endif
