#include "queue/store_port.h"

void ss_store_port_init(ss_store_port_t *port, void (*defer)(void *self), void *self)
{
    port->store = NULL;
    port->defer = defer;
    port->self = self;
    ss_result_clear(&port->result);
    APR_RING_INIT(&port->refused, ss_store_request_t, link);
}

/* Not answered within the call: the caller may still use what the answer frees. */
void ss_store_port_post(ss_store_port_t *port, ss_store_request_t *request)
{
    apr_status_t rv = port->store ? ss_store_post(port->store, request) : APR_EOF;

    if (rv == APR_SUCCESS) return;
    request->rv = rv;
    if (!port->store) {
        request->result = port->result;
    } else {
        ss_result_clear(&request->result);
        ss_result_set(&request->result, "queue", "", NULL,
                      "the queue is overloaded: too many requests are waiting");
    }
    ss_store_request_push(&port->refused, request);
    port->defer(port->self);
}

void ss_store_port_answer(ss_store_port_t *port)
{
    struct ss_requests_t mine;
    ss_store_request_t *request;

    APR_RING_INIT(&mine, ss_store_request_t, link);
    APR_RING_CONCAT(&mine, &port->refused, ss_store_request_t, link);
    while ((request = ss_store_request_take(&mine)) != NULL) request->done(request);
}

int ss_store_port_waiting(const ss_store_port_t *port)
{
    int count = port->store ? ss_store_waiting(port->store) : 0;
    const ss_store_request_t *request;

    APR_RING_FOREACH(request, &port->refused, ss_store_request_t, link) count++;
    return count;
}
