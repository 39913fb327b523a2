/* accept.h: the one way into the queue, for every door: whether a relay takes mail now, the message
 * while its content comes, the answer after the commit. A door reads its own protocol, and says in
 * it what became of the message. Loop thread. */
#ifndef SS_INTAKE_ACCEPT_H
#define SS_INTAKE_ACCEPT_H

#include "daemon/daemon.h"

typedef enum {
    SS_REFUSED_NOT,     /* taken */
    SS_REFUSED_LEAVING, /* the daemon restarts or stops */
    SS_REFUSED_STORE,   /* the queue cannot be used, or could not store it */
    SS_REFUSED_OFF,     /* SMTPSendEngine Off */
    SS_REFUSED_HOST,    /* no SMTPSendHost */
    SS_REFUSED_FULL,    /* SMTPSendQueueLimit */
    SS_REFUSED_SIZE,    /* SMTPSendMaxMessageSize */
    SS_REFUSED_EMPTY,   /* no content */
    SS_REFUSED_KEY,     /* an Idempotency-Key used with other content */
    SS_REFUSED_BUSY     /* the first message with this Idempotency-Key is still being accepted */
} ss_refused_t;

typedef struct {
    ss_refused_t refused;
    char detail[1024]; /* the sentence for the client where refused */
    /* where taken: the message's, or that of the first one with this Idempotency-Key */
    char id[SS_IDENT_TEXT];
    int is_repeated;
    int is_paused; /* it waits: sending is paused */
    int rcpt_count;
} ss_accepted_t;

/* Which relay carries mail of this sender: SMTPSendRelayFor's first match, else `otherwise`. */
ss_relay_t *ss_accept_relay(ss_daemon_t *d, const char *from, ss_relay_t *otherwise);
/* Whether the relay takes mail now; answer gets the reason where not. 1: yes. */
int ss_accept_may(const ss_relay_t *relay, ss_accepted_t *answer);
/* A message for the relay, with a pool of its own; the caller fills in the rest and owns it until
 * ss_accept. */
ss_message_t *ss_accept_begin(const ss_relay_t *relay);
/* Gives the message its id, if it has none yet: it is known by it before it is accepted. */
void ss_accept_name(ss_daemon_t *d, ss_message_t *m);
/* Adds a copy of len bytes of canonical content. 1; or 0: larger than SMTPSendMaxMessageSize,
 * answer says so, the message is unchanged. */
int ss_accept_part(const ss_relay_t *relay, ss_message_t *m, const char *bytes, apr_size_t len,
                   ss_accepted_t *answer);
/* Gives the message to the queue; it is no longer the caller's. done comes once, after the commit
 * or the refusal, possibly within this call. */
void ss_accept_message(ss_relay_t *relay, ss_message_t *m,
                       void (*done)(void *self, const ss_accepted_t *answer), void *self);

#endif
