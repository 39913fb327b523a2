/* spool.h: the body of a request that is one message, so that a child never holds a large one
 * whole. Of a finished message the header stays in memory, and what follows is made canonical as it
 * comes and put into a file without a name; what cannot be done that way (long lines and zero
 * bytes, which are re-encoded part by part) is read back. Files in a JSON document or a form are
 * lifted out of it (mail/lift.h). */
#ifndef SS_WEB_SUBMIT_SPOOL_H
#define SS_WEB_SUBMIT_SPOOL_H

#include <httpd.h>

#include "base/buf.h"
#include "base/scratch.h"
#include "mail/lift.h"
#include "mail/canonical_stream.h"
#include "web/submit/idempotency.h"
#include "web/submit/submission.h"

#define SS_SPOOL_FROM 262144 /* a body up to this is kept in memory as it came */

typedef struct {
    /* the whole body as it came; with a file: the header and its empty line */
    ss_buf_t head;
    /* of a message: its canonical body; not open: there is none */
    ss_scratch_t body;
    ss_stream_canonical_t canonical; /* of the body */
    /* the document, files lifted out of it, in place of head; or NULL */
    ss_lift_t *lift;
    /* in memory: a form without files, a header that does not end or has to be re-encoded together
     * with the body */
    int stays_whole;
    ss_idempotency_hash_t *hash; /* of the body as it came; or NULL */
    apr_status_t failed;
} ss_spool_t;

/* Reads the request's body. 1; or 0: the refusal was sent already. Everything goes with the
 * request. */
int ss_spool_read(ss_submission_t *s, apr_int64_t max, const char *limit_name,
                  ss_idempotency_hash_t *hash, ss_spool_t *spool);
/* What has to be in memory is: the whole message, in head. 0, or the error. */
apr_status_t ss_spool_take_back(ss_spool_t *spool);

#endif
