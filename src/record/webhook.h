/* webhook.h: applications are notified by HTTP of the results of their mail. Loop thread; the
 * requests are made by helper threads of their own, so that a slow application never delays a
 * delivery, and in turns (webhook_turns.h), so that it never delays another one's results. A
 * notification under way is a row of the setting table: a restart forgets nothing. */
#pragma once

#include "net/webhook_call.h"
#include "record/record.h"

void ss_webhook_create(ss_record_t *r);
void ss_webhook_destroy(ss_record_t *r);
/* The message's recipient has a new state: its webhook is notified if it wants that state, and
 * another module at once if the state is final. To be called before the outcome is posted. */
void ss_webhook_notify(ss_record_t *r, const ss_message_t *m, const ss_recipient_t *rcpt,
                       apr_time_t now);
/* An operator changed the stored message: its recipients in that state are notified, and final ones
 * are in the event log. */
void ss_webhook_notify_stored(ss_record_t *r, const char *id, ss_state_t state);
/* Whether that reads the message, which must not be deleted before (SMTPSendHistory 0). */
int ss_webhook_reads_stored(const ss_record_t *r);
/* A row of the setting table whose key begins with "webhook/". */
void ss_webhook_restore(ss_record_t *r, const char *key, const char *json);

/* ---- when a notification is repeated, and when it is given up; pure ---- */

/* the first wait; doubled after each attempt up to the longest one */
#define SS_WEBHOOK_RETRY_FIRST (5 * APR_USEC_PER_SEC)
#define SS_WEBHOOK_RETRY_LONGEST (3600 * APR_USEC_PER_SEC)
/* after this time it is given up */
#define SS_WEBHOOK_RETRY_SPAN (24 * 3600 * APR_USEC_PER_SEC)
/* notifications that wait; above it new ones are dropped, and the log says so */
#define SS_WEBHOOK_RETRY_BACKLOG 10000

typedef enum {
    SS_WEBHOOK_TAKEN, /* 2xx: done */
    SS_WEBHOOK_GONE,  /* 410: the application wants no more, or it has taken too long */
    SS_WEBHOOK_TRY_AGAIN
} ss_webhook_retry_t;

/* What follows from an attempt's HTTP status (0: none came) for a notification of that age. */
ss_webhook_retry_t ss_webhook_retry_judge(int status, apr_interval_time_t age);
/* The wait before the next attempt, where so many have failed (from 1). */
apr_interval_time_t ss_webhook_retry_wait(int failed);
/* Whether another notification is kept while so many wait. */
int ss_webhook_retry_has_room(int waiting);
