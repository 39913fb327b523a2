/* lookup.h: the requests "get" and "show" (one message) and "queue" (a list). */
#pragma once

#include "operator/operator.h"

/* "show" adds history, submitter and relay. With "wait" (microseconds, at most 120 s) the answer
 * comes when the message is final, or that time is over. */
void ss_lookup_message(ss_operator_t *o, ss_request_t *req);
/* A change of the message was committed: requests that wait for it look again. */
void ss_lookup_wake(ss_operator_t *o, const char *id);
void ss_lookup_list(ss_operator_t *o, ss_request_t *req);
/* Until when a request waits that asks for so many microseconds; not set: it does not. */
ss_mono_t ss_lookup_until(apr_interval_time_t wait, ss_mono_t now);
/* How many rows a request gets that asks for so many: at most 1,000; 100 where it does not say, or
 * asks for more. */
int ss_lookup_limit(json_int_t limit);
