/* rpc.h: one question to the delivery daemon, and what its answer says. */
#ifndef SS_WEB_SHARED_RPC_H
#define SS_WEB_SHARED_RPC_H

#include <httpd.h>
#include <jansson.h>

#include "wire/peer.h"

/* covers a daemon that is being replaced (at most 10 s) with room to spare */
#define SS_RPC_TIMEOUT (30 * APR_USEC_PER_SEC)

typedef struct {
    ss_peer_answer_t raw;
    json_t *fields; /* the answer's header; owned by the request's pool */
} ss_rpc_answer_t;

/* Asks: header is the request's header (the reference is dropped here). 1: there is an answer, a
 * refusal too; 0: there is none, and 503 was sent. */
int ss_rpc_call(request_rec *r, json_t *header, const char *content, apr_size_t len,
                apr_interval_time_t timeout, ss_rpc_answer_t *answer);
/* The same of a question that is written already, with file_len octets of a file (-1: none) behind
 * the content. */
int ss_rpc_call_file(request_rec *r, const char *question, const char *content, apr_size_t len,
                     int file, apr_uint64_t file_len, apr_interval_time_t timeout,
                     ss_rpc_answer_t *answer);
/* The same without sending anything: 0 gives the sentence in why. */
int ss_rpc_try(request_rec *r, json_t *header, const char *content, apr_size_t len,
               apr_interval_time_t timeout, ss_rpc_answer_t *answer, const char **why);
/* Reads the header of an answer that came another way (a stream). 1 or 0. */
int ss_rpc_read(request_rec *r, ss_rpc_answer_t *answer);
/* Sends a refusal of the daemon on. Gives OK. */
int ss_rpc_refuse(request_rec *r, const ss_rpc_answer_t *answer);
/* The answer's document as JSON, owned by the request's pool; NULL where it is none. */
json_t *ss_rpc_document(request_rec *r, const ss_rpc_answer_t *answer);
/* Lets a JSON value end with the request. */
json_t *ss_rpc_own(request_rec *r, json_t *value);

#endif
