/* client_types.h: what goes into and comes out of the SMTP client (client.h): options, messages,
 * events. */
#ifndef SS_SMTP_CLIENT_TYPES_H
#define SS_SMTP_CLIENT_TYPES_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/mono.h"
#include "base/dsn.h"
#include "base/result.h"
#include "config/settings.h"
#include "smtp/capability.h"
#include "smtp/content.h"
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

typedef struct {
    const char *address;
    const char *orcpt; /* or NULL */
    /* RFC 3461 bits of mail/message.h's values: 1 never 2 success 4 failure 8 delay; 0 none */
    unsigned notify;
    /* filled in by the client before SS_EVENT_DONE */
    ss_verdict_fate_t fate;
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
} ss_client_event_kind_t;

typedef struct {
    ss_client_event_kind_t kind;
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

#endif
