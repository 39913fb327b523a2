/* multipart.h: the body of a multipart/form-data request (RFC 7578) taken apart, in place. Pure. */
#ifndef SS_MAIL_MULTIPART_H
#define SS_MAIL_MULTIPART_H

#include <apr_pools.h>
#include <apr_tables.h>

#define SS_MULTIPART_PARTS_MAX 2000      /* past it the body is refused */

typedef struct {
    const char *name;
    const char *filename;      /* without folders; NULL: a field and no file */
    const char *type;          /* Content-Type as it stands there, or NULL */
    const char *cid;           /* Content-ID without brackets, or NULL */
    const char *bytes;         /* in the body */
    apr_size_t len;
} ss_multipart_part_t;

/* The boundary parameter of a Content-Type, or NULL where there is none that may be one (1 to 70 characters). */
const char *ss_multipart_boundary(const char *content_type, apr_pool_t *pool);
/* Takes the body apart into *parts, of ss_multipart_part_t, in order. 0, or -1 and why. */
int ss_multipart_read(apr_array_header_t **parts, const char *bytes, apr_size_t len, const char *boundary, const char **why, apr_pool_t *pool);

#endif
