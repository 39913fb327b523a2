#include "cli/sendmail.h"

#include <string.h>

void ss_sendmail_input_init(ss_sendmail_input_t *input, int ignores_dots)
{
    memset(input, 0, sizeof(*input));
    ss_buf_init(&input->begin, SS_SENDMAIL_INPUT_FROM);
    ss_scratch_init(&input->rest);
    input->ignores_dots = ignores_dots;
}

void ss_sendmail_input_free(ss_sendmail_input_t *input)
{
    ss_buf_free(&input->begin);
    ss_scratch_close(&input->rest);
}

static apr_status_t put(ss_sendmail_input_t *input, const char *bytes, apr_size_t len,
                        apr_pool_t *pool)
{
    apr_size_t room = SS_SENDMAIL_INPUT_FROM - input->begin.len, n = len < room ? len : room;
    apr_status_t rv = n ? ss_buf_append(&input->begin, bytes, n) : APR_SUCCESS;

    if (rv != APR_SUCCESS || n == len) return rv;
    if (input->rest.len + len > SS_SENDMAIL_INPUT_MAX) return SS_SENDMAIL_INPUT_TOO_LARGE;
    if (input->rest.fd < 0) rv = ss_scratch_open(&input->rest, pool);
    if (rv != APR_SUCCESS) return rv;
    ss_scratch_put(&input->rest, bytes + n, len - n);
    return input->rest.failed;
}

/* Takes one octet of a line that may turn out to be the lone dot. 1: it is another line, and the
 * octets held back are text. */
static int look(ss_sendmail_input_t *input, char c)
{
    if (input->state == SS_SENDMAIL_INPUT_START && c == '.')
        input->state = SS_SENDMAIL_INPUT_DOT;
    else if (input->state == SS_SENDMAIL_INPUT_DOT && c == '\r')
        input->state = SS_SENDMAIL_INPUT_DOT_CR;
    else if (input->state != SS_SENDMAIL_INPUT_START && c == '\n')
        input->has_ended = 1;
    else
        return 1;
    return 0;
}

static apr_status_t put_held(ss_sendmail_input_t *input, apr_pool_t *pool)
{
    apr_size_t held = input->state == SS_SENDMAIL_INPUT_DOT_CR ? 2
                      : input->state == SS_SENDMAIL_INPUT_DOT  ? 1
                                                               : 0;

    input->state = SS_SENDMAIL_INPUT_TEXT;
    return held ? put(input, ".\r", held, pool) : APR_SUCCESS;
}

apr_status_t ss_sendmail_input_add(ss_sendmail_input_t *input, const char *bytes, apr_size_t len,
                                   apr_pool_t *pool)
{
    const char *p = bytes, *end = bytes + len;
    apr_status_t rv = APR_SUCCESS;

    if (input->ignores_dots) return put(input, bytes, len, pool);
    while (p < end && rv == APR_SUCCESS && !input->has_ended) {
        if (input->state != SS_SENDMAIL_INPUT_TEXT) {
            if (look(input, *p))
                rv = put_held(input, pool);
            else
                p++;
            continue;
        }
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf + 1 : end;
        rv = put(input, p, (apr_size_t)(stop - p), pool);
        if (lf) input->state = SS_SENDMAIL_INPUT_START;
        p = stop;
    }
    return rv;
}

apr_status_t ss_sendmail_input_end(ss_sendmail_input_t *input, apr_pool_t *pool)
{
    apr_status_t rv = input->has_ended ? APR_SUCCESS : put_held(input, pool);

    return rv == APR_SUCCESS && input->rest.fd >= 0 ? ss_scratch_flush(&input->rest) : rv;
}
