#include "config/option_syntax.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

#define NAME_LEN 253
#define LABEL_LEN 63
#define ADDRESS_LEN 320
#define SHOWN 200 /* octets of a value in a message */

int ss_option_syntax_is_ipv4(const char *text)
{
    struct in_addr address;

    return inet_pton(AF_INET, text, &address) == 1;
}

int ss_option_syntax_is_ipv6(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, text, &address) == 1;
}

static int is_label(const char *text, apr_size_t len, int is_pattern)
{
    int is_ascii = ss_text_is_ascii(text, len);

    /* The 63 octets are of its form in DNS. */
    if (!len || (is_ascii && len > LABEL_LEN) || *text == '-' || text[len - 1] == '-') return 0;
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 128 && !apr_isalnum(c) && c != '-' && c != '_' && (!is_pattern || c != '*'))
            return 0;
    }
    return 1;
}

static int is_name(const char *text, int is_pattern)
{
    if (!*text || strlen(text) > NAME_LEN) return 0;
    /* Digits and dots alone are an address, or a mistyped one. */
    if (strspn(text, "0123456789.") == strlen(text)) return ss_option_syntax_is_ipv4(text);
    for (;;) {
        apr_size_t len = strcspn(text, ".");
        if (!is_label(text, len, is_pattern)) return 0;
        if (!text[len] || !text[len + 1]) return 1;
        text += len + 1;
    }
}

int ss_option_syntax_is_name(const char *text)
{
    return is_name(text, 0);
}

int ss_option_syntax_is_name_pattern(const char *text)
{
    return is_name(text, 1);
}

static int is_domain(const char *text, int is_pattern)
{
    apr_size_t len = strlen(text);

    if (*text != '[') return is_name(text, is_pattern);
    return len > 2 && strspn(text + 1, "0123456789abcdefABCDEF.:IPv") == len - 2 &&
           text[len - 1] == ']';
}

static int is_address(const char *text, int is_pattern)
{
    const char *at = strrchr(text, '@');

    if (!at || at == text || strlen(text) > ADDRESS_LEN || ss_text_has_control(text)) return 0;
    if (!is_domain(at + 1, is_pattern)) return 0;
    if (*text == '"') return at[-1] == '"' && at - text > 2;
    if (!is_pattern && at - text == 1 && *text == '*') return 0;
    return strcspn(text, " <>()[]:;,\\\"@") == (apr_size_t)(at - text);
}

int ss_option_syntax_is_address(const char *text)
{
    return is_address(text, 0);
}

int ss_option_syntax_is_pattern(const char *text)
{
    return !strcmp(text, "*") || is_address(text, 1);
}

const char *ss_option_syntax_show(const char *text, apr_pool_t *pool)
{
    const char *url = strstr(text, "://"), *at = strrchr(text, '@'),
               *colon = at ? strchr(url ? url + 3 : text, ':') : NULL,
               *key = strstr(text, "password=");
    const char *from = key ? key + 9 : colon && colon < at ? colon + 1 : NULL;

    if (from)
        text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(from - text)), "***",
                           key ? "" : at, NULL);
    return ss_text_quote(pool, text, strlen(text), SHOWN);
}
