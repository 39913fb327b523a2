/* sendmail.h: submission from a shell, the way programs call sendmail. Links no JSON, mail or TLS
 * library: it must start within a millisecond, since each message is a process. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/buf.h"
#include "base/result.h"
#include "base/scratch.h"
#include "mail/attributes.h"
#include "wire/peer.h"

typedef enum {
    SS_SENDMAIL_SUBMIT,
    SS_SENDMAIL_LIST,
    SS_SENDMAIL_FLUSH,
    SS_SENDMAIL_SMTP,    /* -bs */
    SS_SENDMAIL_NOTHING, /* -bi: the program ends, successfully */
    SS_SENDMAIL_HELP,
    SS_SENDMAIL_WRONG
} ss_sendmail_mode_t;

typedef struct {
    const char *socket;
    ss_sendmail_mode_t mode;
    int takes_rcpts;        /* -t */
    int ignores_dots;       /* -i, -oi */
    int is_dry_run;         /* --dry-run: everything is checked, nothing is stored */
    const char *from;       /* -f, -r; NULL: the user who runs it */
    const char *full_name;  /* -F */
    const char *id;         /* -qI: retry this message only */
    ss_attributes_t attr;   /* those that have an option: -R, -V */
    unsigned notify;        /* -N: SS_NOTIFY_ bits */
    apr_array_header_t *to; /* of const char *: as given */
    /* beside it, of unsigned and const char *: from an SMTP client; or NULL */
    apr_array_header_t *notifies, *orcpts;
} ss_sendmail_t;

/* Reads the arguments, which end with NULL. Returns the mode; SS_SENDMAIL_WRONG: the error was
 * printed. */
ss_sendmail_mode_t ss_sendmail_read(ss_sendmail_t *s, int argc, const char *const *argv,
                                    apr_pool_t *pool);

/* ---- standard input, up to its end or to a line with only a dot; large input goes to a file ----
 */

#define SS_SENDMAIL_INPUT_FROM 262144 /* bytes of input kept in memory */
/* bytes; no SMTPSendMaxMessageSize is larger in practice */
#define SS_SENDMAIL_INPUT_MAX (1024 * 1024 * 1024)
#define SS_SENDMAIL_INPUT_TOO_LARGE APR_EINVAL /* not an error of files or memory */

typedef struct {
    ss_buf_t begin; /* everything, or what comes before the file */
    ss_scratch_t rest;
    int ignores_dots;
    /* position of the last octet in its line */
    enum {
        SS_SENDMAIL_INPUT_START,
        SS_SENDMAIL_INPUT_DOT,
        SS_SENDMAIL_INPUT_DOT_CR,
        SS_SENDMAIL_INPUT_TEXT
    } state;
    int has_ended; /* the lone dot was read */
} ss_sendmail_input_t;

void ss_sendmail_input_init(ss_sendmail_input_t *input, int ignores_dots);
/* Takes len octets, up to the lone dot. Errors: out of memory, no room for the file,
 * SS_SENDMAIL_INPUT_TOO_LARGE. */
apr_status_t ss_sendmail_input_add(ss_sendmail_input_t *input, const char *bytes, apr_size_t len,
                                   apr_pool_t *pool);
/* End of input: a final dot without a line end is text. */
apr_status_t ss_sendmail_input_end(ss_sendmail_input_t *input, apr_pool_t *pool);
void ss_sendmail_input_free(ss_sendmail_input_t *input);

/* ---- the request ---- */

/* Reads standard input and submits it. Returns the exit code (sysexits.h). */
int ss_sendmail_submit(const ss_sendmail_t *s, apr_pool_t *pool);
/* 32 characters that identify a message; NULL: no random numbers can be had. */
const char *ss_sendmail_key(apr_pool_t *pool);
/* Asks the daemon, again and again while it is restarting. input: content, or NULL. APR_SUCCESS
 * with the answer; else why says it for people. */
apr_status_t ss_sendmail_ask(const char *socket, const char *header,
                             const ss_sendmail_input_t *input, ss_peer_answer_t *answer,
                             ss_result_t *why, apr_pool_t *pool);
/* Why the daemon refused, on one line. */
const char *ss_sendmail_detail(const ss_peer_answer_t *answer, apr_pool_t *pool);
/* The header of the "submit" request as JSON text. login: the sender without -f. key: 32 characters
 * that identify this message. NULL: larger than a frame's header may be. */
const char *ss_sendmail_header(const ss_sendmail_t *s, const char *login, const char *full_name,
                               const char *key, apr_pool_t *pool);
