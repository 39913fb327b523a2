/* peer.h: the blocking client of the local socket, for web, command line and the C API. One call =
 * one connection unless kept; a deadline for the whole; tries again only before the first byte was
 * written. Any thread, one call at a time each. */
#ifndef SS_WIRE_PEER_H
#define SS_WIRE_PEER_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/mono.h"
#include "base/result.h"
#include "wire/frame.h"

typedef struct ss_peer_t ss_peer_t;

typedef struct {
    int status;         /* HTTP status of the answer */
    const char *header; /* JSON text, zero-ended */
    apr_size_t header_len;
    const char *content; /* the document, zero-ended, or NULL */
    apr_size_t content_len;
} ss_peer_answer_t;

/* Connects to the socket at path. connect_wait: how long to try while nobody answers (daemon
 * restarting; the listening socket lives in the parent, so a connect normally succeeds and the
 * answer waits). Errors: result says which path and why ("Permission denied", "no such file: is
 * httpd running?"). */
apr_status_t ss_peer_open(ss_peer_t **peer, const char *path, apr_uint64_t instance,
                          apr_interval_time_t connect_wait, ss_result_t *result, apr_pool_t *pool);
/* Sends a request: header JSON and, for submit, content in any size (cut into frames). */
apr_status_t ss_peer_send(ss_peer_t *peer, const char *header, apr_size_t header_len,
                          const char *content, apr_size_t content_len, ss_mono_t deadline);
/* The same in pieces: begin (announces that parts follow), part..., last. */
apr_status_t ss_peer_begin(ss_peer_t *peer, const char *header, apr_size_t header_len,
                           ss_mono_t deadline);
apr_status_t ss_peer_part(ss_peer_t *peer, const char *bytes, apr_size_t len, int is_last,
                          ss_mono_t deadline);
/* is_wanted is asked about once a second while an answer is waited for; 0 ends the wait with
 * APR_ECONNRESET: whoever asked is gone. */
void ss_peer_ask_whether(ss_peer_t *peer, int (*is_wanted)(void *self), void *self);
/* Waits for the answer; STEP frames before it go to step (may be NULL), whose error ends the wait.
 * APR_TIMEUP, APR_EOF (daemon died): nobody knows whether it was done. APR_ECONNABORTED: the daemon
 * left without reading the request, which may be asked again on a new connection. A write that the
 * daemon cut short after it had answered (an early refusal) counts as successful: the answer is
 * found here. */
apr_status_t ss_peer_receive(ss_peer_t *peer, ss_peer_answer_t *answer,
                             apr_status_t (*step)(void *self, const char *bytes, apr_size_t len),
                             void *self, ss_mono_t deadline, apr_pool_t *pool);
/* open, send, receive, close in one; reuses a kept connection of this thread where there is one (a
 * stale one is replaced before the first byte is answered only if the request is harmless to
 * repeat). */
apr_status_t ss_peer_call(const char *path, apr_uint64_t instance, const char *header,
                          apr_size_t header_len, const char *content, apr_size_t content_len,
                          apr_interval_time_t timeout, ss_peer_answer_t *answer,
                          ss_result_t *result, apr_pool_t *pool);
/* The same with file_len octets of a file (read with pread, from its begin) behind the content. */
apr_status_t ss_peer_call_file(const char *path, apr_uint64_t instance, const char *header,
                               apr_size_t header_len, const char *content, apr_size_t content_len,
                               int file, apr_uint64_t file_len, apr_interval_time_t timeout,
                               ss_peer_answer_t *answer, ss_result_t *result, apr_pool_t *pool);
/* Closes the connection that ss_peer_call keeps for this thread, if any; a thread's end does it by
 * itself. */
void ss_peer_forget(void);
void ss_peer_close(ss_peer_t *peer);

#endif
