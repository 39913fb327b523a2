/* failure_causes.h: failed messages grouped by their cause, so that fifty failures with one cause
 * are one line with one piece of advice. Pure. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/json.h"

#define SS_FAILURE_CAUSES_SHOWN 3 /* messages of a cause that are named */

typedef struct {
    const char *codes, *text; /* "550 5.1.1", or else the text; the newest one's text */
    int count;                /* messages */
} ss_failure_reply_t;

typedef struct {
    const char *key;             /* the advice's code, or else the reply's codes */
    const json_t *advice;        /* or NULL */
    apr_array_header_t *replies; /* of ss_failure_reply_t, which differ in their codes */
    int count;                   /* messages */
    const json_t *newest[SS_FAILURE_CAUSES_SHOWN];
} ss_failure_cause_t;

/* The causes of the rows of the daemon's "queue" document, which are in order, the newest first:
 * an array of ss_failure_cause_t in the same order, which refers to rows. */
apr_array_header_t *ss_failure_causes(const json_t *rows, apr_pool_t *pool);
