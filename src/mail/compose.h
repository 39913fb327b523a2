/* compose.h: MIME out of a model, by GMime: text, html alternative, inline related, attachments
 * mixed. */
#ifndef SS_MAIL_COMPOSE_H
#define SS_MAIL_COMPOSE_H

#include "mail/address.h"
#include "mail/lift.h"
#include "mail/mail.h"

typedef struct {
    const char *filename, *content_type, *cid;
    const char *bytes;
    apr_size_t len;
    /* not NULL: the content is not in bytes but in a file; a marker stands in the message */
    const ss_lift_item_t *lifted;
} ss_compose_attachment_t;

typedef struct {
    ss_address_t from;
    apr_array_header_t *to, *cc, *reply_to; /* of ss_address_t; NULL: none */
    const char *subject, *text, *html;      /* UTF-8 or NULL */
    /* of ss_compose_header_t, checked: no line ends, no fields that belong to us */
    apr_array_header_t *headers;
    apr_array_header_t *attachments; /* of ss_compose_attachment_t */
    /* with brackets, or NULL: made from host, now, random */
    const char *message_id;
    const char *host;
    apr_time_t now;
    apr_uint64_t random;
    const ss_lift_t *lift; /* where lifted contents are, or NULL */
} ss_compose_t;

typedef struct {
    const char *name, *value;
} ss_compose_header_t;

/* Once a process before the first use (GMime's start); threads may call the others at once
 * afterwards. */
void ss_compose_init(void);
/* Whether it may be an attachment's content_type: a media type whose parameters hold no control
 * characters, however they are written. */
int ss_compose_is_type(const char *type);
/* Writes the message, canonical, into the pool. 0, or -1 with the problem. */
int ss_compose(const char **out, apr_size_t *out_len, const ss_compose_t *model,
               ss_mail_problem_t *problem, apr_pool_t *pool);

#endif
