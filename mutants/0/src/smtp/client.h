/* client.h: the SMTP client: bytes, time and messages go in; bytes and events come out. It has no
 * socket, clock, log or random source. The daemon, the connection test, the simulator and the
 * fuzzers drive the same client; each client belongs to one thread. RFC 5321; 1870 SIZE, 2920
 * PIPELINING, 3030 CHUNKING, 3207 STARTTLS, 3461 DSN, 2034/3463 enhanced codes, 4954 AUTH, 6152
 * 8BITMIME, 6531 SMTPUTF8, 8689 REQUIRETLS, 9422 LIMITS. Order of calls: create; then feed, sent,
 * tls_on, secret, send, quit, lost in whatever order the connection requires; after each of them
 * take events with ss_client_next until NULL, then write what ss_client_output returns. */
#pragma once

#include <sys/uio.h>

#include "smtp/client_types.h"

/* Creates a client that waits for the greeting. now: when the connection was established.
 * Everything is allocated from pool. */
ss_client_t *ss_client_create(const ss_client_options_t *options, ss_mono_t now, apr_pool_t *pool);
/* Frees what is not in the pool (SASL) and wipes secrets. Must be called before the pool is
 * destroyed, whatever the state. */
void ss_client_destroy(ss_client_t *c);
/* Processes bytes from the server. *len: in, the number of bytes; out, 0 if the client is closed
 * (APR_EOF). */
apr_status_t ss_client_feed(ss_client_t *c, const char *bytes, apr_size_t *len, ss_mono_t now);
/* Checks timeouts. To be called no later than ss_client_deadline. */
void ss_client_tick(ss_client_t *c, ss_mono_t now);
/* When ss_client_tick must be called; not set: no timeout is running. */
ss_mono_t ss_client_deadline(const ss_client_t *c);
/* Up to max pieces to write, in order. Returns their number; 0: nothing to write now. Pointers stay
 * valid until ss_client_sent. */
int ss_client_output(ss_client_t *c, struct iovec *pieces, int max, ss_mono_t now);
/* len bytes of ss_client_output's pieces were written. */
void ss_client_sent(ss_client_t *c, apr_size_t len, ss_mono_t now);
/* Content for which read returned APR_EAGAIN is now in memory. */
void ss_client_more(ss_client_t *c, ss_mono_t now);
/* The handshake that SS_EVENT_START_TLS requested is done (or, before the greeting, implicit TLS).
 * binding: the channel binding data (RFC 9266 tls-exporter for TLS 1.3, RFC 5929 tls-unique below;
 * NULL: none), of binding_type "tls-exporter" or "tls-unique". Plain-text bytes before it are a
 * STARTTLS injection (CVE-2011-0411), which the client detects itself. */
void ss_client_tls_on(ss_client_t *c, const char *binding_type, const char *binding,
                      apr_size_t binding_len, ss_mono_t now);
/* The secret that SS_EVENT_WANT_SECRET requested. The bytes are copied; the copy is wiped after
 * use. NULL: it could not be read, and the login fails. */
void ss_client_secret(ss_client_t *c, const char *bytes, apr_size_t len, ss_mono_t now);
/* The connection was lost: status APR_EOF (closed by the peer), ECONNRESET, APR_TIMEUP ... result:
 * a better explanation (TLS), or NULL. */
void ss_client_lost(ss_client_t *c, apr_status_t status, const ss_result_t *result, ss_mono_t now);
/* Whether ss_client_send would accept a message now (ready, room in the window, limits, not
 * closing). */
int ss_client_can_send(const ss_client_t *c);
/* Sends a message. APR_SUCCESS: it is returned with SS_EVENT_DONE. APR_EAGAIN: no room (see
 * can_send). APR_EINVAL: more recipients than max_recipients (the caller splits the message). A
 * message that this server cannot accept at all (SIZE, no SMTPUTF8, no 8BITMIME, no REQUIRETLS) is
 * returned as failed without sending a command. */
apr_status_t ss_client_send(ss_client_t *c, ss_client_message_t *message, ss_mono_t now);
/* The trial of the connection test: MAIL, RCPT, RSET, MAIL, RSET, then SS_EVENT_TRIED. Only if
 * ready and no message is in flight.
 */
void ss_client_try(ss_client_t *c, const char *from, const char *to, ss_mono_t now);
/* Ends the session: QUIT once no message is in flight, then SS_EVENT_CLOSED (is_ok). */
void ss_client_quit(ss_client_t *c, ss_mono_t now);
/* The next event, or NULL; valid until the next call. */
const ss_client_event_t *ss_client_next(ss_client_t *c);
/* The number of messages sent and not yet returned. */
int ss_client_in_flight(const ss_client_t *c);
const ss_capability_t *ss_client_capability(const ss_client_t *c);
