/* incoming.h: what a program hands in (sendmail, the SMTP door) while it comes. A small message
 * becomes one when all of it is there. Of a large one the header is worked on as soon as it is
 * there, and the body goes to the store part by part (staging.h): it is never whole in memory,
 * unless it has to be re-encoded (lines over 998 octets, zero bytes), which is known at its end:
 * then it is read back. Loop thread. */
#ifndef SS_INTAKE_INCOMING_H
#define SS_INTAKE_INCOMING_H

#include "intake/draft.h"
#include "mail/canonical_stream.h"

typedef struct ss_incoming_t {
    ss_intake_t *intake;
    const ss_relay_t *relay;
    ss_message_t *message;   /* its owner's, who drops it with ss_staging_drop */
    ss_mail_message_t *mail; /* the envelope, in the message's pool */
    ss_draft_t how;
    apr_size_t *charged; /* its owner's part of intake->bytes */
    /* status 0: none; the first is kept, and what comes behind it is left out */
    ss_mail_problem_t problem;
    apr_uint64_t got; /* octets that came */
    /* its own */
    ss_buf_t raw; /* all of a small message; the header of a large one */
    char *part;   /* of the body: canonical, not yet a part of the message */
    apr_size_t part_len;
    ss_canonical_stream_t stream;
    apr_size_t look_at; /* when raw has so much, its header is looked for */
    int is_streaming;
    int number; /* of the part that is read back */
    void (*done)(void *self, const ss_mail_problem_t *problem);
    void *self;
} ss_incoming_t;

/* Once, before the first message. */
void ss_incoming_init(ss_incoming_t *in, ss_intake_t *intake, apr_size_t *charged);
/* A message begins: at most raw_max octets may come. how: `now` is set when it is worked on. */
void ss_incoming_begin(ss_incoming_t *in, const ss_relay_t *relay, ss_message_t *message,
                       ss_mail_message_t *mail, const ss_draft_t *how, apr_size_t raw_max);
/* Takes content. 0, or -1: in->problem. */
int ss_incoming_add(ss_incoming_t *in, const char *bytes, apr_size_t len);
/* Whether parts should go to the store (ss_staging_begin) before more is taken. */
int ss_incoming_is_due(const ss_incoming_t *in);
/* All has come: fills the message. done comes once, possibly within the call; problem NULL: it may
 * be accepted. */
void ss_incoming_end(ss_incoming_t *in, void (*done)(void *self, const ss_mail_problem_t *problem),
                     void *self);
/* Lets go of what came; a buffer of usual size is kept for the next message. */
void ss_incoming_clear(ss_incoming_t *in);
/* The same without keeping anything. */
void ss_incoming_free(ss_incoming_t *in);

#endif
