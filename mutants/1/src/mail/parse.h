/* parse.h: a complete message (RFC 5322) to ss_mail_message_t: takes recipients from the fields,
 * removes Bcc, reads attributes, makes the content canonical. No GMime here (see address.h). */
#pragma once

#include "mail/mail.h"

/* octets of a header; enough for SS_MAIL_RECIPIENTS_MAX recipients */
#define SS_PARSE_HEADER_MAX (4 * 1024 * 1024)

typedef struct {
    /* 1: To, Cc, Bcc (Resent- ones where present) give the recipients */
    int takes_rcpts;
    /* 1: adds Date, Message-ID and From if missing (sendmail, JSON); needs host and now */
    int adds_missing;
    const char *host;           /* right-hand side of a Message-ID made here */
    const char *default_domain; /* appended to addresses without a domain in envelope and fields;
                                   NULL: these are refused */
    const char *from_name;      /* sendmail -F: full name for a From made here, or NULL */
    /* for a From made here, and for the envelope if m->from is NULL and there is no From */
    const char *default_from;
    apr_time_t now;
    apr_uint64_t random; /* for the Message-ID */
    /* of const char *[2], name and value, added at the top; or NULL */
    const apr_array_header_t *add_headers;
    /* 1 (sendmail): a first line that is not a field ends the header, so that plain text is a
     * message; 0: it is an error (400) */
    int takes_plain_text;
    apr_size_t max_size; /* of the canonical content; a larger one is refused (413) */
    /* files lifted out of the document (lift.h), or NULL; the body is then in m->tail */
    struct ss_lift_t *lift;
} ss_parse_options_t;

/* Reads len bytes (any line ends) into m: adds to rcpts, sets from (if NULL: from Resent-From,
 * Sender or From), content, and the attributes that are read from the content. 0, or -1 with the
 * problem. Canonical content is not copied: m->content then points into bytes, which must live as
 * long as m. Headers over SS_PARSE_HEADER_MAX, a header line without a colon before the first empty
 * line, NUL in the header: 400. */
int ss_parse_message(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem);
