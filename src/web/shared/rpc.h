/* rpc.h: one request to the delivery daemon. */
#ifndef SS_WEB_SHARED_RPC_H
#define SS_WEB_SHARED_RPC_H

#include <httpd.h>
#include <jansson.h>

#include "wire/peer.h"

/* long enough for a daemon that is being replaced (at most 10 s) */
#define SS_RPC_TIMEOUT (30 * APR_USEC_PER_SEC)

typedef struct {
    ss_peer_answer_t raw;
    json_t *fields; /* the answer's header; owned by the request's pool */
} ss_rpc_answer_t;

/* Sends a request with that header (the reference is dropped) and content. 1: there is an answer,
 * perhaps a refusal; 0: there was no answer, and 503 was sent to the client. */
int ss_rpc_call(request_rec *r, json_t *header, const char *content, apr_size_t len,
                apr_interval_time_t timeout, ss_rpc_answer_t *answer);
/* The same for a serialised header, with file_len octets of a file (-1: none) after the content. */
int ss_rpc_call_file(request_rec *r, const char *request, const char *content, apr_size_t len,
                     int file, apr_uint64_t file_len, apr_interval_time_t timeout,
                     ss_rpc_answer_t *answer);
/* Like ss_rpc_call, but sends nothing to the client: with 0, why is the reason. */
int ss_rpc_try(request_rec *r, json_t *header, const char *content, apr_size_t len,
               apr_interval_time_t timeout, ss_rpc_answer_t *answer, const char **why);
/* Parses the header of an answer that was received in another way (a stream). 1, or 0: invalid. */
int ss_rpc_read(request_rec *r, ss_rpc_answer_t *answer);
/* Passes a refusal of the daemon to the client. Returns OK. */
int ss_rpc_refuse(request_rec *r, const ss_rpc_answer_t *answer);
/* The answer's content as JSON, owned by the request's pool; NULL if it is not JSON. */
json_t *ss_rpc_document(request_rec *r, const ss_rpc_answer_t *answer);
/* Drops the reference when the request's pool is cleared. Returns value. */
json_t *ss_rpc_own(request_rec *r, json_t *value);

#endif
