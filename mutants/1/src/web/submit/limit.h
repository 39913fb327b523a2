/* limit.h: limits of a submission over HTTP. Pure. */
#pragma once

#include "config/settings.h"

#define SS_LIMIT_KEY_MAX 255     /* octets of an Idempotency-Key */
#define SS_LIMIT_COPIES_MAX 1000 /* recipients of a submission with "individually" */

/* The largest message accepted, in bytes: the location's own limit, otherwise the relay's. */
apr_int64_t ss_limit_message(const ss_settings_policy_t *policy, const ss_settings_t *relay);
/* The largest body for messages of at most max bytes. */
apr_int64_t ss_limit_document(apr_int64_t max);
apr_int64_t ss_limit_multipart(apr_int64_t max);
/* Whether a text is 1 to SS_LIMIT_KEY_MAX printable ASCII characters. */
int ss_limit_is_key(const char *text);
/* The value of an added field: values of expressions come from requests, so that control characters
 * become spaces, and what exceeds 998 octets (RFC 5322 2.1.1) is cut. */
const char *ss_limit_field(const char *value, apr_pool_t *pool);
/* Reads the parameter "wait" (NULL: 0). 1, or 0: not a duration of at most two minutes. */
int ss_limit_wait(const char *text, apr_interval_time_t *wait);
