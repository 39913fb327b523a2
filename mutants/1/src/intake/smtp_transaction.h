/* smtp_transaction.h: a transaction of the SMTP listener (smtp/server.h) becomes a message of the
 * queue, under the rules of the other front ends. Loop thread. */
#pragma once

#include "intake/incoming.h"
#include "mail/mail.h"
#include "smtp/server.h"

typedef struct ss_smtp_transaction_t { /* embedded in the client, zeroed, then ..._init */
    ss_intake_t *intake;
    ss_server_t *server;  /* where it answers */
    apr_int64_t max_size; /* of content, octets: the largest that any relay takes */
    /* The message, or a part of it, is on its way to the store: no further event may be handed in
     * until is_busy is 0 again, after which `ready` is called, possibly within the event's call. */
    int is_busy;
    void (*ready)(void *self);
    void *self;
    ss_mono_t began; /* when the content began to come; or not set */
    ss_relay_t *relay;
    ss_message_t *message; /* NULL: none; its pool holds mail, too */
    ss_mail_message_t *mail;
    ss_incoming_t incoming; /* its content */
    int is_dropped;         /* content was left out: too much is in memory */
    apr_size_t charged;     /* its part of intake->bytes */
} ss_smtp_transaction_t;

void ss_smtp_transaction_init(ss_smtp_transaction_t *t);
/* The events of the server: each is answered there, END possibly later. */
void ss_smtp_transaction_sender(ss_smtp_transaction_t *t, const ss_parameter_t *envelope);
void ss_smtp_transaction_recipient(ss_smtp_transaction_t *t, const ss_parameter_t *envelope);
void ss_smtp_transaction_content(ss_smtp_transaction_t *t, const char *bytes, apr_size_t len);
void ss_smtp_transaction_end(ss_smtp_transaction_t *t);
/* Drops what was collected of a message. */
void ss_smtp_transaction_reset(ss_smtp_transaction_t *t);
/* Whether len octets of content more fit into memory, where `bytes` of all clients are. */
int ss_smtp_transaction_has_room(apr_size_t bytes, apr_size_t len);
/* After reset, when the client goes. */
void ss_smtp_transaction_free(ss_smtp_transaction_t *t);
