/* spool.h: the body of a request with one message, so that no child ever holds a large message in
 * memory. Of a message in RFC 5322 format the header stays in memory; the rest is made canonical as
 * it arrives and written to an unnamed file. If that is not enough (long lines and zero bytes,
 * which are re-encoded part by part), it is read back. Files in a JSON document or a form are
 * lifted out of it (mail/lift.h). */
#pragma once

#include <httpd.h>

#include "base/buf.h"
#include "base/scratch.h"
#include "mail/lift.h"
#include "mail/canonical.h"
#include "web/submit/idempotency.h"
#include "web/submit/submission.h"

#define SS_SPOOL_PIECE 65536 /* bytes that are read back at once */
#define SS_SPOOL_FROM 262144 /* bytes; a smaller body is kept in memory unchanged */

typedef struct {
    ss_submission_t *s;
    /* the whole body unchanged; with a file: the header and its empty line */
    ss_buf_t head;
    /* the canonical body of a message; not open: everything is in head */
    ss_scratch_t body;
    ss_canonical_stream_t canonical; /* of the body */
    /* the document without its files, instead of head; or NULL */
    ss_lift_t *lift;
    /* kept in memory: a form without files; a header that does not end or must be re-encoded
     * together with the body */
    int stays_whole;
    /* JSON that is an array: all of it is in head, or unchanged in body */
    int is_array;
    int is_begun;    /* JSON: it is known whether it is one */
    GChecksum *hash; /* of the unchanged body, or NULL */
    apr_status_t failed;
} ss_spool_t;

/* Reads the request's body. 1, or 0: the refusal was sent. Everything is freed with the request. */
int ss_spool_read(ss_submission_t *s, apr_int64_t max, const char *limit_name, GChecksum *hash,
                  ss_spool_t *spool);
/* Reads the file back, so that head contains the whole message. */
apr_status_t ss_spool_take_back(ss_spool_t *spool);
/* Passes a spooled array to taker, piece by piece. */
apr_status_t ss_spool_each(const ss_spool_t *spool,
                           apr_status_t (*taker)(void *self, const char *bytes, apr_size_t len),
                           void *self, apr_pool_t *pool);
