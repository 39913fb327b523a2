/* header_parameters.c: parameters with octets above 127 as RFC 2231 has them. A parameter in
 * sections ("name*0") is put together first, since only its first section names a character set. */
#include "mail/header_parameters.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "mail/words.h"

/* of one field: those behind it are left out of what is put together */
#define PARAMETERS_MAX 1000
#define SECTION 56 /* octets of a value in one section */
/* an ASCII value that is longer is written in sections */
#define LONG 900

typedef struct {
    const char *start, *end; /* with the blanks in front, without its semicolon */
    const char *name;
    apr_size_t name_len, base_len; /* base: without "*0" and "*" */
    const char *value;             /* NULL: it is no parameter */
    int is_extended, is_section, must_change, is_done;
} parameter_t;

typedef struct {
    ss_buf_t *out;
    parameter_t *list;
    int count;
    const char *charset;
    apr_pool_t *pool;
    ss_header_encoding_t result;
} write_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The semicolon that ends what begins at p, or end. */
static const char *part_end(const char *p, const char *end)
{
    for (; p < end && *p != ';'; p++) {
        if (*p != '"') continue;
        const char *q = p + 1;
        while (q < end && *q != '"') q += *q == '\\' && q + 1 < end ? 2 : 1;
        if (q >= end) break; /* it does not close */
        p = q;
    }
    while (p < end && *p != ';') p++;
    return p;
}

static void read_parameter(parameter_t *a, const char *start, const char *end)
{
    const char *p = start;

    memset(a, 0, sizeof(*a));
    a->start = start;
    a->end = end;
    while (p < end && is_blank(*p)) p++;
    a->name = p;
    while (p < end && (unsigned char)*p < 128 && *p != '=' && !is_blank(*p)) p++;
    a->name_len = a->base_len = (apr_size_t)(p - a->name);
    while (p < end && is_blank(*p)) p++;
    if (p == end || *p != '=' || !a->name_len) return;
    for (p++; p < end && is_blank(*p);) p++;
    a->value = p;
    a->must_change = !ss_text_is_ascii(start, (apr_size_t)(end - start)) || end - p > LONG;
    if (a->base_len > 1 && a->name[a->base_len - 1] == '*') {
        a->is_extended = 1;
        a->base_len--;
    }
    apr_size_t digits = a->base_len;
    while (digits && apr_isdigit(a->name[digits - 1])) digits--;
    if (digits < a->base_len && digits > 1 && a->name[digits - 1] == '*') {
        a->is_section = 1;
        a->base_len = digits - 1;
    }
}

/* Appends the octets that the value means. */
static void add_value(ss_buf_t *text, const parameter_t *a, const char *p, const char *end)
{
    int is_quoted = p < end && *p == '"';

    while (!is_quoted && end > p && is_blank(end[-1])) end--;
    for (p += is_quoted; p < end && !(is_quoted && *p == '"'); p++) {
        int high = -1, low = -1;
        if (*p == '\r' || *p == '\n') continue;
        /* Some programs write paths of files: only what must be is quoted. */
        if (is_quoted && *p == '\\' && p + 1 < end && (p[1] == '"' || p[1] == '\\')) p++;
        if (a->is_extended && *p == '%' && end - p > 2) {
            high = ss_text_hex(p[1]);
            low = ss_text_hex(p[2]);
        }
        char c = high >= 0 && low >= 0 ? (char)(high * 16 + low) : *p;
        ss_buf_append(text, &c, 1);
        if (high >= 0 && low >= 0) p += 2;
    }
}

/* "utf-8'en'" in front of an extended value: the character set, and p behind it. */
static const char *charset_of(const char **p, const char *end, apr_pool_t *pool)
{
    const char *first = memchr(*p, '\'', (apr_size_t)(end - *p)),
               *second = first ? memchr(first + 1, '\'', (apr_size_t)(end - first - 1)) : NULL;

    if (!second) return NULL;
    const char *charset = apr_pstrmemdup(pool, *p, (apr_size_t)(first - *p));
    *p = second + 1;
    return charset;
}

static int is_same(const parameter_t *a, const parameter_t *b)
{
    return b->value && a->base_len == b->base_len && !strncasecmp(a->name, b->name, a->base_len);
}

static int is_plain(char c)
{
    return apr_isalnum(c) || (c && strchr("-._~!#$&+^`|", c));
}

/* Writes "; name*=utf-8''value", or in sections. */
static void put_extended(write_t *w, const parameter_t *a, const char *text)
{
    apr_size_t coded = 0;

    for (const char *p = text; *p; p++) coded += is_plain(*p) ? 1 : 3;
    for (int section = 0; !section || *text; section++) {
        apr_size_t used = 0;
        ss_buf_printf(w->out, "%s%.*s*", section ? ";\r\n " : "", (int)a->base_len, a->name);
        if (coded > SECTION) ss_buf_printf(w->out, "%d*", section);
        ss_buf_puts(w->out, section ? "=" : "=utf-8''");
        while (*text && (coded <= SECTION || used < SECTION)) {
            int len = ss_text_utf8_length((const unsigned char *)text, strlen(text));
            used += len > 1 || !is_plain(*text) ? 3 * (apr_size_t)(len ? len : 1) : 1;
            for (int i = 0; i < (len ? len : 1); i++, text++) {
                if (is_plain(*text))
                    ss_buf_append(w->out, text, 1);
                else
                    ss_buf_printf(w->out, "%%%02X", (unsigned char)*text);
            }
        }
    }
}

/* Writes all sections of a parameter as one value in UTF-8. */
static void put_changed(write_t *w, parameter_t *a)
{
    const char *charset = NULL;
    ss_buf_t text;

    /* The delimiters cannot change with it. */
    if (ss_text_is(a->name, a->base_len, "boundary")) w->result = SS_HEADER_HAS_ID;
    ss_buf_init(&text, (apr_size_t)(w->list[w->count - 1].end - a->start) + 1);
    for (parameter_t *b = a; b < w->list + w->count; b++) {
        if (b != a && (!a->is_section || !b->is_section)) continue;
        if (!is_same(a, b)) continue;
        const char *p = b->value;
        const char *set = b->is_extended && b == a ? charset_of(&p, b->end, w->pool) : NULL;
        if (set) charset = set;
        add_value(&text, b, p, b->end);
        b->is_done = 1;
    }
    const char *octets = ss_buf_text(&text);
    if (octets)
        put_extended(
            w, a,
            ss_words_utf8(w->pool, charset && *charset ? charset : w->charset, octets, text.len));
    ss_buf_free(&text);
}

/* A section that must change takes all others with it. */
static void spread(write_t *w)
{
    for (int i = 0; i < w->count; i++) {
        const parameter_t *a = &w->list[i];
        if (!a->must_change || !a->is_section) continue;
        for (int j = 0; j < w->count; j++)
            w->list[j].must_change |= w->list[j].is_section && is_same(a, &w->list[j]);
    }
}

/* Where octets above 127 begin only behind a quoted value: what is there; else NULL. */
static const char *behind_value(const parameter_t *a)
{
    if (!a->value || !a->must_change || a->value == a->end || *a->value != '"') return NULL;
    const char *p = a->value + 1;
    while (p < a->end && *p != '"') p += *p == '\\' && p + 1 < a->end ? 2 : 1;
    if (p++ >= a->end || !ss_text_is_ascii(a->start, (apr_size_t)(p - a->start)) ||
        ss_text_is_ascii(p, (apr_size_t)(a->end - p)))
        return NULL;
    return p;
}

static void put_parameter(write_t *w, parameter_t *a)
{
    apr_size_t blanks = (apr_size_t)(a->name - a->start), len = (apr_size_t)(a->end - a->start);

    if (a->is_done) return;
    ss_buf_append(w->out, ";", 1);
    const char *rest = behind_value(a);
    if (rest) {
        /* A semicolon is missing. */
        ss_buf_append(w->out, a->start, (apr_size_t)(rest - a->start));
        const char *text = ss_words_utf8(w->pool, w->charset, rest, (apr_size_t)(a->end - rest));
        ss_header_encode(w->out, SS_HEADER_TRACE, text, strlen(text), w->pool);
    } else if (a->value && a->must_change) {
        ss_buf_append(w->out, a->start, blanks);
        if (!blanks) ss_buf_append(w->out, " ", 1);
        put_changed(w, a);
    } else if (ss_text_is_ascii(a->start, len)) {
        ss_buf_append(w->out, a->start, len);
    } else {
        const char *text = ss_words_utf8(w->pool, w->charset, a->start, len);
        ss_header_encode(w->out, SS_HEADER_TRACE, text, strlen(text), w->pool);
    }
}

ss_header_encoding_t ss_header_parameters(ss_buf_t *out, const char *value, apr_size_t len,
                                          const char *charset, apr_pool_t *pool)
{
    const char *end = value + len, *p = part_end(value, end);
    write_t w = { .out = out, .charset = charset };
    const char *text;

    apr_pool_create(&w.pool, pool);
    text = ss_words_utf8(w.pool, charset, value, (apr_size_t)(p - value));
    ss_header_encode(out, SS_HEADER_TRACE, text, strlen(text), w.pool);
    w.list = apr_palloc(w.pool, sizeof(parameter_t) * PARAMETERS_MAX);
    while (p < end && w.count < PARAMETERS_MAX) {
        const char *stop = part_end(p + 1, end);
        read_parameter(&w.list[w.count++], p + 1, stop);
        p = stop;
    }
    spread(&w);
    for (int i = 0; i < w.count; i++) put_parameter(&w, &w.list[i]);
    if (p < end) {
        text = ss_words_utf8(w.pool, charset, p, (apr_size_t)(end - p));
        ss_header_encode(out, SS_HEADER_TRACE, text, strlen(text), w.pool);
    }
    apr_pool_destroy(w.pool);
    return w.result;
}
