/* bulk.h: many messages to the daemon in few requests, each with an answer of its own. The daemon
 * commits the messages of one request together. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "mail/mail.h"

#define SS_BULK_MESSAGES 500        /* messages per request */
#define SS_BULK_BYTES (1024 * 1024) /* content after which a request is sent */

typedef struct ss_bulk_t ss_bulk_t;

/* answer is called for each message, in the order in which they were added: with the daemon's
 * fields including "status", or with those that were put. */
ss_bulk_t *ss_bulk_create(request_rec *r, void (*answer)(void *self, const json_t *fields),
                          void *self);
/* Adds a message: the header of its "submit" request (NULL: too large) and its content; both are
 * copied. May send a request; does so for a message that is large or has a tail. */
void ss_bulk_add(ss_bulk_t *bulk, const char *header, const ss_mail_message_t *m);
/* Adds an answer that is known already, in its order. Takes over the reference. */
void ss_bulk_put(ss_bulk_t *bulk, json_t *answer);
/* Sends what is left, and delivers the answers. */
void ss_bulk_flush(ss_bulk_t *bulk);
