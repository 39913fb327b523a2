/* server.h: the server side of SMTP without I/O: bytes from the client go in, events and bytes for
 * the client come out. RFC 5321; PIPELINING, CHUNKING, BINARYMIME, SIZE, 8BITMIME, SMTPUTF8,
 * DSN, ENHANCEDSTATUSCODES. What a client does not declare (8-bit text, UTF-8 in addresses) is
 * taken nevertheless: the content is looked at. The caller decides about senders, recipients and
 * messages by answering the events.
 *
 * Against SMTP smuggling: a command line ends with CRLF and contains no other CR, LF or NUL, else
 * it is refused. DATA ends at CRLF.CRLF and nowhere else; all other bytes are content. Of two
 * dots after a bare LF one is dropped if the client doubles them there. There is one parser, which
 * never looks at a byte twice. */
#pragma once

#include "base/buf.h"
#include "smtp/parameter.h"

/* including the line end; longer lines are refused */
#define SS_SERVER_LINE_MAX 4096
/* refused commands, after which the session ends with 421 */
#define SS_SERVER_ERRORS_MAX 100

typedef struct {
    const char *host;     /* for greeting and EHLO */
    apr_int64_t max_size; /* larger content is discarded and refused with 552 */
    int max_rcpts;        /* of a message; then 452 4.5.3 */
} ss_server_options_t;

typedef enum {
    SS_SERVER_MORE, /* no event in these bytes: read more */
    /* much output is pending: write it, then call again with the same bytes */
    SS_SERVER_FLUSH,
    SS_SERVER_MAIL,    /* a sender: answer it */
    SS_SERVER_RCPT,    /* a recipient: answer it */
    SS_SERVER_CONTENT, /* a piece of the content, as received */
    SS_SERVER_END,     /* the message is complete: answer it, now or later; MORE until then */
    SS_SERVER_RESET,   /* the transaction was aborted: discard it */
    SS_SERVER_CLOSE    /* write the pending output, then close */
} ss_server_kind_t;

typedef struct {
    ss_parameter_t envelope; /* MAIL, RCPT; valid until the next call */
    const char *bytes;       /* CONTENT: within the bytes given */
    apr_size_t len;
} ss_server_event_t;

typedef struct ss_server_t ss_server_t;

/* NULL: out of memory. The texts of options must outlive it. */
ss_server_t *ss_server_create(const ss_server_options_t *options);
void ss_server_destroy(ss_server_t *s);
/* Parses up to the next event. *used: bytes consumed; the rest (an unfinished line) must be passed
 * again with what follows. */
ss_server_kind_t ss_server_next(ss_server_t *s, const char *bytes, apr_size_t len, apr_size_t *used,
                                ss_server_event_t *event);
/* Answers MAIL, RCPT or END. 2xx accepts; 421 also ends the session. Bytes of the text that are not
 * printable ASCII become "?". */
void ss_server_answer(ss_server_t *s, int code, const char *enhanced, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Ends the session: "421 enhanced text", then CLOSE. No effect if it is already over. */
void ss_server_dismiss(ss_server_t *s, const char *enhanced, const char *text);
/* The pending output, the greeting first; the caller removes what it wrote. */
ss_buf_t *ss_server_output(ss_server_t *s);
/* Whether the client ended the session with QUIT. */
int ss_server_has_quit(const ss_server_t *s);
/* Whether a transaction is in progress: MAIL was accepted and the end is not answered. */
int ss_server_is_in_mail(const ss_server_t *s);
