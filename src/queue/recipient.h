/* recipient.h: a recipient of a stored message. */
#pragma once

#include <apr_time.h>

#include "queue/state.h"

typedef struct {
    int number; /* its key within the message, from 0 */
    const char *address, *orcpt;
    unsigned notify;
    ss_state_t state;
    int attempts;      /* attempts that count */
    apr_time_t next;   /* due at; 0: at once (or final) */
    const char *reply; /* last reply: "250 2.0.0 Ok: queued as 9F2C" */
    const char *dsn;   /* "2.0.0" */
    /* "mail.example.com[192.0.2.1]:465" of the last attempt */
    const char *host;
    const char *cause;  /* of a hold: "person", "uncertain", "policy" */
    const char *advice; /* id */
    /* hosts that may have refused us or it, a bit for each (delivery/suspects.h); not stored */
    unsigned suspected;
    int is_uncharged; /* the last reply was no attempt that counts; not stored */
    int is_uncertain;
    int is_delay_reported; /* the delay notice was sent */
    apr_time_t delivered_at;
    apr_time_t last_attempt;
} ss_recipient_t;

/* The only function that changes a recipient's state. An illegal change fails an assertion. */
void ss_recipient_go(ss_recipient_t *rcpt, ss_state_t to);
