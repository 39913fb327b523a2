/* webhook_call.h: one notification: a POST by libcurl, on a helper thread.
 *
 * The body is application/json, and the header has these fields. Ours: SMTP-Send-Event: an id that
 * stays the same when it is repeated; SMTP-Send-Time: seconds since 1970; with
 * SMTPSendWebhookSecret SMTP-Send-Signature: sha256=HEX, the HMAC-SHA256 of time, a dot and the
 * body. Those of Standard Webhooks (www.standardwebhooks.com), which libraries check: webhook-id,
 * webhook-timestamp, webhook-signature: v1,BASE64, the HMAC-SHA256 of id, time and body with dots
 * between them; its key is what follows "whsec_" in the secret, decoded from base64, or else the
 * secret's octets. And traceparent, if the message has one. 2xx and 410 end it; anything else is
 * retried. */
#pragma once

#include <sys/socket.h>

typedef struct {
    const char *event, *url, *body;
    const char *secret; /* NULL: not signed */
    const char *trace;  /* traceparent of the message, or NULL */
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
