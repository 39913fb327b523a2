/* client.h: the SMTP client: bytes, time and messages go in; bytes and events come out. No socket,
 * clock, log or random source inside. The daemon, the connection test, the simulator and the
 * fuzzers drive the same one, by one thread each. RFC 5321; 1870 SIZE, 2920 PIPELINING, 3030
 * CHUNKING, 3207 STARTTLS, 3461 DSN, 2034/3463 enhanced codes, 4954 AUTH, 6152 8BITMIME, 6531
 * SMTPUTF8, 8689 REQUIRETLS, 9422 LIMITS. Order of calls: create; then, in any order the connection
 * dictates, feed / sent / tls_on / secret / send / quit / lost; after each of them take events with
 * ss_client_next until NULL, then write what ss_client_output gives. */
#ifndef SS_SMTP_CLIENT_H
#define SS_SMTP_CLIENT_H

#include <sys/uio.h>

#include "smtp/client_types.h"

/* A client in the state "waits for the greeting". now: when the connection stood. Everything lives
 * in pool. */
ss_client_t *ss_client_create(const ss_client_options_t *options, ss_mono_t now, apr_pool_t *pool);
/* Frees what is outside the pool (SASL); needed before the pool goes, whatever the state. */
void ss_client_destroy(ss_client_t *c);
/* Takes what the server sent. *len: in available, out taken (all of it unless the client is closed
 * or waits for TLS). Never blocks. */
apr_status_t ss_client_feed(ss_client_t *c, const char *bytes, apr_size_t *len, ss_mono_t now);
/* Time passed: to be called at ss_client_deadline at the latest. */
void ss_client_tick(ss_client_t *c, ss_mono_t now);
/* When ss_client_tick must be called; not set: nothing is waited for. */
ss_mono_t ss_client_deadline(const ss_client_t *c);
/* Pieces to write, in order, at most max; returns their number, 0: nothing to write now. Pointers
 * stay valid until ss_client_sent. */
int ss_client_output(ss_client_t *c, struct iovec *pieces, int max, ss_mono_t now);
/* So many bytes of ss_client_output's pieces were written. */
void ss_client_sent(ss_client_t *c, apr_size_t len, ss_mono_t now);
/* Content that was APR_EAGAIN is there now. */
void ss_client_more(ss_client_t *c, ss_mono_t now);
/* The handshake that SS_EVENT_START_TLS asked for is done (or TLS is on from the start). binding:
 * the channel binding data (RFC 9266 tls-exporter for TLS 1.3, RFC 5929 tls-unique below; NULL:
 * none), of binding_type "tls-exporter" or "tls-unique". Bytes that came before it in plain text
 * are a STARTTLS injection (CVE-2011-0411): the client refuses them itself. */
void ss_client_tls_on(ss_client_t *c, const char *binding_type, const char *binding,
                      apr_size_t binding_len, ss_mono_t now);
/* The secret that SS_EVENT_WANT_SECRET asked for; bytes are copied and wiped after use. NULL: there
 * is none: the login fails as "unreadable". */
void ss_client_secret(ss_client_t *c, const char *bytes, apr_size_t len, ss_mono_t now);
/* The connection is gone: status APR_EOF (closed by peer), ECONNRESET, APR_TIMEUP ...; result: a
 * better sentence (TLS), or NULL. */
void ss_client_lost(ss_client_t *c, apr_status_t status, const ss_result_t *result, ss_mono_t now);
/* Whether ss_client_send would take a message now (ready, window, limits, not closing). */
int ss_client_can_send(const ss_client_t *c);
/* Hands a message over. APR_SUCCESS: it comes back by SS_EVENT_DONE; APR_EAGAIN: no room (see
 * can_send). A message the server cannot take at all (SIZE, no SMTPUTF8, no 8BITMIME, no
 * REQUIRETLS) comes back DONE/failed without a command. More recipients than max_recipients:
 * APR_EINVAL (the caller splits). */
apr_status_t ss_client_send(ss_client_t *c, ss_client_message_t *message, ss_mono_t now);
/* MAIL from, RCPT to, RSET, MAIL from, RSET; then TRIED. Only when ready and nothing is in flight.
 */
void ss_client_try(ss_client_t *c, const char *from, const char *to, ss_mono_t now);
/* Ends the session: QUIT once nothing is in flight; then CLOSED (is_ok). */
void ss_client_quit(ss_client_t *c, ss_mono_t now);
/* The next event, or NULL; valid until the next call. */
const ss_client_event_t *ss_client_next(ss_client_t *c);
/* The oldest message whose fate is open is first; number of messages in flight. */
int ss_client_in_flight(const ss_client_t *c);
const ss_capability_t *ss_client_capability(const ss_client_t *c);

#endif
