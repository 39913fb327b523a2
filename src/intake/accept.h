/* accept.h: the only path into the queue, for every front end: whether a relay takes mail now, the
 * message while its content comes, the answer after the commit. The front end translates the answer
 * into its own protocol. Loop thread. */
#pragma once

#include "intake/intake.h"

typedef enum {
    SS_ACCEPT_TAKEN,   /* not refused */
    SS_ACCEPT_LEAVING, /* the daemon restarts or stops */
    SS_ACCEPT_STORE,   /* the queue cannot be used, or could not store it */
    SS_ACCEPT_OFF,     /* SMTPSendEngine Off */
    SS_ACCEPT_HOST,    /* no SMTPSendHost */
    SS_ACCEPT_FULL,    /* SMTPSendQueueLimit */
    SS_ACCEPT_SIZE,    /* SMTPSendMaxMessageSize */
    SS_ACCEPT_EMPTY,   /* no content */
    SS_ACCEPT_FORM,    /* content that is not canonical, from a client that must not send it */
    SS_ACCEPT_KEY,     /* an Idempotency-Key used with other content */
    SS_ACCEPT_BUSY     /* the first message with this Idempotency-Key is still being accepted */
} ss_accept_refusal_t;

typedef struct {
    ss_accept_refusal_t refusal;
    char detail[1024]; /* where refused: why, for people */
    /* where accepted: the message's id, or that of the first one with this Idempotency-Key */
    char id[SS_IDENT_TEXT];
    int is_repeated;
    int is_paused;  /* sending is paused */
    int is_dry_run; /* nothing was stored; there is no id */
    int rcpt_count;
} ss_accept_answer_t;

/* SMTPSendMaxMessageSize: whether len more octets fit into a message that has size. */
int ss_accept_fits(const ss_settings_t *settings, apr_uint64_t size, apr_size_t len);

/* Which relay carries mail of this sender: SMTPSendRelayFor's first match, else `otherwise`. */
ss_relay_t *ss_accept_relay(const ss_intake_t *intake, const char *from, ss_relay_t *otherwise);
/* Whether the relay takes mail now. 1; or 0 with the reason in answer. */
int ss_accept_may(const ss_intake_t *intake, const ss_relay_t *relay, ss_accept_answer_t *answer);
/* A message for the relay, with a pool of its own; the caller fills in the rest and owns it until
 * ss_accept_message. */
ss_message_t *ss_accept_begin(const ss_relay_t *relay);
/* Adds a copy of len octets of canonical content. 1; or 0: larger than SMTPSendMaxMessageSize,
 * answer says so, the message is unchanged. */
int ss_accept_part(const ss_relay_t *relay, ss_message_t *m, const char *bytes, apr_size_t len,
                   ss_accept_answer_t *answer);
/* Adds content in parts of SS_PART_MAX; like ss_accept_part. */
int ss_accept_content(const ss_relay_t *relay, ss_message_t *m, const char *content, apr_size_t len,
                      ss_accept_answer_t *answer);
/* Gives the message to the queue; it is no longer the caller's. done is called once, after the
 * commit or the refusal, possibly within this call. */
void ss_accept_message(ss_intake_t *intake, ss_relay_t *relay, ss_message_t *m,
                       void (*done)(void *self, const ss_accept_answer_t *answer), void *self);
