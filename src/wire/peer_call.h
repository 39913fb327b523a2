/* peer_call.h: one request and its answer, on a connection that each thread keeps. */
#ifndef SS_WIRE_PEER_CALL_H
#define SS_WIRE_PEER_CALL_H

#include "wire/peer.h"

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
} ss_peer_call_t;

/* Sends the request, repeated where it certainly was not carried out, and waits for the answer,
 * which lies in the pool. Errors: as ss_peer_receive, or of connecting; result says it for people.
 */
apr_status_t ss_peer_call(const ss_peer_call_t *call, ss_peer_answer_t *answer, ss_result_t *result,
                          apr_pool_t *pool);
/* Closes the connection that this thread keeps, if any; its end does so too. */
void ss_peer_call_forget(void);

#endif
