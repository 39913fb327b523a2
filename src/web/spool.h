/* spool.h: the body of a large message: its header in memory, what follows made canonical as it comes and put into a file without a name, so that a
 * child never holds a message whole. What cannot be done that way (long lines and zero bytes, which are re-encoded part by part) is read back. */
#ifndef SS_WEB_SPOOL_H
#define SS_WEB_SPOOL_H

#include <httpd.h>

#include "base/buf.h"
#include "base/scratch.h"
#include "mail/stream.h"
#include "web/repeat.h"

#define SS_SPOOL_FROM 262144           /* a body up to this is kept in memory as it came */

typedef struct {
    ss_buf_t head;                     /* the whole body as it came; with a file: the header and its empty line */
    ss_scratch_t body;                 /* the canonical body; not open: there is none */
    ss_stream_canonical_t canonical;   /* of the body */
    int stays_whole;                   /* in memory: the header does not end, or has to be re-encoded together with the body */
    ss_repeat_hash_t *hash;            /* of the body as it came; or NULL */
    apr_status_t failed;
} ss_spool_t;

/* Reads the request's body. 1; or 0: the refusal was sent already. Everything goes with the request. */
int ss_spool_read(request_rec *r, apr_int64_t max, const char *limit_name, ss_repeat_hash_t *hash, ss_spool_t *spool);
/* What has to be in memory is: the whole message, in head. 0, or the error. */
apr_status_t ss_spool_take_back(ss_spool_t *spool);

#endif
