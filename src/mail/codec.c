#include "mail/codec.h"

#include <string.h>

#include "base/text.h"

#define QP_LINE 76

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ss_codec_is_utf8(const char *bytes, apr_size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    int n;

    for (apr_size_t i = 0; i < len; i += (apr_size_t)n) {
        n = ss_text_utf8_length(p + i, len - i);
        if (!n) return 0;
    }
    return 1;
}

apr_size_t ss_codec_cut(const char *text, apr_size_t len, apr_size_t max)
{
    if (len <= max) return len;
    while (max && ((unsigned char)text[max] & 0xC0) == 0x80) max--;
    return max;
}

apr_size_t ss_codec_base64_room(apr_size_t len, apr_size_t line_len)
{
    apr_size_t groups = (len + 2) / 3, per_line = line_len / 4;

    return groups * 4 + (per_line ? (groups / per_line + 1) * 2 : 0) + 1;
}

apr_size_t ss_codec_base64_to(char *place, const char *bytes, apr_size_t len, apr_size_t line_len)
{
    const unsigned char *in = (const unsigned char *)bytes;
    apr_size_t groups = (len + 2) / 3, per_line = line_len / 4;
    char *out = place;

    for (apr_size_t g = 0; g < groups; g++) {
        apr_size_t left = len - g * 3;
        unsigned v = (unsigned)in[g * 3] << 16 | (left > 1 ? (unsigned)in[g * 3 + 1] << 8 : 0) |
                     (left > 2 ? in[g * 3 + 2] : 0u);
        *out++ = alphabet[v >> 18];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = left > 1 ? alphabet[v >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[v & 63] : '=';
        if (per_line && ((g + 1) % per_line == 0 || g + 1 == groups)) {
            *out++ = '\r';
            *out++ = '\n';
        }
    }
    *out = '\0';
    return (apr_size_t)(out - place);
}

char *ss_codec_base64(apr_pool_t *pool, const char *bytes, apr_size_t len, apr_size_t line_len,
                      apr_size_t *out_len)
{
    char *place = apr_palloc(pool, ss_codec_base64_room(len, line_len));
    apr_size_t coded = ss_codec_base64_to(place, bytes, len, line_len);

    if (out_len) *out_len = coded;
    return place;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int ss_codec_base64_more(ss_codec_base64_t *state, const char *text, apr_size_t len, int strict,
                         char *out, apr_size_t *out_len)
{
    char *to = out;
    apr_size_t last;

    for (apr_size_t i = 0; i < len; i++) {
        int s = sextet(text[i]);
        if (text[i] == '=') {
            state->padding++;
            if (strict || state->count < 2) continue;
            /* A piece ends, and another one may follow. */
            ss_codec_base64_end(state, 0, to, &last);
            to += last;
            state->count = 0;
        } else if (s < 0) {
            if (strict && (!text[i] || !strchr(" \t\r\n", text[i]))) return -1;
        } else {
            if (state->padding && strict) return -1;
            state->value = state->value << 6 | (unsigned)s;
            state->count = (state->count + 1) & 3;
            if (state->count) continue;
            *to++ = (char)(state->value >> 16);
            *to++ = (char)(state->value >> 8);
            *to++ = (char)state->value;
        }
    }
    *out_len = (apr_size_t)(to - out);
    return 0;
}

int ss_codec_base64_end(const ss_codec_base64_t *state, int strict, char *out, apr_size_t *out_len)
{
    char *to = out;

    if (strict && (state->count == 1 || state->padding > 2 ||
                   (state->padding && ((state->count + state->padding) & 3))))
        return -1;
    if (state->count >= 2)
        *to++ = (char)(state->count == 2 ? state->value >> 4 : state->value >> 10);
    if (state->count == 3) *to++ = (char)(state->value >> 2);
    *out_len = (apr_size_t)(to - out);
    return 0;
}

int ss_codec_base64_read(apr_pool_t *pool, const char *text, apr_size_t len, int strict, char **out,
                         apr_size_t *out_len)
{
    ss_codec_base64_t state = { 0, 0, 0 };
    apr_size_t more = 0, last = 0;

    *out = apr_palloc(pool, len / 4 * 3 + 4);
    if (ss_codec_base64_more(&state, text, len, strict, *out, &more) ||
        ss_codec_base64_end(&state, strict, *out + more, &last))
        return -1;
    *out_len = more + last;
    (*out)[*out_len] = '\0';
    return 0;
}

/* Whether the byte at i needs no encoding. White space at the end of a line does, and so do "." and
 * "From" at its start, which some servers change. */
static int is_plain(const char *in, apr_size_t i, apr_size_t len, apr_size_t column)
{
    unsigned char c = (unsigned char)in[i];

    if (c == ' ' || c == '\t') return i + 1 < len && in[i + 1] != '\r' && in[i + 1] != '\n';
    if (c == '=' || c < 33 || c > 126) return 0;
    if (column == 0 && c == '.') return 0;
    return !(column == 0 && c == 'F' && len - i >= 5 && !memcmp(in + i, "From ", 5));
}

/* Worst case: three characters a byte, and a soft line end after every 24 of them. */
apr_size_t ss_codec_qp_room(apr_size_t len)
{
    return len * 3 + len / 20 * 3 + 8;
}

apr_size_t ss_codec_qp_to(char *place, const char *bytes, apr_size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = place;
    apr_size_t column = 0;

    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        int plain;
        if (c == '\r' && i + 1 < len && bytes[i + 1] == '\n') {
            *out++ = '\r';
            *out++ = '\n';
            column = 0;
            i++;
            continue;
        }
        plain = is_plain(bytes, i, len, column);
        if (column + (plain ? 1 : 3) > QP_LINE - 1) {
            memcpy(out, "=\r\n", 3);
            out += 3;
            column = 0;
            plain = is_plain(bytes, i, len, column);
        }
        if (plain)
            *out++ = (char)c;
        else {
            *out++ = '=';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        }
        column += plain ? 1 : 3;
    }
    *out = '\0';
    return (apr_size_t)(out - place);
}

char *ss_codec_qp(apr_pool_t *pool, const char *bytes, apr_size_t len, apr_size_t *out_len)
{
    char *place = apr_palloc(pool, ss_codec_qp_room(len));

    *out_len = ss_codec_qp_to(place, bytes, len);
    return place;
}

char *ss_codec_qp_read(apr_pool_t *pool, const char *text, apr_size_t len, apr_size_t *out_len)
{
    char *start = apr_palloc(pool, len + 1), *out = start;

    for (apr_size_t i = 0; i < len; i++) {
        apr_size_t skip = i + 1;
        if (text[i] != '=') {
            *out++ = text[i];
            continue;
        }
        if (len - i > 2 && ss_text_hex(text[i + 1]) >= 0 && ss_text_hex(text[i + 2]) >= 0) {
            *out++ = (char)(ss_text_hex(text[i + 1]) << 4 | ss_text_hex(text[i + 2]));
            i += 2;
            continue;
        }
        while (skip < len && (text[skip] == ' ' || text[skip] == '\t')) skip++;
        if (skip == len) break;
        if (text[skip] == '\r' && len - skip > 1 && text[skip + 1] == '\n')
            i = skip + 1;
        else if (text[skip] == '\n')
            i = skip;
        else
            *out++ = '=';
    }
    *out = '\0';
    *out_len = (apr_size_t)(out - start);
    return start;
}

/* One line of a uuencoded file: how many octets it gave; 0: the last one; -1: it is no such line.
 */
static int uu_line(char *out, const char *p, apr_size_t len)
{
    int count = len ? (p[0] - 32) & 63 : 0;

    if (len == 3 && !memcmp(p, "end", 3)) return 0;
    /* Blanks at the end of a line get lost on the way; a few may. */
    if (len && (p[0] < 32 || p[0] > 96 || (apr_size_t)count > len)) return -1;
    for (int i = 0; i < count; i++) {
        unsigned v[2];
        for (int half = 0; half < 2; half++) {
            apr_size_t at = 1 + (apr_size_t)(i / 3 * 4 + i % 3 + half);
            char c = at < len ? p[at] : ' ';
            if (c < 32 || c > 96) return -1;
            v[half] = (unsigned)(c - 32) & 63;
        }
        out[i] = (char)(v[0] << (2 + i % 3 * 2) | v[1] >> (4 - i % 3 * 2));
    }
    return count;
}

int ss_codec_uu_read(apr_pool_t *pool, const char *text, apr_size_t len, char **out,
                     apr_size_t *out_len)
{
    const char *p = text, *end = text + len;
    int count = 1, is_begun = 0;

    *out = apr_palloc(pool, len + 1);
    *out_len = 0;
    while (p < end && count) {
        const char *lf = memchr(p, '\n', (apr_size_t)(end - p)), *stop = lf ? lf : end;
        if (stop > p && stop[-1] == '\r') stop--;
        if (is_begun) {
            count = uu_line(*out + *out_len, p, (apr_size_t)(stop - p));
            if (count < 0) return -1;
            *out_len += (apr_size_t)count;
        } else if (stop - p > 6 && !memcmp(p, "begin ", 6)) {
            is_begun = 1;
        }
        p = lf ? lf + 1 : end;
    }
    return is_begun && !count ? 0 : -1;
}
