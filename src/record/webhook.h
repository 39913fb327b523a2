/* webhook.h: applications are told by HTTP what became of their mail. Loop thread; the requests
 * themselves are made by helper threads, two at most, so that a slow application never delays a
 * delivery. What is still to be told is a row of the setting table: a restart forgets nothing.
 *
 * A POST of application/json with these fields in front: SMTP-Send-Event: an id that stays the same
 * when it is told again; SMTP-Send-Time: seconds since 1970; with SMTPSendWebhookSecret
 * SMTP-Send-Signature: sha256=HEX, the HMAC-SHA256 of time, a dot and the body. 2xx ends it, 410
 * too; anything else is tried again with growing waits for a day. */
#ifndef SS_RECORD_WEBHOOK_H
#define SS_RECORD_WEBHOOK_H

#include "daemon/daemon.h"

/* to be told at once; past it results are dropped, and the log says so */
#define SS_WEBHOOK_WAITING_MAX 10000
#define SS_WEBHOOK_ACTIVE_MAX 2 /* requests under way */

/* The message's recipient has a new state: if its webhook wants to know, it will be told; other
 * modules are told at once of a final one. Before the outcome is posted. */
void ss_webhook_notify(ss_daemon_t *d, const ss_message_t *m, const ss_recipient_t *rcpt,
                       apr_time_t now);
/* A person changed the stored message: its recipients in that state are told of. */
void ss_webhook_notify_stored(ss_daemon_t *d, const char *id, ss_state_t state);
/* A row of the setting table that starts with "webhook/". */
void ss_webhook_restore(ss_daemon_t *d, const char *key, const char *json);
void ss_webhook_create(ss_daemon_t *d);
void ss_webhook_destroy(ss_daemon_t *d);

#endif
