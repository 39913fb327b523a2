/* multipart.h: splits the body of a multipart/form-data request (RFC 7578) in place. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#define SS_MULTIPART_BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */
#define SS_MULTIPART_PADDING_MAX 64  /* blanks behind a boundary */
/* octets of a delimiter and the line end before it */
#define SS_MULTIPART_LINE_MAX (2 + 2 + SS_MULTIPART_BOUNDARY_MAX + 2 + SS_MULTIPART_PADDING_MAX + 2)
#define SS_MULTIPART_PARTS_MAX 2000 /* past it the body is refused */

typedef struct {
    const char *name;
    const char *filename; /* without folders; NULL: not a file */
    const char *type;     /* Content-Type as sent, or NULL */
    const char *cid;      /* Content-ID without brackets, or NULL */
    const char *encoding; /* Content-Transfer-Encoding as sent, or NULL */
    const char *bytes;    /* in the body */
    apr_size_t len;
} ss_multipart_part_t;

/* The boundary parameter of a Content-Type, or NULL if it has none of 1 to 70 characters. */
const char *ss_multipart_boundary(const char *content_type, apr_pool_t *pool);
/* Splits the body into *parts, of ss_multipart_part_t, in order. 0, or -1 and why. */
int ss_multipart_read(apr_array_header_t **parts, const char *bytes, apr_size_t len,
                      const char *boundary, const char **why, apr_pool_t *pool);

/* The next delimiter line at or after p: *content_end is the end of the content before it, *after
 * the start of what follows it, *is_last whether it is the closing one. is_whole: the body ends at
 * end, so the closing delimiter may end there. 0, or -1: not found. */
int ss_multipart_delimiter(const char *start, const char *p, const char *end, const char *boundary,
                           int is_whole, const char **content_end, const char **after,
                           int *is_last);
