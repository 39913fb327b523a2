/* parse.h: a finished message (RFC 5322) to ss_mail_message_t: recipients from the fields, Bcc
 * taken out, what is worth searching, content made canonical. No GMime here (see address.h). */
#ifndef SS_MAIL_PARSE_H
#define SS_MAIL_PARSE_H

#include "mail/mail.h"

/* as many recipients as a message may have stand in it */
#define SS_PARSE_HEADER_MAX (4 * 1024 * 1024)

typedef struct {
    /* 1: To, Cc, Bcc (Resent- ones where present) give the recipients */
    int takes_rcpts;
    /* 1: Bcc stays (recipients named elsewhere and the caller wants it untouched) */
    int keeps_bcc;
    /* 1: Date, Message-ID, From where missing (sendmail, JSON); needs host and now */
    int adds_missing;
    const char *host;           /* right side of a Message-ID made here */
    const char *default_domain; /* appended to addresses without one in envelope and fields; NULL:
                                   none, they are refused */
    const char *from_name;      /* sendmail -F: full name for a From made here, or NULL */
    /* for a From made here, and the envelope where m->from is NULL and no From is there */
    const char *default_from;
    apr_time_t now;
    apr_uint64_t random; /* for the Message-ID */
    /* of ss_pair-like {name,value} const char *[2], put on top; or NULL */
    const apr_array_header_t *add_headers;
    /* 1 (sendmail): a first line that is no field ends the header, so that plain text is a message;
     * 0: it is a 400 */
    int takes_plain_text;
    apr_size_t max_size; /* of the canonical content; over it 413 */
    /* files that were lifted out of the document (lift.h), or NULL; the message then has its body
     * in m->tail */
    struct ss_lift_t *lift;
} ss_parse_options_t;

/* Reads len bytes (any line ends) into m: sets rcpts (added to those there), from (where NULL:
 * Resent-From, Sender or From), content, subject, message_id, flags. 0, or -1 with the problem.
 * Canonical content is not copied: m->content then points into bytes, which must live as long as m.
 * Headers over SS_PARSE_HEADER_MAX, a header line without a colon before the first empty line, NUL
 * in the header: 400. */
int ss_parse_message(ss_mail_message_t *m, const char *bytes, apr_size_t len,
                     const ss_parse_options_t *options, ss_mail_problem_t *problem);

#endif
