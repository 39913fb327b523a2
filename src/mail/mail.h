/* mail.h: a submitted message: envelope, content and attributes, all from the message's pool. */
#pragma once

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "base/problem_kind.h"
#include "base/scratch.h"
#include "mail/attributes.h"

#define SS_MAIL_RECIPIENTS_MAX 50000 /* a message with more recipients is refused (413) */
#define SS_MAIL_LINE_MAX 998         /* octets of a line without its end (RFC 5322 2.1.1) */
#define SS_MAIL_ADDRESS_MAX 1000     /* octets of one address (RFC 5321 4.5.3.1 requires 320) */

typedef struct {
    const char *address; /* "local@domain", no brackets, UTF-8 */
    const char *orcpt;   /* RFC 3461 4.2 or NULL */
    unsigned notify;     /* SS_NOTIFY_ bits */
} ss_mail_rcpt_t;

typedef struct ss_mail_message_t {
    apr_pool_t *pool;
    const char *from;          /* envelope sender, "" for <>; NULL: not given */
    apr_array_header_t *rcpts; /* of ss_mail_rcpt_t, without duplicates */
    const char *content;       /* canonical (canonical.h), not dot-stuffed */
    apr_size_t content_len;
    const ss_scratch_t *tail; /* what follows content, if it is too large for memory; or NULL */
    ss_attributes_t attr;
    const char *traceparent; /* the field of the content, as it is there, or NULL */
    int is_bulk;             /* Precedence: bulk or list */
    int received_count;      /* number of Received fields */
    int individually;        /* each recipient gets a copy of its own */
    /* private: finds duplicates; whoever replaces rcpts sets rcpt_index to NULL */
    apr_hash_t *rcpt_index;
    int rcpt_indexed;
} ss_mail_message_t;

/* Why a submission is refused. */
typedef struct {
    int status;        /* HTTP status: 400, 413, 415, 422 ... */
    int kind;          /* base/problem_kind.h; 0: the general kind of the status */
    const char *field; /* "to[2]", "attachments[0].content", "header", or NULL */
    /* one sentence for the author of the client; one line, what it quotes is escaped */
    char detail[512];
} ss_mail_problem_t;

ss_mail_message_t *ss_mail_create(apr_pool_t *pool);
/* Sets the problem unless one is set already; problem may be NULL. kind: SS_PROBLEM_x, or a status.
 * Returns -1, for the caller to return. */
int ss_mail_problem(ss_mail_problem_t *problem, int kind, const char *field, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* Its kind; 400 where nobody has set one. */
int ss_mail_problem_kind(const ss_mail_problem_t *problem);
/* A Message-ID of our own, with the domain of the author's address (RFC 5322 3.6.4: any name that
 * is under the author's control), or else host; NULL or "": localhost. */
const char *ss_mail_message_id(apr_time_t now, apr_uint64_t random, const char *author,
                               const char *host, apr_pool_t *pool);
/* Adds a recipient, in its normal form (address.h), unless it is there already; checks its syntax.
 * 0, or -1 with the problem. */
int ss_mail_add_rcpt(ss_mail_message_t *m, const char *address, unsigned notify, const char *field,
                     ss_mail_problem_t *problem);
