/* client.h: the SMTP client: bytes, time and messages go in; bytes and events come out. No socket,
 * clock, log or random source inside. The daemon, the connection test, the simulator and the
 * fuzzers drive the same one, by one thread each. RFC 5321; 1870 SIZE, 2920 PIPELINING, 3030
 * CHUNKING, 3207 STARTTLS, 3461 DSN, 2034/3463 enhanced codes, 4954 AUTH, 6152 8BITMIME, 6531
 * SMTPUTF8, 8689 REQUIRETLS, 9422 LIMITS. Order of calls: create; then, in any order the connection
 * dictates, feed / sent / tls_on / secret / send / quit / lost; after each of them take events with
 * ss_client_next until NULL, then write what ss_client_output gives. */
#ifndef SS_SMTP_CLIENT_H
#define SS_SMTP_CLIENT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <sys/uio.h>

#include "base/mono.h"
#include "base/dsn.h"
#include "base/result.h"
#include "config/settings.h"
#include "smtp/reply.h"
#include "smtp/transcript.h"
#include "smtp/verdict.h"

/* messages sent and not yet answered on one connection; also the bound on duplicates */
#define SS_CLIENT_WINDOW_MAX 16
#define SS_CLIENT_RECIPIENTS_MAX 1000 /* of one transaction, whatever the settings say */

typedef struct ss_client_t ss_client_t;

typedef enum {
    SS_CLIENT_TLS_OFF,
    SS_CLIENT_TLS_REQUIRED,
    SS_CLIENT_TLS_IF_OFFERED,
    SS_CLIENT_TLS_ON /* before the greeting */
} ss_client_tls_t;

#define SS_REPLY_CODES 400 /* 200 to 599 */
/* replies by what was asked and by code */
typedef struct {
    apr_uint64_t count[SS_CMDS][SS_REPLY_CODES];
} ss_reply_counts_t;

/* copied by create; texts and arrays must outlive the client */
typedef struct {
    const char *helo;
    const char *host; /* for messages, SASL's hostname, OAUTHBEARER's host */
    int port;
    ss_client_tls_t tls;
    int is_loopback;                /* plain-text logins are harmless here */
    int auth_insecure;              /* SMTPSendAuthInsecure */
    const char *username;           /* NULL: no login (EXTERNAL may be named without) */
    const apr_array_header_t *auth; /* of const char *: SMTPSendAuth */
    int has_client_cert;            /* EXTERNAL may be chosen by "auto" */
    /* 0: not even where offered (directive or remembered) */
    int pipelining, chunking;
    /* remembered: nothing is said behind a message's content before its answer */
    int is_stepwise;
    int use_helo;   /* remembered: the server refuses EHLO */
    int window_max; /* 1..SS_CLIENT_WINDOW_MAX */
    /* of this connection; 0 no limit; 1 = one message a connection */
    int max_messages;
    int max_recipients; /* of a transaction; LIMITS RCPTMAX lowers it */
    /* greeting, auth, command, data are used here */
    apr_interval_time_t timeout[SS_TIMEOUTS];
    ss_reply_counts_t *counts;   /* each reply is counted here; or NULL */
    ss_transcript_t *transcript; /* what is said and heard, without content; or NULL */
    /* of one message from MAIL to its answer, and of the session's start; 30 min */
    apr_interval_time_t attempt_deadline;
} ss_client_options_t;

typedef struct { /* what EHLO offered, after the last EHLO */
    int is_esmtp, pipelining, chunking, size_known, eight_bit_mime, smtputf8, dsn, enhanced,
        starttls, requiretls, auth_offered;
    apr_uint64_t size;                    /* 0: no fixed limit told */
    int limit_messages, limit_recipients; /* LIMITS MAILMAX, RCPTMAX; 0 none */
    /* AUTH's, upper case, blank separated; both "AUTH " and "AUTH=" forms */
    char mechanisms[512];
    char name[256]; /* the server's name in its answer */
    /* a line of "XXXX" or "****": a firewall or scanner between writes over what it does not let
     * through */
    int is_rewritten;
} ss_capability_t;

typedef struct {
    /* Bytes at offset `at` of the canonical content: pointer and length (up to the end of what is
     * in memory in one piece), valid until the message is done. APR_EAGAIN: not in memory yet; the
     * caller calls ss_client_more when it is. Any other status aborts the transaction (connection
     * closed). */
    apr_status_t (*read)(void *self, apr_off_t at, const char **bytes, apr_size_t *len);
    void *self;
} ss_content_t;

typedef struct {
    const char *address;
    const char *orcpt; /* or NULL */
    /* RFC 3461 bits of mail/message.h's values: 1 never 2 success 4 failure 8 delay; 0 none */
    unsigned notify;
    /* filled in by the client before SS_EVENT_DONE */
    ss_fate_t fate;
    ss_cmd_t cmd; /* whose answer decided it */
    int code;     /* 0: no reply (connection lost, timeout) */
    char dsn[12];
    /* the server sent it (text is without it); else it is the class's generic one */
    int has_dsn;
    const char *advice; /* id */
    const char *text;   /* reply or reason, from the message's pool */
} ss_client_rcpt_t;

typedef struct ss_client_message_t { /* the caller's; must live until its SS_EVENT_DONE */
    void *owner;                     /* the caller's mark */
    apr_pool_t *pool;                /* for texts of results */
    const char *from;                /* "" for <> */
    ss_client_rcpt_t *rcpts;
    int rcpt_count;
    apr_off_t size; /* of the content, canonical, not dot-stuffed */
    ss_content_t content;
    int is_8bit, is_utf8, requires_tls;
    ss_dsn_options_t dsn_options;
    ss_mono_t started, ended; /* filled in: MAIL written, last answer */
    /* the client's own bookkeeping */
    int is_dot_stuffed_at_start;
    void *internal;
} ss_client_message_t;

typedef enum {
    /* a step ended: result.step is greeting hello starttls auth mail rcpt quit; is_ok */
    SS_EVENT_STEP,
    /* do the handshake now, then call ss_client_tls_on (or ss_client_lost) */
    SS_EVENT_START_TLS,
    SS_EVENT_WANT_SECRET, /* call ss_client_secret, now or later */
    SS_EVENT_READY,       /* logged in: messages may be sent */
    SS_EVENT_DONE,        /* message: each of its recipients has its fate */
    /* learn: one SS_LEARN_ bit; number: for MAX_RECIPIENTS; text: the server's words */
    SS_EVENT_LEARNED,
    /* a command was answered 4xx/5xx: cmd, reply text: for the log's sentence */
    SS_EVENT_REFUSED,
    /* ss_client_try is over: takes_several says whether a second MAIL was taken */
    SS_EVENT_TRIED,
    SS_EVENT_CLOSED /* the last one: verdict and result say why; all messages were given back before
                     */
} ss_event_kind_t;

typedef struct {
    ss_event_kind_t kind;
    int is_ok; /* STEP, CLOSED (an orderly end: quit, idle, limits) */
    ss_cmd_t cmd;
    int code;
    char dsn[12];
    ss_verdict_t verdict;         /* REFUSED, CLOSED, STEP where it failed */
    ss_result_t result;           /* STEP, CLOSED: what to tell a person */
    char text[SS_REPLY_TEXT_MAX]; /* the server's words */
    ss_client_message_t *message; /* DONE */
    unsigned learn;
    int number;
    int takes_several;
    apr_interval_time_t took; /* STEP */
    const char *mechanism;    /* STEP auth, WANT_SECRET */
} ss_client_event_t;

/* A client in the state "waits for the greeting". now: when the connection stood. Everything lives
 * in pool. */
ss_client_t *ss_client_create(const ss_client_options_t *options, ss_mono_t now, apr_pool_t *pool);
/* Frees what is outside the pool (SASL); needed before the pool goes, whatever the state. */
void ss_client_destroy(ss_client_t *c);
/* Takes what the server sent. *len: in available, out taken (all of it unless the client is closed
 * or waits for TLS). Never blocks. */
apr_status_t ss_client_feed(ss_client_t *c, const char *bytes, apr_size_t *len, ss_mono_t now);
/* Time passed: to be called at ss_client_deadline at the latest. */
void ss_client_tick(ss_client_t *c, ss_mono_t now);
/* When ss_client_tick must be called; not set: nothing is waited for. */
ss_mono_t ss_client_deadline(const ss_client_t *c);
/* Pieces to write, in order, at most max; returns their number, 0: nothing to write now. Pointers
 * stay valid until ss_client_sent. */
int ss_client_output(ss_client_t *c, struct iovec *pieces, int max, ss_mono_t now);
/* So many bytes of ss_client_output's pieces were written. */
void ss_client_sent(ss_client_t *c, apr_size_t len, ss_mono_t now);
/* Content that was APR_EAGAIN is there now. */
void ss_client_more(ss_client_t *c, ss_mono_t now);
/* The handshake that SS_EVENT_START_TLS asked for is done (or TLS is on from the start). binding:
 * the channel binding data (RFC 9266 tls-exporter for TLS 1.3, RFC 5929 tls-unique below; NULL:
 * none), of binding_type "tls-exporter" or "tls-unique". Bytes that came before it in plain text
 * are a STARTTLS injection (CVE-2011-0411): the client refuses them itself. */
void ss_client_tls_on(ss_client_t *c, const char *binding_type, const char *binding,
                      apr_size_t binding_len, ss_mono_t now);
/* The secret that SS_EVENT_WANT_SECRET asked for; bytes are copied and wiped after use. NULL: there
 * is none: the login fails as "unreadable". */
void ss_client_secret(ss_client_t *c, const char *bytes, apr_size_t len, ss_mono_t now);
/* The connection is gone: status APR_EOF (closed by peer), ECONNRESET, APR_TIMEUP ...; result: a
 * better sentence (TLS), or NULL. */
void ss_client_lost(ss_client_t *c, apr_status_t status, const ss_result_t *result, ss_mono_t now);
/* Whether ss_client_send would take a message now (ready, window, limits, not closing). */
int ss_client_can_send(const ss_client_t *c);
/* Hands a message over. APR_SUCCESS: it comes back by SS_EVENT_DONE; APR_EAGAIN: no room (see
 * can_send). A message the server cannot take at all (SIZE, no SMTPUTF8, no 8BITMIME, no
 * REQUIRETLS) comes back DONE/failed without a command. More recipients than max_recipients:
 * APR_EINVAL (the caller splits). */
apr_status_t ss_client_send(ss_client_t *c, ss_client_message_t *message, ss_mono_t now);
/* MAIL from, RCPT to, RSET, MAIL from, RSET; then TRIED. Only when ready and nothing is in flight.
 */
void ss_client_try(ss_client_t *c, const char *from, const char *to, ss_mono_t now);
/* Ends the session: QUIT once nothing is in flight; then CLOSED (is_ok). */
void ss_client_quit(ss_client_t *c, ss_mono_t now);
/* The next event, or NULL; valid until the next call. */
const ss_client_event_t *ss_client_next(ss_client_t *c);
/* The oldest message whose fate is open is first; number of messages in flight. */
int ss_client_in_flight(const ss_client_t *c);
/* Messages of this connection that were answered so far, and today's window. */
int ss_client_messages(const ss_client_t *c);
int ss_client_window(const ss_client_t *c);
const ss_capability_t *ss_client_capability(const ss_client_t *c);

#endif
