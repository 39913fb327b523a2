/* rpc.h: one request to the delivery daemon. */
#pragma once

#include <httpd.h>

#include "base/json.h"
#include "mail/mail.h"
#include "wire/peer.h"

/* long enough for a daemon that is being replaced (at most 10 s) */
#define SS_RPC_TIMEOUT (30 * APR_USEC_PER_SEC)

typedef struct {
    ss_peer_answer_t raw;
    json_t *fields;  /* the answer's header; owned by the pool */
    const char *why; /* why there is no answer */
    int is_hung;     /* the reason is that the daemon does not react */
} ss_rpc_answer_t;

/* A wait for the daemon, for ss_peer_set_wanted: it ends when nobody wants the answer any more, or
 * when the daemon cannot give it. */
typedef struct {
    int (*is_wanted)(void *self); /* or NULL */
    void *self;
    ss_mono_t asked;     /* when the request began */
    const char *trouble; /* why the wait was ended, or NULL */
} ss_rpc_wait_t;

int ss_rpc_goes_on(void *wait);
/* Why there is no answer, as a sentence in pool, if the trouble is known, or NULL. */
const char *ss_rpc_trouble(ss_rpc_wait_t *wait, apr_pool_t *pool);

/* Sends the request, whose header may be NULL: it could not be written. 1: there is an answer,
 * perhaps a refusal, which lives in pool; 0: no answer came, and answer->why is the reason. */
int ss_rpc_exchange(ss_peer_call_t request, ss_rpc_answer_t *answer, apr_pool_t *pool);
/* The request that submits a message. */
ss_peer_call_t ss_rpc_message(const char *header, const ss_mail_message_t *m);
/* The same with only a header (the reference is dropped, here and below). */
int ss_rpc_try(json_t *header, apr_interval_time_t timeout, ss_rpc_answer_t *answer,
               apr_pool_t *pool);
/* The document of the answer, owned by pool; NULL: refused or no answer. */
json_t *ss_rpc_ask(json_t *header, apr_interval_time_t timeout, apr_pool_t *pool);
/* 1: the daemon did what was asked; 0: its refusal was sent to the client, or 503. */
int ss_rpc_call(request_rec *r, json_t *header, apr_interval_time_t timeout,
                ss_rpc_answer_t *answer);
int ss_rpc_submit(request_rec *r, ss_peer_call_t request, ss_rpc_answer_t *answer);
/* Sends the answer's document unchanged. Returns OK. */
int ss_rpc_pass(request_rec *r, const ss_rpc_answer_t *answer);
/* The request for a message's state. */
json_t *ss_rpc_state_request(const char *id);
/* What follows an exchange: 1: the daemon did what was asked; 0: its refusal or 503 was sent. */
int ss_rpc_settle(request_rec *r, int has_answer, const ss_rpc_answer_t *answer);
/* Parses the header of an answer that was received in another way (a stream). 1, or 0: invalid. */
int ss_rpc_read(apr_pool_t *pool, ss_rpc_answer_t *answer);
/* Sends a refusal of the daemon, by the fields of its answer. Returns OK. */
int ss_rpc_refuse(request_rec *r, const json_t *fields);
/* The answer's content as JSON, owned by the pool; NULL if it is not JSON. */
json_t *ss_rpc_document(apr_pool_t *pool, const ss_rpc_answer_t *answer);
/* Drops the reference when the pool is cleared. Returns value. */
json_t *ss_rpc_own(apr_pool_t *pool, json_t *value);
