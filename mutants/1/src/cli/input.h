/* input.h: what sendmail reads from standard input, up to its end or to a line with only a dot.
 * Large input goes to a temporary file. */
#pragma once

#include "base/buf.h"
#include "base/scratch.h"

#define SS_INPUT_FROM 262144 /* bytes of input kept in memory */
/* bytes; no SMTPSendMaxMessageSize is larger in practice */
#define SS_INPUT_MAX (1024 * 1024 * 1024)
#define SS_INPUT_TOO_LARGE APR_EINVAL /* not an error of files or memory */

typedef struct {
    ss_buf_t begin; /* everything, or what comes before the file */
    ss_scratch_t rest;
    int ignores_dots;
    /* position of the last octet in its line */
    enum { SS_INPUT_START, SS_INPUT_DOT, SS_INPUT_DOT_CR, SS_INPUT_TEXT } state;
    int has_ended; /* the lone dot was read */
} ss_input_t;

void ss_input_init(ss_input_t *input, int ignores_dots);
/* Takes len octets, up to the lone dot. Errors: out of memory, no room for the file,
 * SS_INPUT_TOO_LARGE. */
apr_status_t ss_input_add(ss_input_t *input, const char *bytes, apr_size_t len, apr_pool_t *pool);
/* End of input: a final dot without a line end is text. */
apr_status_t ss_input_end(ss_input_t *input, apr_pool_t *pool);
void ss_input_free(ss_input_t *input);
