/* sendmail_smtp.h: sendmail -bs: an SMTP session on standard input and output (smtp/server.h). The
 * daemon judges each sender and recipient ("verify") and stores each message before it is answered
 * with 250. What goes wrong is an SMTP reply; nothing goes to standard error. */
#pragma once

#include "base/result.h"
#include "cli/sendmail.h"
#include "wire/peer.h"

typedef struct {
    /* Asks the daemon, as ss_sendmail_ask does. */
    apr_status_t (*ask)(void *self, const char *header, const ss_sendmail_input_t *content,
                        ss_peer_answer_t *answer, ss_result_t *why, apr_pool_t *pool);
    /* Writes all of out to the client and empties it. */
    apr_status_t (*write)(void *self, ss_buf_t *out);
    void *self;
} ss_sendmail_smtp_ops_t;

typedef struct ss_sendmail_smtp_t ss_sendmail_smtp_t;

/* A session; NULL: out of memory. ops must outlive it. */
ss_sendmail_smtp_t *ss_sendmail_smtp_create(const ss_sendmail_smtp_ops_t *ops, apr_pool_t *pool);
void ss_sendmail_smtp_destroy(ss_sendmail_smtp_t *s);
/* Carries out what the client sent, in any pieces; the first call (len 0) greets. Returns the exit
 * code, or -1 while the session goes on. */
int ss_sendmail_smtp_add(ss_sendmail_smtp_t *s, const char *bytes, apr_size_t len);
/* The client sends no more, and did not say QUIT. Returns the exit code. */
int ss_sendmail_smtp_end(ss_sendmail_smtp_t *s);

/* The whole session on standard input and output, with the daemon at the socket. Returns the exit
 * code: 0 after QUIT, 65 when the input ended before a message was complete or was no SMTP, 74 when
 * nobody reads the replies, 75 when the daemon could not be reached. */
int ss_sendmail_smtp(const char *socket, apr_pool_t *pool);
