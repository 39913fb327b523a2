/* message.h: a stored message. */
#ifndef SS_QUEUE_MESSAGE_H
#define SS_QUEUE_MESSAGE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/ident.h"
#include "mail/attributes.h"
#include "queue/recipient.h"

/* bytes of one body part: no step needs a whole message in memory */
#define SS_PART_MAX 262144

typedef struct {
    const char *bytes;
    apr_size_t len;
} ss_message_part_t;

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
    ss_message_part_t *parts; /* part_count of them; bytes NULL: not in memory */
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
} ss_message_history_t;

/* The message's state as one word: its recipients' if they agree, "partial" where they differ. */
const char *ss_message_state(const ss_message_t *m);
/* Due at: the smallest next of recipients that wait; 0 with *any 0 where none waits (held, final).
 */
apr_time_t ss_message_due(const ss_message_t *m, int *any);

/* Bytes of the content that are in memory. */
apr_size_t ss_message_resident(const ss_message_t *m);

#endif
