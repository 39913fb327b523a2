/* canonical.c: what needs MIME is in mime.c.
 *
 * Line ends: LF and CRLF, and any run of CR in front of LF, end a line. A bare CR ends a line in
 * the body (its meaning must not depend on the relay) and becomes a blank in the header (a value
 * must not be able to add a field). */
#include "mail/canonical.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/header.h"
#include "mail/mime.h"

#define ONES APR_UINT64_C(0x0101010101010101)
#define HIGHS APR_UINT64_C(0x8080808080808080)

typedef struct {
    int has_high, has_nul, has_cr;
} line_facts_t;

/* Whether the line has octets that need a closer look, eight octets at a time. */
static void look(const char *p, apr_size_t len, line_facts_t *facts)
{
    apr_uint64_t high = 0, nul = 0, cr = 0;

    for (; len >= 8; p += 8, len -= 8) {
        apr_uint64_t w, x;
        memcpy(&w, p, 8);
        x = w ^ (ONES * '\r');
        high |= w;
        nul |= (w - ONES) & ~w;
        cr |= (x - ONES) & ~x;
    }
    facts->has_high = (high & HIGHS) != 0;
    facts->has_nul = (nul & HIGHS) != 0;
    facts->has_cr = (cr & HIGHS) != 0;
    for (; len; p++, len--) {
        facts->has_high |= (unsigned char)*p > 127;
        facts->has_nul |= !*p;
        facts->has_cr |= *p == '\r';
    }
}

/* Counts the bare CRs of a line, and the lines that they will become. */
static void count_bare(const char *p, apr_size_t len, int is_header, ss_canonical_facts_t *facts)
{
    apr_size_t line = 0;

    for (apr_size_t i = 0; i < len; i++) {
        line++;
        if (p[i] != '\r') continue;
        facts->has_bare_cr = 1;
        if (is_header) continue;
        if (line - 1 > facts->longest_line) facts->longest_line = line - 1;
        facts->size++;
        line = 0;
    }
    if (line > facts->longest_line) facts->longest_line = line;
}

void ss_canonical_scan(const char *bytes, apr_size_t len, ss_canonical_facts_t *facts)
{
    const char *p = bytes, *end = bytes + len;
    int is_header = 1;

    memset(facts, 0, sizeof(*facts));
    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        line_facts_t line;
        /* a last line without a line end */
        if (!lf || lf == p || lf[-1] != '\r')
            facts->has_bare_lf = 1;
        else
            stop--;
        while (lf && stop > p && stop[-1] == '\r') {
            stop--;
            facts->has_bare_cr = 1;
        }
        look(p, (apr_size_t)(stop - p), &line);
        if (line.has_high && is_header) facts->has_8bit_header = 1;
        if (line.has_high && !is_header) facts->has_8bit_body = 1;
        facts->has_nul |= line.has_nul;
        facts->size += (apr_size_t)(stop - p) + 2;
        if (line.has_cr)
            count_bare(p, (apr_size_t)(stop - p), is_header, facts);
        else if ((apr_size_t)(stop - p) > facts->longest_line)
            facts->longest_line = (apr_size_t)(stop - p);
        if (stop == p) is_header = 0;
        p = lf ? lf + 1 : end;
    }
    facts->is_canonical = !facts->has_bare_cr && !facts->has_bare_lf && !facts->has_nul &&
                          facts->longest_line <= SS_MAIL_LINE_MAX;
}

/* Writes len octets of a line and replaces bare CRs. */
static char *write_line(char *out, const char *p, apr_size_t len, int is_header)
{
    const char *end = p + len;

    while (p < end) {
        const char *cr = memchr(p, '\r', (apr_size_t)(end - p)), *stop = cr ? cr : end;
        memcpy(out, p, (apr_size_t)(stop - p));
        out += stop - p;
        if (cr && is_header)
            *out++ = ' ';
        else if (cr) {
            *out++ = '\r';
            *out++ = '\n';
        }
        p = cr ? cr + 1 : end;
    }
    *out++ = '\r';
    *out++ = '\n';
    return out;
}

static const char *line_ends(const char *bytes, apr_size_t len, const ss_canonical_facts_t *facts,
                             apr_size_t *out_len, apr_pool_t *pool)
{
    char *start = apr_palloc(pool, facts->size + 1), *out = start;
    const char *p = bytes, *end = bytes + len;
    int is_header = 1;

    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        while (lf && stop > p && stop[-1] == '\r') stop--;
        out = write_line(out, p, (apr_size_t)(stop - p), is_header);
        if (stop == p) is_header = 0;
        p = lf ? lf + 1 : end;
    }
    *out = '\0';
    *out_len = (apr_size_t)(out - start);
    return start;
}

void ss_canonical_line_ends(const char **out, apr_size_t *out_len, const char *bytes,
                            apr_size_t len, const ss_canonical_facts_t *facts, apr_pool_t *pool)
{
    *out = bytes;
    *out_len = len;
    if (facts->has_bare_cr || facts->has_bare_lf)
        *out = line_ends(bytes, len, facts, out_len, pool);
}

static int make_known(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                      const ss_canonical_facts_t *facts, ss_mail_problem_t *problem,
                      apr_pool_t *pool)
{
    ss_canonical_line_ends(out, out_len, bytes, len, facts, pool);
    if (!facts->has_nul && facts->longest_line <= SS_MAIL_LINE_MAX) return 0;
    return ss_mime_rewrite(out, out_len, *out, *out_len, 0, problem, pool);
}

int ss_canonical_make(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                      ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_canonical_facts_t facts;

    ss_canonical_scan(bytes, len, &facts);
    return make_known(out, out_len, bytes, len, &facts, problem, pool);
}

int ss_canonical_make_7bit(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                           ss_mail_problem_t *problem, apr_pool_t *pool)
{
    ss_canonical_facts_t facts;

    ss_canonical_scan(bytes, len, &facts);
    if (make_known(out, out_len, bytes, len, &facts, problem, pool)) return -1;
    if (!facts.has_8bit_body) return 0;
    return ss_mime_rewrite(out, out_len, *out, *out_len, 1, problem, pool);
}

/* ---- content that should be canonical ---- */

/* Part of a line, without its LF. */
static void check_text(ss_canonical_check_t *check, const char *p, apr_size_t len)
{
    line_facts_t facts;

    if (!len) return;
    /* A CR may be the last octet, if the LF comes next. */
    look(p, len - 1, &facts);
    check->line += len;
    if (check->has_cr || facts.has_cr || facts.has_nul || !p[len - 1]) check->is_bad = 1;
    check->has_cr = p[len - 1] == '\r';
    if (check->line - (apr_size_t)check->has_cr > SS_MAIL_LINE_MAX) check->is_bad = 1;
}

int ss_canonical_check(ss_canonical_check_t *check, const char *bytes, apr_size_t len)
{
    const char *p = bytes, *end = bytes + len;

    while (p < end && !check->is_bad) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        check_text(check, p, (apr_size_t)(stop - p));
        p = lf ? lf + 1 : end;
        if (!lf) break;
        if (!check->has_cr) check->is_bad = 1;
        check->line = 0;
        check->has_cr = 0;
    }
    return !check->is_bad;
}

int ss_canonical_check_end(const ss_canonical_check_t *check)
{
    return !check->is_bad && !check->line;
}

/* ---- a body while it arrives ---- */

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
