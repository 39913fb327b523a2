/* client.h: the SMTP client: bytes, time and messages go in; bytes and events come out. It has no
 * socket, clock, log or random source, and belongs to one thread. RFC 5321; 1870 SIZE, 2920
 * PIPELINING, 3030 CHUNKING, 3207 STARTTLS, 3461 DSN, 2034/3463 enhanced codes, 4954 AUTH, 6152
 * 8BITMIME, 6531 SMTPUTF8, 8689 REQUIRETLS, 9422 LIMITS. After each call take events with
 * ss_client_next until NULL, then write what ss_client_output returns. */
#pragma once

#include <sys/uio.h>

#include "smtp/client_types.h"

/* Creates a client that waits for the greeting. now: when the connection was established. */
ss_client_t *ss_client_create(const ss_client_options_t *options, ss_mono_t now, apr_pool_t *pool);
/* Frees what is not in the pool and wipes secrets: to be called before the pool is destroyed. */
void ss_client_destroy(ss_client_t *c);
/* Processes bytes from the server. APR_EOF and *len 0: the client is closed. */
apr_status_t ss_client_feed(ss_client_t *c, const char *bytes, apr_size_t *len, ss_mono_t now);
/* Checks timeouts. */
void ss_client_tick(ss_client_t *c, ss_mono_t now);
/* When ss_client_tick must be called; not set: no timeout is running. */
ss_mono_t ss_client_deadline(const ss_client_t *c);
/* Up to max pieces to write, in order; returns their number. They stay valid until ss_client_sent.
 */
int ss_client_output(ss_client_t *c, struct iovec *pieces, int max, ss_mono_t now);
/* len bytes of ss_client_output's pieces were written. */
void ss_client_sent(ss_client_t *c, apr_size_t len, ss_mono_t now);
/* Content for which read returned APR_EAGAIN is now in memory. */
void ss_client_more(ss_client_t *c, ss_mono_t now);
/* The handshake that SS_EVENT_START_TLS requested is done (or, before the greeting, implicit TLS).
 * binding: the channel binding data of binding_type "tls-exporter" (RFC 9266) or "tls-unique" (RFC
 * 5929), or NULL. Plain text before it is a STARTTLS injection (CVE-2011-0411), which the client
 * detects itself. */
void ss_client_tls_on(ss_client_t *c, const char *binding_type, const char *binding,
                      apr_size_t binding_len, ss_mono_t now);
/* The secret that SS_EVENT_WANT_SECRET requested; it is copied, and the copy wiped after use. NULL:
 * it could not be read, and the login fails. */
void ss_client_secret(ss_client_t *c, const char *bytes, apr_size_t len, ss_mono_t now);
/* The connection was lost: status APR_EOF (closed by the peer), ECONNRESET, APR_TIMEUP,
 * APR_ECONNABORTED (by us) ... result: a better explanation (TLS), or NULL. */
void ss_client_lost(ss_client_t *c, apr_status_t status, const ss_result_t *result, ss_mono_t now);
/* Whether ss_client_send would accept a message now. */
int ss_client_can_send(const ss_client_t *c);
/* Sends a message. APR_SUCCESS: it is returned with SS_EVENT_DONE, at once as failed where this
 * server cannot accept it at all (SIZE, no SMTPUTF8, 8BITMIME, REQUIRETLS). APR_EAGAIN: no room.
 * APR_EINVAL: more recipients than max_recipients. */
apr_status_t ss_client_send(ss_client_t *c, ss_client_message_t *message, ss_mono_t now);
/* The trial of the connection test: MAIL, RCPT, RSET, MAIL, RSET (without to: nothing of these),
 * and with PIPELINING MAIL and RSET at once; then SS_EVENT_TRIED. Only if ready and no message is
 * in flight. */
void ss_client_try(ss_client_t *c, const char *from, const char *to, ss_mono_t now);
/* Ends the session: QUIT once no message is in flight, then SS_EVENT_CLOSED (is_ok). */
void ss_client_quit(ss_client_t *c, ss_mono_t now);
/* The next event, or NULL; valid until the next call. */
const ss_client_event_t *ss_client_next(ss_client_t *c);
/* The number of messages sent and not yet returned. */
int ss_client_in_flight(const ss_client_t *c);
const ss_capability_t *ss_client_capability(const ss_client_t *c);
