/* address.c: syntax, comparison and writing of mailboxes. address_list.c reads lists. See
 * address.h. */
#include "mail/address.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "mail/codec.h"
#include "mail/words.h"

#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */
#define DOMAIN_MAX 255
#define LABEL_MAX 63

static int is_atext(char c)
{
    unsigned char u = (unsigned char)c;

    return u > 127 || apr_isalnum(u) || (u && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Length of the local part at text, or 0 and why. */
static apr_size_t local_part(const char *text, const char **why)
{
    const char *p = text;

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
    *why = "its local part has a dot at its start or end, or two together";
    if (*p == '.') return 0;
    for (; *p && *p != '@'; p++) {
        if (*p == '.') {
            if (p[1] == '.' || p[1] == '@' || !p[1]) return 0;
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

static int is_domain(const char *text, apr_size_t len)
{
    apr_size_t label = 0;

    if (!len || len > DOMAIN_MAX) return 0;
    if (*text == '[') return is_literal(text, len);
    for (apr_size_t i = 0; i <= len; i++) {
        if (i == len || text[i] == '.') {
            if (!label || label > LABEL_MAX || text[i - 1] == '-') return 0;
            label = 0;
            continue;
        }
        if ((unsigned char)text[i] < 128 && !apr_isalnum(text[i]) && text[i] != '-' &&
            text[i] != '_')
            return 0;
        if (text[i] == '-' && !label) return 0;
        label++;
    }
    return 1;
}

/* UTF-8 without the control characters U+0080 to U+009F and the separators U+2028, U+2029. */
static int is_clean_utf8(const char *text, apr_size_t len)
{
    if (!ss_codec_is_utf8(text, len)) return 0;
    for (apr_size_t i = 0; i + 1 < len; i++) {
        unsigned char a = (unsigned char)text[i], b = (unsigned char)text[i + 1];
        if (a == 0xC2 && b < 0xA0) return 0;
        if (a == 0xE2 && b == 0x80 && i + 2 < len && ((unsigned char)text[i + 2] | 1) == 0xA9)
            return 0;
    }
    return 1;
}

int ss_address_is_valid(const char *text, int has_no_domain_ok, const char **why)
{
    const char *unused;
    apr_size_t len, local;

    if (!why) why = &unused;
    *why = "it is empty";
    if (!text || !*text) return 0;
    len = strlen(text);
    *why = "it is too long";
    if (len > LOCAL_MAX + 1 + DOMAIN_MAX) return 0;
    *why = "it has a control character or line end";
    if (ss_text_has_control(text)) return 0;
    local = local_part(text, why);
    if (!local) return 0;
    *why = "its local part is longer than 64 octets";
    if (local > LOCAL_MAX) return 0;
    *why = "it is not valid UTF-8";
    if (ss_text_has_8bit(text) && !is_clean_utf8(text, len)) return 0;
    if (!text[local]) {
        *why = "it has no domain (name@example.com)";
        return has_no_domain_ok;
    }
    *why = "its local part is not followed by @";
    if (text[local] != '@') return 0;
    *why = "its domain is not a host name";
    return is_domain(text + local + 1, len - local - 1);
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

int ss_address_matches(const apr_array_header_t *patterns, const char *address)
{
    if (!patterns || !patterns->nelts) return 1;
    for (int i = 0; i < patterns->nelts; i++) {
        if (ss_text_matches(((const char *const *)patterns->elts)[i], address)) return 1;
    }
    return 0;
}

int ss_address_same(const char *a, const char *b)
{
    const char *at = strrchr(a, '@');
    apr_size_t local = at ? (apr_size_t)(at - a) : strlen(a);

    if (strncmp(a, b, local)) return 0;
    if (!at) return !b[local];
    return ss_text_same(at, b + local);
}

const char *ss_address_with_domain(const char *address, const char *domain, apr_pool_t *pool)
{
    const char *why;
    apr_size_t local = local_part(address, &why);

    if (!domain || !*domain || !local || address[local]) return address;
    return apr_pstrcat(pool, address, "@", domain, NULL);
}
