/* mime.c: the MIME tree as ranges of one text, whose line ends may be of any kind. The line end
 * before a delimiter belongs to it (RFC 2046 5.1.1). An entity that needs no change is copied
 * whole, so that signatures stay valid. Of text only the line ends are corrected; data keeps its
 * octets. */
#include "mail/mime.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "mail/codec.h"
#include "mail/header_write.h"
#include "mail/words.h"

/* RFC 2046 allows 70; a longer one does not fit into a line with its four dashes */
#define BOUNDARY_MAX (SS_MAIL_LINE_MAX - 4)
#define BASE64_LINE 76
/* quoted-printable makes at most three octets and a line end of one octet ... */
#define GROWTH_MAX 4
#define GROWTH_BASE 65536 /* ... and a field or two are added */
#define LOOK 65536        /* octets of a body that may name the character set of its header */

#define LONG_LINE "a line of more than " APR_STRINGIFY(SS_MAIL_LINE_MAX) " octets"

typedef struct {
    ss_buf_t out;
    int makes_7bit;
    int is_lf;        /* the message's header ends with LF alone */
    const char *seal; /* why nothing but line ends may be changed here; or NULL */
    int failed;       /* the problem is set: nothing more is put out */
    /* What obstacle and is_regular found: nothing from `from` to `to`; at `to`: what (NULL: that is
     * where they stopped). Entities in entities begin behind each other, so each octet is looked
     * at once, however deep they are. */
    struct {
        const char *from, *to, *what;
    } clean, regular;
    ss_mail_problem_t *problem;
    apr_pool_t *pool;
} walk_t;

/* Where an entity stands. */
typedef enum { INSIDE, IN_DIGEST, TOP } place_t;

typedef struct {
    const char *p, *end; /* all of it */
    const char *body;    /* after the empty line; end without one */
    apr_size_t header_len;
    /* "text/plain", in the case as written; in a digest it has a default; "": not given */
    const char *type;
    const char *encoding;
    const char *boundary; /* multipart; else NULL */
    apr_size_t boundary_len;
    int is_top;
    int is_bare; /* a part that begins with its body: no header, and no empty line */
} entity_t;

/* The line ends of a range. */
typedef struct {
    int crlf, lf, cr; /* there are some; lf, cr: bare ones */
    int nul;
    int is_open; /* the last line has none */
} ends_t;

static void entity(walk_t *w, const char *p, const char *end, place_t place, int depth);

/* what: "8-bit text"; but: why it cannot be encoded. */
static void refuse(walk_t *w, const char *what, const char *but)
{
    w->failed = 1;
    ss_mail_problem(w->problem, 422, "content",
                    "the message has %s, which must be encoded to be sent, but %s", what, but);
}

static void too_large(walk_t *w)
{
    w->failed = 1;
    ss_mail_problem(w->problem, 413, "content",
                    "the message grows too large when it is re-encoded");
}

static int has_room(walk_t *w, apr_size_t len, char **place)
{
    if (w->failed) return 0;
    if (ss_buf_room(&w->out, len, place) == APR_SUCCESS) return 1;
    too_large(w);
    return 0;
}

static void put(walk_t *w, const char *bytes, apr_size_t len)
{
    char *place;

    if (!len || !has_room(w, len, &place)) return;
    memcpy(place, bytes, len);
    ss_buf_added(&w->out, len);
}

static void puts_out(walk_t *w, const char *text)
{
    put(w, text, strlen(text));
}

static int is_high(char c)
{
    return (unsigned char)c > 127;
}

static apr_size_t longest(const char *p, const char *end)
{
    apr_size_t most = 0;

    for (const char *cr; p < end; p = cr + 1) {
        cr = memchr(p, '\r', (apr_size_t)(end - p));
        if (!cr) cr = end;
        if ((apr_size_t)(cr - p) > most) most = (apr_size_t)(cr - p);
    }
    return most;
}

static const char *line_obstacle(const walk_t *w, const char *p, apr_size_t len)
{
    if (len > SS_MAIL_LINE_MAX && longest(p, p + len) > SS_MAIL_LINE_MAX) return LONG_LINE;
    if (memchr(p, '\0', len)) return "a zero octet";
    return w->makes_7bit && !ss_text_is_ascii(p, len) ? "8-bit text" : NULL;
}

/* What in these lines cannot be sent as it is; NULL: nothing. *at: in which line, or end. */
static const char *first_obstacle(const walk_t *w, const char *p, const char *end, const char **at)
{
    const char *what = NULL;

    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        what = line_obstacle(w, p, (apr_size_t)(stop - p));
        if (what) break;
        p = lf ? lf + 1 : end;
    }
    *at = p;
    return what;
}

/* The same for a range of the message. */
static const char *obstacle(walk_t *w, const char *p, const char *end)
{
    int is_known = w->clean.from && p >= w->clean.from && p <= w->clean.to;

    if (is_known && end <= w->clean.to) return NULL;
    if (!is_known || !w->clean.what) {
        w->clean.from = p;
        w->clean.what = first_obstacle(w, is_known ? w->clean.to : p, end, &w->clean.to);
    }
    return w->clean.to < end ? w->clean.what : NULL;
}

/* Whether all line ends in a range of the message are CRLF. */
static int is_regular(walk_t *w, const char *p, const char *end)
{
    int is_known = w->regular.from && p >= w->regular.from && p <= w->regular.to;

    if (is_known && end <= w->regular.to) return 1;
    if (is_known && w->regular.what) return 0;
    const char *from = is_known ? w->regular.to : p, *line = from;
    w->regular.from = p;
    w->regular.what = NULL;
    while (line < end && !w->regular.what) {
        const char *lf = memchr(line, '\n', (apr_size_t)(end - line)), *stop = lf ? lf : end;
        const char *cr = memchr(line, '\r', (apr_size_t)(stop - line));
        if (lf ? cr != lf - 1 || !cr : cr != NULL)
            w->regular.what = line;
        else
            line = lf ? lf + 1 : end;
    }
    w->regular.to = line;
    return line >= end;
}

static ends_t ends_of(const char *p, const char *end)
{
    ends_t ends = { .nul = p < end && memchr(p, '\0', (apr_size_t)(end - p)) };

    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        int has_cr = lf && lf > p && lf[-1] == '\r';
        ends.crlf |= has_cr;
        ends.lf |= lf && !has_cr;
        ends.is_open = !lf;
        stop -= has_cr;
        ends.cr |= stop > p && memchr(p, '\r', (apr_size_t)(stop - p)) != NULL;
        p = lf ? lf + 1 : end;
    }
    return ends;
}

/* The lines with CRLF at their ends: a bare CR ends a line, CRs before a LF belong to it. */
static const char *normal(walk_t *w, const char *p, const char *end, apr_size_t *len)
{
    ends_t ends = ends_of(p, end);
    apr_size_t more = 0;

    *len = (apr_size_t)(end - p);
    if (!ends.lf && !ends.cr) return p;
    for (const char *c = p; c < end; c++) more += *c == '\n' || *c == '\r';
    char *start = apr_palloc(w->pool, *len + more + 1), *out = start;
    for (; p < end; p++) {
        const char *c = p;
        if (*c != '\n' && *c != '\r') {
            *out++ = *c;
            continue;
        }
        while (c < end && *c == '\r') c++;
        /* What is before the line end of a delimiter belongs to it. */
        if (c == end) break;
        if (*c == '\n')
            p = c;
        else
            for (; p + 1 < c; p++) out = apr_cpystrn(out, "\r\n", 3);
        out = apr_cpystrn(out, "\r\n", 3);
    }
    *len = (apr_size_t)(out - start);
    return start;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- header ---- */

/* Writes the header except the field named `without`, then the added lines and the empty line. */
static void put_header(walk_t *w, const entity_t *e, const char *without, const char *added)
{
    ss_header_how_t how = { .is_ascii = w->makes_7bit && !e->is_top, .is_nested = !e->is_top };

    if (w->failed) return;
    if (e->is_top) how.sealed = ss_header_sealed(e->p, e->header_len, w->pool);
    if (how.is_ascii) how.charset = ss_mime_charset(e->p, (apr_size_t)(e->end - e->p), w->pool);
    w->failed = ss_header_write_all(&w->out, e->p, e->header_len, without, &how, w->problem,
                                    w->pool) != SS_HEADER_WRITTEN;
    if (added) puts_out(w, added);
    if (added || e->is_top || e->p + e->header_len < e->end)
        puts_out(w, "\r\n");
    else if (!w->failed && e->end[-1] != '\n')
        w->out.len -= 2; /* No empty line ends it: the line end is the delimiter's. */
}

const char *ss_mime_charset(const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t header = ss_header_len(bytes, len);
    ss_header_field_t field;
    const char *found = NULL;

    if (ss_text_is_ascii(bytes, header) || ss_codec_is_utf8(bytes, header)) return NULL;
    if (ss_header_find(&field, bytes, header, "Content-Type"))
        found = ss_words_parameter(pool, field.value, field.value_len, "charset");
    /* The first part that names one. */
    const char *p = bytes + header, *end = len > header + LOOK ? p + LOOK : bytes + len;
    for (; !found && end - p > 8; p++) {
        if (*p != ';' && *p != ' ' && *p != '\t') continue;
        if (strncasecmp(p + 1, "charset=", 8)) continue;
        const char *set = p + 9 + (p[9] == '"'), *stop = set;
        while (stop < end && (apr_isalnum(*stop) || strchr("-_.:", *stop))) stop++;
        found = apr_pstrmemdup(pool, set, (apr_size_t)(stop - set));
    }
    return found;
}

/* ---- leaf parts ---- */

static int is_text(const entity_t *e)
{
    return !*e->type || !strncasecmp(e->type, "text/", 5) || !strncasecmp(e->type, "message/", 8) ||
           !strncasecmp(e->type, "multipart/", 10);
}

static int is_uu(const entity_t *e)
{
    return ss_text_word_index("x-uuencode uuencode x-uue uue", e->encoding) >= 0;
}

/* Text whose line ends are not single octets. */
static int is_wide(walk_t *w, const entity_t *e)
{
    ss_header_field_t field;
    const char *charset = NULL, *body = e->body;

    if (ss_header_find(&field, e->p, e->header_len, "Content-Type"))
        charset = ss_words_parameter(w->pool, field.value, field.value_len, "charset");
    if (charset) return ss_mime_is_wide(charset);
    return is_text(e) && e->end - body > 1 &&
           (!memcmp(body, "\xff\xfe", 2) || !memcmp(body, "\xfe\xff", 2));
}

/* Whether a line end has a zero octet beside it, as in UTF-16. */
static int has_wide_end(const char *p, const char *end)
{
    for (const char *lf = p; (lf = memchr(lf, '\n', (apr_size_t)(end - lf))); lf++)
        if ((lf > p && !lf[-1]) || (lf + 1 < end && !lf[1])) return 1;
    return 0;
}

/* Whether the body is data, and correcting its line ends would damage it. Data that nothing
 * declares as such is recognized by line ends that differ. */
static int keeps_octets(walk_t *w, const entity_t *e)
{
    ends_t ends = ends_of(e->body, e->end);
    int is_binary = ss_text_same(e->encoding, "binary");

    if (is_uu(e) || ss_text_word_index("base64 quoted-printable", e->encoding) >= 0) return 0;
    if (!ends.nul && !ends.cr && !ends.lf)
        return e->is_top && ends.is_open && is_binary && !is_text(e);
    if (is_wide(w, e)) return 1;
    /* A message of text alone has its line ends corrected, unless zero octets beside them, or CRs,
     * show that it is something else. */
    if (ends.nul)
        return !e->is_top || is_binary || !is_text(e) || w->seal || ends.cr ||
               has_wide_end(e->body, e->end);
    if (is_binary) return !is_text(e) || ends.cr || ends.crlf || !w->is_lf;
    if (w->seal || is_text(e)) return 0;
    /* A last CR may be of the delimiter's line end. */
    ends = ends_of(e->body, e->end - (!e->is_top && e->end[-1] == '\r'));
    return ends.cr || (ends.crlf && ends.lf);
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

/* Whether this is base64 and nothing else, perhaps in several pieces with padding after each. */
static int is_sound_base64(const char *p, const char *end)
{
    int count = 0, is_padded = 0;

    for (; p < end; p++) {
        if (*p && strchr(" \t\r\n", *p)) continue;
        if (*p == '=' ? count < 2 : is_padded || !(apr_isalnum(*p) || *p == '+' || *p == '/'))
            return 0;
        count = (count + 1) & 3;
        is_padded = *p == '=' && count;
    }
    return count != 1;
}

/* Base64 that is damaged: what it means depends on its reader. Only its lines are cut, and octets
 * that no reader looks at are left out. */
static void put_cut(walk_t *w, const char *p, apr_size_t len)
{
    char *cut = apr_palloc(w->pool, len + len / BASE64_LINE * 2 + 1), *out = cut;
    apr_size_t column = 0;

    for (const char *end = p + len; p < end; p++) {
        if (!*p || is_high(*p)) continue;
        column = *p == '\n' || *p == '\r' ? 0 : column + 1;
        if (column > BASE64_LINE) {
            out = apr_cpystrn(out, "\r\n", 3);
            column = 1;
        }
        *out++ = *p;
    }
    put(w, cut, (apr_size_t)(out - cut));
}

/* NULL: it is encoded in a way that is not known. */
static const char *decoded(walk_t *w, const entity_t *e, const char *body, apr_size_t *len)
{
    char *bytes = NULL;

    if (ss_text_same(e->encoding, "base64")) {
        ss_codec_base64_read(w->pool, body, *len, 0, &bytes, len);
        return bytes;
    }
    if (ss_text_same(e->encoding, "quoted-printable"))
        return ss_codec_qp_read(w->pool, body, *len, len);
    if (is_uu(e)) return ss_codec_uu_read(w->pool, body, *len, &bytes, len) ? NULL : bytes;
    return strncasecmp(e->encoding, "x-", 2) ? body : NULL;
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

static void put_encoded(walk_t *w, const entity_t *e, const char *bytes, apr_size_t len,
                        int is_base64)
{
    apr_size_t room = is_base64 ? ss_codec_base64_room(len, BASE64_LINE) : ss_codec_qp_room(len);
    char *coded;

    put_header(w, e, "Content-Transfer-Encoding",
               leaf_fields(w, e, is_base64 ? "base64" : "quoted-printable"));
    /* What is reserved is more than is used. */
    apr_size_t most = w->out.max;
    w->out.max = most + room;
    int is_there = has_room(w, room, &coded);
    w->out.max = most;
    if (!is_there) return;
    apr_size_t coded_len = is_base64 ? ss_codec_base64_to(coded, bytes, len, BASE64_LINE)
                                     : ss_codec_qp_to(coded, bytes, len);
    if (!e->is_top && is_base64 && coded_len >= 2) coded_len -= 2;
    ss_buf_added(&w->out, coded_len);
    if (w->out.len > most) too_large(w);
    if (e->is_top && (coded_len < 2 || coded[coded_len - 1] != '\n')) puts_out(w, "\r\n");
}

/* Why the leaf cannot be encoded (again); or NULL. */
static const char *leaf_fault(walk_t *w, const entity_t *e)
{
    if (w->seal) return w->seal;
    if (ss_text_word_index("message/partial message/external-body", e->type) >= 0)
        return apr_psprintf(w->pool, "a part of type %s must not be encoded (RFC 2046)", e->type);
    return NULL;
}

static void put_again(walk_t *w, const entity_t *e, const char *bytes, apr_size_t len,
                      const char *what)
{
    bytes = decoded(w, e, bytes, &len);
    if (bytes)
        put_encoded(w, e, bytes, len, wants_base64(e, bytes, len));
    else
        refuse(w, what, apr_psprintf(w->pool, "a part is encoded as %.40s already", e->encoding));
}

static void leaf(walk_t *w, const entity_t *e)
{
    int is_exact = keeps_octets(w, e);
    apr_size_t len = (apr_size_t)(e->end - e->body);
    const char *bytes = is_exact ? e->body : normal(w, e->body, e->end, &len);
    const char *at, *what = first_obstacle(w, bytes, bytes + len, &at), *fault;

    if (is_exact && !what) what = "binary data";
    if (!what) {
        if (!e->is_bare) put_header(w, e, NULL, NULL);
        put(w, bytes, len);
        return;
    }
    fault = leaf_fault(w, e);
    if (fault) {
        refuse(w, what, fault);
    } else if (is_exact) {
        ends_t ends = ends_of(bytes, bytes + len);
        put_encoded(w, e, bytes, len, ends.lf || ends.cr || wants_base64(e, bytes, len));
    } else if (ss_text_same(e->encoding, "base64") && !is_sound_base64(bytes, bytes + len)) {
        put_header(w, e, NULL, NULL);
        put_cut(w, bytes, len);
    } else {
        put_again(w, e, bytes, len, what);
    }
}

/* ---- multiparts ---- */

/* 1: the line is a delimiter; 2: the closing one; 0: neither. */
static int delimiter(const entity_t *e, const char *p, apr_size_t len)
{
    apr_size_t n = e->boundary_len;
    int kind = 1;

    if (len < n + 2 || p[0] != '-' || p[1] != '-' || p[2] != *e->boundary) return 0;
    while (len && (p[len - 1] == '\n' || p[len - 1] == '\r' || is_blank(p[len - 1]))) len--;
    if (len < n + 2 || memcmp(p + 2, e->boundary, n)) return 0;
    if (len == n + 4 && p[n + 2] == '-' && p[n + 3] == '-') kind = 2;
    return len == n + 2 || kind == 2 ? kind : 0;
}

static const char *line_end(const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (apr_size_t)(end - p));

    return lf ? lf + 1 : end;
}

/* The next line of the body that begins with two dashes, from the line at p on; or NULL. */
static const char *dashes(const char *p, const char *body, const char *end)
{
    if (end - p > 1 && p[0] == '-' && p[1] == '-') return p;
    if (p > body) p--;
    const char *found = memmem(p, (apr_size_t)(end - p), "\n--", 3);
    return found ? found + 1 : NULL;
}

/* Whether a part begins anywhere. */
static int has_parts(const entity_t *e)
{
    int kind = 0;

    for (const char *p = e->body; e->boundary && !kind && (p = dashes(p, e->body, e->end));) {
        const char *stop = line_end(p, e->end);
        kind = delimiter(e, p, (apr_size_t)(stop - p));
        p = stop;
    }
    return kind == 1;
}

/* Preamble and epilogue, which no reader shows: lines are cut, forbidden octets replaced. */
static void put_filler(walk_t *w, const char *p, const char *end)
{
    apr_size_t all, before = w->out.len;

    p = normal(w, p, end, &all);
    end = p + all;
    while (p < end) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf + 1 : end;
        apr_size_t len = (apr_size_t)(stop - p);
        for (; len > SS_MAIL_LINE_MAX + (lf ? 2 : 0);
             len -= SS_MAIL_LINE_MAX, p += SS_MAIL_LINE_MAX) {
            put(w, p, SS_MAIL_LINE_MAX);
            puts_out(w, "\r\n");
        }
        put(w, p, len);
        p = stop;
    }
    for (char *c = w->out.data + before; !w->failed && c < w->out.data + w->out.len; c++)
        if (!*c || (w->makes_7bit && is_high(*c))) *c = '?';
}

static void put_delimiter(walk_t *w, const char *p, const char *stop, const char *boundary,
                          int kind)
{
    int is_open = stop[-1] != '\n' && stop[-1] != '\r';

    while (stop > p && (stop[-1] == '\n' || stop[-1] == '\r')) stop--;
    if (stop - p <= SS_MAIL_LINE_MAX && !memchr(p, '\r', (apr_size_t)(stop - p)))
        put(w, p, (apr_size_t)(stop - p));
    else
        puts_out(w, apr_pstrcat(w->pool, "--", boundary, kind == 2 ? "--" : "", NULL));
    if (!is_open) puts_out(w, "\r\n");
}

/* A part without the line end of the delimiter at `end`. */
static const char *part_end(const walk_t *w, const char *part, const char *end)
{
    if (end > part && end[-1] == '\n') end--;
    if (end > part && end[-1] == '\r' && !w->is_lf) end--;
    return end;
}

static void multipart(walk_t *w, const entity_t *e, int depth)
{
    const char *p = e->body, *part = NULL, *filler = e->body;
    int changes = w->makes_7bit && !w->seal && ss_text_word_index("8bit binary", e->encoding) >= 0;
    place_t place = ss_text_same(e->type, "multipart/digest") ? IN_DIGEST : INSIDE;
    int kind = 0;

    put_header(w, e, changes ? "Content-Transfer-Encoding" : NULL, NULL);
    while (kind != 2 && !w->failed && (p = dashes(p, e->body, e->end))) {
        const char *stop = line_end(p, e->end);
        int found = delimiter(e, p, (apr_size_t)(stop - p));
        if (found) {
            if (part && part < p) {
                entity(w, part, part_end(w, part, p), place, depth + 1);
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
        entity(w, part, e->end, place, depth + 1);
}

/* ---- one entity ---- */

static const char *first_word(apr_pool_t *pool, const ss_header_field_t *field)
{
    const char *p = field->value, *end = p + field->value_len, *start;

    while (p < end && strchr(" \t\r\n", *p)) p++;
    for (start = p; p < end && !strchr("; \t\r\n(", *p);) p++;
    return apr_pstrmemdup(pool, start, (apr_size_t)(p - start));
}

/* The boundary; blanks at its end are no part of it (RFC 2046 5.1.1). */
static const char *boundary_of(apr_pool_t *pool, const ss_header_field_t *field)
{
    const char *found = ss_words_parameter(pool, field->value, field->value_len, "boundary");
    apr_size_t len = found ? strlen(found) : 0;

    while (len && is_blank(found[len - 1])) len--;
    return len ? apr_pstrmemdup(pool, found, len) : NULL;
}

/* Whether the first line is no field. A line of an mbox may be in front of the fields. */
static int is_bare_body(const char *p, const char *end)
{
    apr_size_t skip = p < end && *p == '>';
    ss_header_field_t field;

    if ((apr_size_t)(end - p) > skip + 5 && !memcmp(p + skip, "From ", 5)) return 0;
    return ss_header_next(&p, end, &field) < 0;
}

static void read_entity(walk_t *w, entity_t *e, const char *p, const char *end, place_t place)
{
    ss_header_field_t field;

    memset(e, 0, sizeof(*e));
    e->p = p;
    e->end = end;
    e->is_top = place == TOP;
    e->is_bare = place != TOP && is_bare_body(p, end);
    e->header_len = e->is_bare ? 0 : ss_header_len(p, (apr_size_t)(end - p));
    e->body = p + e->header_len;
    if (e->body < end && !e->is_bare) e->body += *e->body == '\r' ? 2 : 1;
    e->type = place == IN_DIGEST ? "message/rfc822" : "";
    e->encoding = "";
    if (ss_header_find(&field, p, e->header_len, "Content-Transfer-Encoding"))
        e->encoding = first_word(w->pool, &field);
    if (!ss_header_find(&field, p, e->header_len, "Content-Type")) return;
    e->type = first_word(w->pool, &field);
    if (strncasecmp(e->type, "multipart/", 10)) return;
    e->boundary = boundary_of(w->pool, &field);
    e->boundary_len = e->boundary ? strlen(e->boundary) : 0;
}

static const char *multipart_fault(const walk_t *w, const entity_t *e)
{
    if (e->boundary_len > BOUNDARY_MAX) return "its multipart's boundary is too long";
    /* Delimiters cannot be encoded. */
    return w->makes_7bit && !ss_text_is_ascii(e->boundary, e->boundary_len)
               ? "its multipart's boundary is not ASCII"
               : NULL;
}

/* An embedded message: not a leaf, unless it is encoded in spite of RFC 2046 5.2.1. */
static int is_message(const entity_t *e)
{
    return ss_text_word_index("message/rfc822 message/global", e->type) >= 0 &&
           ss_text_word_index("base64 quoted-printable", e->encoding) < 0;
}

/* Why the body must not be changed; NULL: it may. */
static const char *seal_of(const entity_t *e)
{
    ss_header_field_t field;

    if (ss_text_same(e->type, "multipart/signed"))
        return "it is in a multipart/signed part, whose signature would no longer be valid";
    if (ss_text_same(e->type, "multipart/encrypted"))
        return "it is in a multipart/encrypted part, which must not be changed";
    if (e->is_top && ss_header_find(&field, e->p, e->header_len, "DKIM-Signature"))
        return "its DKIM-Signature would no longer be valid";
    return NULL;
}

static void inside(walk_t *w, const entity_t *e, int depth)
{
    const char *what = obstacle(w, e->body, e->end), *fault;
    int is_bare = w->makes_7bit && !w->seal && *e->encoding;

    if (w->seal && what) {
        refuse(w, what, w->seal);
    } else if (has_parts(e)) {
        fault = what ? multipart_fault(w, e) : NULL;
        if (fault)
            refuse(w, what, fault);
        else
            multipart(w, e, depth);
    } else if (is_message(e)) {
        put_header(w, e, is_bare ? "Content-Transfer-Encoding" : NULL, NULL);
        if (e->body < e->end) entity(w, e->body, e->end, INSIDE, depth + 1);
    } else {
        leaf(w, e);
    }
}

static void entity(walk_t *w, const char *p, const char *end, place_t place, int depth)
{
    const char *what = obstacle(w, p, end), *seal = w->seal;
    int is_open = place == TOP && p < end && end[-1] != '\n';
    entity_t e;

    if (!what && !is_open && is_regular(w, p, end)) {
        put(w, p, (apr_size_t)(end - p));
        return;
    }
    if (depth > SS_MIME_DEPTH_MAX) {
        refuse(w, what ? what : "binary data", "its parts are nested too deeply");
        return;
    }
    read_entity(w, &e, p, end, place);
    if (!w->seal) w->seal = seal_of(&e);
    inside(w, &e, depth);
    w->seal = seal;
}

int ss_mime_is_wide(const char *charset)
{
    return !strncasecmp(charset, "utf-16", 6) || !strncasecmp(charset, "utf16", 5) ||
           !strncasecmp(charset, "utf-32", 6) || !strncasecmp(charset, "utf32", 5) ||
           !strncasecmp(charset, "ucs-", 4) || !strncasecmp(charset, "ucs2", 4) ||
           !strncasecmp(charset, "iso-10646-ucs", 13);
}

static apr_status_t free_out(void *bytes)
{
    free(bytes);
    return APR_SUCCESS;
}

int ss_mime_rewrite(const char **out, apr_size_t *out_len, const char *bytes, apr_size_t len,
                    int makes_7bit, ss_mail_problem_t *problem, apr_pool_t *pool)
{
    walk_t w = { .makes_7bit = makes_7bit, .problem = problem, .pool = pool };
    apr_size_t header_len = ss_header_len(bytes, len);

    w.is_lf = header_len < len && bytes[header_len] == '\n';
    ss_buf_init(&w.out, len * GROWTH_MAX + GROWTH_BASE);
    entity(&w, bytes, bytes + len, TOP, 0);
    /* A last part without closing delimiter has no line end after it was encoded. */
    if (w.out.len && w.out.data[w.out.len - 1] != '\n') puts_out(&w, "\r\n");
    if (!w.failed && !ss_buf_text(&w.out))
        w.failed = ss_mail_problem(problem, 503, NULL, "there is not enough memory");
    if (w.failed) {
        ss_buf_free(&w.out);
        return -1;
    }
    *out = w.out.data;
    *out_len = w.out.len;
    apr_pool_cleanup_register(pool, w.out.data, free_out, apr_pool_cleanup_null);
    return 0;
}
