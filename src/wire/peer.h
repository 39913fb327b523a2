/* peer.h: the blocking client of the local socket, for web, command line and the C API.
 * ss_peer_call is simpler where nothing is streamed. Any thread, one at a time for each connection.
 */
#pragma once

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

/* Connects to the socket at path, in the pool (its cleanup closes; NULL: ss_peer_close does).
 * connect_wait: how long to retry while nobody listens; while the daemon restarts, the listening
 * socket stays open in httpd's parent, so that connecting succeeds and the answer takes longer.
 * Errors: result (or NULL) says which path and why ("Permission denied", "is httpd running?"). */
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
/* While the daemon is waited for, is_wanted is called about once a second; 0 ends the wait with
 * APR_ECONNRESET: the receiver of the answer is gone, or the daemon. */
void ss_peer_set_wanted(ss_peer_t *peer, int (*is_wanted)(void *self), void *self);
/* Waits for the answer; STEP frames before it go to step (may be NULL), whose error ends the wait.
 * APR_TIMEUP, APR_EOF (daemon died): nobody knows whether it was done. APR_ECONNABORTED: the daemon
 * left without reading the request, which may be asked again on a new connection. A write that the
 * daemon cut short after it had answered (an early refusal) counts as successful: the answer is
 * found here. */
apr_status_t ss_peer_receive(ss_peer_t *peer, ss_peer_answer_t *answer,
                             apr_status_t (*step)(void *self, const char *bytes, apr_size_t len),
                             void *self, ss_mono_t deadline, apr_pool_t *pool);
void ss_peer_close(ss_peer_t *peer);
/* Whether the daemon answers within this time, whatever other requests wait for. */
int ss_peer_reacts(const char *path, apr_interval_time_t within);

/* ---- one request and its answer, on a connection that each thread keeps ---- */

typedef struct {
    const char *path;      /* of the socket */
    apr_uint64_t instance; /* which server it is meant for; 0: whoever listens */
    const char *header;    /* JSON */
    apr_size_t header_len;
    const char *content; /* or NULL */
    apr_size_t content_len;
    int file; /* file_len octets of it, from its begin (pread), follow the content */
    apr_uint64_t file_len;
    apr_interval_time_t timeout; /* for the whole */
    /* as for ss_peer_set_wanted; or NULL */
    int (*is_wanted)(void *self);
    void *self;
} ss_peer_call_t;

/* Sends the request, repeated where it certainly was not carried out, and waits for the answer,
 * which lies in the pool. Errors: as ss_peer_receive, or of connecting; result says it for people.
 */
apr_status_t ss_peer_call(const ss_peer_call_t *call, ss_peer_answer_t *answer, ss_result_t *result,
                          apr_pool_t *pool);
