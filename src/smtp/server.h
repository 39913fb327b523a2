/* server.h: the server's side of SMTP without I/O: the client's bytes go in, events and bytes for
 * the client come out. Commands in order (RFC 5321), PIPELINING, CHUNKING, SIZE, 8BITMIME,
 * SMTPUTF8, DSN, ENHANCEDSTATUSCODES. What a message is worth is the caller's business: it answers
 * the events.
 *
 * Smuggling: a command line ends with CRLF and holds no other CR, LF or zero byte, else it is
 * refused and not obeyed. DATA ends at CRLF.CRLF and nothing else; all other bytes are content,
 * dots behind a bare CR or LF included. One buffer, one parser: what has been taken is never looked
 * at again. */
#ifndef SS_SMTP_SERVER_H
#define SS_SMTP_SERVER_H

#include "base/buf.h"
#include "smtp/parameter.h"

/* of a command with its line end; a longer one is refused */
#define SS_SERVER_LINE_MAX 4096
/* refused commands; then 421: whoever talks here does not speak SMTP */
#define SS_SERVER_ERRORS_MAX 100

typedef struct {
    const char *host; /* in greeting and EHLO */
    /* SIZE; larger content is read, not given, and refused with 552 */
    apr_int64_t max_size;
    int max_rcpts; /* accepted ones of a message; then 452 4.5.3 */
} ss_server_options_t;

typedef enum {
    SS_SERVER_MORE, /* these bytes hold nothing more to do: read on */
    /* much output waits: write it out, then go on with the same bytes */
    SS_SERVER_FLUSH,
    SS_SERVER_MAIL, /* a sender: answer it */
    SS_SERVER_RCPT, /* a recipient: answer it */
    /* a piece of the content, as it came (line ends not looked at) */
    SS_SERVER_CONTENT,
    /* the message is whole: answer it, now or later; MORE until then */
    SS_SERVER_END,
    SS_SERVER_RESET, /* the transaction is over without END: drop it */
    SS_SERVER_CLOSE  /* write out what waits, then close */
} ss_server_kind_t;

typedef struct {
    ss_parameter_t envelope; /* MAIL, RCPT; valid until the next call */
    const char *bytes;       /* CONTENT: within the bytes given */
    apr_size_t len;
} ss_server_event_t;

typedef struct ss_module_server_t ss_module_server_t;

/* With the greeting in its output; NULL without memory. options' text must live as long. */
ss_module_server_t *ss_server_create(const ss_server_options_t *options);
void ss_server_destroy(ss_module_server_t *s);
/* Looks at len bytes for the next event. *used: bytes that were taken, the rest (an unfinished
 * line) is to be given again with what follows. */
ss_server_kind_t ss_server_next(ss_module_server_t *s, const char *bytes, apr_size_t len,
                                apr_size_t *used, ss_server_event_t *event);
/* The answer to MAIL, RCPT or END. 2xx accepts; 421 also ends the session. The text is made
 * printable ASCII. */
void ss_server_answer(ss_module_server_t *s, int code, const char *enhanced, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));
/* Ends the session from this side: "421 enhanced text", then CLOSE. Nothing where it is over
 * already. */
void ss_server_dismiss(ss_module_server_t *s, const char *enhanced, const char *text);
/* What waits to be written; the caller takes from it what it wrote. */
ss_buf_t *ss_server_output(ss_module_server_t *s);
/* Whether a transaction is under way: MAIL was accepted and its end not answered. */
int ss_server_is_in_mail(const ss_module_server_t *s);

#endif
