/* operator.h: what the requests of people and programs that look at the queue or act on it need,
 * and what they have in common. The wiring fills in the first part. Loop thread. */
#pragma once

#include <apr_hash.h>

#include "base/log.h"
#include "config/config.h"
#include "delivery/delivery.h"
#include "delivery/relay.h"
#include "net/loop.h"
#include "queue/store_port.h"
#include "record/record.h"
#include "wire/request.h"

typedef struct ss_operator_t {
    const ss_config_t *config;
    const ss_log_t *log;
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_store_port_t *queue;
    ss_delivery_t *delivery;
    ss_record_t *record;
    /* of the process, for the status document */
    apr_uint64_t instance;
    unsigned generation, restarts;
    apr_time_t started;
    int is_leaving; /* set by the wiring */

    /* below: set by ss_operator_init */
    apr_hash_t *waiters; /* message's id -> the first request that waits for it (verb_lookup.c) */
    int tests;           /* connection tests under way */
    ss_mono_t counted;   /* when the store last gave the age of the oldest message */
} ss_operator_t;

void ss_operator_init(ss_operator_t *o);
/* In whose name the request acts: what a trusted client says ("who"), else "uid N". */
const char *ss_operator_who(const ss_request_t *req, const json_t *header, apr_pool_t *pool);
/* Whose messages the request is about, where it says so ("submitters"); NULL: anybody's. */
const apr_array_header_t *ss_operator_submitters(const json_t *header, apr_pool_t *pool);
/* Whether the client may see or change a message: a trusted one on behalf of its submitter, or the
 * uid that submitted it. */
int ss_operator_may(const ss_request_t *req, const ss_message_t *m);
/* The same as part of a filter: which uid's messages the client may see or change; -1: all. */
int ss_operator_filter_uid(const ss_request_t *req);
/* Reads a filter (state, relay, from, to, text, after, waiting), limited to the client's messages.
 * 1; or 0: a member is wrong, and the request is refused. */
int ss_operator_filter(ss_request_t *req, const json_t *from, ss_store_filter_t *filter,
                       apr_pool_t *pool);
/* The store could not do it: refuses the request with its reason. */
void ss_operator_refuse_store(ss_request_t *req, const ss_store_request_t *request);

/* A document of so many rows takes a millisecond; one with more is written by a computing thread.
 */
#define SS_OPERATOR_ROWS_AT_ONCE 300

/* Answers with a document (taken over) of what the store gave: fill adds the rows, on whatever
 * thread. Then the store's request is destroyed and then(self) called; possibly within the call. */
void ss_operator_answer(ss_operator_t *o, ss_request_t *req, ss_store_request_t *request, int rows,
                        json_t *document,
                        void (*fill)(json_t *document, ss_store_request_t *request),
                        void (*then)(void *self), void *self);
