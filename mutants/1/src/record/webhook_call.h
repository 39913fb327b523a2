/* webhook_call.h: one notification: a POST by libcurl, on a helper thread. */
#pragma once

#include <apr_time.h>
#include <sys/socket.h>

typedef struct {
    const char *event, *url, *body;
    const char *secret; /* NULL: not signed */
    /* addresses of private networks and of this machine are allowed */
    int may_be_private;
    int status;      /* out: HTTP status; 0: no response */
    char error[256]; /* out: why there was no response */
} ss_webhook_call_t;

/* Once, before the first call, while no other thread runs in libcurl. */
void ss_webhook_call_init(void);
/* Makes the request; blocks for at most 15 s. handle: NULL at first, then kept between calls, so
 * that connections are reused; one call at a time. */
void ss_webhook_call(ss_webhook_call_t *call, void **handle);
void ss_webhook_call_close(void *handle);
/* Whether an address is in a network that a URL from outside must not reach: this machine, private,
 * link-local, shared, multicast, unspecified; or of an unknown family. */
int ss_webhook_call_is_private(const struct sockaddr *address);
