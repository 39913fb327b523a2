#include "mail/lift.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "mail/codec.h"
#include "mail/multipart.h"

#define MARKER "lifted-"
#define MARKER_LEN (sizeof(MARKER) - 1 + 2 * SS_LIFT_TOKEN + 1 + 8)
/* octets of a content read at once: whole lines of base64, and a multiple of four */
#define PIECE 57000
/* octets of a content that may be the start of a delimiter */
#define WINDOW (SS_MULTIPART_LINE_MAX + 2)
#define HEADER_MOST 65536 /* of a part's header; a longer one is left to the parser */

static apr_status_t release(void *self)
{
    ss_lift_t *lift = self;

    ss_buf_free(&lift->doc);
    ss_scratch_close(&lift->file);
    return APR_SUCCESS;
}

void ss_lift_begin(ss_lift_t *lift, ss_lift_kind_t kind, const char *boundary, apr_size_t doc_max,
                   const unsigned char token[SS_LIFT_TOKEN], apr_pool_t *pool)
{
    memset(lift, 0, sizeof(*lift));
    lift->pool = pool;
    lift->kind = kind;
    lift->from = SS_LIFT_FROM;
    lift->boundary = boundary;
    lift->lifted = apr_array_make(pool, 4, sizeof(ss_lift_item_t));
    ss_buf_init(&lift->doc, doc_max);
    ss_scratch_init(&lift->file);
    memcpy(lift->token, MARKER, sizeof(MARKER) - 1);
    apr_escape_hex(lift->token + sizeof(MARKER) - 1, token, SS_LIFT_TOKEN, 0, NULL);
    apr_pool_cleanup_register(pool, lift, release, apr_pool_cleanup_null);
}

/* ---- markers ---- */

const char *ss_lift_marker(const ss_lift_t *lift, const ss_lift_item_t *content, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s-%08x", lift->token,
                        (unsigned)(content - (const ss_lift_item_t *)lift->lifted->elts));
}

static const char *find_token(const ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    return len ? memmem(bytes, len, lift->token, strlen(lift->token)) : NULL;
}

int ss_lift_has(const ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    return lift && find_token(lift, bytes, len) != NULL;
}

ss_lift_item_t *ss_lift_find(const ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    char number[9];

    if (!lift || len != MARKER_LEN || find_token(lift, bytes, len) != bytes) return NULL;
    apr_cpystrn(number, bytes + len - 8, sizeof(number));
    unsigned long i = strtoul(number, NULL, 16);
    return i < (unsigned long)lift->lifted->nelts
               ? &APR_ARRAY_IDX(lift->lifted, (int)i, ss_lift_item_t)
               : NULL;
}

/* ---- lifting ---- */

static void keep(ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    if (lift->failed == APR_SUCCESS) lift->failed = ss_buf_append(&lift->doc, bytes, len);
}

static void put(ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    ss_scratch_put(&lift->file, bytes, len);
    if (lift->failed == APR_SUCCESS) lift->failed = lift->file.failed;
}

/* Moves the content that begins at lift->start to the file, except its last octets; what follows
 * goes there too. */
static void begin_lifting(ss_lift_t *lift)
{
    ss_lift_item_t *content = apr_array_push(lift->lifted);

    if (lift->file.fd < 0) lift->failed = ss_scratch_open(&lift->file, lift->pool);
    *content = (ss_lift_item_t){ .at = lift->file.len, .len = 0 };
    lift->is_lifting = 1;
}

/* Ends a lifted content and puts its marker into the document. */
static const char *end_lifting(ss_lift_t *lift)
{
    ss_lift_item_t *content = &APR_ARRAY_IDX(lift->lifted, lift->lifted->nelts - 1, ss_lift_item_t);

    content->len = lift->file.len - content->at;
    lift->is_lifting = 0;
    return ss_lift_marker(lift, content, lift->pool);
}

/* ---- JSON: the string that is the value of "content" ---- */

/* Whether the document so far ends with "content":, in any case (Postmark writes Content). */
static int is_behind_content(const ss_buf_t *doc)
{
    static const char key[] = "\"content\"";
    const char *end;

    if (!doc->len) return 0;
    end = doc->data + doc->len;
    while (end > doc->data && apr_isspace(end[-1])) end--;
    if (end == doc->data || *--end != ':') return 0;
    while (end > doc->data && apr_isspace(end[-1])) end--;
    return (apr_size_t)(end - doc->data) >= sizeof(key) - 1 &&
           !strncasecmp(end - (sizeof(key) - 1), key, sizeof(key) - 1);
}

/* Octets of a string, up to its quote or a backslash. */
static void string_part(ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    if (lift->is_lifting) {
        put(lift, bytes, len);
        return;
    }
    keep(lift, bytes, len);
    if (!lift->is_file || lift->failed != APR_SUCCESS || lift->doc.len - lift->start <= lift->from)
        return;
    begin_lifting(lift);
    if (lift->failed == APR_SUCCESS)
        put(lift, lift->doc.data + lift->start, lift->doc.len - lift->start);
    lift->doc.len = lift->start;
}

static void string_end(ss_lift_t *lift)
{
    if (lift->is_lifting) keep(lift, end_lifting(lift), MARKER_LEN);
    lift->state = SS_LIFT_OUTSIDE;
}

static void add_json(ss_lift_t *lift, const char *p, const char *end)
{
    while (p < end && lift->failed == APR_SUCCESS) {
        const char *quote = memchr(p, '"', (apr_size_t)(end - p)), *stop = quote ? quote : end;
        if (lift->state == SS_LIFT_OUTSIDE) {
            keep(lift, p, (apr_size_t)(stop - p));
            p = stop;
            if (!quote || lift->failed != APR_SUCCESS) continue;
            lift->is_file = is_behind_content(&lift->doc);
            keep(lift, p++, 1);
            lift->start = lift->doc.len;
            lift->state = SS_LIFT_CONTENT;
        } else if (lift->state == SS_LIFT_ESCAPE) {
            string_part(lift, p++, 1);
            lift->state = SS_LIFT_CONTENT;
        } else {
            const char *escape = memchr(p, '\\', (apr_size_t)(stop - p)),
                       *here = escape ? escape + 1 : stop;
            if (here > p) string_part(lift, p, (apr_size_t)(here - p));
            p = here;
            if (escape) {
                lift->state = SS_LIFT_ESCAPE;
            } else if (quote) {
                string_end(lift);
                keep(lift, p++, 1);
            }
        }
    }
}

/* ---- multipart: the content of a part with a filename ---- */

/* Moves what cannot be part of a delimiter out of the document. */
static void lift_so_far(ss_lift_t *lift, apr_size_t end)
{
    apr_size_t len = end - lift->start;

    put(lift, lift->doc.data + lift->start, len);
    memmove(lift->doc.data + lift->start, lift->doc.data + end, lift->doc.len - end);
    lift->doc.len -= len;
    /* The line end before a delimiter is still in the window; the octets before the window are no
     * longer those that were there. */
    lift->scanned = lift->start + 2;
}

static void content_ends(ss_lift_t *lift, apr_size_t content_end, apr_size_t *after)
{
    char *place;

    if (!lift->is_lifting) return;
    lift_so_far(lift, content_end);
    const char *marker = end_lifting(lift);
    if (lift->failed == APR_SUCCESS) lift->failed = ss_buf_room(&lift->doc, MARKER_LEN, &place);
    if (lift->failed != APR_SUCCESS) return;
    memmove(lift->doc.data + lift->start + MARKER_LEN, lift->doc.data + lift->start,
            lift->doc.len - lift->start);
    memcpy(lift->doc.data + lift->start, marker, MARKER_LEN);
    ss_buf_added(&lift->doc, MARKER_LEN);
    *after = *after - (content_end - lift->start) + MARKER_LEN;
}

/* The end of a part's header. 0: not there yet. */
static int take_header(ss_lift_t *lift)
{
    const char *header = lift->doc.data + lift->start;
    apr_size_t len = lift->doc.len - lift->start;
    const char *end =
        len >= 2 && !memcmp(header, "\r\n", 2) ? header : memmem(header, len, "\r\n\r\n", 4);

    if (!end) {
        if (len > HEADER_MOST) lift->state = SS_LIFT_DONE;
        return 0;
    }
    lift->is_file = memmem(header, (apr_size_t)(end - header), "filename", 8) != NULL;
    lift->start = (apr_size_t)(end - lift->doc.data) + (end == header ? 2 : 4);
    lift->scanned = lift->start - 2;
    lift->state = SS_LIFT_CONTENT;
    return 1;
}

static int take_content(ss_lift_t *lift, int is_whole)
{
    const char *doc = lift->doc.data, *stop, *next;
    int is_last;

    if (!ss_multipart_delimiter(doc, doc + lift->scanned, doc + lift->doc.len, lift->boundary,
                                is_whole, &stop, &next, &is_last)) {
        apr_size_t after = (apr_size_t)(next - doc);
        if (lift->state == SS_LIFT_CONTENT) content_ends(lift, (apr_size_t)(stop - doc), &after);
        lift->state = is_last ? SS_LIFT_DONE : SS_LIFT_HEADER;
        lift->start = lift->scanned = after;
        return 1;
    }
    if (lift->doc.len > WINDOW && lift->doc.len - WINDOW > lift->scanned)
        lift->scanned = lift->doc.len - WINDOW;
    if (lift->state == SS_LIFT_OUTSIDE || !lift->is_file ||
        lift->doc.len - lift->start <= lift->from + WINDOW)
        return 0;
    if (!lift->is_lifting) begin_lifting(lift);
    if (lift->failed == APR_SUCCESS) lift_so_far(lift, lift->doc.len - WINDOW);
    return 0;
}

static void scan_multipart(ss_lift_t *lift, int is_whole)
{
    int goes_on = 1;

    while (goes_on && lift->failed == APR_SUCCESS && lift->state != SS_LIFT_DONE) {
        goes_on = lift->state == SS_LIFT_HEADER ? take_header(lift) : take_content(lift, is_whole);
    }
}

void ss_lift_add(ss_lift_t *lift, const char *bytes, apr_size_t len)
{
    if (lift->failed != APR_SUCCESS || !len) return;
    if (lift->kind == SS_LIFT_JSON) {
        add_json(lift, bytes, bytes + len);
        return;
    }
    keep(lift, bytes, len);
    scan_multipart(lift, 0);
}

void ss_lift_end(ss_lift_t *lift)
{
    apr_size_t after = 0;

    if (lift->failed == APR_SUCCESS && lift->kind == SS_LIFT_MULTIPART && lift->doc.len)
        scan_multipart(lift, 1);
    /* A document that ends within a content is refused by its parser. */
    if (lift->is_lifting && lift->kind == SS_LIFT_MULTIPART)
        content_ends(lift, lift->doc.len, &after);
    else if (lift->is_lifting)
        string_end(lift);
    if (lift->failed == APR_SUCCESS && lift->file.fd >= 0)
        lift->failed = ss_scratch_flush(&lift->file);
}

/* ---- decoding in the file ---- */

typedef struct {
    enum { PLAIN, ESCAPE, HEX } state;
    int digits;
    unsigned value;
} unescape_t;

/* Decodes one octet of a JSON string. -1: nothing yet; -2: cannot be base64. */
static int unescape(unescape_t *u, char c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at;

    switch (u->state) {
    case PLAIN:
        if ((unsigned char)c < 0x20) return -2;
        if (c != '\\') return (unsigned char)c;
        u->state = ESCAPE;
        return -1;
    case ESCAPE:
        u->state = c == 'u' ? HEX : PLAIN;
        u->digits = 0;
        u->value = 0;
        at = c && c != 'u' ? strchr(from, c) : NULL;
        return c == 'u' ? -1 : at ? to[at - from] : -2;
    case HEX: break;
    }
    if (ss_text_hex(c) < 0) return -2;
    u->value = u->value << 4 | (unsigned)ss_text_hex(c);
    if (++u->digits < 4) return -1;
    u->state = PLAIN;
    return u->value && u->value < 0x80 ? (int)u->value : -2;
}

/* In place: the decoded text is shorter. */
int ss_lift_decode(ss_lift_t *lift, ss_lift_item_t *content)
{
    unescape_t u = { PLAIN, 0, 0 };
    ss_codec_base64_t state = { 0, 0, 0 };
    apr_uint64_t read = 0, written = 0;
    char *in = malloc((apr_size_t)3 * PIECE), *text = in ? in + PIECE : NULL,
         *out = in ? text + PIECE : NULL;
    apr_status_t rv = in ? APR_SUCCESS : APR_ENOMEM;
    int bad = 0;

    if (content->is_decoded) {
        free(in);
        return 0;
    }
    while (rv == APR_SUCCESS && !bad && read < content->len) {
        apr_size_t n = content->len - read < PIECE ? (apr_size_t)(content->len - read) : PIECE,
                   len = 0, more = 0;
        rv = ss_scratch_read(&lift->file, content->at + read, in, n);
        for (apr_size_t i = 0; rv == APR_SUCCESS && i < n && !bad; i++) {
            int c = lift->kind == SS_LIFT_JSON ? unescape(&u, in[i]) : (unsigned char)in[i];
            bad = c == -2;
            if (c >= 0) text[len++] = (char)c;
        }
        read += n;
        bad = bad || ss_codec_base64_more(&state, text, len, 1, out, &more);
        if (rv == APR_SUCCESS && !bad)
            rv = ss_scratch_write(&lift->file, content->at + written, out, more);
        written += more;
    }
    apr_size_t last = 0;
    bad = bad || u.state != PLAIN || ss_codec_base64_end(&state, 1, out, &last);
    if (rv == APR_SUCCESS && !bad)
        rv = ss_scratch_write(&lift->file, content->at + written, out, last);
    content->len = written + last;
    content->is_decoded = rv == APR_SUCCESS && !bad;
    free(in);
    if (rv != APR_SUCCESS) lift->failed = rv;
    return bad || rv != APR_SUCCESS ? -1 : 0;
}

static apr_status_t free_bytes(void *bytes)
{
    free(bytes);
    return APR_SUCCESS;
}

apr_status_t ss_lift_take_back(const ss_lift_t *lift, const ss_lift_item_t *content, char **bytes,
                               apr_pool_t *pool)
{
    apr_size_t len = (apr_size_t)content->len;

    *bytes = malloc(len + 1);
    if (!*bytes) return APR_ENOMEM;
    (*bytes)[len] = '\0';
    apr_pool_cleanup_register(pool, *bytes, free_bytes, apr_pool_cleanup_null);
    return ss_scratch_read(&lift->file, content->at, *bytes, len);
}

/* ---- lowering ---- */

static apr_status_t put_content(ss_lift_t *lift, const ss_lift_item_t *content, ss_scratch_t *out)
{
    apr_uint64_t at = 0;
    char *in = malloc(PIECE);
    apr_status_t rv = in ? APR_SUCCESS : APR_ENOMEM;
    apr_pool_t *pool;

    apr_pool_create(&pool, lift->pool);
    while (rv == APR_SUCCESS && at < content->len) {
        apr_size_t n = content->len - at < PIECE ? (apr_size_t)(content->len - at) : PIECE, len;
        rv = ss_scratch_read(&lift->file, content->at + at, in, n);
        if (rv == APR_SUCCESS) {
            const char *coded = ss_codec_base64(pool, in, n, 76, &len);
            ss_scratch_put(out, coded, len);
        }
        at += n;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    free(in);
    return rv;
}

apr_status_t ss_lift_lower(ss_lift_t *lift, const char *bytes, apr_size_t len, apr_size_t *head_len,
                           ss_scratch_t *out)
{
    const char *p = bytes, *end = bytes + len, *marker = find_token(lift, bytes, len);
    apr_status_t rv = APR_SUCCESS;

    *head_len = marker ? (apr_size_t)(marker - bytes) : len;
    for (; marker && rv == APR_SUCCESS; marker = find_token(lift, p, (apr_size_t)(end - p))) {
        const ss_lift_item_t *content = (apr_size_t)(end - marker) >= MARKER_LEN
                                            ? ss_lift_find(lift, marker, MARKER_LEN)
                                            : NULL;
        if (!content) return APR_EGENERAL;
        if (p > bytes) ss_scratch_put(out, p, (apr_size_t)(marker - p));
        rv = put_content(lift, content, out);
        p = marker + MARKER_LEN;
        /* The last line of the content has its line end. */
        if (end - p >= 2 && !memcmp(p, "\r\n", 2)) p += 2;
    }
    if (rv == APR_SUCCESS && p > bytes) ss_scratch_put(out, p, (apr_size_t)(end - p));
    return rv != APR_SUCCESS || p == bytes ? rv : ss_scratch_flush(out);
}
