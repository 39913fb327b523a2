/* client_types.h: what goes into and comes out of the SMTP client (client.h). */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/mono.h"
#include "base/dsn.h"
#include "base/result.h"
#include "config/settings.h"
#include "smtp/capability.h"
#include "smtp/client_proof.h"
#include "smtp/content.h"
#include "smtp/reply.h"
#include "smtp/transcript.h"
#include "smtp/verdict.h"

/* messages sent and not answered on one connection: the bound on duplicates */
#define SS_CLIENT_WINDOW_MAX 16
#define SS_CLIENT_RECIPIENTS_MAX 1000 /* per transaction, whatever the settings say */

typedef struct ss_client_t ss_client_t;

typedef enum {
    SS_CLIENT_TLS_OFF,
    SS_CLIENT_TLS_REQUIRED,
    SS_CLIENT_TLS_IF_OFFERED,
    SS_CLIENT_TLS_ON /* before the greeting */
} ss_client_tls_t;

/* mechanisms that are tried one after the other with one secret, since servers lock accounts */
#define SS_CLIENT_LOGINS_MAX 3

/* copied by ss_client_create; texts and arrays must outlive the client */
typedef struct {
    const char *helo;
    const char *host; /* for messages, SASL's hostname, OAUTHBEARER's host */
    int port;
    ss_client_tls_t tls;
    int is_loopback;                /* plain-text logins are harmless here */
    int is_unverified;              /* the server may be anybody, with TLS too */
    int auth_insecure;              /* SMTPSendAuthInsecure */
    const char *username;           /* NULL: no login, except by EXTERNAL */
    const apr_array_header_t *auth; /* of const char *: SMTPSendAuth */
    int has_client_cert;            /* EXTERNAL may be chosen by "auto" */
    const char *mechanism;          /* that worked before, preferred by "auto"; or NULL */
    const char *mechanism_lost;     /* at which the server hung up: not tried by "auto"; or NULL */
    int logins; /* mechanisms that may be tried in this session, one after the other; 0: one */
    int pipelining, chunking;  /* 0: not used even if offered */
    int is_stepwise;           /* nothing is sent after a message's content before its reply */
    int use_helo;              /* not EHLO */
    ss_client_proof_t *proof;  /* NULL: the host has shown all; outlives the client */
    apr_interval_time_t haste; /* until mail was carried: no reply is waited for longer; 0: no */
    int window_max;            /* 1..SS_CLIENT_WINDOW_MAX */
    int max_messages;          /* per connection; 0: no limit */
    /* The host is known to take several messages on a connection. Else the second one's MAIL is
     * sent alone, and what belongs behind it only after its 250. */
    int takes_several;
    int max_recipients; /* per transaction; LIMITS RCPTMAX lowers it */
    apr_interval_time_t timeout[SS_TIMEOUTS];
    ss_reply_counts_t *counts;   /* every reply is counted here; or NULL */
    ss_transcript_t *transcript; /* the dialogue, without message content; or NULL */
    /* from MAIL to the final reply of one message, and for the start of the session */
    apr_interval_time_t attempt_deadline;
} ss_client_options_t;

typedef struct {
    const char *address;
    const char *orcpt; /* or NULL */
    unsigned notify;   /* SS_NOTIFY_ bits */
    /* filled in by the client before SS_EVENT_DONE */
    ss_verdict_fate_t fate;
    ss_cmd_t cmd; /* whose reply decided it */
    int code;     /* 0: no reply (connection lost, timeout) */
    int is_taken; /* its RCPT was accepted */
    char dsn[12];
    int has_dsn;        /* the server sent it; else it is the generic code of the class */
    const char *advice; /* id */
    const char *text;   /* reply or reason, in the message's pool */
} ss_client_rcpt_t;

typedef struct ss_client_message_t { /* owned by the caller; must live until its SS_EVENT_DONE */
    void *owner;                     /* for the caller */
    apr_pool_t *pool;                /* for the texts of results */
    const char *from;                /* "" for <> */
    ss_client_rcpt_t *rcpts;
    int rcpt_count;
    apr_off_t size; /* of the content, canonical, not dot-stuffed */
    ss_content_t content;
    int is_8bit, is_utf8, requires_tls;
    const char *why_8bit; /* why the 8-bit text was not encoded; or NULL */
    ss_dsn_options_t dsn_options;
    ss_mono_t started, ended; /* set by the client: MAIL sent, last reply */
} ss_client_message_t;

typedef enum {
    /* a step ended (is_ok or not); result.step: greeting hello starttls auth mail rcpt quit */
    SS_EVENT_STEP,
    /* do the handshake, then call ss_client_tls_on or ss_client_lost */
    SS_EVENT_START_TLS,
    SS_EVENT_WANT_SECRET, /* call ss_client_secret, now or later */
    SS_EVENT_READY,       /* messages may be sent */
    SS_EVENT_DONE,        /* message: the fate of every recipient is decided */
    /* learn: one SS_LEARN_ bit; number: for MAX_RECIPIENTS and MAX_MESSAGES; text: the reply */
    SS_EVENT_LEARNED,
    /* a command was refused with 4xx or 5xx: cmd, code, text */
    SS_EVENT_REFUSED,
    /* ss_client_try is over; takes_several: the second MAIL was accepted; result, where it is set:
     * how commands at once failed, which has ended the session */
    SS_EVENT_TRIED,
    /* the last event, after all messages were returned; verdict and result give the reason */
    SS_EVENT_CLOSED
} ss_client_event_kind_t;

typedef struct {
    ss_client_event_kind_t kind;
    int is_ok; /* STEP; CLOSED: an orderly end (quit, idle, limits) */
    ss_cmd_t cmd;
    int code;
    char dsn[12];
    ss_verdict_t verdict;         /* REFUSED, CLOSED, failed STEP */
    ss_client_message_t *message; /* DONE */
    unsigned learn;
    int number;
    int takes_several;
    apr_interval_time_t took;     /* STEP */
    const char *mechanism;        /* STEP auth, WANT_SECRET */
    ss_result_t result;           /* STEP, CLOSED: the explanation */
    char text[SS_REPLY_TEXT_MAX]; /* the text of the reply */
} ss_client_event_t;
