/* parse.h: a complete message (RFC 5322) to ss_mail_message_t: takes recipients from the fields,
 * removes Bcc, reads attributes, makes the content canonical. */
#pragma once

#include "mail/mail.h"

/* octets of a header; enough for SS_MAIL_RECIPIENTS_MAX recipients */
#define SS_PARSE_HEADER_MAX (4 * 1024 * 1024)

typedef struct {
    int takes_rcpts;            /* To, Cc, Bcc (Resent- ones where present) give the recipients */
    int adds_missing;           /* Date, Message-ID and From; needs host and now */
    int adds_from;              /* From alone: the envelope's sender */
    const char *host;           /* of a Message-ID made here, if the author has no domain */
    const char *author;         /* the address that From will have; NULL: its own */
    const char *default_domain; /* for a field of one name without a domain; NULL: it is refused */
    int takes_names;            /* and for fields of several such names and nothing else */
    const char *from_name;      /* for a From made here, or NULL */
    const char *default_from;   /* for a From made here, and an envelope without a sender */
    apr_time_t now;
    apr_uint64_t random; /* for the Message-ID */
    /* of const char *[2], name and value, or NULL: these replace fields of the same names */
    const apr_array_header_t *add_headers;
    /* a first line that is not a field ends the header, so that plain text is a message; else it is
     * an error (400) */
    int takes_plain_text;
    apr_size_t max_size; /* of the canonical content; a larger one is refused (413) */
    int lines_before;    /* of the input, before a JSON document; for refusals */
    /* files lifted out of the document (lift.h), or NULL; the body is then in m->tail */
    struct ss_lift_t *lift;
} ss_parse_options_t;

/* Reads len bytes (any line ends) into m: adds to rcpts, sets from (if NULL: from Resent-From,
 * Sender or From), content, and the attributes that are read from the content. 0, or -1 with the
 * problem. m->content may point into bytes, which must live as long as m. */
int ss_parse_message(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem);
