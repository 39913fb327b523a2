/* verdict.h: what a reply, or a failure without one, means: one table from (command, code, enhanced
 * code, text) to whom it is about, how final it is, what to remember of the host, and which advice
 * helps. Pure data; first matching row wins. */
#ifndef SS_SMTP_VERDICT_H
#define SS_SMTP_VERDICT_H

#include "smtp/cmd.h"
#include "smtp/reply.h"

typedef enum {
    SS_SCOPE_RECIPIENT,
    SS_SCOPE_MESSAGE,
    SS_SCOPE_CONNECTION,
    SS_SCOPE_RELAY
} ss_verdict_scope_t;

typedef enum {
    SS_FATE_SENT,     /* the relay has it */
    SS_FATE_DEFERRED, /* try later, an attempt is charged */
    SS_FATE_FAILED,   /* final */
    /* says nothing about the message: at once on a fresh connection, uncharged */
    SS_FATE_AGAIN,
    /* the relay cannot be reached or broke off: the message waits for the relay, uncharged */
    SS_FATE_DOWN,
    /* the relay refuses us: the message waits for the relay, uncharged */
    SS_FATE_BLOCKED,
    SS_FATE_UNCERTAIN /* the connection was lost between the message's end and its answer */
} ss_verdict_fate_t;

enum { /* what to remember of a host, for a day */
       SS_LEARN_NOTHING = 0,
       SS_LEARN_ONE_MESSAGE = 1,   /* SMTPSendOneMessagePerConnection On */
       SS_LEARN_NO_PIPELINING = 2, /* SMTPSendPipelining Off */
       SS_LEARN_NO_CHUNKING = 4,
       SS_LEARN_MAX_RECIPIENTS = 8, /* SMTPSendMaxRecipients N */
       SS_LEARN_FEWER_CONNECTIONS = 16,
       SS_LEARN_NO_EHLO = 32,
       SS_LEARN_NO_STREAMING = 64 /* nothing is said behind a message's content before its answer */
};

typedef struct {
    ss_verdict_scope_t scope;
    ss_verdict_fate_t fate;
    unsigned learn;
    const char *advice; /* id in advice.c; never NULL */
} ss_verdict_t;

/* The verdict on a reply. is_reused: the connection has carried a message before (or this is not
 * its first transaction). */
ss_verdict_t ss_verdict(ss_cmd_t cmd, const ss_reply_t *reply, int is_reused);
/* The advice of the table's row number i, or NULL past its end: which entries of the knowledge base
 * are about replies. */
const char *ss_verdict_advice(int i);
/* The length of the longest phrase in text by which a rule with that advice recognises a reply, or
 * 0; phrases that need their command and code are left out. */
int ss_verdict_phrase_length(const char *advice, const char *text);
/* The enhanced code to report: the reply's own, or the class's generic one ("5.0.0"). */
const char *ss_verdict_dsn(const ss_reply_t *reply);

#endif
