#include "mail/multipart.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/charset.h"
#include "mail/header.h"
#include "mail/words.h"

#define PART_HEADER_MAX 16384
#define FILENAME_PIECES_MAX 50
#define FILENAME_LEN_MAX 1000

const char *ss_multipart_boundary(const char *content_type, apr_pool_t *pool)
{
    const char *boundary = ss_words_parameter(pool, content_type, strlen(content_type), "boundary");
    apr_size_t len = boundary ? strlen(boundary) : 0;

    if (!len || len > SS_MULTIPART_BOUNDARY_MAX) return NULL;
    for (const char *p = boundary; *p; p++) {
        if (*p < ' ' || *p > '~') return NULL;
    }
    return boundary;
}

/* Decodes a quote and line ends in a name, as browsers encode them (HTML, multipart/form-data). */
static const char *unescaped(char *text)
{
    char *out = text;

    for (const char *p = text; *p; p++) {
        if (!strncmp(p, "%22", 3)) {
            *out++ = '"';
            p += 2;
        } else if (!strncasecmp(p, "%0D", 3) || !strncasecmp(p, "%0A", 3)) {
            *out++ = ' ';
            p += 2;
        } else
            *out++ = *p;
    }
    *out = '\0';
    return text;
}

static const char *base_of(const char *path)
{
    for (const char *p = path; *p; p++) {
        if (*p == '/' || *p == '\\') path = p + 1;
    }
    return path;
}

/* A value of RFC 2231 ("utf-8''%e2%82%ac") as UTF-8; any other text stays as it is. */
static const char *read_extended(const char *value, apr_pool_t *pool)
{
    const char *quote = strchr(value, '\''), *text = quote ? strchr(quote + 1, '\'') : NULL, *out;
    apr_size_t len;

    if (!text) return value;
    const char *charset = apr_pstrmemdup(pool, value, (apr_size_t)(quote - value));
    const char *bytes = apr_punescape_url(pool, text + 1, NULL, NULL, 0);
    if (!bytes) return value;
    if (ss_charset_is_utf8(charset)) return bytes;
    out = ss_charset_read(pool, charset, bytes, strlen(bytes), &len);
    return out && strlen(out) == len ? out : value;
}

/* The parameter filename of a Content-Disposition, in any of the forms that clients write: plain,
 * "filename*", in pieces ("filename*0", RFC 2231 3), or as an encoded word. NULL: none. */
static const char *read_filename(const ss_header_field_t *field, apr_pool_t *pool)
{
    const char *name = ss_words_parameter(pool, field->value, field->value_len, "filename*"),
               *piece = "";
    int is_extended = name != NULL;

    for (int i = 0; i < FILENAME_PIECES_MAX && piece && !(is_extended && !i); i++) {
        const char *key = apr_psprintf(pool, "filename*%d*", i);
        piece = ss_words_parameter(pool, field->value, field->value_len, key);
        if (!i) is_extended = piece != NULL;
        if (!piece)
            piece = ss_words_parameter(pool, field->value, field->value_len,
                                       apr_pstrmemdup(pool, key, strlen(key) - 1));
        if (piece) name = name ? apr_pstrcat(pool, name, piece, NULL) : piece;
    }
    if (name) return is_extended ? read_extended(name, pool) : name;
    name = ss_words_parameter(pool, field->value, field->value_len, "filename");
    return name && !strncmp(name, "=?", 2)
               ? ss_words_decode(pool, name, strlen(name), FILENAME_LEN_MAX)
               : name;
}

/* A value without the line ends of its folding. */
static const char *unfolded(const ss_header_field_t *field, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, field->value, field->value_len), *out = copy;

    for (const char *p = copy; *p; p++) {
        if (*p != '\r' && *p != '\n') *out++ = *p;
    }
    while (out > copy && (out[-1] == ' ' || out[-1] == '\t')) out--;
    *out = '\0';
    return copy;
}

static int read_part_header(ss_multipart_part_t *part, const char *header, apr_size_t len,
                            apr_pool_t *pool)
{
    const char *at = header, *end = header + len;
    ss_header_field_t field;
    int got;

    while ((got = ss_header_next(&at, end, &field)) == 1) {
        if (ss_header_is(&field, "Content-Disposition")) {
            const char *name = ss_words_parameter(pool, field.value, field.value_len, "name"),
                       *filename = read_filename(&field, pool);
            if (name) part->name = unescaped(apr_pstrdup(pool, name));
            if (filename) part->filename = base_of(unescaped(apr_pstrdup(pool, filename)));
        } else if (ss_header_is(&field, "Content-Type")) {
            part->type = unfolded(&field, pool);
        } else if (ss_header_is(&field, "Content-Transfer-Encoding")) {
            part->encoding = unfolded(&field, pool);
        } else if (ss_header_is(&field, "Content-ID")) {
            int is_bracketed = field.value_len > 2 && field.value[0] == '<' &&
                               field.value[field.value_len - 1] == '>';
            part->cid = apr_pstrmemdup(pool, field.value + is_bracketed,
                                       field.value_len - 2 * (apr_size_t)is_bracketed);
        }
    }
    return got < 0 || !part->name ? -1 : 0;
}

int ss_multipart_delimiter(const char *start, const char *p, const char *end, const char *boundary,
                           int is_whole, const char **content_end, const char **after, int *is_last)
{
    apr_size_t len = strlen(boundary);

    for (; p < end; p++) {
        p = memchr(p, '-', (apr_size_t)(end - p));
        if (!p || (apr_size_t)(end - p) < len + 2) return -1;
        if (p[1] != '-' || memcmp(p + 2, boundary, len)) continue;
        if (p != start && !(p - start >= 2 && p[-2] == '\r' && p[-1] == '\n')) continue;
        const char *q = p + 2 + len, *padding;
        *is_last = end - q >= 2 && q[0] == '-' && q[1] == '-';
        if (*is_last) q += 2;
        for (padding = q;
             q < end && (*q == ' ' || *q == '\t') && q - padding < SS_MULTIPART_PADDING_MAX; q++) {
        }
        if (!(end - q >= 2 && q[0] == '\r' && q[1] == '\n') && !(is_whole && *is_last && q == end))
            continue;
        *content_end = p == start ? p : p - 2;
        *after = q == end ? q : q + 2;
        return 0;
    }
    return -1;
}

/* Where the empty line begins that ends a part's header, or NULL. */
static const char *end_of_header(const char *p, const char *end)
{
    if (end - p >= 2 && p[0] == '\r' && p[1] == '\n') return p;
    for (const char *q = p; q + 3 < end && q - p < PART_HEADER_MAX; q++) {
        if (!memcmp(q, "\r\n\r\n", 4)) return q + 2;
    }
    return NULL;
}

int ss_multipart_read(apr_array_header_t **parts, const char *bytes, apr_size_t len,
                      const char *boundary, const char **why, apr_pool_t *pool)
{
    const char *end = bytes + len, *content_end, *at;
    int is_last;

    *parts = apr_array_make(pool, 8, sizeof(ss_multipart_part_t));
    if (ss_multipart_delimiter(bytes, bytes, end, boundary, 1, &content_end, &at, &is_last)) {
        *why = "its boundary does not occur in the body";
        return -1;
    }
    while (!is_last) {
        ss_multipart_part_t part = { .bytes = NULL };
        const char *header = at, *header_end = end_of_header(at, end);
        if (!header_end ||
            read_part_header(&part, header, (apr_size_t)(header_end - header), pool)) {
            *why = apr_psprintf(pool, "part %d has no header with a name", (*parts)->nelts + 1);
            return -1;
        }
        part.bytes = header_end + 2;
        /* The delimiter of an empty content shares the line end of the empty line. */
        if (ss_multipart_delimiter(bytes, header_end, end, boundary, 1, &content_end, &at,
                                   &is_last)) {
            *why =
                apr_psprintf(pool, "part %d has no end: the body is cut off", (*parts)->nelts + 1);
            return -1;
        }
        part.len = content_end > part.bytes ? (apr_size_t)(content_end - part.bytes) : 0;
        if ((*parts)->nelts >= SS_MULTIPART_PARTS_MAX) {
            *why = "it has too many parts";
            return -1;
        }
        APR_ARRAY_PUSH(*parts, ss_multipart_part_t) = part;
    }
    return 0;
}
