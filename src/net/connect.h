/* connect.h: a list of addresses to one connected socket: RFC 8305 5, a new address every 250 ms or
 * as soon as one failed, the first that answers wins. */
#pragma once

#include "net/resolve.h"

#define SS_CONNECT_STAGGER (250 * 1000) /* between two addresses */
/* to the first of those that are tried after the others, while these still say nothing; half the
 * timeout if that is less */
#define SS_CONNECT_LATE (5 * APR_USEC_PER_SEC)

typedef struct {
    int fd;                              /* connected, non-blocking, the callee's; -1: failed */
    const ss_resolve_address_t *address; /* that answered; NULL: none */
    ss_result_t result; /* why it failed, or what was found on the way (step "connect") */
} ss_connect_result_t;

typedef struct ss_connect_t ss_connect_t;

typedef struct {
    const ss_resolve_addresses_t *addresses; /* copied */
    const char *source;                      /* SMTPSendSourceAddress or NULL */
    const char *host;                        /* for the words */
    int port;
    apr_interval_time_t timeout; /* of all of it */
    int healthy;                 /* addresses; those after them only when these have failed */
} ss_connect_options_t;

/* done is called once on the loop's thread, never from inside this call; then it is gone. */
apr_status_t ss_connect_start(ss_connect_t **connect, ss_loop_t *loop,
                              const ss_connect_options_t *options,
                              void (*done)(void *self, const ss_connect_result_t *connected),
                              void *self);
/* Closes what is open; done is not called. */
void ss_connect_cancel(ss_connect_t *connect);
