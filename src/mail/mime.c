/* mime.c: the MIME tree as ranges of one text. The line end before a delimiter belongs to it (RFC
 * 2046 5.1.1). An entity that needs no change is copied whole, so that signatures stay valid. */
#include "mail/mime.h"

#include <apr_strings.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "mail/codec.h"
#include "mail/header.h"
#include "mail/words.h"

#define BOUNDARY_MAX 200 /* RFC 2046 allows 70 */
/* quoted-printable makes at most three octets and a line end of one octet ... */
#define GROWTH_MAX 4
#define GROWTH_BASE 65536 /* ... and a field or two are added */

typedef struct {
    ss_buf_t out;
    int makes_7bit;
    int failed; /* the problem is set: nothing more is put out */
    ss_mail_problem_t *problem;
    apr_pool_t *pool;
} walk_t;

typedef struct {
    const char *p, *end; /* all of it */
    const char *body;    /* after the empty line; end without one */
    apr_size_t header_len;
    const char *type; /* "text/plain", in the case as written; "": not given */
    const char *encoding;
    const char *boundary; /* multipart; else NULL */
    int is_top;
} entity_t;

static void entity(walk_t *w, const char *p, const char *end, int is_top, int depth);

static void refuse(walk_t *w, const char *what)
{
    w->failed = 1;
    ss_mail_problem(w->problem, 422, "content",
                    "the message has lines over %d octets, zero bytes or 8-bit octets that must be "
                    "re-encoded, but %s",
                    SS_MAIL_LINE_MAX, what);
}

static void append(walk_t *w, ss_buf_t *to, const char *bytes, apr_size_t len)
{
    if (w->failed || ss_buf_append(to, bytes, len) == APR_SUCCESS) return;
    w->failed = 1;
    ss_mail_problem(w->problem, 413, "content",
                    "the message grows too large when it is re-encoded");
}

static void put(walk_t *w, const char *bytes, apr_size_t len)
{
    append(w, &w->out, bytes, len);
}

static void puts_out(walk_t *w, const char *text)
{
    put(w, text, strlen(text));
}

static int is_high(char c)
{
    return (unsigned char)c > 127;
}

static int needs_change(const walk_t *w, const char *p, const char *end)
{
    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf + 1 : end;
        apr_size_t len = (apr_size_t)(stop - p);
        if (len > SS_MAIL_LINE_MAX && (len > SS_MAIL_LINE_MAX + 2 || !lf)) return 1;
        if (memchr(p, '\0', len)) return 1;
        if (w->makes_7bit && !ss_text_is_ascii(p, len)) return 1;
        p = stop;
    }
    return 0;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- header ---- */

/* Folds one header line at the last blank within the limit, or anywhere if there is no blank. */
static void put_folded(walk_t *w, const char *p, apr_size_t len)
{
    /* one less after a fold that added a blank */
    apr_size_t room = SS_MAIL_LINE_MAX;

    while (len > room) {
        apr_size_t cut = room;
        while (cut > 1 && !is_blank(p[cut])) cut--;
        int has_blank = cut > 1;
        if (!has_blank) cut = room;
        put(w, p, cut);
        puts_out(w, has_blank ? "\r\n" : "\r\n ");
        room = is_blank(p[cut]) ? SS_MAIL_LINE_MAX : SS_MAIL_LINE_MAX - 1;
        p += cut;
        len -= cut;
    }
    put(w, p, len);
    puts_out(w, "\r\n");
}

/* The end of the run of words with octets above 127 that begins at p. Blanks between encoded words
 * are dropped (RFC 2047 6.2), so the run becomes one encoded word. */
static const char *high_words(const char *p, const char *end)
{
    for (;;) {
        while (p < end && !is_blank(*p)) p++;
        const char *next = p;
        while (next < end && is_blank(*next)) next++;
        const char *stop = next;
        while (stop < end && !is_blank(*stop)) stop++;
        if (ss_text_is_ascii(next, (apr_size_t)(stop - next))) return p;
        p = next;
    }
}

/* Writes a header line without octets above 127. Whole words are encoded, since blanks delimit an
 * encoded word (RFC 2047 5). Within quotes and parameters, where encoded words are not allowed,
 * only the octets are: many readers decode them there. own: pool for one piece. */
static void ascii_pieces(walk_t *w, ss_buf_t *line, const char *p, apr_size_t len, apr_pool_t *own)
{
    const char *end = p + len, *colon = is_blank(*p) ? NULL : memchr(p, ':', len);
    int has_quotes = memchr(p, '"', len) || memchr(p, ';', len);

    /* A name with such octets is not a field. */
    for (const char *c = p; colon && c < colon; c++)
        if (is_high(*c)) colon = NULL;
    if (colon) {
        append(w, line, p, (apr_size_t)(colon + 1 - p));
        p = colon + 1;
    }
    while (p < end) {
        const char *start = p, *word = p;
        for (; p < end && !is_high(*p); p++)
            if (is_blank(*p)) word = p + 1;
        if (p < end && !has_quotes) p = word;
        append(w, line, start, (apr_size_t)(p - start));
        if (p == end) break;
        start = p;
        if (has_quotes)
            while (p < end && is_high(*p)) p++;
        else
            p = high_words(p, end);
        apr_pool_clear(own);
        const char *coded = ss_words_encode(own, ss_text_utf8(own, start, (apr_size_t)(p - start)));
        append(w, line, coded, strlen(coded));
    }
}

/* One line may be as long as the message: piece by piece. */
static void put_ascii(walk_t *w, const char *p, apr_size_t len)
{
    apr_pool_t *own;
    ss_buf_t line;

    apr_pool_create(&own, w->pool);
    ss_buf_init(&line, w->out.max);
    ascii_pieces(w, &line, p, len, own);
    put_folded(w, line.data, line.len);
    ss_buf_free(&line);
    apr_pool_destroy(own);
}

static void put_header_line(walk_t *w, const char *p, apr_size_t len, int is_top)
{
    int has_high = !ss_text_is_ascii(p, len);

    if (memchr(p, '\0', len)) {
        char *clean = apr_pstrmemdup(w->pool, p, len);
        for (apr_size_t i = 0; i < len; i++) {
            clean[i] = p[i] ? p[i] : ' ';
        }
        p = clean;
    }
    if (has_high && w->makes_7bit && !is_top)
        put_ascii(w, p, len);
    else
        put_folded(w, p, len);
}

/* Writes the header except the field named `without`, then the added lines and the empty line. */
static void put_header(walk_t *w, const entity_t *e, const char *without, const char *added)
{
    const char *p = e->p, *end = e->p + e->header_len;
    int is_left_out = 0;

    while (p < end) {
        const char *next = p, *lf = memchr(p, '\n', (apr_size_t)(end - p)),
                   *stop = lf ? lf + 1 : end;
        ss_header_field_t field;
        apr_size_t len = (apr_size_t)(stop - p);
        if (!is_blank(*p))
            is_left_out =
                without && ss_header_next(&next, end, &field) == 1 && ss_header_is(&field, without);
        while (len && (p[len - 1] == '\n' || p[len - 1] == '\r')) len--;
        if (!is_left_out) put_header_line(w, p, len, e->is_top);
        p = stop;
    }
    if (added) puts_out(w, added);
    puts_out(w, "\r\n");
}

/* ---- leaf parts ---- */

static int is_text(const entity_t *e)
{
    return !*e->type || !strncasecmp(e->type, "text/", 5) || !strncasecmp(e->type, "message/", 8);
}

/* Quoted-printable if most of it stays readable. */
static int wants_base64(const entity_t *e, const char *bytes, apr_size_t len)
{
    apr_size_t odd = 0;

    if (!is_text(e)) return 1;
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        odd += c > 126 || c == '=' || (c < 32 && c != '\t' && c != '\r' && c != '\n');
    }
    return odd > len / 3;
}

static const char *decoded(walk_t *w, const entity_t *e, apr_size_t *len)
{
    char *bytes = NULL;

    *len = (apr_size_t)(e->end - e->body);
    if (ss_text_same(e->encoding, "base64")) {
        ss_codec_base64_read(w->pool, e->body, *len, 0, &bytes, len);
        return bytes;
    }
    if (ss_text_same(e->encoding, "quoted-printable"))
        return ss_codec_qp_read(w->pool, e->body, *len, len);
    return e->body;
}

static const char *leaf_fields(walk_t *w, const entity_t *e, const char *encoding)
{
    const char *added = apr_pstrcat(w->pool, "Content-Transfer-Encoding: ", encoding, "\r\n", NULL);
    ss_header_field_t field;

    if (!*e->type) {
        apr_size_t len = (apr_size_t)(e->end - e->body);
        const char *charset = ss_text_is_ascii(e->body, len)   ? "us-ascii"
                              : ss_codec_is_utf8(e->body, len) ? "utf-8"
                                                               : "unknown-8bit";
        added = apr_pstrcat(w->pool, "Content-Type: text/plain; charset=", charset, "\r\n", added,
                            NULL);
    }
    if (e->is_top && !ss_header_find(&field, e->p, e->header_len, "MIME-Version"))
        added = apr_pstrcat(w->pool, "MIME-Version: 1.0\r\n", added, NULL);
    return added;
}

static void leaf(walk_t *w, const entity_t *e)
{
    const char *bytes;
    char *coded;
    apr_size_t len, coded_len;
    int is_base64;

    if (e->body == e->end || !needs_change(w, e->body, e->end)) {
        put_header(w, e, NULL, NULL);
        put(w, e->body, (apr_size_t)(e->end - e->body));
        return;
    }
    if (ss_text_word_index("message/partial message/external-body", e->type) >= 0) {
        refuse(w,
               apr_psprintf(w->pool, "a part of type %s must not be encoded (RFC 2046)", e->type));
        return;
    }
    bytes = decoded(w, e, &len);
    is_base64 = wants_base64(e, bytes, len);
    coded = is_base64 ? ss_codec_base64(w->pool, bytes, len, 76, &coded_len)
                      : ss_codec_qp(w->pool, bytes, len, &coded_len);
    put_header(w, e, "Content-Transfer-Encoding",
               leaf_fields(w, e, is_base64 ? "base64" : "quoted-printable"));
    if (!e->is_top && is_base64 && coded_len >= 2) coded_len -= 2;
    put(w, coded, coded_len);
    if (e->is_top && (coded_len < 2 || coded[coded_len - 1] != '\n')) puts_out(w, "\r\n");
}

/* ---- multiparts ---- */

/* 1: the line is a delimiter; 2: the closing one; 0: neither. */
static int delimiter(const char *p, apr_size_t len, const char *boundary)
{
    apr_size_t n = strlen(boundary);
    int kind = 1;

    while (len && (p[len - 1] == '\n' || p[len - 1] == '\r' || is_blank(p[len - 1]))) len--;
    if (len < n + 2 || p[0] != '-' || p[1] != '-' || memcmp(p + 2, boundary, n)) return 0;
    if (len == n + 4 && p[n + 2] == '-' && p[n + 3] == '-') kind = 2;
    return len == n + 2 || kind == 2 ? kind : 0;
}

/* Preamble and epilogue, which no reader shows: lines are cut, forbidden octets replaced. */
static void put_filler(walk_t *w, const char *p, const char *end)
{
    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf + 1 : end;
        apr_size_t len = (apr_size_t)(stop - p);
        char *line = apr_pstrmemdup(w->pool, p, len), *c = line;
        for (apr_size_t i = 0; i < len; i++) {
            if (!p[i] || (w->makes_7bit && is_high(p[i]))) line[i] = '?';
        }
        for (; len > SS_MAIL_LINE_MAX + (lf ? 2 : 0);
             len -= SS_MAIL_LINE_MAX, c += SS_MAIL_LINE_MAX) {
            put(w, c, SS_MAIL_LINE_MAX);
            puts_out(w, "\r\n");
        }
        put(w, c, len);
        p = stop;
    }
}

static void put_delimiter(walk_t *w, const char *p, const char *stop, const char *boundary,
                          int kind)
{
    if (stop - p <= SS_MAIL_LINE_MAX)
        put(w, p, (apr_size_t)(stop - p));
    else
        puts_out(w, apr_pstrcat(w->pool, "--", boundary, kind == 2 ? "--\r\n" : "\r\n", NULL));
}

static void multipart(walk_t *w, const entity_t *e, int depth)
{
    const char *p = e->body, *part = NULL, *filler = e->body;
    int kind = 0, changes = w->makes_7bit && ss_text_word_index("8bit binary", e->encoding) >= 0;

    put_header(w, e, changes ? "Content-Transfer-Encoding" : NULL, NULL);
    while (p < e->end && kind != 2 && !w->failed) {
        const char *lf = memchr(p, '\n', (apr_size_t)(e->end - p)), *stop = lf ? lf + 1 : e->end;
        int found = delimiter(p, (apr_size_t)(stop - p), e->boundary);
        if (found) {
            if (part && part < p) {
                entity(w, part, p - 2 >= part ? p - 2 : part, 0, depth + 1);
                puts_out(w, "\r\n");
            } else if (!part) {
                put_filler(w, filler, p);
            }
            put_delimiter(w, p, stop, e->boundary, found);
            part = filler = stop;
            kind = found;
        }
        p = stop;
    }
    if (kind != 1)
        put_filler(w, filler, e->end);
    else if (part < e->end)
        entity(w, part, e->end, 0, depth + 1);
}

/* ---- one entity ---- */

static const char *first_word(apr_pool_t *pool, const ss_header_field_t *field)
{
    apr_size_t n = 0;

    while (n < field->value_len && !strchr("; \t\r\n(", field->value[n])) n++;
    return apr_pstrmemdup(pool, field->value, n);
}

static void read_entity(walk_t *w, entity_t *e, const char *p, const char *end, int is_top)
{
    ss_header_field_t field;

    memset(e, 0, sizeof(*e));
    e->p = p;
    e->end = end;
    e->is_top = is_top;
    e->header_len = ss_header_len(p, (apr_size_t)(end - p));
    e->body = end - (p + e->header_len) >= 2 ? p + e->header_len + 2 : end;
    e->type = e->encoding = "";
    if (ss_header_find(&field, p, e->header_len, "Content-Transfer-Encoding"))
        e->encoding = first_word(w->pool, &field);
    if (!ss_header_find(&field, p, e->header_len, "Content-Type")) return;
    e->type = first_word(w->pool, &field);
    if (strncasecmp(e->type, "multipart/", 10)) return;
    e->boundary = ss_words_parameter(w->pool, field.value, field.value_len, "boundary");
    if (e->boundary && !*e->boundary) e->boundary = NULL;
}

static const char *multipart_fault(const walk_t *w, const entity_t *e)
{
    if (!e->boundary) return "its multipart has no boundary";
    if (strlen(e->boundary) > BOUNDARY_MAX) return "its multipart's boundary is too long";
    /* Delimiters cannot be encoded. */
    return w->makes_7bit && !ss_text_is_ascii(e->boundary, strlen(e->boundary))
               ? "its multipart's boundary is not ASCII"
               : NULL;
}

/* An embedded message: not a leaf, unless it is encoded in spite of RFC 2046 5.2.1. */
static int is_message(const entity_t *e)
{
    return ss_text_word_index("message/rfc822 message/global", e->type) >= 0 &&
           ss_text_word_index("base64 quoted-printable", e->encoding) < 0;
}

static int is_sealed(const entity_t *e)
{
    return ss_text_word_index("multipart/signed multipart/encrypted", e->type) >= 0;
}

static void entity(walk_t *w, const char *p, const char *end, int is_top, int depth)
{
    entity_t e;
    const char *fault;

    if (!needs_change(w, p, end)) {
        put(w, p, (apr_size_t)(end - p));
        return;
    }
    if (depth > SS_MIME_DEPTH_MAX) {
        refuse(w, "its parts are nested too deeply");
        return;
    }
    read_entity(w, &e, p, end, is_top);
    if (is_sealed(&e) && needs_change(w, e.body, e.end)) {
        refuse(w, "it is signed or encrypted and must not be changed");
    } else if (!strncasecmp(e.type, "multipart/", 10)) {
        fault = multipart_fault(w, &e);
        if (fault)
            refuse(w, fault);
        else
            multipart(w, &e, depth);
    } else if (is_message(&e)) {
        put_header(w, &e, w->makes_7bit && *e.encoding ? "Content-Transfer-Encoding" : NULL, NULL);
        if (e.body < e.end) entity(w, e.body, e.end, 0, depth + 1);
    } else {
        leaf(w, &e);
    }
}

int ss_mime_rewrite(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                    int makes_7bit, ss_mail_problem_t *problem, apr_pool_t *pool)
{
    walk_t w = { .makes_7bit = makes_7bit, .problem = problem, .pool = pool };

    ss_buf_init(&w.out, len * GROWTH_MAX + GROWTH_BASE);
    entity(&w, bytes, bytes + len, 1, 0);
    /* A last part without closing delimiter has no line end after it was encoded. */
    if (w.out.len && w.out.data[w.out.len - 1] != '\n') puts_out(&w, "\r\n");
    if (!w.failed) {
        *out = apr_pstrmemdup(pool, w.out.data ? w.out.data : "", w.out.len);
        *out_len = w.out.len;
    }
    ss_buf_free(&w.out);
    return w.failed ? -1 : 0;
}
