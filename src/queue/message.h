/* message.h: the stored model of a message and its recipients, and the one table of legal changes
 * of state. */
#ifndef SS_QUEUE_MESSAGE_H
#define SS_QUEUE_MESSAGE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/ident.h"
#include "mail/attributes.h"

typedef enum {
    /* waiting */
    SS_STATE_QUEUED,
    SS_STATE_SENDING,
    SS_STATE_DEFERRED,
    SS_STATE_HELD,
    /* final */
    SS_STATE_SENT,
    SS_STATE_FAILED,
    SS_STATE_EXPIRED,
    SS_STATE_CANCELLED,
    SS_STATES
} ss_state_t;

/* bytes of one body part: no step needs a whole message in memory */
#define SS_PART_MAX 262144

typedef struct {
    int number; /* place in the message, from 0: its key there */
    const char *address, *orcpt;
    unsigned notify;
    ss_state_t state;
    int attempts;      /* charged ones */
    apr_time_t next;   /* due at; 0: at once (or final) */
    const char *reply; /* last words: "250 2.0.0 Ok: queued as 9F2C" */
    const char *dsn;   /* "2.0.0" */
    /* "mail.example.com[192.0.2.1]:465" of the last attempt */
    const char *host;
    const char *cause;  /* of a hold: "person", "uncertain", "policy" */
    const char *advice; /* id */
    int is_uncertain;
    int is_delay_told; /* the notice of delay was sent */
    apr_time_t delivered_at;
    apr_time_t last_attempt;
} ss_recipient_t;

typedef struct {
    const char *bytes;
    apr_size_t len;
} ss_part_t;

typedef struct ss_message_t {
    apr_pool_t *pool;
    char id[SS_IDENT_TEXT];
    const char *relay; /* name */
    const char *from;  /* "" for <> */
    ss_recipient_t *rcpts;
    int rcpt_count;
    /* how many it has, where rcpts holds only the first of them (lists); else 0 */
    int rcpt_total;
    apr_uint64_t size;
    ss_part_t *parts; /* part_count of them; bytes NULL: not in memory */
    /* of the parts behind the first, while a large message comes in; else NULL */
    apr_pool_t *rest;
    /* parts behind the first are in the store already, before the message */
    int is_staged;
    int part_count;
    int is_foreign; /* read from the store: another node delivers it */
    ss_attributes_t attr;
    apr_time_t created;
    /* the relay's total of paused time at acceptance: what came since does not count */
    apr_interval_time_t paused_base;
    apr_interval_time_t held; /* own time on hold so far */
    apr_time_t held_since;    /* 0: not held */
} ss_message_t;

typedef struct {
    apr_time_t time;
    int recipient; /* -1: the message */
    const char *what, *text, *host;
} ss_history_t;

/* "queued", "sending", ... */
const char *ss_state_name(ss_state_t state);
/* By name; -1: none. */
int ss_state_find(const char *name);
int ss_state_is_final(ss_state_t state);
/* Whether a recipient may go from one state to another. */
int ss_state_may_go(ss_state_t from, ss_state_t to);
/* The only place that changes a recipient's state; an illegal change is an assertion. */
void ss_recipient_go(ss_recipient_t *rcpt, ss_state_t to);
/* The message's state as one word: its recipients' if they agree, "partial" where they differ. */
const char *ss_message_state(const ss_message_t *m);
/* Due at: the smallest next of recipients that wait; 0 with *any 0 where none waits (held, final).
 */
apr_time_t ss_message_due(const ss_message_t *m, int *any);

/* Bytes of the content that are in memory. */
apr_size_t ss_message_resident(const ss_message_t *m);

#endif
