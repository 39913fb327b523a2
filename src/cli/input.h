/* input.h: what sendmail reads from standard input: up to its end, or to a line that is a lone dot.
 * What is too large to be held in memory waits in a file. */
#ifndef SS_CLI_INPUT_H
#define SS_CLI_INPUT_H

#include "base/buf.h"
#include "base/scratch.h"

#define SS_INPUT_FROM 262144 /* input up to this is kept in memory */
/* no SMTPSendMaxMessageSize is larger in practice: past it reading ends */
#define SS_INPUT_MAX (1024 * 1024 * 1024)
#define SS_INPUT_TOO_LARGE APR_EINVAL /* no error that a file or memory may have */

typedef struct {
    ss_buf_t begin; /* all of it, or what is in front of the file */
    ss_scratch_t rest;
    int ignores_dots;
    /* where in its line the last octet was */
    enum { SS_INPUT_START, SS_INPUT_DOT, SS_INPUT_DOT_CR, SS_INPUT_TEXT } state;
    int has_ended; /* the dot was met */
} ss_input_t;

void ss_input_init(ss_input_t *input, int ignores_dots);
/* Takes len octets, up to the dot. Errors: no memory, no room for the file, SS_INPUT_TOO_LARGE. */
apr_status_t ss_input_add(ss_input_t *input, const char *bytes, apr_size_t len, apr_pool_t *pool);
/* The input's end: a dot that was not followed by a line end belongs to the text. */
apr_status_t ss_input_end(ss_input_t *input, apr_pool_t *pool);
void ss_input_free(ss_input_t *input);

#endif
