/* stream_tls.h: TLS on top of a tcp stream. */
#pragma once

#include "net/stream.h"
#include "net/tls.h"

/* Turns a tcp stream into a TLS one. host: the name connected to (SNI and verification;
 * SMTPSendTLSName goes first). is_small: with a ClientHello that fits into one packet. The
 * handshake is not done yet. */
apr_status_t ss_stream_tls(ss_stream_t *stream, ss_tls_t *tls, const char *host, int is_small);
/* Goes on with the handshake. APR_SUCCESS: done, verified as the settings want; APR_EAGAIN: call
 * again when the socket is ready for *events (SS_LOOP_READ or SS_LOOP_WRITE); else it failed and
 * result says why with advice (step "tls"). */
apr_status_t ss_stream_handshake(ss_stream_t *stream, int *events, ss_result_t *result);
/* The handshake took too long: the sentence for it. */
void ss_stream_handshake_timeout(ss_stream_t *stream, apr_interval_time_t after,
                                 ss_result_t *result);
/* How many octets of the ClientHello the server left without any answer so far; 0: it answered. */
apr_uint64_t ss_stream_unanswered(const ss_stream_t *stream);
/* Whether what came instead of TLS was an SMTP greeting ("220 ..."). */
int ss_stream_is_plain(const ss_stream_t *stream);
/* What the handshake showed, also where the certificate was refused after it; valid while the
 * stream is open. */
const ss_tls_facts_t *ss_stream_facts(const ss_stream_t *stream);
/* The channel binding data: tls-exporter (RFC 9266) for TLS 1.3, tls-unique (RFC 5929) below. *type
 * NULL: none. */
void ss_stream_binding(const ss_stream_t *stream, const char **type, const char **bytes,
                       apr_size_t *len);
