#include "mail/ndjson.h"

#include <string.h>

static apr_status_t release(void *self)
{
    ss_ndjson_t *lines = self;

    ss_buf_free(&lines->kept);
    return APR_SUCCESS;
}

void ss_ndjson_begin(ss_ndjson_t *lines, apr_size_t max, apr_size_t lift_from,
                     const unsigned char token[SS_LIFT_TOKEN], apr_pool_t *pool)
{
    memset(lines, 0, sizeof(*lines));
    lines->max = max;
    lines->lift_from = lift_from;
    lines->content_from = SS_LIFT_FROM;
    memcpy(lines->token, token, SS_LIFT_TOKEN);
    ss_buf_init(&lines->kept, max);
    apr_pool_create(&lines->pool, pool);
    apr_pool_cleanup_register(pool, lines, release, apr_pool_cleanup_null);
}

static void forget(ss_ndjson_t *lines)
{
    ss_buf_clear(&lines->kept);
    if (lines->lift) apr_pool_clear(lines->pool);
    lines->lift = NULL;
    lines->len = 0;
}

static apr_status_t keep(ss_ndjson_t *lines, const char *bytes, apr_size_t len)
{
    lines->len += len;
    if (lines->len > lines->max) return SS_NDJSON_TOO_LONG;
    if (!lines->lift && lines->len > lines->lift_from) {
        lines->lift = apr_palloc(lines->pool, sizeof(*lines->lift));
        ss_lift_begin(lines->lift, SS_LIFT_JSON, NULL, lines->max, lines->token, lines->pool);
        lines->lift->from = lines->content_from;
        ss_lift_add(lines->lift, lines->kept.data, lines->kept.len);
        ss_buf_free(&lines->kept);
    }
    if (!lines->lift) return ss_buf_append(&lines->kept, bytes, len);
    ss_lift_add(lines->lift, bytes, len);
    return lines->lift->failed;
}

static void end_line(ss_ndjson_t *lines)
{
    const ss_buf_t *line = lines->lift ? &lines->lift->doc : &lines->kept;

    if (lines->lift && lines->failed == APR_SUCCESS) {
        ss_lift_end(lines->lift);
        lines->failed = lines->lift->failed;
    }
    int is_kept = lines->failed == APR_SUCCESS && line->len;
    if (!lines->line(lines->self, is_kept ? line->data : "", is_kept ? line->len : 0, lines->lift,
                     lines->failed))
        lines->is_over = 1;
    lines->failed = APR_SUCCESS;
    lines->has_line = 0;
    forget(lines);
}

/* Like ss_json_array_read, for lines. */
static apr_size_t read_line(const char *bytes, apr_size_t len, const char **piece,
                            apr_size_t *piece_len, int *ends)
{
    const char *end = memchr(bytes, '\n', len);

    *piece = bytes;
    *piece_len = end ? (apr_size_t)(end - bytes) : len;
    *ends = end != NULL;
    return *piece_len + (end ? 1 : 0);
}

static int count_lines(const char *from, const char *to)
{
    int count = 0;

    for (; from < to && (from = memchr(from, '\n', (apr_size_t)(to - from))); from++) count++;
    return count;
}

void ss_ndjson_add(ss_ndjson_t *lines, const char *bytes, apr_size_t len)
{
    while (len && !lines->is_over) {
        const char *piece;
        apr_size_t piece_len, used;
        int ends;
        used = lines->array
                   ? ss_json_array_read(lines->array, bytes, len, &piece, &piece_len, &ends)
                   : read_line(bytes, len, &piece, &piece_len, &ends);
        if (!lines->has_line) lines->lines_before = lines->seen + count_lines(bytes, piece);
        lines->seen += count_lines(bytes, bytes + used);
        if (piece_len || ends || !lines->array) lines->has_line = 1;
        if (lines->piece) lines->piece(lines->self, piece, piece_len);
        if (lines->failed == APR_SUCCESS) {
            lines->failed = keep(lines, piece, piece_len);
            if (lines->failed != APR_SUCCESS) forget(lines);
        }
        if (ends) end_line(lines);
        bytes += used;
        len -= used;
    }
}

void ss_ndjson_end(ss_ndjson_t *lines)
{
    if (lines->has_line && !lines->is_over) end_line(lines);
}
