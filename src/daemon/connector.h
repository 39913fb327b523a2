/* connector.h: connections for delivery (delivery/transport.h), made of net/link; and the reading
 * of secrets on a helper thread. Loop thread. */
#pragma once

#include "config/secret.h"
#include "delivery/transport.h"
#include "net/loop.h"

typedef struct ss_connector_t ss_connector_t;

/* Lives in pool, as the TLS contexts of the relays do. */
ss_connector_t *ss_connector_create(ss_loop_t *loop, const ss_log_t *log, apr_pool_t *pool);
/* is_short(self): called when a connection failed because this machine has no descriptor. */
void ss_connector_watch(ss_connector_t *connector, void (*is_short)(void *self), void *self);
/* For ss_ports_t: transport, with the connector as transport_self. */
extern const ss_transport_ops_t ss_connector_ops;
/* For ss_ports_t's secret_load. */
apr_status_t ss_connector_load_secret(ss_connector_t *connector, ss_secret_t *secret,
                                      void (*done)(void *baton, apr_status_t rv,
                                                   const ss_result_t *result),
                                      void *baton);
