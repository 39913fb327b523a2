/* ndjson.h: a body of JSON documents, one a line, taken apart while it comes: no more than a line
 * is kept, and of a long one only what its files are not (lift.h). Pure, but for lift's file. */
#ifndef SS_MAIL_NDJSON_H
#define SS_MAIL_NDJSON_H

#include "base/buf.h"
#include "mail/lift.h"

#define SS_NDJSON_TOO_LONG APR_EINVAL /* no error that a file or memory may have */

typedef struct {
    /* Octets of a line as they come, none of them its end; or NULL. */
    void (*piece)(void *self, const char *bytes, apr_size_t len);
    /* A line is over: without its end, and with markers where lift is not NULL; failed:
     * APR_SUCCESS, SS_NDJSON_TOO_LONG, or why it could not be kept (bytes is empty then). 0: no
     * more of them are wanted. */
    int (*line)(void *self, const char *bytes, apr_size_t len, ss_lift_t *lift,
                apr_status_t failed);
    void *self;
    /* its own */
    ss_buf_t kept;
    ss_lift_t *lift;  /* of a long line, in place of kept */
    apr_pool_t *pool; /* of one long line */
    apr_size_t max, len, lift_from, content_from;
    unsigned char token[SS_LIFT_TOKEN];
    apr_status_t failed; /* the line's: what follows of it is passed over */
    int has_line, is_over;
} ss_ndjson_t;

/* max: octets of a line. lift_from: how long a line may be until its files are lifted out. token:
 * random. Everything ends with the pool. The members above are set then; content_from
 * (SS_LIFT_FROM) may be. */
void ss_ndjson_begin(ss_ndjson_t *lines, apr_size_t max, apr_size_t lift_from,
                     const unsigned char token[SS_LIFT_TOKEN], apr_pool_t *pool);
void ss_ndjson_add(ss_ndjson_t *lines, const char *bytes, apr_size_t len);
/* All has come: a last line without an end is one. */
void ss_ndjson_end(ss_ndjson_t *lines);

#endif
