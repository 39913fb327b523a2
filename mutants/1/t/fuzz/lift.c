/* lift.c: any bytes as a document or a form that comes in pieces: with its contents put back in the
 * place of their markers it is what came, and a form has the same parts as one that was read whole.
 * The first byte says how large the pieces are, its lowest bit which of the two it is. */
#include <stdlib.h>
#include <string.h>

#include "mail/lift.h"
#include "mail/multipart.h"
#include "target.h"

#define BOUNDARY "b"

static const unsigned char token[SS_LIFT_TOKEN] = { 0xf1, 0x0e };

/* A content as it came. */
static char *content_of(ss_lift_t *lift, const ss_lift_item_t *lifted, apr_pool_t *pool)
{
    char *bytes = apr_palloc(pool, lifted->len + 1);

    if (ss_scratch_read(&lift->file, lifted->at, bytes, lifted->len) != APR_SUCCESS) abort();
    return bytes;
}

static void check_whole(ss_lift_t *lift, const char *bytes, size_t size, apr_pool_t *pool)
{
    const char *doc = lift->doc.len ? lift->doc.data : "", *end = doc + lift->doc.len;
    size_t marker_len =
               strlen(ss_lift_marker(lift, (const ss_lift_item_t *)lift->lifted->elts, pool)),
           at = 0;

    while (doc < end) {
        const ss_lift_item_t *lifted =
            (size_t)(end - doc) >= marker_len ? ss_lift_find(lift, doc, marker_len) : NULL;
        if (lifted) {
            if (size - at < lifted->len ||
                memcmp(bytes + at, content_of(lift, lifted, pool), lifted->len))
                abort();
            at += lifted->len;
            doc += marker_len;
        } else if (at == size || bytes[at++] != *doc++)
            abort();
    }
    if (at != size) abort();
}

static void check_parts(ss_lift_t *lift, const char *bytes, size_t size, apr_pool_t *pool)
{
    apr_array_header_t *whole, *parts;
    const char *why = NULL;
    const char *doc = lift->doc.len ? lift->doc.data : "";
    int failed = ss_multipart_read(&whole, bytes, size, BOUNDARY, &why, pool);

    if (ss_multipart_read(&parts, doc, lift->doc.len, BOUNDARY, &why, pool) != failed) abort();
    if (failed) return;
    if (parts->nelts != whole->nelts) abort();
    for (int i = 0; i < parts->nelts; i++) {
        const ss_multipart_part_t *a = &APR_ARRAY_IDX(whole, i, ss_multipart_part_t),
                                  *b = &APR_ARRAY_IDX(parts, i, ss_multipart_part_t);
        const ss_lift_item_t *lifted = ss_lift_find(lift, b->bytes, b->len);
        const char *content = lifted ? content_of(lift, lifted, pool) : b->bytes;
        if (strcmp(a->name, b->name) || a->len != (lifted ? lifted->len : b->len) ||
            memcmp(a->bytes, content, a->len))
            abort();
    }
}

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    ss_lift_t *lift = apr_palloc(pool, sizeof(*lift));

    if (size < 1) return;
    int is_form = data[0] & 1;
    size_t step = (size_t)((unsigned char)data[0] >> 1) + 1;
    const char *bytes = data + 1;
    size--;
    ss_lift_begin(lift, is_form ? SS_LIFT_MULTIPART : SS_LIFT_JSON, is_form ? BOUNDARY : NULL,
                  1 << 20, token, pool);
    lift->from = 4;
    for (size_t at = 0; at < size; at += step)
        ss_lift_add(lift, bytes + at, size - at < step ? size - at : step);
    ss_lift_end(lift);
    if (lift->failed != APR_SUCCESS) abort();
    /* Bytes that hold a marker themselves: nobody outside knows the random number. */
    if (ss_lift_has(lift, bytes, size)) return;
    check_whole(lift, bytes, size, pool);
    if (is_form) check_parts(lift, bytes, size, pool);
    for (int i = 0; i < lift->lifted->nelts; i++)
        ss_lift_decode(lift, &APR_ARRAY_IDX(lift->lifted, i, ss_lift_item_t));
}

FUZZ_TARGET(try_input)
