#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

const char *ss_text_escape_log(apr_pool_t *pool, const char *bytes, apr_size_t len)
{
    static const char hex[] = "0123456789abcdef";
    char *out = apr_palloc(pool, len * 4 + 1), *p = out;

    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            *p++ = (char)c;
        } else {
            *p++ = '\\';
            *p++ = 'x';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        }
    }
    *p = '\0';
    return out;
}

int ss_text_utf8_length(const unsigned char *p, apr_size_t left)
{
    unsigned c = p[0];
    int len = c < 0x80                ? 1
              : c >= 0xc2 && c < 0xe0 ? 2
              : c >= 0xe0 && c < 0xf0 ? 3
              : c >= 0xf0 && c < 0xf5 ? 4
                                      : 0;

    if (!len || (apr_size_t)len > left) return 0;
    for (int i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    if (c == 0xe0 && p[1] < 0xa0) return 0;
    if (c == 0xed && p[1] > 0x9f) return 0;
    if (c == 0xf0 && p[1] < 0x90) return 0;
    if (c == 0xf4 && p[1] > 0x8f) return 0;
    return len;
}

int ss_text_is_ascii(const char *bytes, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if ((unsigned char)bytes[i] > 127) return 0;
    }
    return 1;
}

int ss_text_has_8bit(const char *text)
{
    return !ss_text_is_ascii(text, strlen(text));
}

static int is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

int ss_text_has_control(const char *text)
{
    while (*text && !is_control(*text)) text++;
    return *text != '\0';
}

char *ss_text_blank_controls(char *text)
{
    for (char *p = text; *p; p++) {
        if (is_control(*p)) *p = ' ';
    }
    return text;
}

int ss_text_hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *ss_text_utf8(apr_pool_t *pool, const char *bytes, apr_size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + len;
    char *out = apr_palloc(pool, len * 3 + 1), *o = out;

    while (p < end) {
        int n = *p ? ss_text_utf8_length(p, (apr_size_t)(end - p)) : 0;
        if (n) {
            memcpy(o, p, (apr_size_t)n);
            o += n;
            p += n;
        } else {
            memcpy(o, "\xef\xbf\xbd", 3);
            o += 3;
            p++;
        }
    }
    *o = '\0';
    return out;
}

unsigned ss_text_code_point(const unsigned char *p, int len)
{
    if (len == 1) return p[0];
    unsigned c = p[0] & (0xffu >> (len + 1));
    for (int i = 1; i < len; i++) c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Whether a terminal obeys the character instead of showing it. */
static int is_obeyed(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* What a terminal obeys, as text. Returns its length; out NULL: only counts. */
static apr_size_t visible(char *out, const char *valid, apr_size_t len, ss_text_form_t form)
{
    const char *p = valid, *end = valid + len;
    apr_size_t used = 0;

    while (p < end) {
        int n = ss_text_utf8_length((const unsigned char *)p, (apr_size_t)(end - p));
        unsigned c = ss_text_code_point((const unsigned char *)p, n);
        int is_end = c == '\n' || c == '\r' || c == '\t';
        char as[8] = { 0 };
        if (is_end && (form == SS_TEXT_ONE_LINE || (form == SS_TEXT_LINES && c == '\t')))
            as[0] = ' ';
        else if (is_obeyed(c) && !(is_end && (form == SS_TEXT_JSON || c == '\n')))
            apr_snprintf(as, sizeof(as), form == SS_TEXT_JSON || c > 0xff ? "\\u%04x" : "\\x%02x",
                         c);
        else
            memcpy(as, p, (apr_size_t)n);
        apr_size_t more = strlen(as);
        if (out) memcpy(out + used, as, more);
        used += more;
        p += n;
    }
    return used;
}

const char *ss_text_visible(apr_pool_t *pool, const char *bytes, apr_size_t len,
                            ss_text_form_t form)
{
    const char *valid = ss_text_utf8(pool, bytes, len);
    apr_size_t valid_len = strlen(valid), out_len = visible(NULL, valid, valid_len, form);
    char *out = apr_palloc(pool, out_len + 1);

    visible(out, valid, valid_len, form);
    out[out_len] = '\0';
    return out;
}

/* The character at p as it is shown; returns its octets. */
static int show_one(char as[8], const unsigned char *p, apr_size_t left)
{
    int n = *p ? ss_text_utf8_length(p, left) : 0;
    unsigned c = n ? ss_text_code_point(p, n) : *p;

    if (n && !is_obeyed(c) && !(c >= 0x200b && c <= 0x200d) && c != 0xfeff && c != 0x2060) {
        memcpy(as, p, (apr_size_t)n);
        as[n] = '\0';
        return n;
    }
    apr_snprintf(as, 8, n > 1 ? "\\u%04x" : "\\x%02x", c);
    return n ? n : 1;
}

void ss_text_show(char *out, apr_size_t size, const char *bytes, apr_size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + len;
    apr_size_t used = 0, cut = 0; /* cut: where "..." fits */
    char as[8];

    while (p < end) {
        int n = show_one(as, p, (apr_size_t)(end - p));
        apr_size_t more = strlen(as);
        if (used + more >= size) {
            apr_cpystrn(out + cut, "...", size - cut);
            return;
        }
        memcpy(out + used, as, more);
        used += more;
        if (used + 4 <= size) cut = used;
        p += n;
    }
    out[used] = '\0';
}

const char *ss_text_quote(apr_pool_t *pool, const char *bytes, apr_size_t len, apr_size_t max)
{
    char *out = apr_palloc(pool, max + 1);

    ss_text_show(out, max + 1, bytes, len);
    return out;
}

const char *ss_text_escape_html(apr_pool_t *pool, const char *text)
{
    const char *clean = ss_text_utf8(pool, text, strlen(text));
    char *out = apr_palloc(pool, strlen(clean) * 6 + 1), *o = out;

    for (const char *p = clean; *p; p++) {
        const char *as = *p == '&'    ? "&amp;"
                         : *p == '<'  ? "&lt;"
                         : *p == '>'  ? "&gt;"
                         : *p == '"'  ? "&quot;"
                         : *p == '\'' ? "&#39;"
                                      : NULL;
        if (as) {
            apr_size_t n = strlen(as);
            memcpy(o, as, n);
            o += n;
        } else {
            *o++ = *p;
        }
    }
    *o = '\0';
    return out;
}
