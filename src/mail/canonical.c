/* canonical.c: what needs MIME is in mime.c.
 *
 * Line ends: LF and CRLF, and any run of CR in front of LF, end a line. A bare CR ends a line in
 * the body (its meaning must not depend on the relay) and becomes a blank in the header (a value
 * must not be able to add a field). */
#include "mail/canonical.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/header_write.h"
#include "mail/mime.h"

/* encoded words are so much longer, unless somebody wants them to be */
#define HEADER_GROWTH_MAX 20

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

/* Whether a line may say that octets are to be kept: in a field, or by a byte order mark of UTF-16
 * (mime.c looks). */
static int names_data(const char *p, apr_size_t len)
{
    static const char *const words[] = { "binary", "utf-16", "utf16", "utf-32", "utf32", "ucs" };

    if (len > SS_CANONICAL_NAME_MAX) len = SS_CANONICAL_NAME_MAX;
    if (len > 1 && (!memcmp(p, "\xff\xfe", 2) || !memcmp(p, "\xfe\xff", 2))) return 1;
    if (!len || (*p != ' ' && *p != '\t' && (len < 8 || strncasecmp(p, "content-", 8)))) return 0;
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        apr_size_t n = strlen(words[w]);
        for (apr_size_t i = 0; i + n <= len; i++)
            if (!strncasecmp(p + i, words[w], n)) return 1;
    }
    return 0;
}

/* Counts the bare CRs of a line, and the lines that they will become. */
static void count_bare(const char *p, apr_size_t len, int is_header, ss_canonical_facts_t *facts)
{
    apr_size_t line = 0;

    for (apr_size_t i = 0; i < len; i++) {
        line++;
        if (p[i] != '\r') continue;
        facts->has_bare_cr = 1;
        facts->has_cr_header |= is_header;
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
        else {
            facts->has_crlf_body |= !is_header;
            stop--;
        }
        while (lf && stop > p && stop[-1] == '\r') {
            stop--;
            facts->has_bare_cr = 1;
            facts->has_cr_header |= is_header;
        }
        look(p, (apr_size_t)(stop - p), &line);
        if (line.has_high && is_header) facts->has_8bit_header = 1;
        if (line.has_high && !is_header) facts->has_8bit_body = 1;
        facts->has_nul |= line.has_nul;
        facts->names_data |= names_data(p, (apr_size_t)(stop - p));
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
    int must_encode = facts->has_nul || facts->longest_line > SS_MAIL_LINE_MAX;
    /* Line ends of several kinds may be data. */
    int may_be_data = facts->names_data || facts->has_bare_cr || facts->has_crlf_body;

    *out = bytes;
    *out_len = len;
    if (facts->is_canonical) return 0;
    /* A header with such line ends is not that of a message with data. */
    if (facts->has_cr_header || !(must_encode || may_be_data)) {
        ss_canonical_line_ends(out, out_len, bytes, len, facts, pool);
        if (!must_encode) return 0;
    }
    return ss_mime_rewrite(out, out_len, *out, *out_len, 0, problem, pool);
}

const char *ss_canonical_cr_lines(const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t text = len;
    char *out;

    if (text && bytes[text - 1] == '\n') text--;
    if (!text || memchr(bytes, '\n', text) || !memchr(bytes, '\r', text - 1)) return NULL;
    out = apr_pstrmemdup(pool, bytes, len);
    for (apr_size_t i = 0; i < text; i++) {
        /* The last one may be that of CRLF. */
        if (out[i] == '\r' && (i + 1 < text || text == len)) out[i] = '\n';
    }
    return out;
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

int ss_canonical_make_ascii_header(const char **out, apr_size_t *out_len, const char *bytes,
                                   apr_size_t len, ss_mail_problem_t *problem, apr_pool_t *pool)
{
    apr_size_t header = ss_header_len(bytes, len);
    ss_header_how_t how = { .is_ascii = 1, .hides_addresses = 1 };
    ss_buf_t made;

    *out = bytes;
    *out_len = len;
    if (ss_text_is_ascii(bytes, header)) return 0;
    how.charset = ss_mime_charset(bytes, len, pool);
    how.sealed = ss_header_sealed(bytes, header, pool);
    ss_buf_init(&made, len + header * HEADER_GROWTH_MAX);
    ss_header_result_t result =
        ss_header_write_all(&made, bytes, header, NULL, &how, problem, pool);
    if (result == SS_HEADER_WRITTEN) {
        char *whole = apr_palloc(pool, made.len + len - header + 1);
        memcpy(whole, made.data, made.len);
        memcpy(whole + made.len, bytes + header, len - header);
        *out_len = made.len + len - header;
        whole[*out_len] = '\0';
        *out = whole;
    }
    ss_buf_free(&made);
    return result == SS_HEADER_WRITTEN ? 0 : result == SS_HEADER_NEEDS_UTF8 ? 1 : -1;
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

int ss_canonical_stream_header(const char **head, apr_size_t *body, int *is_lf, const char *bytes,
                               apr_size_t len, apr_pool_t *pool)
{
    apr_size_t end = ss_header_len(bytes, len);

    if (end == len || memchr(bytes, '\0', end)) return 0;
    *body = end + (bytes[end] == '\r' ? 2 : 1);
    *head = apr_pstrcat(pool, apr_pstrmemdup(pool, bytes, end), "\r\n", NULL);
    *is_lf = bytes[end] == '\n';
    return 1;
}

/* Notes what there is in octets of one line. */
static void note(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len)
{
    line_facts_t facts;

    if (!len) return;
    look(bytes, len, &facts);
    stream->has_8bit |= facts.has_high;
    for (apr_size_t i = 0; i < len && stream->line + i < SS_CANONICAL_NAME_MAX; i++)
        stream->name[stream->line + i] = bytes[i];
    stream->line += len;
    if (facts.has_nul || stream->line > SS_MAIL_LINE_MAX) stream->must_encode = 1;
}

static void end_line(ss_canonical_stream_t *stream)
{
    stream->names_data |= names_data(stream->name, stream->line);
    stream->line = 0;
}

static void put(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len)
{
    if (len) stream->put(stream->self, bytes, len);
    stream->total += len;
    if (!stream->is_raw) stream->made = stream->total;
}

/* A line end of another kind: the rest may be data. */
static void begin_raw(ss_canonical_stream_t *stream)
{
    stream->is_raw = stream->must_encode = 1;
}

/* Lines with LF get CRLF, which can be undone. */
static const char *add_lf_lines(ss_canonical_stream_t *stream, const char *p, const char *end)
{
    if (stream->has_cr) begin_raw(stream);
    while (p < end && !stream->is_raw) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        if (memchr(p, '\r', (apr_size_t)(stop - p))) {
            begin_raw(stream);
            break;
        }
        note(stream, p, (apr_size_t)(stop - p));
        put(stream, p, (apr_size_t)(stop - p));
        if (!lf) return end;
        put(stream, "\r\n", 2);
        end_line(stream);
        p = lf + 1;
    }
    return p;
}

/* Lines with CRLF stay as they are. */
static void look_at_crlf_lines(ss_canonical_stream_t *stream, const char *p, const char *end)
{
    while (p < end && !stream->is_raw) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        int had_cr = stream->has_cr;
        if (stop > p) {
            stream->has_cr = stop[-1] == '\r';
            stop -= stream->has_cr;
            if (had_cr || memchr(p, '\r', (apr_size_t)(stop - p))) begin_raw(stream);
            note(stream, p, (apr_size_t)(stop - p));
        }
        if (!lf) return;
        if (!stream->has_cr) begin_raw(stream);
        stream->has_cr = 0;
        end_line(stream);
        p = lf + 1;
    }
}

void ss_canonical_stream_add(ss_canonical_stream_t *stream, const char *bytes, apr_size_t len)
{
    const char *p = bytes, *end = bytes + len, *lf = len ? memchr(p, '\n', len) : NULL;

    if (lf && stream->ends == SS_CANONICAL_UNKNOWN)
        stream->ends =
            (lf > p ? lf[-1] == '\r' : stream->has_cr) ? SS_CANONICAL_CRLF : SS_CANONICAL_LF;
    if (stream->ends == SS_CANONICAL_LF)
        p = add_lf_lines(stream, p, end);
    else
        look_at_crlf_lines(stream, p, end);
    put(stream, p, (apr_size_t)(end - p));
    for (; stream->is_raw && p < end && !stream->has_8bit; p++)
        stream->has_8bit = (unsigned char)*p > 127;
}

void ss_canonical_stream_end(ss_canonical_stream_t *stream)
{
    int is_open = stream->line || stream->has_cr;
    int is_changed = is_open || stream->ends == SS_CANONICAL_LF;

    stream->must_encode |= stream->has_cr || (stream->names_data && is_changed);
    if (!stream->must_encode && is_open) put(stream, "\r\n", 2);
}

/* Writes len octets to out, CRLF as LF. Returns the place behind. */
static char *put_lf(char *out, const char *p, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (p[i] != '\r' || i + 1 == len || p[i + 1] != '\n') *out++ = p[i];
    }
    return out;
}

apr_size_t ss_canonical_stream_restore(const ss_canonical_stream_t *stream, char *bytes,
                                       apr_size_t len)
{
    apr_size_t header = len - stream->total;
    char *out = stream->is_lf ? put_lf(bytes, bytes, header) : bytes + header;

    if (stream->ends != SS_CANONICAL_LF) {
        memmove(out, bytes + header, stream->total);
        return (apr_size_t)(out - bytes) + stream->total;
    }
    out = put_lf(out, bytes + header, stream->made);
    memmove(out, bytes + header + stream->made, stream->total - stream->made);
    return (apr_size_t)(out - bytes) + stream->total - stream->made;
}
