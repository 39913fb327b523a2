/* incoming.h: content from sendmail or an SMTP client while it arrives. A small message is made
 * when all of it has arrived. The header of a large one is processed as soon as it is complete, and
 * the body goes to the store part by part (staging.h), so that it is never whole in memory. The
 * exception is a body that has to be re-encoded (lines over 998 octets, zero octets): that is known
 * only at its end, and it is read back then. Loop thread; what takes long is done by a computing
 * thread meanwhile. */
#pragma once

#include "intake/draft.h"
#include "mail/canonical.h"

/* A message up to this is made at once, which takes less than a millisecond whatever it says; what
 * is larger is made by a computing thread. */
#define SS_INCOMING_AT_ONCE 32768
#define SS_INCOMING_8BIT_AT_ONCE 1024  /* the same for a header outside ASCII: IDN costs more */
#define SS_INCOMING_RCPTS_AT_ONCE 1000 /* the same for its recipients */

typedef struct ss_incoming_t {
    ss_intake_t *intake;
    const ss_relay_t *relay;
    ss_message_t *message;   /* the owner's, who drops it with ss_staging_drop */
    ss_mail_message_t *mail; /* the envelope, in the message's pool */
    ss_draft_t how;
    apr_size_t *charged; /* the owner's part of intake->bytes */
    /* status 0: none. The first one is kept; content after it is ignored. */
    ss_mail_problem_t problem;
    apr_uint64_t got;          /* octets received */
    int needs_content;         /* an empty one is refused */
    int takes_envelope;        /* the message has sender and recipients already */
    apr_array_header_t *typed; /* of ss_mail_rcpt_t: recipients as a person typed them; or NULL */
    /* private */
    ss_buf_t raw; /* all of a small message; the header of a large one */
    char *part;   /* of the body: canonical, not yet a part of the message */
    apr_size_t part_len;
    ss_canonical_stream_t stream;
    apr_size_t look_at; /* the end of the header is looked for when raw has so many octets */
    int is_streaming;
    int is_heading; /* the header is looked for when the owner calls ss_incoming_stage or _end */
    int has_head;   /* it was found, and the body begins here: */
    apr_size_t body;
    int is_lf;  /* its lines end with LF alone */
    int number; /* of the part that is read back */
    void (*done)(void *self, const ss_mail_problem_t *problem);
    void (*staged)(void *self, const ss_result_t *failed);
    void *self;
} ss_incoming_t;

/* Once, before the first message. */
void ss_incoming_init(ss_incoming_t *in, ss_intake_t *intake, apr_size_t *charged);
/* A message begins, of at most raw_max octets. how: copied; `now` need not be set. */
void ss_incoming_begin(ss_incoming_t *in, const ss_relay_t *relay, ss_message_t *message,
                       ss_mail_message_t *mail, const ss_draft_t *how, apr_size_t raw_max);
/* Adds content, copied. 0, or -1: see in->problem. */
int ss_incoming_add(ss_incoming_t *in, const char *bytes, apr_size_t len);
/* Whether ss_incoming_stage should be called before more is added. */
int ss_incoming_is_due(const ss_incoming_t *in);
/* Reads the header of a large message, and sends parts that are complete to the store. done is
 * called once, possibly within this call; failed NULL: more may be added. Until then the message
 * and this struct stay as they are. */
void ss_incoming_stage(ss_incoming_t *in, void (*done)(void *self, const ss_result_t *failed),
                       void *self);
/* All content has arrived: fills the message. done is called once, possibly within this call;
 * problem NULL: the message may be accepted. */
void ss_incoming_end(ss_incoming_t *in, void (*done)(void *self, const ss_mail_problem_t *problem),
                     void *self);
/* Drops the content; a buffer of usual size is kept for the next message. */
void ss_incoming_clear(ss_incoming_t *in);
/* Frees everything; the struct may be cleared and used again. */
void ss_incoming_free(ss_incoming_t *in);
