#include "mail/address.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "base/idn.h"
#include "base/text.h"
#include "mail/codec.h"
#include "mail/lookalike.h"
#include "mail/words.h"

#define LOCAL_MAX 256 /* RFC 5321 4.5.3.1.1 asks for 64; VERP and SRS make longer ones */
#define DOMAIN_MAX 255
#define LABEL_MAX 63
#define KEY_MAX 2048
#define INPUT_MAX 1000 /* octets of an address that is looked at; RFC 5321 4.5.3.1 requires 320 */

/* The pieces of an address that has no control character. */
typedef struct {
    apr_size_t local;   /* octets of the local part, with its quotes */
    const char *domain; /* behind the @, or NULL */
    int needs_quotes;   /* the local part has a dot where none may be */
} parts_t;

static int is_atext(char c)
{
    unsigned char u = (unsigned char)c;

    return u > 127 || apr_isalnum(u) || (u && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Length of the local part at text, or 0 and why. */
static apr_size_t local_part(const char *text, int *needs_quotes, const char **why)
{
    const char *p = text;

    *needs_quotes = 0;
    if (*p == '"') {
        for (p++; *p && *p != '"'; p++) {
            if (*p == '\\') p++;
            if ((unsigned char)*p < 32 || *p == 127) break;
        }
        *why = "its quoted local part does not end";
        return *p == '"' ? (apr_size_t)(p + 1 - text) : 0;
    }
    *why = "it has no local part before the @";
    if (*p == '@' || !*p) return 0;
    for (; *p && *p != '@'; p++) {
        if (*p == '.') {
            if (p == text || p[-1] == '.' || p[1] == '@' || !p[1]) *needs_quotes = 1;
        } else if (!is_atext(*p)) {
            *why = "its local part has a character that must be quoted";
            return 0;
        }
    }
    return (apr_size_t)(p - text);
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
static int is_literal(const char *text, apr_size_t len)
{
    char host[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];

    if (len < 3 || text[len - 1] != ']') return 0;
    text++;
    len -= 2;
    int is_six = len > 5 && !strncasecmp(text, "IPv6:", 5);
    if (is_six) {
        text += 5;
        len -= 5;
    }
    if (len >= sizeof(host)) return 0;
    apr_cpystrn(host, text, len + 1);
    return inet_pton(is_six ? AF_INET6 : AF_INET, host, address) == 1;
}

/* A domain in ASCII. */
static int is_domain(const char *text)
{
    apr_size_t len = strlen(text), label = 0;

    if (!len || len > DOMAIN_MAX) return 0;
    if (*text == '[') return is_literal(text, len);
    for (apr_size_t i = 0; i <= len; i++) {
        if (i == len || text[i] == '.') {
            if (!label || label > LABEL_MAX || text[i - 1] == '-') return 0;
            label = 0;
            continue;
        }
        if (!apr_isalnum(text[i]) && text[i] != '-' && text[i] != '_') return 0;
        if (text[i] == '-' && !label) return 0;
        label++;
    }
    return 1;
}

/* What is wrong with the characters of the text, or NULL. */
static const char *bad_characters(const char *text)
{
    static __thread char why[SS_LOOKALIKE_WHY];
    apr_size_t len = strlen(text);

    if (len > INPUT_MAX) return "it is too long";
    if (ss_text_has_control(text)) return "it has a control character or line end";
    if (ss_text_is_ascii(text, len)) return NULL;
    if (!ss_codec_is_utf8(text, len)) return "it is not valid UTF-8";
    return ss_lookalike_find(why, text, len) ? why : NULL;
}

int ss_address_is_unseen(const char *address)
{
    char why[SS_LOOKALIKE_WHY];
    apr_size_t len = strlen(address);

    return !ss_text_is_ascii(address, len) && ss_codec_is_utf8(address, len) &&
           ss_lookalike_find(why, address, len);
}

/* RFC 2047 5 forbids encoded words in addresses. Some programs decode them nevertheless. */
static int is_encoded(const char *text, const parts_t *parts)
{
    const char *word = strstr(text, "=?");

    return word && (!parts->domain || strstr(word + 2, "?="));
}

static int split(parts_t *parts, const char *text, int has_no_domain_ok, const char **why)
{
    *why = "it is empty";
    if (!text || !*text) return -1;
    *why = bad_characters(text);
    if (*why) return -1;
    parts->local = local_part(text, &parts->needs_quotes, why);
    if (!parts->local) return -1;
    parts->domain = text[parts->local] == '@' ? text + parts->local + 1 : NULL;
    *why = "it is an encoded word (=?...?=), which cannot be an address";
    if (is_encoded(text, parts)) return -1;
    *why = "its local part is longer than 256 octets";
    if (parts->local + (parts->needs_quotes ? 2 : 0) > LOCAL_MAX) return -1;
    if (parts->domain) return 0;
    *why = "its local part is not followed by @";
    if (text[parts->local]) return -1;
    *why = "it has a dot at its start or end, or two together";
    if (parts->needs_quotes) return -1;
    *why = "it has no domain (name@example.com)";
    return has_no_domain_ok ? 0 : -1;
}

const char *ss_address_normal(const char *text, int has_no_domain_ok, const char **why,
                              apr_pool_t *pool)
{
    const char *unused, *quote, *domain;
    char ascii[SS_IDN_MAX];
    parts_t parts;

    if (!why) why = &unused;
    if (split(&parts, text, has_no_domain_ok, why)) return NULL;
    if (!parts.domain) return text;
    *why = "its domain has no form in ASCII (IDN)";
    if (ss_idn_ascii(parts.domain, ascii, sizeof(ascii))) return NULL;
    *why = "its domain is not a host name";
    if (!is_domain(ascii)) return NULL;
    /* Who can read the local part can read the domain. */
    domain = ss_text_is_ascii(text, parts.local) ? ascii : parts.domain;
    quote = parts.needs_quotes ? "\"" : "";
    if (!*quote && !strcmp(domain, parts.domain)) return text;
    return apr_psprintf(pool, "%s%.*s%s@%s", quote, (int)parts.local, text, quote, domain);
}

/* A display name in a field: as it is if all words are atoms, else quoted, else encoded. */
static const char *phrase(const char *name, apr_pool_t *pool)
{
    const char *encoded = ss_words_encode(pool, name);
    int plain = 1;
    char *out, *to;

    if (encoded != name) return encoded;
    for (const char *p = name; *p; p++) plain = plain && (is_atext(*p) || *p == ' ');
    if (plain && *name && *name != ' ' && name[strlen(name) - 1] != ' ') return name;
    to = out = apr_palloc(pool, strlen(name) * 2 + 3);
    *to++ = '"';
    for (const char *p = name; *p; p++) {
        if (*p == '"' || *p == '\\') *to++ = '\\';
        *to++ = *p;
    }
    *to++ = '"';
    *to = '\0';
    return out;
}

const char *ss_address_header(const ss_address_t *address, apr_pool_t *pool)
{
    if (!address->name || !*address->name) return address->address;
    return apr_pstrcat(pool, phrase(address->name, pool), " <", address->address, ">", NULL);
}

/* The text with its domain in ASCII, for a comparison. */
static const char *comparable(const char *text, char *out, apr_size_t size)
{
    const char *at = strrchr(text, '@');
    char ascii[SS_IDN_MAX];

    if (!at || !ss_text_has_8bit(at) || ss_idn_ascii(at + 1, ascii, sizeof(ascii))) return text;
    apr_snprintf(out, size, "%.*s%s", (int)(at + 1 - text), text, ascii);
    return out;
}

int ss_address_fits(const char *pattern, const char *address)
{
    char a[KEY_MAX], b[KEY_MAX];

    return ss_text_matches(comparable(pattern, a, sizeof(a)), comparable(address, b, sizeof(b)));
}

int ss_address_matches(const apr_array_header_t *patterns, const char *address)
{
    if (!patterns || !patterns->nelts) return 1;
    for (int i = 0; i < patterns->nelts; i++) {
        if (ss_address_fits(((const char *const *)patterns->elts)[i], address)) return 1;
    }
    return 0;
}

/* ---- which addresses are one mailbox ---- */

/* The local part without quotes, in Unicode's NFC. */
static apr_size_t local_key(char *key, const char *text, apr_size_t len)
{
    apr_size_t used = 0;
    int is_quoted = len > 1 && *text == '"';

    for (apr_size_t i = (apr_size_t)is_quoted; i + (apr_size_t)is_quoted < len; i++) {
        if (is_quoted && text[i] == '\\' && i + 1 < len) i++;
        key[used++] = text[i];
    }
    key[used] = '\0';
    if (ss_text_is_ascii(key, used)) return used;
    char *composed = g_utf8_normalize(key, (gssize)used, G_NORMALIZE_NFC);
    if (!composed) return used;
    apr_cpystrn(key, composed, KEY_MAX - SS_IDN_MAX - 1);
    g_free(composed);
    return strlen(key);
}

/* The parts of an address that was read; any other is all local part. */
static void write_key(char key[KEY_MAX], const char *address)
{
    const char *at = strrchr(address, '@');
    apr_size_t local = at ? (apr_size_t)(at - address) : strlen(address);

    if (local >= KEY_MAX - SS_IDN_MAX) local = KEY_MAX - SS_IDN_MAX - 1;
    apr_size_t used = local_key(key, address, local);
    if (!at) return;
    key[used] = '@';
    ss_idn_ascii(at + 1, key + used + 1, KEY_MAX - used - 1);
    for (char *p = key + used; *p; p++) *p = (char)apr_tolower(*p);
}

char *ss_address_key(const char *address, apr_pool_t *pool)
{
    char key[KEY_MAX];

    write_key(key, address);
    return apr_pstrdup(pool, key);
}

static int is_simple(const char *address)
{
    return *address != '"' && !ss_text_has_8bit(address);
}

int ss_address_same(const char *a, const char *b)
{
    const char *at = strrchr(a, '@');
    apr_size_t local = at ? (apr_size_t)(at - a) : strlen(a);

    if (is_simple(a) && is_simple(b)) {
        if (strncmp(a, b, local)) return 0;
        return at ? ss_text_same(at, b + local) : !b[local];
    }
    char one[KEY_MAX], two[KEY_MAX];
    write_key(one, a);
    write_key(two, b);
    return !strcmp(one, two);
}

int ss_address_is_bare(const char *address)
{
    const char *why;
    int unused;
    apr_size_t local = local_part(address, &unused, &why);

    return local && !address[local];
}

const char *ss_address_with_domain(const char *address, const char *domain, apr_pool_t *pool)
{
    if (!domain || !*domain || !ss_address_is_bare(address)) return address;
    return apr_pstrcat(pool, address, "@", domain, NULL);
}
