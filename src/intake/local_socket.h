/* local_socket.h: the local socket: its clients, their requests (wire/frame.h), the answers. A
 * submission is worked on here (local_submit.h), any other verb goes to a function that the wiring
 * gives. Loop thread. */
#pragma once

#include <jansson.h>

#include "intake/intake.h"
#include "wire/request.h"

/* Clients at once. A further one takes the place of the one that has been idle for longest, or
 * waits in the backlog of the listening socket. */
#define SS_LOCAL_SOCKET_CLIENTS_MAX 1024
/* A web process keeps its connection, but not for longer than this without a request. */
#define SS_LOCAL_SOCKET_IDLE (60 * APR_USEC_PER_SEC)

typedef struct ss_local_socket_t ss_local_socket_t;

typedef struct {
    int fd;                   /* listening; closed by ss_local_socket_stop; -1: none */
    apr_uint64_t instance;    /* requests for another one are refused */
    int owner_uid;            /* the daemon's own user, trusted as root is */
    int web_uid;              /* httpd's User where that is another one; -1 */
    int web_reads;            /* which may read contents nevertheless */
    apr_interval_time_t idle; /* SS_LOCAL_SOCKET_IDLE */
    apr_uint64_t descriptors; /* how many the process may have */
    /* A request whose verb is no submission: to be answered, now or later. */
    void (*command)(void *self, ss_request_t *req);
    void *self;
} ss_local_socket_options_t;

/* Serves the socket; lives in intake->pool. */
apr_status_t ss_local_socket_start(ss_local_socket_t **socket, ss_intake_t *intake,
                                   const ss_local_socket_options_t *options);
/* Accepts and reads nothing more. A client without a request under way gets a BYE frame and is
 * closed, the others with their answer. */
void ss_local_socket_stop(ss_local_socket_t *socket);
/* Whether clients still have an answer to come. */
int ss_local_socket_is_busy(const ss_local_socket_t *socket);
/* Closes up to count idle clients, those that have been idle for longest; returns how many. */
int ss_local_socket_make_room(ss_local_socket_t *socket, int count);
/* After the loop's end: frees what is not in the pool. */
void ss_local_socket_destroy(ss_local_socket_t *socket);

/* What a client of that uid may do. */
ss_request_trust_t ss_local_socket_trust(int uid, const ss_local_socket_options_t *options);
/* Whether so many clients are the most: further ones wait. */
int ss_local_socket_is_full(int clients);
/* Whether a client that has been idle since then is closed. */
int ss_local_socket_is_idle_over(ss_mono_t since, apr_interval_time_t most, ss_mono_t now);
/* Whether more may be read from a client while so many octets of all clients are on their way to
 * the store: one that has some of its own there may go on for longer, or none would ever end. */
int ss_local_socket_has_room(apr_size_t bytes, int is_charged);
