#include "net/mask.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define MASK_MAX (1 << 20) /* of one text, masked; more is cut */
#define WORD_MAX 320       /* longest name or address looked at (RFC 5321 4.5.3.1) */

static int is_word_char(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._%+-@:", c)) || (c & 0x80);
}

/* Ends in letters after a dot, as a domain does; "TLSv1.3" and "5.7.8" do not. */
static int is_domain(const char *word, apr_size_t len)
{
    apr_size_t at = len;

    while (at && word[at - 1] != '.') {
        if (!isalpha((unsigned char)word[at - 1]) && word[at - 1] != '-' && !(word[at - 1] & 0x80))
            return 0;
        at--;
    }
    return at > 1 && len - at >= 2 && !memchr(word, ':', len) && !memchr(word, '%', len);
}

/* The first character, of several bytes too. */
static void put_first(ss_buf_t *out, const char *word, apr_size_t len)
{
    int first = ss_text_utf8_length((const unsigned char *)word, len);

    ss_buf_append(out, word, first ? (apr_size_t)first : 1);
}

static void put_domain(ss_buf_t *out, const char *domain, apr_size_t len)
{
    const char *end = domain + len;

    while (domain < end) {
        const char *dot = memchr(domain, '.', (apr_size_t)(end - domain));
        if (!dot) {
            ss_buf_append(out, domain, (apr_size_t)(end - domain));
            return;
        }
        if (dot > domain) put_first(out, domain, (apr_size_t)(dot - domain));
        ss_buf_puts(out, "***.");
        domain = dot + 1;
    }
}

/* Returns 1 when the word was an address and stands masked in out. */
static int put_ip(ss_buf_t *out, const char *word, apr_size_t len)
{
    unsigned char bytes[16];
    char text[64];

    if (len >= sizeof(text)) return 0;
    apr_cpystrn(text, word, len + 1);
    if (inet_pton(AF_INET, text, bytes) == 1) {
        if (bytes[0] == 127) return 0;
        ss_buf_printf(out, "%d.%d.*.*", bytes[0], bytes[1]);
        return 1;
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        if (!strcmp(text, "::1") || !strcmp(text, "::")) return 0;
        ss_buf_printf(out, "%x:***", bytes[0] << 8 | bytes[1]);
        return 1;
    }
    return 0;
}

static void put_word(ss_buf_t *out, const char *word, apr_size_t len, int is_path)
{
    const char *colon;
    apr_size_t tail = 0;

    /* The full stop, colon or dash after a word is no part of it. */
    while (len && strchr(".:-", word[len - 1])) {
        len--;
        tail++;
    }
    /* "250-mx.example.net": the reply's code is no part of the name. */
    if (len > 4 && isdigit((unsigned char)word[0]) && isdigit((unsigned char)word[1]) &&
        isdigit((unsigned char)word[2]) && word[3] == '-') {
        ss_buf_append(out, word, 4);
        word += 4;
        len -= 4;
    }
    const char *at = memchr(word, '@', len);
    if (len > WORD_MAX || is_path) {
        ss_buf_append(out, word, len);
    } else if (at && at > word && at + 1 < word + len) {
        put_first(out, word, len);
        ss_buf_puts(out, "***@");
        put_domain(out, at + 1, (apr_size_t)(word + len - at) - 1);
    } else if (put_ip(out, word, len)) {
        /* done */
    } else if ((colon = memchr(word, ':', len)) != NULL && colon > word) {
        /* "host:port", "to:<" and the like: each part by itself. */
        put_word(out, word, (apr_size_t)(colon - word), 0);
        ss_buf_puts(out, ":");
        put_word(out, colon + 1, (apr_size_t)(word + len - colon) - 1, 0);
    } else if (is_domain(word, len)) {
        put_domain(out, word, len);
    } else {
        ss_buf_append(out, word, len);
    }
    ss_buf_append(out, word + len, tail);
}

const char *ss_mask_text(const char *text, apr_pool_t *pool)
{
    ss_buf_t out;
    char before = ' ';

    ss_buf_init(&out, MASK_MAX);
    while (*text) {
        apr_size_t len = 0;
        while (is_word_char(text[len])) len++;
        if (len) {
            put_word(&out, text, len, before == '/');
            before = text[len - 1];
            text += len;
            continue;
        }
        ss_buf_append(&out, text, 1);
        before = *text++;
    }
    const char *end = ss_buf_text(&out);
    const char *copy = end ? apr_pstrmemdup(pool, end, out.len) : "";
    ss_buf_free(&out);
    return copy;
}
