/* store_port.h: how the folders of the daemon post to the store, which may not be open yet or be
 * full. Posting never fails: a request that the store does not accept is answered like any other,
 * with the reason, at the end of the loop's turn. Loop thread only. */
#pragma once

#include "queue/store.h"

typedef struct {
    ss_store_t *store;  /* NULL: not open */
    ss_result_t result; /* while it is not open: why */
    /* Arranges a call of ss_store_port_answer at the end of this turn of the loop; may be called
     * several times in a turn. */
    void (*defer)(void *self);
    void *self;
    struct ss_requests_t refused;
} ss_store_port_t;

void ss_store_port_init(ss_store_port_t *port, void (*defer)(void *self), void *self);
/* Gives the request away. It comes back through request->done, never within this call: from
 * ss_store_collect, or from ss_store_port_answer with rv APR_EOF (not open) or APR_EAGAIN (full)
 * and the reason in result. */
void ss_store_port_post(ss_store_port_t *port, ss_store_request_t *request);
/* Answers the refused requests. Those that are posted and refused meanwhile wait for the next call.
 */
void ss_store_port_answer(ss_store_port_t *port);
/* Requests posted and not answered yet, refused ones included. */
int ss_store_port_waiting(const ss_store_port_t *port);
