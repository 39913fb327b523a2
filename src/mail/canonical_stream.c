/* canonical_stream.c: makes a body canonical while it arrives. See canonical_stream.h. */
#include "mail/canonical_stream.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/header.h"

int ss_canonical_stream_header(const char **head, apr_size_t *body, const char *bytes,
                               apr_size_t len, apr_pool_t *pool)
{
    apr_size_t end = ss_header_len(bytes, len);
    ss_canonical_facts_t facts;

    if (end == len) return 0;
    ss_canonical_scan(bytes, end, &facts);
    if (facts.longest_line > SS_MAIL_LINE_MAX || facts.has_nul) return 0;
    *body = end + (bytes[end] == '\r' ? 2 : 1);
    *head = apr_pstrcat(pool, apr_pstrmemdup(pool, bytes, end), "\r\n", NULL);
    return 1;
}

static void end_line(ss_canonical_stream_t *stream)
{
    stream->put(stream->self, "\r\n", 2);
    stream->line = 0;
}

/* Octets of a line, none of them CR or LF. */
static void put_text(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len)
{
    /* CRs without a LF after them are line ends themselves. */
    for (; stream->crs; stream->crs--) end_line(stream);
    stream->is_begun = 1;
    stream->line += len;
    if (stream->line > SS_MAIL_LINE_MAX || memchr(bytes, '\0', len)) stream->must_encode = 1;
    for (apr_size_t i = 0; i < len && !stream->has_8bit; i++)
        stream->has_8bit = (unsigned char)bytes[i] > 127;
    stream->put(stream->self, bytes, len);
}

void ss_canonical_stream_add(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len)
{
    const char *p = bytes, *end = bytes + len;

    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        while (p < stop) {
            const char *cr = memchr(p, '\r', (apr_size_t)(stop - p)), *text_end = cr ? cr : stop;
            if (text_end > p) put_text(stream, p, (apr_size_t)(text_end - p));
            if (cr) {
                stream->crs++;
                stream->is_begun = 1;
            }
            p = cr ? cr + 1 : stop;
        }
        if (!lf) return;
        stream->crs = 0;
        stream->is_begun = 0;
        end_line(stream);
        p = lf + 1;
    }
}

void ss_canonical_stream_end(ss_canonical_stream_t *stream)
{
    for (; stream->crs; stream->crs--) end_line(stream);
    if (stream->is_begun) end_line(stream);
}
