/* ndjson.h: splits a body of JSON documents, one a line, while it arrives; or the elements of an
 * array, which are called lines here, too. At most one line is in memory, and the files of a long
 * one are not (lift.h). */
#pragma once

#include "base/buf.h"
#include "mail/json_array.h"
#include "mail/lift.h"

#define SS_NDJSON_TOO_LONG APR_EINVAL /* no error that a file or memory may have */

typedef struct {
    /* Receives octets of a line as they arrive, without its end. May be NULL. */
    void (*piece)(void *self, const char *bytes, apr_size_t len);
    /* A line is complete: bytes without its end, with markers if lift is not NULL. failed:
     * APR_SUCCESS, SS_NDJSON_TOO_LONG, or why the line could not be stored (bytes is empty then).
     * Returns 0 to stop. */
    int (*line)(void *self, const char *bytes, apr_size_t len, ss_lift_t *lift,
                apr_status_t failed);
    void *self;
    ss_json_array_t *array; /* the body is this array; or NULL */
    ss_buf_t kept;          /* private */
    ss_lift_t *lift;        /* of a long line, instead of kept */
    apr_pool_t *pool;       /* of one long line */
    apr_size_t max, len, lift_from, content_from;
    unsigned char token[SS_LIFT_TOKEN];
    apr_status_t failed; /* of the current line; the rest of it is skipped */
    int has_line, is_over;
    int lines_before; /* lines of the body before the current one */
    int seen;         /* private: lines of the body so far */
} ss_ndjson_t;

/* max: octets of a line. lift_from: files of longer lines are lifted out. token: random. The caller
 * has set the callbacks and self before, and may set content_from (default SS_LIFT_FROM) after. The
 * pool's cleanup frees everything. */
void ss_ndjson_begin(ss_ndjson_t *lines, apr_size_t max, apr_size_t lift_from,
                     const unsigned char token[SS_LIFT_TOKEN], apr_pool_t *pool);
void ss_ndjson_add(ss_ndjson_t *lines, const char *bytes, apr_size_t len);
/* The body is complete; a last line may lack its end. */
void ss_ndjson_end(ss_ndjson_t *lines);
