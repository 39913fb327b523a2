/* verdict.h: what a reply means: a table of rules from command, code, enhanced code and text to
 * scope, fate, what to learn about the host, and advice. */
#pragma once

#include "smtp/cmd.h"
#include "smtp/reply.h"

typedef enum {
    SS_SCOPE_RECIPIENT,
    SS_SCOPE_MESSAGE,
    SS_SCOPE_CONNECTION,
    SS_SCOPE_RELAY
} ss_verdict_scope_t;

typedef enum {
    SS_FATE_SENT,     /* accepted by the relay */
    SS_FATE_DEFERRED, /* retried later, counts as an attempt */
    SS_FATE_FAILED,   /* final */
    /* These three are not counted: */
    SS_FATE_AGAIN,   /* says nothing about the message: retried at once on a new connection */
    SS_FATE_DOWN,    /* the relay is unreachable or broke off: the message waits for it */
    SS_FATE_BLOCKED, /* the relay refuses us: the message waits for it */
    /* the relay may refuse us, or only this recipient or message: other messages tell (suspicion.h
     * in src/delivery) */
    SS_FATE_SUSPECT,
    SS_FATE_UNCERTAIN, /* the connection was lost between the end of the message and its reply */
    /* not counted either: too much in too short a time; the relay is sent to more slowly */
    SS_FATE_LIMITED
} ss_verdict_fate_t;

enum { /* what to remember about a host, for a day */
       SS_LEARN_NOTHING = 0,
       SS_LEARN_MAX_MESSAGES = 1,  /* SMTPSendMaxMessagesPerConnection N */
       SS_LEARN_NO_PIPELINING = 2, /* SMTPSendPipelining Off */
       SS_LEARN_NO_CHUNKING = 4,
       SS_LEARN_MAX_RECIPIENTS = 8, /* SMTPSendMaxRecipients N */
       SS_LEARN_FEWER_CONNECTIONS = 16,
       SS_LEARN_NO_EHLO = 32,
       SS_LEARN_NO_STREAMING = 64, /* is_stepwise */
       SS_LEARN_SEVERAL = 128      /* takes_several */
};

typedef struct {
    ss_verdict_scope_t scope;
    ss_verdict_fate_t fate;
    unsigned learn;
    const char *advice; /* id in advice_table.c; never NULL */
} ss_verdict_t;

/* The verdict on a reply. In a transaction the scope is what it is about if it is not about us.
 * is_reused: this is not the first transaction of the connection. */
ss_verdict_t ss_verdict(ss_cmd_t cmd, const ss_reply_t *reply, int is_reused);
/* The fate of a recipient that a suspicion is about after all: the code decides. */
ss_verdict_fate_t ss_verdict_cleared(int code);
/* The advice of rule number i, or NULL after the last: the entries of the knowledge base that are
 * about replies. */
const char *ss_verdict_advice(int i);
/* The advice of the rule that fits a reply by its words or its enhanced code, where the command is
 * not known; NULL: only codes that many causes share. reply->code may be 0: not known. */
const char *ss_verdict_explain(const ss_reply_t *reply);
/* The enhanced code of the reply, or the generic one of its class ("5.0.0"). */
const char *ss_verdict_dsn(const ss_reply_t *reply);
