/* lines.h: application/x-ndjson: a JSON message a line in, an answer a line out. */
#ifndef SS_WEB_SUBMIT_LINES_H
#define SS_WEB_SUBMIT_LINES_H

#include "web/submit/submission.h"

#define SS_LINES_MAX 100000 /* of one request; what follows is not read */

/* Reads the request's body line by line, hands the messages over in batches, and answers. s is
 * filled but for the message. Gives the handler's result. */
int ss_lines_submit(ss_submission_t *s);

#endif
