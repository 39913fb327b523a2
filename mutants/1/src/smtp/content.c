#include "smtp/content.h"

#include <string.h>

void ss_content_start(ss_content_reader_t *reader, const ss_content_t *source, apr_off_t size,
                      int is_stuffed)
{
    *reader = (ss_content_reader_t){
        .source = source, .size = size, .is_stuffed = is_stuffed, .is_line_start = 1
    };
}

/* Reads at an offset, up to the declared size. */
static apr_status_t read_at(const ss_content_t *source, apr_off_t at, apr_off_t size,
                            const char **bytes, apr_size_t *len)
{
    apr_status_t rv = source->read(source->self, at, bytes, len);

    if (rv == APR_EOF || (rv == APR_SUCCESS && !*len)) return APR_EINCOMPLETE;
    if (rv == APR_SUCCESS && (apr_off_t)*len > size - at) *len = (apr_size_t)(size - at);
    return rv;
}

static apr_status_t end_mark(ss_content_reader_t *reader, const char **bytes, apr_size_t *len)
{
    static const char mark[] = "\r\n.\r\n";
    int has_line_end = !reader->size || (reader->last[0] == '\r' && reader->last[1] == '\n');

    if (!reader->is_stuffed || reader->is_ended) return APR_EOF;
    reader->is_ended = 1;
    *bytes = has_line_end ? mark + 2 : mark;
    *len = sizeof(mark) - 1 - (has_line_end ? 2 : 0);
    return APR_SUCCESS;
}

/* The length up to the next dot at the start of a line; the first byte is not such a dot. */
static apr_size_t plain_len(const char *bytes, apr_size_t len)
{
    const char *dot = bytes + 1, *end = bytes + len;

    for (; (dot = memchr(dot, '.', (apr_size_t)(end - dot))) != NULL; dot++) {
        if (dot[-1] == '\n') return (apr_size_t)(dot - bytes);
    }
    return len;
}

apr_status_t ss_content_next(ss_content_reader_t *reader, const char **bytes, apr_size_t *len)
{
    apr_status_t rv;

    if (reader->at >= reader->size) return end_mark(reader, bytes, len);
    rv = read_at(reader->source, reader->at, reader->size, bytes, len);
    if (rv != APR_SUCCESS) return rv;
    if (*len > SS_CONTENT_PIECE_MAX) *len = SS_CONTENT_PIECE_MAX;
    if (reader->is_stuffed) {
        if (reader->is_line_start && **bytes == '.' && !reader->is_dot_doubled) {
            reader->is_dot_doubled = 1;
            *bytes = ".";
            *len = 1;
            return APR_SUCCESS;
        }
        *len = plain_len(*bytes, *len);
        reader->is_dot_doubled = 0;
    }
    reader->last[0] = *len > 1 ? (*bytes)[*len - 2] : reader->last[1];
    reader->last[1] = (*bytes)[*len - 1];
    reader->is_line_start = reader->last[1] == '\n';
    reader->at += (apr_off_t)*len;
    return APR_SUCCESS;
}

int ss_content_has_utf8_header(const ss_content_t *source, apr_off_t size)
{
    int newlines = 0;

    for (apr_off_t at = 0; at < size && at < SS_CONTENT_HEADER_MAX;) {
        const char *bytes;
        apr_size_t len;
        if (read_at(source, at, size, &bytes, &len) != APR_SUCCESS) return 1;
        for (apr_size_t i = 0; i < len; i++) {
            if ((unsigned char)bytes[i] > 127) return 1;
            if (bytes[i] == '\n')
                newlines++;
            else if (bytes[i] != '\r')
                newlines = 0;
            if (newlines == 2) return 0;
        }
        at += (apr_off_t)len;
    }
    return size > SS_CONTENT_HEADER_MAX;
}
