/* words.c: encoded words and parameters. Other character sets than UTF-8 are converted with iconv.
 * The work for one value is bounded, whatever it says. */
#include "mail/words.h"

#include <apr_strings.h>
#include <iconv.h>
#include <string.h>

#include "base/text.h"
#include "mail/codec.h"

/* octets in one encoded word: 45 octets are 60 in base64, 72 with =?utf-8?B??=; 75 are allowed */
#define WORD_BYTES 45
#define CHARSET_MAX 40
/* sets of one pool, which is mostly one message's: opening one takes 10 us, or a look at the disk;
 * of further ones only ASCII is read */
#define CHARSETS_MAX 8
/* octets of one encoded word: 75 are allowed, and some programs write them longer; what is longer
 * is no word */
#define WORD_MAX 4096
/* words of one value: what comes after them is left out */
#define WORDS_MAX 1000
/* octets of an ASCII word of our own texts: a longer one may not fit into a line */
#define PLAIN_MAX 900

/* The converters that a pool's words needed, closed with it; (iconv_t)-1: the set is unknown. */
typedef struct {
    struct {
        char name[CHARSET_MAX];
        iconv_t cd;
    } sets[CHARSETS_MAX];
    int count;
} converters_t;

static apr_status_t close_converters(void *self)
{
    converters_t *c = self;

    for (int i = 0; i < c->count; i++) {
        if (c->sets[i].cd != (iconv_t)-1) iconv_close(c->sets[i].cd);
    }
    return APR_SUCCESS;
}

static converters_t *converters_of(apr_pool_t *pool)
{
    static const char key[] = "ss_words";
    void *found = NULL;

    apr_pool_userdata_get(&found, key, pool);
    if (found) return found;
    converters_t *c = apr_pcalloc(pool, sizeof(*c));
    apr_pool_userdata_setn(c, key, close_converters, pool);
    return c;
}

/* (iconv_t)-1: unknown, or one set too many. */
static iconv_t converter(apr_pool_t *pool, const char *charset)
{
    converters_t *c = converters_of(pool);

    for (int i = 0; i < c->count; i++) {
        if (!ss_text_same(c->sets[i].name, charset)) continue;
        if (c->sets[i].cd != (iconv_t)-1) iconv(c->sets[i].cd, NULL, NULL, NULL, NULL);
        return c->sets[i].cd;
    }
    if (c->count == CHARSETS_MAX) return (iconv_t)-1;
    apr_cpystrn(c->sets[c->count].name, charset, CHARSET_MAX);
    c->sets[c->count].cd = iconv_open("UTF-8", charset);
    return c->sets[c->count++].cd;
}

/* Converts any character set to UTF-8. What cannot be converted becomes a question mark; in an
 * unknown character set every octet above 127 becomes U+FFFD. */
static const char *to_utf8(apr_pool_t *pool, const char *charset, const char *bytes, apr_size_t len)
{
    char *in = (char *)(apr_uintptr_t)bytes, *out, *start;
    apr_size_t room = len * 4 + 4;

    if (ss_text_same(charset, "utf-8") || ss_text_same(charset, "us-ascii"))
        return ss_text_utf8(pool, bytes, len);
    iconv_t cd = converter(pool, charset);
    if (cd == (iconv_t)-1) return ss_text_utf8(pool, bytes, len);
    start = out = apr_palloc(pool, room + 1);
    while (len && iconv(cd, &in, &len, &out, &room) == (size_t)-1 && len && room > 3) {
        *out++ = '?';
        room--;
        in++;
        len--;
    }
    return ss_text_utf8(pool, start, (apr_size_t)(out - start));
}

/* Whether ASCII means the same in a character set: not in UTF-16 or UTF-7. */
static int extends_ascii(iconv_t cd)
{
    static const char probe[] =
        " !\"#$%&'()*+,-./"
        "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz";
    char made[4 * sizeof(probe)], *in = (char *)(apr_uintptr_t)probe, *out = made;
    apr_size_t len = sizeof(probe) - 1, room = sizeof(made);

    return iconv(cd, &in, &len, &out, &room) == 0 && out - made == sizeof(probe) - 1 &&
           !memcmp(made, probe, sizeof(probe) - 1);
}

static const char *from_windows(apr_pool_t *pool, const char *bytes, apr_size_t len)
{
    /* 0x80 to 0x9F; what is not assigned stays the control character of ISO-8859-1 */
    static const unsigned short codes[32] = {
        0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
        0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178
    };
    char *start = apr_palloc(pool, len * 3 + 1), *out = start;

    for (apr_size_t i = 0; i < len; i++) {
        unsigned code = (unsigned char)bytes[i];
        if (code >= 0x80 && code < 0xA0) code = codes[code - 0x80];
        if (code >= 0x800) *out++ = (char)(0xE0 | code >> 12);
        if (code >= 0x800) *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        if (code >= 0x80 && code < 0x800) *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(code < 0x80 ? code : 0x80 | (code & 0x3F));
    }
    *out = '\0';
    return start;
}

const char *ss_words_utf8(apr_pool_t *pool, const char *charset, const char *bytes, apr_size_t len)
{
    if (ss_codec_is_utf8(bytes, len)) return apr_pstrmemdup(pool, bytes, len);
    iconv_t cd = charset && strlen(charset) < CHARSET_MAX &&
                         ss_text_word_index("utf-8 us-ascii iso-8859-1 latin1", charset) < 0
                     ? converter(pool, charset)
                     : (iconv_t)-1;
    if (cd != (iconv_t)-1 && extends_ascii(cd)) {
        apr_size_t room = len * 4 + 4;
        char *in = (char *)(apr_uintptr_t)bytes, *start = apr_palloc(pool, room + 1), *out = start;
        apr_size_t left = len;
        if (iconv(cd, &in, &left, &out, &room) != (size_t)-1 && !left) {
            *out = '\0';
            return start;
        }
    }
    return from_windows(pool, bytes, len);
}

/* Decodes the encoded word at p ("=?charset?Q?text?="): its text, and *end after it; NULL: not an
 * encoded word. */
static const char *word(apr_pool_t *pool, const char *p, const char *limit, const char **end)
{
    const char *charset = p + 2, *mark, *text, *stop, *star;
    char name[CHARSET_MAX], *bytes;
    apr_size_t len;

    if (limit - p > WORD_MAX) limit = p + WORD_MAX;
    if (limit - p < 8 || p[0] != '=' || p[1] != '?') return NULL;
    mark = memchr(charset, '?', (apr_size_t)(limit - charset));
    if (!mark || limit - mark < 4 || mark[2] != '?' || mark == charset ||
        mark - charset >= CHARSET_MAX)
        return NULL;
    text = mark + 3;
    for (stop = text; stop + 1 < limit && !(stop[0] == '?' && stop[1] == '='); stop++) {
        if (*stop == ' ' || *stop == '\r' || *stop == '\n') return NULL;
    }
    if (stop + 1 >= limit) return NULL;
    apr_cpystrn(name, charset, (apr_size_t)(mark - charset) + 1);
    star = strchr(name, '*'); /* RFC 2231 5: a language may follow */
    if (star) name[star - name] = '\0';
    if (mark[1] == 'B' || mark[1] == 'b') {
        ss_codec_base64_read(pool, text, (apr_size_t)(stop - text), 0, &bytes, &len);
    } else if (mark[1] == 'Q' || mark[1] == 'q') {
        char *blanks = apr_pstrmemdup(pool, text, (apr_size_t)(stop - text));
        for (char *c = blanks; *c; c++) {
            if (*c == '_') *c = ' ';
        }
        bytes = ss_codec_qp_read(pool, blanks, strlen(blanks), &len);
    } else
        return NULL;
    *end = stop + 2;
    return to_utf8(pool, name, bytes, len);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *ss_words_decode(apr_pool_t *pool, const char *value, apr_size_t len, apr_size_t max)
{
    const char *p = value, *limit = value + len, *end;
    apr_size_t used = 0, after_word = 0;
    char *out;
    int needs = 0, words = 0;

    while (p < limit && is_blank(*p)) p++;
    while (limit > p && is_blank(limit[-1])) limit--;
    for (const char *c = p; c < limit && !needs; c++)
        needs = (unsigned char)*c < 32 || (unsigned char)*c > 126 ||
                (*c == '=' && c + 1 < limit && c[1] == '?');
    if (!needs) return apr_pstrmemdup(pool, p, ss_codec_cut(p, (apr_size_t)(limit - p), max));
    /* No octet becomes more than four. */
    if ((apr_size_t)(limit - p) < max / 4) max = (apr_size_t)(limit - p) * 4;
    out = apr_palloc(pool, max + 1);
    while (p < limit && used < max && words <= WORDS_MAX) {
        const char *text = *p == '=' ? word(pool, p, limit, &end) : NULL;
        if (text) {
            apr_size_t n;
            words++;
            /* blanks between two encoded words are dropped (RFC 2047 6.2) */
            if (after_word) used = after_word;
            n = ss_codec_cut(text, strlen(text), max - used);
            for (apr_size_t i = 0; i < n; i++)
                out[used++] = (unsigned char)text[i] < 32 || text[i] == 127 ? ' ' : text[i];
            after_word = used;
            p = end;
            continue;
        }
        if (!is_blank(*p)) after_word = 0;
        if (*p != '\r' && *p != '\n') out[used++] = (unsigned char)*p < 32 || *p == 127 ? ' ' : *p;
        p++;
    }
    out[used] = '\0';
    const char *valid = ss_text_utf8(pool, out, used);
    /* An octet that was not UTF-8 became three. */
    return apr_pstrmemdup(pool, valid, ss_codec_cut(valid, strlen(valid), max));
}

const char *ss_words_encode(apr_pool_t *pool, const char *text)
{
    apr_size_t len = strlen(text), at = 0, capacity = len * 2 + (len / (WORD_BYTES - 4) + 2) * 16,
               used = 0;
    int needs = strstr(text, "=?") != NULL;
    apr_size_t word = 0;
    char *out;

    for (apr_size_t i = 0; i < len && !needs; i++) {
        word = text[i] == ' ' ? 0 : word + 1;
        needs = (unsigned char)text[i] > 126 || (unsigned char)text[i] < 32 || word > PLAIN_MAX;
    }
    if (!needs) return text;
    out = apr_palloc(pool, capacity);
    while (at < len) {
        apr_size_t n =
            len - at > WORD_BYTES ? ss_codec_cut(text + at, len - at, WORD_BYTES) : len - at;
        char *coded;
        if (!n) n = WORD_BYTES; /* no UTF-8: any place is as good */
        coded = ss_codec_base64(pool, text + at, n, 0, NULL);
        used += (apr_size_t)apr_snprintf(out + used, capacity - used,
                                         "%s=?utf-8?B?%s?=", at ? " " : "", coded);
        at += n;
    }
    return out;
}

/* The text of the encoded word at p in the encoding Q, and *end behind it; NULL: no such word, and
 * none begins before *end. */
static const char *q_text(const char *p, const char *limit, const char **end)
{
    const char *c = p + 2, *text = NULL;

    for (int marks = 0; c < limit && (unsigned char)*c > ' '; c++) {
        if (*c != '?') continue;
        if (++marks == 3) {
            if (c + 1 == limit || c[1] != '=') break;
            *end = c;
            return text;
        }
        if (marks == 2 && (c - p < 5 || c[-2] != '?' || (c[-1] | 32) != 'q')) break;
        text = c + 1;
    }
    *end = c[-1] == '=' ? c - 1 : c; /* the next one may begin there */
    return NULL;
}

const char *ss_words_q_octets(apr_pool_t *pool, const char *value, apr_size_t *len)
{
    const char *p = value, *limit = value + *len, *end;
    char *start = apr_palloc(pool, *len * 3 + 1), *out = start;

    while (p < limit) {
        if (*p != '=' || limit - p < 8 || p[1] != '?') {
            *out++ = *p++;
            continue;
        }
        const char *text = q_text(p, limit, &end);
        for (; p < end; p++) {
            if (text && p >= text && (unsigned char)*p > 127) {
                apr_snprintf(out, 4, "=%02X", (unsigned char)*p);
                out += 3;
            } else
                *out++ = *p;
        }
    }
    *out = '\0';
    *len = (apr_size_t)(out - start);
    return start;
}

/* Reads a parameter's value at p: a token or a quoted string. A backslash quotes only a quote or a
 * backslash: some programs write paths of files. out: NULL, or as long as the value. Returns the
 * value's length; *end is behind it. */
static apr_size_t read_value(char *out, const char *p, const char *limit, const char **end)
{
    int is_quoted = p < limit && *p == '"';
    apr_size_t len = 0;

    for (p += is_quoted; p < limit; p++) {
        if (is_quoted ? *p == '"' : *p == ';' || is_blank(*p) || *p == '(') break;
        if (is_quoted && *p == '\\' && p + 1 < limit && (p[1] == '"' || p[1] == '\\')) p++;
        if (is_quoted && (*p == '\r' || *p == '\n')) continue;
        if (out) out[len] = *p;
        len++;
    }
    *end = p + (is_quoted && p < limit);
    return len;
}

/* The same from the pool. */
static char *take_value(apr_pool_t *pool, const char *p, const char *limit)
{
    const char *end;
    apr_size_t len = read_value(NULL, p, limit, &end);
    char *out = apr_palloc(pool, len + 1);

    read_value(out, p, limit, &end);
    out[len] = '\0';
    return out;
}

const char *ss_words_parameter(apr_pool_t *pool, const char *value, apr_size_t len,
                               const char *name)
{
    const char *p = value, *limit = value + len;

    while (p < limit) {
        const char *start, *end;
        while (p < limit && *p != ';') {
            if (*p == '"')
                read_value(NULL, p, limit, &p);
            else
                p++;
        }
        if (p == limit) return NULL;
        p++;
        while (p < limit && is_blank(*p)) p++;
        start = p;
        while (p < limit && *p != '=' && *p != ';' && !is_blank(*p)) p++;
        end = p;
        while (p < limit && is_blank(*p)) p++;
        if (p == limit || *p != '=') continue;
        p++;
        while (p < limit && is_blank(*p)) p++;
        if (ss_text_is(start, (apr_size_t)(end - start), name)) return take_value(pool, p, limit);
        read_value(NULL, p, limit, &p);
    }
    return NULL;
}
