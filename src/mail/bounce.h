/* bounce.h: delivery status notifications (RFC 3464 in the multipart/report of RFC 6522): a part
 * for people, one for programs, and the message's header or all of it. */
#pragma once

#include <apr_pools.h>
#include <apr_time.h>

#include "base/dsn.h"

/* octets; of a larger message only the header is returned, whatever RET asks for */
#define SS_BOUNCE_FULL_MAX (1 << 19)
/* recipients in the part for people; the part for programs lists all */
#define SS_BOUNCE_LISTED_MAX 100

typedef enum { SS_BOUNCE_FAILED, SS_BOUNCE_DELAYED, SS_BOUNCE_RELAYED } ss_bounce_kind_t;

typedef struct {
    const char *address; /* UTF-8 */
    const char *orcpt;   /* "rfc822;bob@example.com" (RFC 3461 4.2), or NULL */
    const char *dsn;     /* "5.1.1" */
    const char *reply;   /* the server's words, or ours; may be NULL */
    const char *host;    /* that sent the reply: "mail.example.com[192.0.2.1]:465"; NULL: ours */
    const char *title, *meaning, *remedy; /* the knowledge base's entry, or NULL */
    apr_time_t last_attempt;              /* 0: none */
} ss_bounce_rcpt_t;

typedef struct {
    ss_bounce_kind_t kind;
    const char *to;               /* recipient of the report */
    const char *from;             /* address of its From field */
    const char *host;             /* our name: Reporting-MTA, right side of the Message-ID */
    const char *id;               /* id of the reported message in our queue */
    ss_dsn_options_t dsn_options; /* of the reported message */
    apr_time_t arrived, now;
    apr_time_t until; /* DELAYED: when the message expires; 0: unknown */
    apr_uint64_t random;
    const ss_bounce_rcpt_t *rcpts;
    int rcpt_count;
    const char *content; /* of the reported message, canonical; NULL: not available */
    apr_size_t content_len;
    int is_whole; /* content is the whole message and is returned whole; else only its header is */
} ss_bounce_t;

typedef struct {
    const char *bytes;
    apr_size_t len;
    int is_8bit, is_utf8;
    const char *subject, *message_id;
} ss_bounce_text_t;

/* Writes the report, canonical, into the pool. */
void ss_bounce(ss_bounce_text_t *out, const ss_bounce_t *model, apr_pool_t *pool);
/* Whether no report may be sent on content: it is an automatic reply (Auto-Submitted: auto-replied,
 * RFC 3834 5), or in a loop (SS_BOUNCE_HOPS_MAX Received fields). */
int ss_bounce_is_loop(const char *content, apr_size_t len);

#define SS_BOUNCE_HOPS_MAX 50
