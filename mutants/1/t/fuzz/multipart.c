/* multipart.c: any bytes as a form with files: the first line is its Content-Type. Parts lie within
 * the body, and none has a boundary in it. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "mail/multipart.h"
#include "target.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    const char *line_end = memchr(data, '\n', size), *why = NULL;
    size_t head = line_end ? (size_t)(line_end - data) + 1 : size;
    const char *boundary = ss_multipart_boundary(apr_pstrmemdup(pool, data, head), pool);
    apr_array_header_t *parts;
    char *body = malloc(size - head + 1);

    if (!body) abort();
    memcpy(body, data + head, size - head);
    if (boundary && (!*boundary || strlen(boundary) > 70)) abort();
    if (ss_multipart_read(&parts, body, size - head, boundary ? boundary : "x", &why, pool)) {
        if (!why) abort();
    } else {
        if (parts->nelts > SS_MULTIPART_PARTS_MAX) abort();
        for (int i = 0; i < parts->nelts; i++) {
            const ss_multipart_part_t *part = &APR_ARRAY_IDX(parts, i, ss_multipart_part_t);
            if (part->len && (part->bytes < body || part->bytes + part->len > body + size - head))
                abort();
            if (part->filename && strpbrk(part->filename, "/\\")) abort();
        }
    }
    free(body);
}

FUZZ_TARGET(try_input)
