/* problem.h: refusals as problem documents (RFC 9457), or as HTML for browsers. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "mail/mail.h"

typedef struct {
    int kind;           /* base/problem_kind.h, or an HTTP status */
    const char *field;  /* the field of the submission that is wrong, or NULL */
    const char *detail; /* one sentence for the client's author; any bytes */
    const char *state;  /* 409: the message's state, or NULL */
    int retry_after;    /* seconds; 0: none, but 429 and 503 always have one */
} ss_problem_t;

/* How an API that the module imitates writes a refusal. detail is escaped; *status may be changed.
 * Returns the document. */
typedef struct {
    json_t *(*write)(const ss_problem_t *problem, const char *detail, int *status);
} ss_problem_format_t;

/* All refusals of this request have that format from now on. */
void ss_problem_use(request_rec *r, const ss_problem_format_t *format);
/* Sends the refusal. Returns OK, which is 0, for the caller to return. */
int ss_problem_send(request_rec *r, const ss_problem_t *problem);
/* The same from arguments. field may be NULL. */
int ss_problem(request_rec *r, int kind, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a problem that src/mail found. */
int ss_problem_mail(request_rec *r, const ss_mail_problem_t *problem);
/* 405 with the Allow header, for example "GET, DELETE". */
int ss_problem_not_allowed(request_rec *r, const char *allow);
/* Sets the members that tell the kind: type, code, title, status. */
void ss_problem_describe(json_t *document, int kind);
