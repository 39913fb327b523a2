/* request.h: a request of the local socket's protocol while it is worked on, and how it is
 * answered. The front end that read it embeds an ss_request_t and implements the operations.
 *
 * Each request is answered exactly once, also when its client has left: the answer is what lets the
 * front end free it. After an answer the request must not be touched. Loop thread. */
#pragma once

#include <apr.h>

#include "base/json.h"

typedef struct ss_request_t ss_request_t;

typedef struct {
    /* Ends the request. header: JSON object as text; NULL (no memory): the client is dropped.
     * content: len octets of a document, copied. */
    void (*answer)(ss_request_t *req, const char *header, const char *content, apr_size_t len);
    /* Sends a piece of a streamed document before the answer, copied. May call req->left. */
    void (*step)(ss_request_t *req, const char *bytes, apr_size_t len);
} ss_request_ops_t;

/* What a client may do besides submitting, and what concerns its own messages. */
typedef enum {
    SS_REQUEST_OWN,
    SS_REQUEST_WEB, /* httpd's User beside SMTPSendUser: everything but the content of messages */
    SS_REQUEST_ALL  /* root and the daemon's own user */
} ss_request_trust_t;

struct ss_request_t {
    const ss_request_ops_t *ops;
    int uid;        /* of the client's process (SO_PEERCRED); -1: unknown */
    int is_trusted; /* ss_request_trust_t: what the client may do for all users */
    int has_left;   /* the client is gone: the answer goes nowhere */
    /* "do" of the header, and the header; valid until the answer */
    const char *verb;
    const json_t *header;
    /* Set by whoever works on the request; called once when the client leaves before the answer.
     * NULL: not called. The answer clears both. */
    void (*left)(ss_request_t *req);
    void *work;
};

/* Ends the request with this HTTP status, header fields (taken over; NULL: none) and content. */
void ss_request_answer(ss_request_t *req, int status, json_t *fields, const char *content,
                       apr_size_t len);
/* Ends the request with a JSON document as content, taken over. */
void ss_request_document(ss_request_t *req, int status, json_t *document);
/* Ends the request as refused. kind: base/problem_kind.h. retry_after: seconds, 0: not said. field:
 * the member of the request that is wrong, or NULL. The text is made valid UTF-8 and cut at 2,047
 * octets. */
void ss_request_refuse(ss_request_t *req, int kind, int retry_after, const char *field,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));
