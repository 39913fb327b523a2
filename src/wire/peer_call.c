/* peer_call.c: see peer_call.h. */
#include "wire/peer_call.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define TRIES 4
#define CONNECT_WAIT (10 * APR_USEC_PER_SEC)
#define FILE_PIECE (SS_FRAME_CONTENT_MAX / 2) /* content of a frame that comes from a file */

/* ---- the connection that a thread keeps ---- */

static pthread_once_t kept_once = PTHREAD_ONCE_INIT;
static pthread_key_t kept_key;
static int has_kept_key;

static void close_kept(void *peer)
{
    ss_peer_close(peer);
}

static void make_kept_key(void)
{
    has_kept_key = pthread_key_create(&kept_key, close_kept) == 0;
}

void ss_peer_call_forget(void)
{
    pthread_once(&kept_once, make_kept_key);
    if (!has_kept_key) return;
    ss_peer_close(pthread_getspecific(kept_key));
    pthread_setspecific(kept_key, NULL);
}

/* The thread's connection, if it goes to the same place; it is the caller's then. */
static ss_peer_t *take_kept(const char *path, apr_uint64_t instance)
{
    pthread_once(&kept_once, make_kept_key);
    ss_peer_t *peer = has_kept_key ? pthread_getspecific(kept_key) : NULL;
    if (!peer) return NULL;
    if (!ss_peer_goes_to(peer, path, instance)) {
        ss_peer_call_forget();
        return NULL;
    }
    pthread_setspecific(kept_key, NULL);
    return peer;
}

static void keep(ss_peer_t *peer)
{
    if (!ss_peer_is_reusable(peer) || !has_kept_key || pthread_setspecific(kept_key, peer))
        ss_peer_close(peer);
}

/* Fills the buffer up to `most` octets with what the file has from *at on. */
static apr_status_t fill_from(int file, apr_uint64_t *at, apr_uint64_t file_len, char *buffer,
                              apr_size_t *len, apr_size_t most)
{
    while (*len < most && *at < file_len) {
        apr_uint64_t left = file_len - *at;
        apr_size_t room = most - *len;
        ssize_t got = pread(file, buffer + *len, left < room ? (apr_size_t)left : room, (off_t)*at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got ? errno : APR_EINCOMPLETE;
        *len += (apr_size_t)got;
        *at += (apr_uint64_t)got;
    }
    return APR_SUCCESS;
}

static apr_status_t send_with_file(ss_peer_t *peer, const ss_peer_call_t *call, ss_mono_t deadline)
{
    apr_uint64_t at = 0;
    apr_size_t used = 0, len = 0;
    char *buffer = malloc(FILE_PIECE);
    apr_status_t rv =
        buffer ? ss_peer_begin(peer, call->header, call->header_len, deadline) : APR_ENOMEM;

    while (rv == APR_SUCCESS && (used < call->content_len || at < call->file_len)) {
        len = call->content_len - used < FILE_PIECE ? call->content_len - used : FILE_PIECE;
        memcpy(buffer, call->content + used, len);
        used += len;
        rv = fill_from(call->file, &at, call->file_len, buffer, &len, FILE_PIECE);
        if (rv == APR_SUCCESS)
            rv = ss_peer_part(peer, buffer, len, used == call->content_len && at == call->file_len,
                              deadline);
    }
    free(buffer);
    return rv;
}

static apr_status_t exchange(ss_peer_t *peer, const ss_peer_call_t *call, ss_mono_t deadline,
                             ss_peer_answer_t *answer, apr_pool_t *pool)
{
    apr_status_t rv = call->file_len ? send_with_file(peer, call, deadline)
                                     : ss_peer_send(peer, call->header, call->header_len,
                                                    call->content, call->content_len, deadline);

    return rv == APR_SUCCESS ? ss_peer_receive(peer, answer, NULL, NULL, deadline, pool) : rv;
}

apr_status_t ss_peer_call(const ss_peer_call_t *call, ss_peer_answer_t *answer, ss_result_t *result,
                          apr_pool_t *pool)
{
    ss_mono_t deadline = ss_mono_add(ss_mono_now(), call->timeout);
    apr_interval_time_t wait = call->timeout < CONNECT_WAIT ? call->timeout : CONNECT_WAIT;

    for (int tries = 1;; tries++) {
        ss_peer_t *peer = take_kept(call->path, call->instance);
        apr_status_t rv = peer
                              ? APR_SUCCESS
                              : ss_peer_open(&peer, call->path, call->instance, wait, result, NULL);
        if (rv != APR_SUCCESS) return rv;
        rv = exchange(peer, call, deadline, answer, pool);
        if (rv == APR_SUCCESS) {
            keep(peer);
            return APR_SUCCESS;
        }
        int is_over = !ss_peer_may_repeat(peer, rv) || tries >= TRIES ||
                      ss_mono_reached(deadline, ss_mono_now());
        if (is_over) ss_peer_explain(peer, rv, result);
        ss_peer_close(peer);
        if (is_over) return rv;
    }
}
