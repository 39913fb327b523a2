/* smtp_listener.h: the inside of the SMTP door, shared by door.c (sockets) and door_mail.c (what a
 * message is worth). Loop thread. */
#ifndef SS_INTAKE_SMTP_LISTENER_H
#define SS_INTAKE_SMTP_LISTENER_H

#include "intake/incoming.h"
#include "mail/submitted.h"
#include "smtp/server.h"

#define SS_SMTP_LISTENER_CLIENTS_MAX 512 /* one more is told 421 and closed */
/* RFC 5321 4.5.3.2.7: a client that says nothing for so long is dismissed */
#define SS_SMTP_LISTENER_IDLE (300 * APR_USEC_PER_SEC)
/* octets a second that content must come at, once SS_SMTP_LISTENER_IDLE is over */
#define SS_SMTP_LISTENER_RATE_MIN 1024
/* nor may it take longer, at whatever pace: staged parts are kept for longer (store_write.c) */
#define SS_SMTP_LISTENER_CONTENT_MOST (1800 * APR_USEC_PER_SEC)
/* a leaving daemon lets a transaction under way end within */
#define SS_SMTP_LISTENER_GRACE (2 * APR_USEC_PER_SEC)
/* past it new content waits; what has begun goes on up to SS_DAEMON_INTAKE_MAX, then 452 */
#define SS_SMTP_LISTENER_INTAKE_MAX (SS_DAEMON_INTAKE_MAX / 2)

typedef struct ss_smtp_listener_t ss_smtp_listener_t;

typedef struct ss_smtp_listener_client_t {
    ss_smtp_listener_t *door;
    ss_loop_watch_t watch;
    ss_timer_t timer;
    /* where the timer, which is moved seldom, finds no progress since */
    ss_mono_t deadline;
    ss_server_t *server;
    ss_buf_t in; /* read and not taken yet */
    int is_busy; /* a message, or a part of it, is on its way to the store */
    /* within its own bytes: an answer that comes at once changes nothing but the state */
    int is_obeying;
    int is_gone;    /* freed when nothing is under way */
    int is_waiting; /* for room: much content is in memory */
    /* the transaction (door_mail.c) */
    ss_relay_t *relay;
    ss_message_t *message; /* NULL: none; its pool holds mail, too */
    ss_mail_message_t *mail;
    ss_incoming_t incoming; /* its content */
    int is_dropped;         /* content was left out: no room */
    apr_size_t charged;     /* bytes counted in daemon->intake_bytes */
    ss_mono_t began;        /* of the content; or not set */
    struct ss_smtp_listener_client_t *next, *prev;
} ss_smtp_listener_client_t;

struct ss_smtp_listener_t {
    ss_daemon_t *daemon;
    ss_loop_watch_t listener;
    ss_timer_t again; /* accepts again after descriptors ran out */
    int is_stopped;
    ss_server_options_t options;
    ss_smtp_listener_client_t *clients;
    int client_count;
    char bytes[65536]; /* what was read just now, looked at in place */
};

/* The events of the server, each answered there; END later, through ss_smtp_listener_answered. */
void ss_smtp_transaction_sender(ss_smtp_listener_client_t *c, const ss_parameter_t *envelope);
void ss_smtp_transaction_recipient(ss_smtp_listener_client_t *c, const ss_parameter_t *envelope);
void ss_smtp_transaction_content(ss_smtp_listener_client_t *c, const char *bytes, apr_size_t len);
void ss_smtp_transaction_end(ss_smtp_listener_client_t *c);
/* Drops what was collected of a message. */
void ss_smtp_transaction_reset(ss_smtp_listener_client_t *c);
/* door.c: the store has answered (c->is_busy is over): goes on. */
void ss_smtp_listener_answered(ss_smtp_listener_client_t *c);

#endif
