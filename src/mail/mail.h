/* mail.h: a message as it comes through a door: envelope, content, and what the submitter
 * asked for. Everything lives in one pool, the message's; whoever owns the pool owns the message.
 */
#ifndef SS_MAIL_MAIL_H
#define SS_MAIL_MAIL_H

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/result.h"
#include "base/scratch.h"
#include "mail/attributes.h"

/* past it a submission is refused: "too many recipients" */
#define SS_MAIL_RECIPIENTS_MAX 50000
/* octets of a line without its end (RFC 5322 2.1.1) */
#define SS_MAIL_LINE_MAX 998
/* octets of one address as stored (RFC 5321 4.5.3.1 asks for 320) */
#define SS_MAIL_ADDRESS_MAX 1000

typedef struct {
    const char *address; /* "local@domain", no brackets, UTF-8 */
    const char *orcpt;   /* RFC 3461 4.2 or NULL */
    unsigned notify;     /* SS_NOTIFY_ bits */
} ss_mail_rcpt_t;

typedef struct ss_mail_message_t {
    apr_pool_t *pool;
    const char *from; /* envelope sender, "" for <>; NULL: not named */
    /* of ss_mail_rcpt_t, no address twice (domain compared without case) */
    apr_array_header_t *rcpts;
    /* content: canonical (CRLF line ends, no NUL, lines within 998 octets), not dot-stuffed */
    const char *content;
    apr_size_t content_len;
    /* the rest of the content, behind content_len, where it is too large to be in memory; or NULL
     */
    const ss_scratch_t *tail;
    ss_attributes_t attr;
    int is_bulk;        /* Precedence: bulk or list */
    int received_count; /* Received fields: 50 = a loop */
    int individually;
    /* message.c's own: finds a recipient that is there already; rcpt_index is set to NULL by who
     * replaces rcpts. */
    apr_hash_t *rcpt_index;
    int rcpt_indexed;
} ss_mail_message_t;

/* A refusal of a submission: what the door answers. */
typedef struct {
    int status;        /* HTTP status: 400, 413, 415, 422 ... */
    const char *field; /* "to[2]", "attachments[0].content", "header", or NULL */
    /* one sentence for the person who wrote the client; bytes from outside as they came */
    char detail[512];
} ss_mail_problem_t;

ss_mail_message_t *ss_mail_create(apr_pool_t *pool);
/* Sets a problem; the first is kept. */
void ss_mail_problem(ss_mail_problem_t *problem, int status, const char *field, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
/* Adds a recipient unless it is there; checks the syntax. 0, or -1 with the problem set (field
 * names the place). */
int ss_mail_add_rcpt(ss_mail_message_t *m, const char *address, unsigned notify, const char *field,
                     ss_mail_problem_t *problem);

#endif
