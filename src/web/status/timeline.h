/* timeline.h: what happened to a message, in order of time. Pure. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/json.h"

typedef struct {
    const char *what, *recipient, *time, *text, *host; /* "": it has none */
} ss_timeline_event_t;

/* Acceptance, attempts, results and operators' actions of the daemon's "show" document, the oldest
 * first: an array of ss_timeline_event_t, which refers to message. Of several with one time, those
 * of the history keep their order and come before deliveries. */
apr_array_header_t *ss_timeline(const json_t *message, apr_pool_t *pool);
