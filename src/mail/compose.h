/* compose.h: composes a MIME message (with GMime): text, html and calendar as alternatives, inline
 * files related to the html, attachments. */
#pragma once

#include "mail/address.h"
#include "mail/lift.h"
#include "mail/mail.h"

typedef struct {
    const char *filename, *content_type, *cid;
    const char *field; /* of the form that it came with, or NULL */
    const char *bytes;
    apr_size_t len;
    const ss_lift_item_t *lifted; /* the content is in a file; the message gets a marker */
} ss_compose_attachment_t;

typedef struct {
    ss_address_t from;
    apr_array_header_t *to, *cc, *reply_to; /* of ss_address_t; NULL: none */
    const char *subject, *text, *html;      /* UTF-8 or NULL */
    const char *calendar;                   /* iCalendar, UTF-8, or NULL */
    const char *method;                     /* its METHOD, or NULL */
    apr_array_header_t *headers;            /* of ss_compose_header_t, checked */
    apr_array_header_t *attachments;        /* of ss_compose_attachment_t */
    const char *message_id;                 /* NULL: it is made from host, now and random */
    const char *author;                     /* as in ss_parse_options_t */
    const char *host;
    apr_time_t now;
    apr_uint64_t random;
    const ss_lift_t *lift; /* holds the lifted contents, or NULL */
} ss_compose_t;

typedef struct {
    const char *name, *value;
} ss_compose_header_t;

/* Once per process, before any other call. The others are thread-safe. */
void ss_compose_init(void);
/* Whether type is a media type without control characters in its parameters, in any encoding. */
int ss_compose_is_type(const char *type);
/* Whether files of this type are messages, which MIME does not encode (RFC 2046 5.2.1). */
int ss_compose_is_message(const char *type);
/* Writes the message, canonical, into the pool. 0, or -1 with the problem. */
int ss_compose(const char **out, apr_size_t *out_len, const ss_compose_t *model,
               ss_mail_problem_t *problem, apr_pool_t *pool);
