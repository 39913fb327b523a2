/* message.h: a stored message. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/ident.h"
#include "mail/attributes.h"
#include "queue/recipient.h"

/* bytes of one content part: no step needs a whole message in memory */
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
    /* the full number where rcpts holds only the first ones (lists); else 0 */
    int rcpt_total;
    apr_uint64_t size;
    ss_message_part_t *parts; /* part_count of them; bytes NULL: not in memory */
    /* of the parts after the first while a large message is received; else NULL */
    apr_pool_t *rest;
    /* parts after the first are stored already, before the message */
    int is_staged;
    int part_count;
    int is_foreign; /* another node delivers it */
    int is_dry_run; /* it is only checked, never stored */
    ss_attributes_t attr;
    apr_time_t created;
    /* the relay's total paused time at acceptance, to be subtracted from its total later */
    apr_interval_time_t paused_base;
    apr_interval_time_t held; /* its own time on hold so far */
    apr_time_t held_since;    /* 0: not held */
} ss_message_t;

typedef struct {
    apr_time_t time;
    int recipient; /* -1: the message */
    const char *what, *text, *host;
} ss_message_history_t;

/* Whether it is one of these submitters'; NULL: any. */
int ss_message_is_of(const ss_message_t *m, const apr_array_header_t *submitters);
/* The state of all recipients if they agree, else "partial". */
const char *ss_message_state(const ss_message_t *m);
/* The smallest `next` of its recipients that wait for an attempt. *any 0: none does (held, final).
 */
apr_time_t ss_message_due(const ss_message_t *m, int *any);

/* Bytes of the content that are in memory. */
apr_size_t ss_message_resident(const ss_message_t *m);
