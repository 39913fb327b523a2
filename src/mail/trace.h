/* trace.h: the field "traceparent" of W3C Trace Context, by which an application's tracing finds
 * its mail again. Pure; APR only. */
#pragma once

#include <apr_pools.h>

#define SS_TRACE_LENGTH 55 /* "00-", 32 and 16 hexadecimal digits, and the flags */

/* The value in the form of version 00, from the pool; blanks around it do not count. NULL: it is
 * not valid (or NULL), and is to be ignored (Trace Context 3.2.2). Of a later version, what is
 * known is kept. */
const char *ss_trace_parent(const char *text, apr_pool_t *pool);
