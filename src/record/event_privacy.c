#include "record/event_privacy.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buf.h"
#include "base/idn.h"
#include "base/text.h"
#include "net/mask.h"

#define DIGITS 32 /* hexadecimal, of a hash */
#define TEXT_MAX (1 << 20)
/* A local part or domain of fewer letters is not looked for by itself: it may be any word. */
#define WORD_LEAST 2

/* ---- one address ---- */

/* All its forms as one: no case, the domain in ASCII, no needless quotes. */
static const char *normal(const char *address, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, address), *to = text;
    const char *at = strrchr(text, '@'), *end = at ? at : text + strlen(text);
    int is_quoted = end > text + 1 && *text == '"' && end[-1] == '"';

    for (const char *p = text; *p; p++) {
        if (is_quoted && p < end && (*p == '"' || *p == '\\') && p[1]) {
            if (*p == '\\') *to++ = (char)apr_tolower(*++p);
            continue;
        }
        *to++ = (char)(*p & 0x80 ? *p : apr_tolower(*p));
    }
    *to = '\0';
    char *domain = strrchr(text, '@');
    char ascii[SS_IDN_MAX];
    if (!domain || ss_idn_ascii(domain + 1, ascii, sizeof(ascii))) return text;
    for (char *p = ascii; *p; p++) *p = (char)apr_tolower(*p);
    domain[1] = '\0';
    return apr_pstrcat(pool, text, ascii, NULL);
}

static const char *hash(const ss_event_privacy_t *p, const char *address, apr_pool_t *pool)
{
    const char *text = normal(address, pool);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";

    if (!HMAC(EVP_sha256(), p->key, sizeof(p->key), (const unsigned char *)text, strlen(text),
              digest, &len))
        return "hmac:";
    apr_escape_hex(hex, digest, len, 0, NULL);
    return apr_pstrcat(pool, "hmac:", apr_pstrmemdup(pool, hex, DIGITS), NULL);
}

/* The first character of a local part, behind a quote. */
static const char *initial(const char *text, apr_pool_t *pool)
{
    const char *first = *text == '"' ? text + 1 : text;
    int len = *first ? ss_text_utf8_length((const unsigned char *)first, strlen(first)) : 0;

    return len > 1 || (len && apr_isalnum(*first)) ? apr_pstrmemdup(pool, first, (apr_size_t)len)
                                                   : "";
}

static const char *mask(const char *address, apr_pool_t *pool)
{
    const char *at = strrchr(address, '@'), *first = initial(address, pool);

    if (!at) return apr_pstrcat(pool, first, "***", NULL);
    if (at[1] == '[') return apr_pstrcat(pool, first, "***@[***]", NULL);
    /* "a@example.com" is what ?mask=1 knows; its local part is ours. */
    const char *masked = ss_mask_text(apr_pstrcat(pool, "a", at, NULL), pool);
    return apr_pstrcat(pool, first, "***", strchr(masked, '@') ? strchr(masked, '@') : "@***",
                       NULL);
}

const char *ss_event_privacy_address(const ss_event_privacy_t *p, const char *address,
                                     apr_pool_t *pool)
{
    if (!address || !*address || p->mode == SS_EVENT_WHOLE) return address;
    return p->mode == SS_EVENT_MASKED ? mask(address, pool) : hash(p, address, pool);
}

/* ---- a text ---- */

/* RFC 5322's atext and the dot; letters of any language. */
static int is_local(char c)
{
    return c && (apr_isalnum(c) || (c & 0x80) || strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

static int is_domain(char c)
{
    return c && (apr_isalnum(c) || (c & 0x80) || strchr(".-_*?", c));
}

/* Goes on within a word: letters and digits. */
static int is_letter(char c)
{
    return apr_isalnum(c) || (c & 0x80);
}

/* The length of the local part that begins here and is followed by an @; 0: none. */
static apr_size_t local_length(const char *text)
{
    apr_size_t len = 0;

    if (*text == '"') {
        for (len = 1; text[len] && text[len] != '"'; len++)
            if (text[len] == '\\' && text[len + 1]) len++;
        len += text[len] == '"';
    } else {
        while (is_local(text[len])) len++;
    }
    return text[len] == '@' ? len : 0;
}

/* The length of the address that begins here; 0: none. */
static apr_size_t address_length(const char *text)
{
    apr_size_t len = local_length(text), start = len + 1;

    if (!len) return 0;
    len = start;
    if (text[len] == '[') {
        const char *end = strchr(text + len, ']');
        return end ? (apr_size_t)(end - text) + 1 : 0;
    }
    /* What follows a second @ belongs to it: no address may come out of the rest. */
    while (is_domain(text[len]) || text[len] == '@') len++;
    /* The full stop of the sentence. */
    while (len > start && strchr(".-@", text[len - 1])) len--;
    return len > start ? len : 0;
}

/* "to=bob@example.com": the word in front is no part of the address. */
static apr_size_t label_length(const char *text, apr_size_t len, const char *const *known)
{
    for (; *known; known++) {
        apr_size_t own = strlen(*known);
        apr_size_t label = len > own ? len - own : 0, letters = 0;
        if (!own || !label || strncasecmp(text + label, *known, own)) continue;
        while (letters < label && apr_isalpha(text[letters])) letters++;
        if (letters == label - 1 && strchr("=/", text[letters])) return label;
    }
    return 0;
}

typedef struct {
    const char *word; /* a local part or a domain */
    apr_size_t len;
    int is_domain;
    const char *instead;
} word_t;

static void add_words(const ss_event_privacy_t *p, const char *address, apr_array_header_t *words)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    apr_pool_t *pool = words->pool;

    if (!at) return;
    const char *local = apr_pstrmemdup(pool, address, (apr_size_t)(at - address));
    /* A server may leave out the quotes. */
    if (*local == '"' && at - address > 2)
        local = apr_pstrmemdup(pool, local + 1, strlen(local) - 2);
    if (strlen(local) >= WORD_LEAST)
        APR_ARRAY_PUSH(words, word_t) =
            (word_t){ local, strlen(local), 0,
                      p->mode == SS_EVENT_MASKED ? mask(local, pool) : hash(p, address, pool) };
    if (strlen(at + 1) >= WORD_LEAST)
        APR_ARRAY_PUSH(words, word_t) =
            (word_t){ at + 1, strlen(at + 1), 1,
                      p->mode == SS_EVENT_MASKED ? strchr(mask(address, pool), '@') + 1
                                                 : hash(p, at + 1, pool) };
}

static const word_t *word_at(const char *start, const char *text, const apr_array_header_t *words)
{
    char before = text > start ? text[-1] : ' ';

    for (int i = 0; i < words->nelts; i++) {
        const word_t *word = &APR_ARRAY_IDX(words, i, word_t);
        char after = '\0';
        if (strncasecmp(text, word->word, word->len)) continue;
        after = text[word->len];
        if (is_letter(before) || is_letter(after)) continue;
        /* Another host of that domain. */
        if (word->is_domain && strchr(".-", before)) continue;
        return word;
    }
    return NULL;
}

/* Puts what stands at `text` in its new form, and returns the length of the old one; 0: nothing is
 * to be changed here. */
static apr_size_t put_changed(const ss_event_privacy_t *p, ss_buf_t *out, const char *start,
                              const char *text, const char *const *known,
                              const apr_array_header_t *words)
{
    int is_inside = text > start && is_local(text[-1]) && *text != '"';
    apr_size_t len = is_inside ? 0 : address_length(text);
    const word_t *word;

    if (len) {
        apr_size_t label = label_length(text, len, known);
        const char *address = apr_pstrmemdup(words->pool, text + label, len - label);
        ss_buf_append(out, text, label);
        ss_buf_puts(out, ss_event_privacy_address(p, address, words->pool));
        return len;
    }
    word = word_at(start, text, words);
    if (!word) return 0;
    ss_buf_puts(out, word->instead);
    return word->len;
}

const char *ss_event_privacy_text(const ss_event_privacy_t *p, const char *text,
                                  const char *const *known, apr_pool_t *pool)
{
    static const char *const none[] = { NULL };
    apr_array_header_t *words;
    const char *start = text;
    ss_buf_t out;

    if (!text || p->mode == SS_EVENT_WHOLE) return text;
    if (!known) known = none;
    words = apr_array_make(pool, 4, sizeof(word_t));
    for (const char *const *address = known; *address; address++) add_words(p, *address, words);
    ss_buf_init(&out, TEXT_MAX);
    while (*text) {
        apr_size_t len = put_changed(p, &out, start, text, known, words);
        if (!len) ss_buf_append(&out, text, 1);
        text += len ? len : 1;
        if (len) start = text; /* it is no part of the next word */
    }
    const char *end = ss_buf_text(&out);
    const char *copy = end ? apr_pstrmemdup(pool, end, out.len) : "";
    ss_buf_free(&out);
    return copy;
}
