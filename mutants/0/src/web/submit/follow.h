/* follow.h: GET and DELETE of one message of the handler smtp-send. */
#pragma once

#include <httpd.h>

#include "web/shared/params.h"

/* id: a valid message id. Returns the handler's result. */
int ss_follow(request_rec *r, const char *id);
/* Reads the parameter "wait" (0 without it). 1, or 0: the refusal was sent. */
int ss_follow_wait(request_rec *r, const ss_params_t *query, apr_interval_time_t *wait);
