/* attributes.h: the attributes of a message: what a submission may say about a message besides its
 * envelope and content. The same struct is part of a submitted message (submitted.h) and of a
 * stored one (queue/message.h). */
#ifndef SS_MAIL_ATTRIBUTES_H
#define SS_MAIL_ATTRIBUTES_H

#include <apr_time.h>

#include "base/dsn.h"

typedef struct {
    /* read from the content */
    const char *subject;     /* decoded, UTF-8, at most 998 octets, or NULL */
    const char *message_id;  /* with its angle brackets, or NULL */
    const char *header_from; /* first address of From, or NULL */
    int is_8bit;             /* octets above 127 in the body: wants 8BITMIME */
    int is_utf8;             /* octets above 127 in the header or an address: wants SMTPUTF8 */
    int requires_tls;        /* RFC 8689: TLS-Required or REQUIRETLS asked for */
    int is_auto;             /* Auto-Submitted other than "no" */
    /* asked for */
    const char *relay; /* name, or NULL: the module chooses */
    ss_dsn_options_t dsn_options;
    apr_time_t at;              /* not before; 0: now */
    apr_interval_time_t expire; /* 0: the relay's */
    int priority;               /* ss_priority_t; -1 while none is chosen */
    const char *metadata;       /* JSON text of a flat object, or NULL */
    const char *webhook;        /* or NULL */
    /* who submitted, and how */
    const char *submitter; /* REMOTE_USER, path, or "uid:1000": for fairness, rates, idempotency */
    const char *door;      /* "http", "sendmail", "c", "smtp" */
    int uid;               /* local submitter, or -1 */
    const char *idempotency_key, *content_hash; /* hex; or NULL */
    const char *created_by; /* id of the message that this one reports on (bounce), or NULL */
} ss_attributes_t;

#endif
