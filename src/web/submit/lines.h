/* lines.h: application/x-ndjson: one JSON message per line, one answer per line; a JSON array of
 * messages, and an array of answers. */
#pragma once

#include "web/submit/spool.h"
#include "web/submit/submission.h"

#define SS_LINES_MAX 100000 /* per request; further lines are not read */

/* Reads the request's body line by line, submits the messages in batches, and answers. s:
 * everything but the message. Returns the handler's result. */
int ss_lines_submit(ss_submission_t *s);
/* The same for an array that was read. One that is not complete is refused as a whole. */
int ss_lines_submit_array(ss_submission_t *s, const ss_spool_t *spool);
