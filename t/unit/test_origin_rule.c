/* test_origin_rule.c: which requests of browsers are answered. The server is www.example.com with
 * the aliases mail.example.com and *.shop.example, and takes what https://app.example.org sends. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>

#include "web/shared/origin_rule.c"

void ss_suite_origin_rule(void);

#define MAY SS_ORIGIN_RULE_OK
#define CLICK SS_ORIGIN_RULE_CLICK
#define HOST SS_ORIGIN_RULE_HOST
#define PAGE SS_ORIGIN_RULE_PAGE
#define OWN "http://www.example.com"
#define EVIL "https://evil.example"
#define BROWSER "Mozilla/5.0 (X11; Linux x86_64)"

enum { GET, POST, TEST };

typedef struct {
    const char *label;
    int method;
    const char *host, *origin, *site;
    ss_origin_rule_t want;
    ss_origin_rule_request_t more; /* other fields */
} row_t;

static const row_t rows[] = {
    /* programs */
    { "curl", POST, "127.0.0.1:8080", NULL, NULL, MAY, { .agent = "curl/8.5.0" } },
    { "curl by any name", POST, "mailer:8080", NULL, NULL, MAY, { .agent = "curl/8.5.0" } },
    { "without Host", GET, NULL, NULL, NULL, MAY, { 0 } },
    { "Prometheus by any name", GET, "mailer", NULL, NULL, MAY, { .agent = "Prometheus/2.53" } },
    { "fetch() of Node",
      GET,
      "mailer:8080",
      NULL,
      NULL,
      MAY,
      { .agent = "node", .language = "*", .mode = "cors" } },
    /* pages of this server */
    { "own page", POST, "www.example.com", OWN, NULL, MAY, { 0 } },
    { "own page, as newer browsers say", POST, "www.example.com", OWN, "same-origin", MAY, { 0 } },
    { "own page through TLS that a proxy ends",
      POST,
      "www.example.com",
      "https://www.example.com",
      "same-origin",
      MAY,
      { 0 } },
    { "own page through a proxy that keeps its own port",
      POST,
      "www.example.com:8080",
      "https://www.example.com",
      NULL,
      MAY,
      { 0 } },
    { "own page at a port",
      POST,
      "www.example.com:8080",
      "http://www.example.com:8080",
      NULL,
      MAY,
      { 0 } },
    { "own page at ServerName's port",
      POST,
      "127.0.0.1:8080",
      "http://www.example.com:8443",
      NULL,
      MAY,
      { 0 } },
    { "own page, proxy that keeps no Host",
      POST,
      "127.0.0.1:8080",
      "https://www.example.com",
      "same-origin",
      MAY,
      { 0 } },
    { "own page, the name in capitals",
      POST,
      "WWW.EXAMPLE.COM.",
      "http://WWW.Example.Com.",
      NULL,
      MAY,
      { 0 } },
    { "an alias", POST, "mail.example.com", "https://mail.example.com", NULL, MAY, { 0 } },
    { "another of our names",
      POST,
      "www.example.com",
      "https://mail.example.com",
      NULL,
      MAY,
      { 0 } },
    { "a wild alias", POST, "a.shop.example", "https://a.shop.example", NULL, MAY, { 0 } },
    { "an address", POST, "192.0.2.7:8080", "http://192.0.2.7:8080", NULL, MAY, { 0 } },
    { "an IPv6 address",
      POST,
      "[2001:db8::7]:8080",
      "http://[2001:db8::7]:8080",
      NULL,
      MAY,
      { 0 } },
    { "localhost", POST, "localhost:8080", "http://localhost:8080", "same-origin", MAY, { 0 } },
    { "a hidden page of this server", POST, "www.example.com", "null", "same-origin", MAY, { 0 } },
    { "Referer instead of Origin",
      POST,
      "www.example.com",
      NULL,
      NULL,
      MAY,
      { .referer = OWN "/x?y" } },
    { "a cookie only", POST, "www.example.com", NULL, NULL, MAY, { .cookie = "a=b" } },
    /* pages of other sites */
    { "foreign page", POST, "www.example.com", EVIL, NULL, PAGE, { 0 } },
    { "foreign page, as newer browsers say",
      POST,
      "www.example.com",
      EVIL,
      "cross-site",
      PAGE,
      { 0 } },
    { "page of the same domain",
      POST,
      "www.example.com",
      "http://blog.example.com",
      "same-site",
      PAGE,
      { 0 } },
    { "page of the same domain, older browser",
      POST,
      "www.example.com",
      "http://blog.example.com",
      NULL,
      PAGE,
      { 0 } },
    { "own Origin, but another site", POST, "www.example.com", OWN, "cross-site", PAGE, { 0 } },
    { "another port of this host",
      POST,
      "localhost:8080",
      "http://localhost:3000",
      "same-site",
      PAGE,
      { 0 } },
    { "another port, older browser",
      POST,
      "localhost:8080",
      "http://localhost:3000",
      NULL,
      PAGE,
      { 0 } },
    { "another port of a name",
      POST,
      "www.example.com",
      "http://www.example.com:3000",
      NULL,
      PAGE,
      { 0 } },
    { "hidden page", POST, "www.example.com", "null", NULL, PAGE, { 0 } },
    { "hidden page of another site", POST, "www.example.com", "null", "cross-site", PAGE, { 0 } },
    { "no Origin, but another site", POST, "www.example.com", NULL, "cross-site", PAGE, { 0 } },
    { "foreign Referer", POST, "www.example.com", NULL, NULL, PAGE, { .referer = EVIL "/" } },
    { "our name as the beginning",
      POST,
      "www.example.com",
      "https://www.example.com.evil.example",
      NULL,
      PAGE,
      { 0 } },
    { "our name as the end",
      POST,
      "www.example.com",
      "https://evil-www.example.com",
      NULL,
      PAGE,
      { 0 } },
    { "our name as a user",
      POST,
      "www.example.com",
      "https://www.example.com@evil.example",
      NULL,
      PAGE,
      { 0 } },
    { "another address", POST, "127.0.0.1", "http://127.0.0.2", NULL, PAGE, { 0 } },
    { "localhost is not the address", POST, "127.0.0.1", "http://localhost", NULL, PAGE, { 0 } },
    { "no web page", POST, "www.example.com", "chrome-extension://abcdef", NULL, PAGE, { 0 } },
    { "empty Origin", POST, "www.example.com", "", NULL, PAGE, { 0 } },
    { "malformed port", POST, "www.example.com", "http://www.example.com:80x", NULL, PAGE, { 0 } },
    /* SMTPSendAllowOrigin */
    { "allowed page",
      POST,
      "www.example.com",
      "https://app.example.org",
      "cross-site",
      MAY,
      { 0 } },
    { "allowed page in capitals",
      POST,
      "www.example.com",
      "https://APP.example.org",
      NULL,
      MAY,
      { 0 } },
    { "allowed by a pattern",
      POST,
      "www.example.com",
      "https://x.tenants.example",
      NULL,
      MAY,
      { 0 } },
    { "allowed host, another scheme",
      POST,
      "www.example.com",
      "http://app.example.org",
      NULL,
      PAGE,
      { 0 } },
    { "allowed host, another port",
      POST,
      "www.example.com",
      "https://app.example.org:444",
      NULL,
      PAGE,
      { 0 } },
    /* rebound names */
    { "rebound", POST, "evil.example", "http://evil.example", NULL, HOST, { 0 } },
    { "rebound, as newer browsers say",
      POST,
      "evil.example:8080",
      "http://evil.example:8080",
      "same-origin",
      HOST,
      { 0 } },
    { "rebound page reads", GET, "evil.example", NULL, "same-origin", HOST, { 0 } },
    { "rebound page reads over HTTP",
      GET,
      "evil.example",
      NULL,
      NULL,
      HOST,
      { .language = "en", .agent = BROWSER } },
    { "it hides its User-Agent", GET, "evil.example", NULL, NULL, HOST, { .language = "" } },
    { "a browser without a language", GET, "evil.example", NULL, NULL, HOST, { .agent = BROWSER } },
    { "with a cookie", GET, "evil.example", NULL, NULL, HOST, { .cookie = "a=b" } },
    { "with a Referer", GET, "evil.example", NULL, NULL, HOST, { .referer = OWN "/" } },
    { "an address in a name", GET, "127.0.0.1.evil.example", NULL, "none", HOST, { 0 } },
    { "localhost in a name", GET, "localhost.evil.example", NULL, "none", HOST, { 0 } },
    { "localhost at the end of a word", GET, "evillocalhost", NULL, "none", HOST, { 0 } },
    { "no address", GET, "[evil]", NULL, "none", HOST, { 0 } },
    { "empty Host", GET, "", NULL, "none", HOST, { 0 } },
    { "ServerAlias * is no name", GET, "any.example", NULL, "none", HOST, { 0 } },
    /* reading */
    { "typed address", GET, "www.example.com", NULL, "none", MAY, { .mode = "navigate" } },
    { "typed address over HTTP",
      GET,
      "www.example.com",
      NULL,
      NULL,
      MAY,
      { .language = "en", .agent = BROWSER } },
    { "own script", GET, "www.example.com", NULL, "same-origin", MAY, { .mode = "cors" } },
    { "a link elsewhere", GET, "www.example.com", NULL, "cross-site", MAY, { .mode = "navigate" } },
    { "an image elsewhere",
      GET,
      "www.example.com",
      NULL,
      "cross-site",
      PAGE,
      { .mode = "no-cors" } },
    { "a script elsewhere", GET, "www.example.com", EVIL, "cross-site", PAGE, { .mode = "cors" } },
    { "a script elsewhere, older browser", GET, "www.example.com", EVIL, NULL, PAGE, { 0 } },
    { "test by a typed address",
      TEST,
      "www.example.com",
      NULL,
      "none",
      MAY,
      { .mode = "navigate" } },
    { "test by a click elsewhere",
      TEST,
      "www.example.com",
      NULL,
      "cross-site",
      MAY,
      { .mode = "navigate", .user = "?1" } },
    { "test by a window that a page opens",
      TEST,
      "www.example.com",
      NULL,
      "cross-site",
      PAGE,
      { .mode = "navigate" } },
    { "test over HTTP by a typed address or an image without a Referer",
      TEST,
      "www.example.com",
      NULL,
      NULL,
      CLICK,
      { .language = "en", .agent = BROWSER } },
    { "test over HTTP by an image elsewhere",
      TEST,
      "www.example.com",
      NULL,
      NULL,
      CLICK,
      { .agent = BROWSER, .referer = EVIL "/" } },
    { "test over HTTP by a click on our page",
      TEST,
      "www.example.com",
      NULL,
      NULL,
      MAY,
      { .agent = BROWSER, .referer = "http://www.example.com/mail-test" } },
    { "test by curl", TEST, "www.example.com", NULL, NULL, MAY, { .agent = "curl/8.5.0" } },
    { "test by an image", TEST, "www.example.com", NULL, "same-site", PAGE, { .mode = "no-cors" } },
};

static apr_array_header_t *list_of(apr_pool_t *pool, const char *one, const char *two)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = one;
    APR_ARRAY_PUSH(list, const char *) = two;
    return list;
}

static void pages_of_this_server_are_answered(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_origin_rule_request_t q = rows[i].more;
        q.is_safe = rows[i].method != POST;
        q.acts = rows[i].method == TEST;
        q.host = rows[i].host;
        q.origin = rows[i].origin;
        q.site = rows[i].site;
        q.name = "www.example.com";
        q.port = 8443;
        q.names = list_of(pool, "mail.example.com", "other.example.com");
        q.patterns = list_of(pool, "*.shop.example", "*");
        q.allowed = list_of(pool, "https://app.example.org", "https://*.tenants.example");
        ss_origin_rule_t got = ss_origin_rule(&q, pool);
        if (got != rows[i].want) printf("\n    %s: got %d", rows[i].label, got);
        CU_ASSERT_EQUAL(got, rows[i].want);
    }
    apr_pool_destroy(pool);
}

void ss_suite_origin_rule(void)
{
    CU_add_test(CU_add_suite("origin_rule", NULL, NULL), "pages_of_this_server_are_answered",
                pages_of_this_server_are_answered);
}
