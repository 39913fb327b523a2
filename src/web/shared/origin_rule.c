/* origin_rule.c: the scheme of an origin is never compared, since TLS may end at a proxy. Newer
 * browsers say with Sec-Fetch-Site whether page and request have one origin, but only over TLS and
 * to localhost. */
#include "web/shared/origin.h"

#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

typedef struct {
    char *name; /* without a dot at its end; of an IPv6 address with brackets */
    int port;   /* 0: none is given */
} place_t;

/* "name[:port]" of len octets. 0, or -1: malformed. */
static int read_place(place_t *place, const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *name = apr_pstrmemdup(pool, text, len);
    apr_int64_t port;
    char *end = *name == '[' ? strchr(name, ']') : name + strcspn(name, ":");

    if (!end || strpbrk(name, "@ \t")) return -1;
    end += *end == ']';
    place->name = name;
    place->port = 0;
    if (*end == ':') {
        if (ss_text_number(end + 1, 1, 65535, &port)) return -1;
        place->port = (int)port;
    } else if (*end) {
        return -1;
    }
    if (end > name && end[-1] == '.') end--;
    *end = '\0';
    return *name ? 0 : -1;
}

/* The place of a URL, with the scheme's port if it names none. */
static int read_url(place_t *place, int *scheme_port, const char *url, apr_pool_t *pool)
{
    apr_size_t scheme = strcspn(url, ":");

    *scheme_port = !strncasecmp(url, "http:", 5) ? 80 : !strncasecmp(url, "https:", 6) ? 443 : 0;
    if (!*scheme_port || strncmp(url + scheme, "://", 3)) return -1;
    url += scheme + 3;
    if (read_place(place, url, strcspn(url, "/?#"), pool)) return -1;
    if (!place->port) place->port = *scheme_port;
    return 0;
}

/* No DNS server can lead these to another machine. */
static int is_literal(const char *name)
{
    static const char local[] = "localhost";
    unsigned char bytes[16];
    apr_size_t len = strlen(name), cut = sizeof(local) - 1;
    char six[64];

    if (*name == '[') {
        if (len < 3 || len >= sizeof(six)) return 0;
        apr_cpystrn(six, name + 1, len - 1);
        return inet_pton(AF_INET6, six, bytes) == 1;
    }
    if (len >= cut && !strcasecmp(name + len - cut, local))
        return len == cut || name[len - cut - 1] == '.';
    return inet_pton(AF_INET, name, bytes) == 1;
}

/* ServerAlias * takes any host: it names none. */
static int names_a_host(const char *pattern)
{
    return strspn(pattern, "*?.") < strlen(pattern);
}

static int is_listed(const apr_array_header_t *names, const char *name)
{
    for (int i = 0; names && i < names->nelts; i++) {
        const char *pattern = APR_ARRAY_IDX(names, i, const char *);
        if (!names_a_host(pattern)) continue;
        if (apr_fnmatch(pattern, name, APR_FNM_CASE_BLIND) == APR_SUCCESS) return 1;
    }
    return 0;
}

static int is_named(const ss_origin_rule_request_t *q, const char *name)
{
    return (q->name && !strcasecmp(q->name, name)) || is_listed(q->names, name) ||
           is_listed(q->patterns, name);
}

/* The scheme's own ports are the host's public face, whatever port a proxy in front uses. */
static int is_own(const ss_origin_rule_request_t *q, const char *url, apr_pool_t *pool)
{
    place_t page, host = { NULL, 0 };
    int scheme_port;

    if (read_url(&page, &scheme_port, url, pool)) return 0;
    if (q->host && read_place(&host, q->host, strlen(q->host), pool)) return 0;
    if (!is_named(q, page.name) && (!host.name || strcasecmp(page.name, host.name))) return 0;
    return q->site || page.port == scheme_port || page.port == q->port || page.port == host.port;
}

/* Browsers send Accept-Language with everything; some programs do, too, but add Sec-Fetch-Mode
 * without Sec-Fetch-Site, which no browser does. */
static int is_browser(const ss_origin_rule_request_t *q)
{
    int looks_like_one = q->language || (q->agent && !strncmp(q->agent, "Mozilla/", 8));

    return q->origin || q->site || q->cookie || q->referer || (looks_like_one && !q->mode);
}

static int is_own_site(const ss_origin_rule_request_t *q)
{
    return !strcmp(q->site, "same-origin") || !strcmp(q->site, "none");
}

/* Nothing that a page embeds or fetches; links to a page are followed, but to one that acts only
 * by a person's click. */
static int may_read(const ss_origin_rule_request_t *q, apr_pool_t *pool)
{
    if (!q->site) return !q->origin || is_own(q, q->origin, pool);
    if (is_own_site(q)) return 1;
    if (!q->mode || strcmp(q->mode, "navigate")) return 0;
    return !q->acts || (q->user && !strcmp(q->user, "?1"));
}

static int may_write(const ss_origin_rule_request_t *q, apr_pool_t *pool)
{
    const char *from = q->origin ? q->origin : q->referer;

    if (q->site && !is_own_site(q)) return 0;
    /* "null" hides where a page is from; Sec-Fetch-Site shows it. */
    return !from || (q->site && !strcmp(from, "null")) || is_own(q, from, pool);
}

const char *ss_origin_rule_allowed(const ss_origin_rule_request_t *q)
{
    for (int i = 0; q->origin && q->allowed && i < q->allowed->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(q->allowed, i, const char *);
        if (!strcasecmp(entry, q->origin) ||
            (strchr(entry, '*') &&
             apr_fnmatch(entry, q->origin, APR_FNM_CASE_BLIND) == APR_SUCCESS))
            return entry;
    }
    return NULL;
}

ss_origin_rule_t ss_origin_rule(const ss_origin_rule_request_t *q, apr_pool_t *pool)
{
    place_t host;

    if (!is_browser(q) || ss_origin_rule_allowed(q)) return SS_ORIGIN_RULE_OK;
    if (q->host && (read_place(&host, q->host, strlen(q->host), pool) ||
                    (!is_literal(host.name) && !is_named(q, host.name))))
        return SS_ORIGIN_RULE_HOST;
    if (!(q->is_safe ? may_read(q, pool) : may_write(q, pool))) return SS_ORIGIN_RULE_PAGE;
    /* Without TLS a browser does not tell who made a GET, but a click on our own page has a
     * Referer, which no other page can forge. */
    if (q->is_safe && q->acts && !q->site && !q->origin)
        return q->referer && is_own(q, q->referer, pool) ? SS_ORIGIN_RULE_OK : SS_ORIGIN_RULE_CLICK;
    return SS_ORIGIN_RULE_OK;
}
