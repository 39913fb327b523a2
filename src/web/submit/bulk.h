/* bulk.h: many messages to the daemon in few questions, each with an answer of its own. The
 * daemon's store commits those of one question together. */
#ifndef SS_WEB_SUBMIT_BULK_H
#define SS_WEB_SUBMIT_BULK_H

#include <httpd.h>
#include <jansson.h>

#include "mail/submitted.h"

#define SS_BULK_MESSAGES 500        /* messages of one question */
#define SS_BULK_BYTES (1024 * 1024) /* content after which a question is asked */

typedef struct ss_bulk_t ss_bulk_t;

/* answer is called for each message in the order they were added: the daemon's fields with
 * "status", or the ones that were put. */
ss_bulk_t *ss_bulk_create(request_rec *r, void (*answer)(void *self, const json_t *fields),
                          void *self);
/* Adds a message: its "submit" question (NULL: it is too large) and its content; both are copied.
 * May ask the daemon within; a message with a tail always does. */
void ss_bulk_add(ss_bulk_t *batch, const char *question, const ss_mail_message_t *m);
/* Adds an answer that is known already, in its place; the reference is taken over. */
void ss_bulk_put(ss_bulk_t *batch, json_t *answer);
/* Asks what is left, and gives the answers. */
void ss_bulk_flush(ss_bulk_t *batch);

#endif
