/* resolve.h: a name's addresses, looked up on a helper thread (getaddrinfo), in the order in which
 * they are to be tried (RFC 6724, families in turn as RFC 8305 4 says). */
#pragma once

#include <sys/socket.h>

#include "base/result.h"
#include "net/loop.h"

#define SS_ADDRESSES_MAX 16 /* of a name; the rest is left out */
#define SS_ADDRESS_TEXT 64

typedef struct {
    struct sockaddr_storage socket;
    socklen_t len;
    char text[SS_ADDRESS_TEXT]; /* "192.0.2.1", "2001:db8::1" */
} ss_resolve_address_t;

typedef struct {
    ss_resolve_address_t list[SS_ADDRESSES_MAX];
    int count;
} ss_resolve_addresses_t;

typedef struct ss_resolve_t ss_resolve_t;

/* done is called on the loop's thread, never from inside this call: with addresses, or with none
 * and the reason (step "resolve"); then the look-up is gone. */
apr_status_t ss_resolve_start(ss_resolve_t **resolve, ss_loop_t *loop, const char *name, int port,
                              void (*done)(void *self, const ss_resolve_addresses_t *addresses,
                                           const ss_result_t *result),
                              void *self);
/* Forgets it: done is not called. */
void ss_resolve_cancel(ss_resolve_t *resolve);
/* An address (no name) with its port; 0 or -1. */
int ss_resolve_parse(ss_resolve_address_t *address, const char *text, int port);
/* Whether it is this machine's loopback. */
int ss_resolve_is_loopback(const ss_resolve_address_t *address);
