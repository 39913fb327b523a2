/* provider.h: the sending APIs of providers (SMTPSendAPI), so that an application needs no other
 * change than the base URL. Each API is a table of fields, a table of routes and the form of its
 * answers (provider_*.c); reading a request, checking and handing over is the same for all
 * (provider.c), and everything behind it is the same as for our own API: a request becomes our JSON
 * document (mail/form.h). What an API has and this server does not is refused, never dropped. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "web/shared/problem.h"
#include "web/shared/rpc.h"
#include "web/submit/submission.h"

typedef struct ss_provider_t ss_provider_t;
typedef struct ss_provider_job_t ss_provider_job_t;
typedef struct ss_provider_row_t ss_provider_row_t;

/* A field of the API. */
struct ss_provider_row_t {
    /* a ":" at its end: the beginning of names ("h:") */
    const char *name;
    /* where it goes in our document; NULL: it is ignored or refused */
    const char *ours;
    /* Puts the value into job->document. 0, or -1 with the problem (ss_provider_wrong). */
    int (*take)(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                json_t *value);
    /* for the documentation; where it is refused, the reason */
    const char *note;
};

/* A place of the API: the last segments of the path. "*" is any segment; the last one that matches
 * it is the id. */
typedef struct {
    int method; /* M_POST ... */
    const char *path;
    int (*call)(ss_provider_job_t *job, const char *id);
} ss_provider_route_t;

struct ss_provider_t {
    const char *name; /* in SMTPSendAPI */
    const ss_provider_row_t *rows;
    const ss_provider_route_t *routes;
    ss_problem_format_t refusals;
};

/* One request, or one message of a batch. */
struct ss_provider_job_t {
    const ss_provider_t *provider;
    request_rec *r;
    ss_submission_t s;
    json_t *document; /* ours, being made */
    json_t *copies;   /* several documents instead of the one, or NULL */
    json_t *ids;      /* of the messages that were accepted */
    int must_hold;    /* all messages or none */
    const char *first_message_id;
};

extern const ss_provider_t ss_provider_resend, ss_provider_postmark, ss_provider_sendgrid,
    ss_provider_mailgun;

/* The API of a location (ss_settings_api_t); NULL: our own. */
const ss_provider_t *ss_provider_of(int api);
/* All refusals have the API's form from now on. */
void ss_provider_begin(request_rec *r, const ss_provider_t *provider);
/* The handler smtp-send of a location with an API. */
int ss_provider_handler(request_rec *r, const ss_provider_t *provider);

/* ---- for the tables of fields ---- */

/* Refuses a field. Returns -1. */
int ss_provider_wrong(ss_provider_job_t *job, const char *name, const char *what);
/* The value as it is. */
int ss_provider_copy(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                     json_t *value);
/* {"name","email"}, or a list of them; a list is added to what is there. */
int ss_provider_mailbox(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                        json_t *value);
/* An object of header fields, or a list of {"Name","Value"}. */
int ss_provider_headers(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                        json_t *value);
int ss_provider_header(ss_provider_job_t *job, const char *name, const char *field, json_t *value);
/* A flat object, a list of {"name","value"}, or a list of words, into "metadata". */
int ss_provider_metadata(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                         json_t *value);
/* A list of attachments; the row's note is the map of their members: "theirs>ours ...". */
int ss_provider_attachments(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                            json_t *value);
/* Has no effect here; the note says why. */
int ss_provider_ignore(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                       json_t *value);
/* Does not exist here: only what means "off" is accepted. The note says what does not exist. */
int ss_provider_off(ss_provider_job_t *job, const ss_provider_row_t *row, const char *name,
                    json_t *value);
/* The metadata member `name` becomes text. */
void ss_provider_note(ss_provider_job_t *job, const char *name, const char *text);
/* Reads all members of an object by rows. 0, or -1 with the problem. */
int ss_provider_read(ss_provider_job_t *job, const ss_provider_row_t *rows, const json_t *object);
/* Replaces each of the keys (an object of texts) in the text. */
const char *ss_provider_replace(const char *text, const json_t *values, apr_pool_t *pool);
/* The same in the subject, the text, the html and the header fields of a document of ours. */
void ss_provider_fill(json_t *document, const json_t *values, apr_pool_t *pool);

/* ---- for the routes ---- */

/* Reads the body, of the kind job->s.kind. NULL: the refusal was sent. */
ss_buf_t *ss_provider_body(ss_provider_job_t *job);
/* Reads the request's document into *theirs. 1, or 0: the refusal was sent. */
int ss_provider_json(ss_provider_job_t *job, json_t **theirs);
/* Sends job->document, or job->copies, to the daemon. 1, or 0: the refusal was sent. */
int ss_provider_submit(ss_provider_job_t *job);
/* Sends a whole message; its envelope is in job->s.query. 1, or 0: the refusal was sent. */
int ss_provider_submit_message(ss_provider_job_t *job, const char *bytes, apr_size_t len);
/* A list of messages, each with an answer of its own; the callback gets the id, or the problem and
 * NULL. most: messages. 1, or 0: the refusal was sent. */
int ss_provider_batch(ss_provider_job_t *job, int most,
                      void (*answer)(ss_provider_job_t *job, int index, const char *id,
                                     const ss_problem_t *problem));
/* The state of a message, owned by the request; NULL: the refusal was sent. */
const json_t *ss_provider_state(ss_provider_job_t *job, const char *id);
/* Cancels it. 1, or 0: the refusal was sent. */
int ss_provider_cancel(ss_provider_job_t *job, const char *id);
/* A route for what does not exist here; the id is not used. */
int ss_provider_no_templates(ss_provider_job_t *job, const char *id);
