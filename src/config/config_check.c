/* config_check.c: what is legal and probably wrong: a warning, each with what to write instead. */
#include "config/config_check.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config_check_impl.h"
#include "config/option.h"
#include "config/option_syntax.h"

static const apr_array_header_t *sources_of(const ss_config_check_t *c)
{
    return c->relay ? c->relay->sources : c->config->globals.sources;
}

int ss_config_check_has(const ss_config_check_t *c, const char *name)
{
    return *ss_option_at(sources_of(c), name, c->pool) != '\0';
}

const char *ss_config_check_at(const ss_config_check_t *c, const char *name, const char *otherwise)
{
    const char *at = ss_option_at(sources_of(c), name, c->pool);

    if (!*at && otherwise) at = ss_option_at(sources_of(c), otherwise, c->pool);
    return c->relay ? apr_pstrcat(c->pool, at, "relay \"", c->relay->relay_name, "\": ", NULL) : at;
}

void ss_config_check_idle(const ss_config_check_t *c, const char *name, const char *why)
{
    if (ss_config_check_has(c, name))
        ss_log(c->log, c->doubt, 129, "%s%s has no effect: %s", ss_config_check_at(c, name, NULL),
               name, why);
}

void ss_config_check_doubt(const ss_config_check_t *c, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ss_log(c->log, c->doubt, 130, "%s%s", ss_config_check_at(c, name, NULL),
           apr_pvsprintf(c->pool, format, args));
    va_end(args);
}

/* A pair may be one of several lines. */
static void doubt_pair(const ss_config_check_t *c, const ss_settings_pair_t *pair, const char *text)
{
    ss_log(c->log, c->doubt, 131, "%s%s%s", pair->source ? pair->source : "",
           pair->source ? ": " : "", text);
}

static int is_loopback(const char *host)
{
    return !strcmp(host, "localhost") || !strncmp(host, "127.", 4) || !strcmp(host, "::1");
}

/* ---- hosts and TLS ---- */

/* The directive that made host number i use its port. */
static const char *port_of(const ss_config_check_t *c, int i)
{
    if (!APR_ARRAY_IDX(c->relay->hosts, i, ss_settings_host_t).port &&
        ss_config_check_has(c, "SMTPSendPort"))
        return "SMTPSendPort";
    return ss_config_check_has(c, "SMTPSendTLS") ? "SMTPSendTLS" : "SMTPSendHost";
}

static void check_tls_port(const ss_config_check_t *c, int i)
{
    const ss_settings_t *relay = c->relay;
    const char *host = APR_ARRAY_IDX(relay->hosts, i, ss_settings_host_t).name,
               *at = ss_config_check_at(c, port_of(c, i), NULL);
    int port = ss_settings_port(relay, i);

    if (relay->tls == SS_TLS_STARTTLS && port == 465) {
        ss_log(c->log, SS_LOG_WARN, 110,
               "%sSMTPSendTLS starttls with port 465 of %s: servers expect implicit TLS on that "
               "port; write SMTPSendTLS tls, or SMTPSendPort 587",
               at, host);
    }
    if (relay->tls == SS_TLS_TLS && (port == 25 || port == 587)) {
        ss_log(c->log, SS_LOG_WARN, 111,
               "%sSMTPSendTLS tls with port %d of %s: servers greet in plain text on that port; "
               "write SMTPSendTLS starttls, or SMTPSendPort 465",
               at, port, host);
    }
    if (relay->tls == SS_TLS_NONE && port == 465) {
        ss_log(c->log, SS_LOG_WARN, 112,
               "%sSMTPSendTLS none with port 465 of %s: servers expect implicit TLS on that port; "
               "write SMTPSendTLS tls",
               at, host);
    }
    if (relay->username && relay->tls == SS_TLS_NONE && !is_loopback(host)) {
        ss_log(c->log, SS_LOG_WARN, 113,
               "%sa login without TLS to %s: %s; write SMTPSendTLS negotiate, or SMTPSendTLS "
               "starttls for port 587",
               ss_config_check_at(
                   c, relay->auth_insecure ? "SMTPSendAuthInsecure" : "SMTPSendUsername", NULL),
               host,
               relay->auth_insecure
                   ? "the password crosses the network in clear text (SMTPSendAuthInsecure On)"
                   : "PLAIN and LOGIN are not used there, and the login may fail");
    }
}

/* Ports that other protocols have. */
static void check_port(const ss_config_check_t *c, int i)
{
    static const struct {
        int port;
        const char *protocol;
    } rows[] = { { 22, "SSH" },   { 53, "DNS" },    { 80, "HTTP" },  { 110, "POP3" },
                 { 143, "IMAP" }, { 443, "HTTPS" }, { 993, "IMAP" }, { 995, "POP3" } };
    int port = ss_settings_port(c->relay, i);

    for (apr_size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        if (rows[k].port != port) continue;
        ss_log(c->log, SS_LOG_WARN, 132,
               "%sport %d of %s is for %s, not for sending mail; write port 587 with SMTPSendTLS "
               "starttls, or port 465 with SMTPSendTLS tls",
               ss_config_check_at(c, port_of(c, i), NULL), port,
               APR_ARRAY_IDX(c->relay->hosts, i, ss_settings_host_t).name, rows[k].protocol);
    }
}

/* Mail that the daemon sends to its own listener comes back until a hop count ends it. */
static void check_loop(const ss_config_check_t *c, int i)
{
    const char *listen = c->config->globals.listen,
               *host = APR_ARRAY_IDX(c->relay->hosts, i, ss_settings_host_t).name;

    const char *port = apr_psprintf(c->pool, ":%d", ss_settings_port(c->relay, i));
    if (!listen || !is_loopback(host) || strcmp(strrchr(listen, ':'), port) != 0) return;
    ss_log(c->log, SS_LOG_WARN, 133,
           "%sSMTPSendListen %s: SMTPSendHost names the same port of this machine, so that mail "
           "would go round in a loop; give one of them another port",
           ss_option_at(c->config->globals.sources, "SMTPSendListen", c->pool), listen);
}

static void check_same_hosts(const ss_config_check_t *c)
{
    const apr_array_header_t *hosts = c->relay->hosts;

    for (int i = 1; i < hosts->nelts; i++) {
        const char *name = APR_ARRAY_IDX(hosts, i, ss_settings_host_t).name;
        for (int k = 0; k < i; k++) {
            if (strcasecmp(APR_ARRAY_IDX(hosts, k, ss_settings_host_t).name, name) != 0 ||
                ss_settings_port(c->relay, i) != ss_settings_port(c->relay, k))
                continue;
            ss_config_check_doubt(c, "SMTPSendHost",
                                  "SMTPSendHost names %s twice, so that the second is no reserve; "
                                  "remove it",
                                  name);
            break;
        }
    }
}

static void check_hosts(const ss_config_check_t *c)
{
    int uses_port = 0;

    if (!c->relay->hosts) return;
    for (int i = 0; i < c->relay->hosts->nelts; i++) {
        uses_port |= !APR_ARRAY_IDX(c->relay->hosts, i, ss_settings_host_t).port;
        check_tls_port(c, i);
        check_port(c, i);
        check_loop(c, i);
    }
    check_same_hosts(c);
    if (!uses_port && c->relay->hosts->nelts)
        ss_config_check_idle(c, "SMTPSendPort",
                             apr_psprintf(c->pool,
                                          "SMTPSendHost names its port itself (%d); remove one of "
                                          "them",
                                          ss_settings_port(c->relay, 0)));
}

static void check_verification(const ss_config_check_t *c)
{
    const ss_settings_t *relay = c->relay;

    if (relay->tls == SS_TLS_OPPORTUNISTIC) {
        ss_config_check_idle(c, "SMTPSendTLSVerify",
                             "SMTPSendTLS opportunistic never verifies the server; write "
                             "SMTPSendTLS starttls, or remove it");
        return;
    }
    if (relay->tls_verify || relay->tls_fingerprint) return;
    ss_log(
        c->log, SS_LOG_WARN, 114,
        "%sSMTPSendTLSVerify Off: anybody between this host and the relay can read the password; "
        "name the certificate's issuer with SMTPSendTLSCACertificateFile or pin it with "
        "SMTPSendTLSFingerprint",
        ss_config_check_at(c, "SMTPSendTLSVerify", NULL));
    ss_config_check_idle(c, "SMTPSendTLSCACertificateFile",
                         "the certificate is not verified; write SMTPSendTLSVerify On");
}

static void check_tls(const ss_config_check_t *c)
{
    static const char *const names[] = {
        "SMTPSendTLSVerify",          "SMTPSendTLSCACertificateFile", "SMTPSendTLSName",
        "SMTPSendTLSCertificateFile", "SMTPSendTLSCipherSuite",       "SMTPSendTLSGroups",
    };

    if (c->relay->tls != SS_TLS_NONE) {
        check_verification(c);
        return;
    }
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ss_config_check_idle(c, names[i],
                             "nothing is encrypted (SMTPSendTLS none); write SMTPSendTLS starttls, "
                             "or remove it");
    if (c->relay->tls_fingerprint) {
        ss_log(c->log, SS_LOG_WARN, 120,
               "%sSMTPSendTLSFingerprint without SMTPSendTLS: nothing is pinned; write SMTPSendTLS "
               "starttls or tls",
               ss_config_check_at(c, "SMTPSendTLSFingerprint", NULL));
    }
}

/* Whether this machine has the address: something can be bound to it. */
static int is_own_address(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    int is_v6 = strchr(text, ':') != NULL;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) return 1; /* it cannot be known */
    inet_pton(is_v6 ? AF_INET6 : AF_INET, text,
              is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
    int failed = is_v6 ? bind(fd, (struct sockaddr *)&v6, sizeof(v6))
                       : bind(fd, (struct sockaddr *)&v4, sizeof(v4));
    close(fd);
    return !failed;
}

static void check_names(const ss_config_check_t *c)
{
    const ss_settings_t *relay = c->relay;
    const char *own = relay->source_address;

    if (own && !is_own_address(own)) {
        ss_log(c->log, SS_LOG_WARN, 134,
               "%sSMTPSendSourceAddress %s: no interface of this machine has that address, so that "
               "no connection can be made from it; \"ip address\" lists them",
               ss_config_check_at(c, "SMTPSendSourceAddress", NULL), own);
    }
    for (int i = 0; own && relay->hosts && i < relay->hosts->nelts; i++) {
        const char *host = APR_ARRAY_IDX(relay->hosts, i, ss_settings_host_t).name;
        if (strchr(own, ':') ? ss_option_syntax_is_ipv4(host) : ss_option_syntax_is_ipv6(host))
            ss_config_check_doubt(c, "SMTPSendSourceAddress",
                                  "SMTPSendSourceAddress %s cannot be used with SMTPSendHost %s: "
                                  "one is IPv4 and the other IPv6",
                                  own, host);
    }
    if (ss_option_syntax_is_ipv4(relay->helo))
        ss_config_check_doubt(
            c, "SMTPSendHelo",
            "SMTPSendHelo %s: an address is in brackets there; write SMTPSendHelo "
            "[%s], or this host's name",
            relay->helo, relay->helo);
    if (ss_config_check_has(c, "SMTPSendHelo") && *relay->helo != '[' && !strchr(relay->helo, '.'))
        ss_config_check_doubt(c, "SMTPSendHelo",
                              "SMTPSendHelo %s is not a full name, and many servers refuse it; "
                              "write this host's name in DNS, such as SMTPSendHelo %s.example.com",
                              relay->helo, relay->helo);
    if (ss_config_check_has(c, "SMTPSendDefaultDomain") && !strchr(relay->default_domain, '.'))
        ss_config_check_doubt(
            c, "SMTPSendDefaultDomain",
            "SMTPSendDefaultDomain %s is no domain of the Internet: relays refuse "
            "such senders, and nobody can answer them; write your domain, such as "
            "SMTPSendDefaultDomain example.com",
            relay->default_domain);
}

/* ---- times, aliases, sizes ---- */

/* Addresses that nobody outside this host can answer. */
static void check_local_addresses(const ss_config_check_t *c)
{
    const struct {
        const char *name, *address;
    } rows[] = { { "SMTPSendEnvelopeFrom", c->relay->envelope_from },
                 { "SMTPSendHeaderFrom", c->relay->header_from },
                 { "SMTPSendBounceFrom", c->relay->bounce_from },
                 { "SMTPSendBounce", c->relay->bounce },
                 { "SMTPSendRedirect", c->relay->redirect } };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = rows[i].address ? strrchr(rows[i].address, '@') : NULL;
        if (at && (!strchr(at, '.') || !strncasecmp(at, "@localhost.", 11)) && at[1] != '[')
            ss_config_check_doubt(c, rows[i].name,
                                  "%s %s has no domain of the Internet: relays refuse it, or it "
                                  "never arrives; write an address such as %.*s@example.com",
                                  rows[i].name, rows[i].address, (int)(at - rows[i].address),
                                  rows[i].address);
    }
}

static void check_times(const ss_config_check_t *c)
{
    const ss_settings_t *relay = c->relay;
    apr_interval_time_t first = APR_ARRAY_IDX(relay->retry, 0, apr_interval_time_t);
    const char *expire = ss_text_duration_print(c->pool, relay->expire);

    if (relay->expire <= first)
        ss_config_check_doubt(
            c, ss_config_check_has(c, "SMTPSendExpire") ? "SMTPSendExpire" : "SMTPSendRetry",
            "SMTPSendExpire %s ends before the second attempt (SMTPSendRetry %s): mail is given up "
            "after a single try; write a longer SMTPSendExpire, such as 5d",
            expire, ss_text_duration_print(c->pool, first));
    if (!relay->delay_notice) return;
    if (relay->delay_notice >= relay->expire)
        ss_config_check_doubt(
            c, "SMTPSendDelayNotice",
            "SMTPSendDelayNotice %s is not before SMTPSendExpire %s: no notice is "
            "ever sent; write a shorter one",
            ss_text_duration_print(c->pool, relay->delay_notice), expire);
    else if (!strcmp(relay->bounce, "off"))
        ss_config_check_idle(c, "SMTPSendDelayNotice",
                             "SMTPSendBounce off sends no reports; write SMTPSendBounce sender");
}

static void check_aliases(const ss_config_check_t *c)
{
    const apr_array_header_t *list = c->relay->aliases;

    for (int i = 1; list && i < list->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(list, i, ss_settings_pair_t);
        for (int k = 0; k < i; k++) {
            const ss_settings_pair_t *first = &APR_ARRAY_IDX(list, k, ss_settings_pair_t);
            if (strcmp(first->name, "*") && !ss_text_same(first->name, pair->name)) continue;
            doubt_pair(
                c, pair,
                apr_psprintf(c->pool,
                             strcmp(first->name, "*")
                                 ? "SMTPSendAlias %s has no effect: an earlier line has that "
                                   "name; write both in one line, SMTPSendAlias %s %s %s"
                                 : "SMTPSendAlias %s has no effect, since \"SMTPSendAlias *\" "
                                   "stands above it: move that line to the end",
                             pair->name, pair->name, first->value, pair->value));
            break;
        }
    }
}

static void check_relay_for(const ss_config_check_t *c)
{
    const apr_array_header_t *list = c->config->globals.relay_for;

    for (int i = 1; list && i < list->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(list, i, ss_settings_pair_t);
        for (int k = 0; k < i; k++) {
            const ss_settings_pair_t *first = &APR_ARRAY_IDX(list, k, ss_settings_pair_t);
            if (!ss_text_matches(first->name, pair->name)) continue;
            doubt_pair(c, pair,
                       apr_psprintf(c->pool,
                                    "SMTPSendRelayFor %s has no effect: \"SMTPSendRelayFor %s\" "
                                    "stands above it and is for the same senders; move the wider "
                                    "pattern below",
                                    pair->name, first->name));
            break;
        }
    }
}

static void check_redirect(const ss_settings_t *relay, const ss_log_t *log)
{
    if (!relay->redirect) return;
    ss_log(log, SS_LOG_NOTICE, 125,
           "relay \"%s\": SMTPSendRedirect sends everything to %s, except messages that are in the "
           "queue already and those that \"smtp-send import\" brings: cancel these if real people "
           "must not get them",
           relay->relay_name, relay->redirect);
}

static void check_socket(const ss_config_check_t *c)
{
    const char *path = c->config->globals.socket_path, *slash = strrchr(path, '/');
    struct stat info;

    if (!ss_config_check_has(c, "SMTPSendSocket") || !slash) return;
    const char *folder =
        slash == path ? "/" : apr_pstrmemdup(c->pool, path, (apr_size_t)(slash - path));
    /* A service's folder in /run is made when it starts. */
    int is_made = !strncmp(folder, "/run/", 5) || !strncmp(folder, "/var/run/", 9);
    if (!is_made && (stat(folder, &info) || !S_ISDIR(info.st_mode)))
        ss_config_check_doubt(c, "SMTPSendSocket",
                              "SMTPSendSocket %s: there is no folder %s; \"install -d -m 755 %s\" "
                              "makes it",
                              path, folder, folder);
    else if (!lstat(path, &info) && !S_ISSOCK(info.st_mode))
        ss_config_check_doubt(c, "SMTPSendSocket",
                              "SMTPSendSocket %s: that exists and is not a socket; name another "
                              "path, or remove it",
                              path);
}

/* What is said in EHLO and behind the user names of senders, where nobody chose it. */
static void check_name(const ss_config_check_t *c, const ss_settings_t *relay)
{
    ss_config_check_t own = *c;
    const ss_host_name_t *host = &c->config->host;

    own.relay = relay;
    if (c->config->is_named || (ss_config_check_has(&own, "SMTPSendHelo") &&
                                ss_config_check_has(&own, "SMTPSendDefaultDomain")))
        return;
    if (ss_host_name_is_full(host->name))
        ss_log(c->log, c->doubt, 136,
               "no ServerName is set: this host is called %s (%s) in EHLO and in reports, and a "
               "sender without a domain becomes user@%s; to set the name, write ServerName %s",
               host->name, host->from, host->name, host->name);
    else
        ss_log(c->log, c->doubt, 137,
               "no ServerName is set, and this host has no full name (hostname --fqdn, "
               "/etc/mailname): EHLO gives the address, and a sender without a domain becomes "
               "user@%s, which relays may refuse; write ServerName with this host's name in DNS, "
               "such as ServerName www.example.com",
               relay->default_domain);
}

static void check_globals(const ss_config_check_t *c)
{
    const ss_settings_globals_t *globals = &c->config->globals;
    const ss_settings_t *relay = APR_ARRAY_IDX(c->config->relays, 0, const ss_settings_t *);

    if (globals->daemon_user && geteuid() != 0)
        ss_log(c->log, SS_LOG_WARN, 126,
               "%sSMTPSendUser %s has no effect, since httpd was not started as root: the delivery "
               "daemon runs as httpd's own user",
               ss_config_check_at(c, "SMTPSendUser", NULL),
               APR_ARRAY_IDX(globals->daemon_user, 0, const char *));
    if (!globals->event_log)
        ss_config_check_idle(c, "SMTPSendEventLogAddresses",
                             "there is no event log; write SMTPSendEventLog with its file");
    check_name(c, relay);
    check_relay_for(c);
    check_socket(c);
    if (relay->max_message_size > globals->queue_limit_bytes) {
        ss_config_check_t own = *c;
        own.relay = relay;
        int is_own = ss_config_check_has(&own, "SMTPSendMaxMessageSize");
        ss_config_check_doubt(is_own ? &own : c,
                              is_own ? "SMTPSendMaxMessageSize" : "SMTPSendQueueLimit",
                              "SMTPSendQueueLimit allows %s for the whole queue, and "
                              "SMTPSendMaxMessageSize %s for one message: such a message is never "
                              "accepted; raise the one or lower the other",
                              ss_text_size_print(c->pool, (apr_uint64_t)globals->queue_limit_bytes),
                              ss_text_size_print(c->pool, (apr_uint64_t)relay->max_message_size));
    }
}

void ss_config_check(const ss_config_t *config, const ss_log_t *log, int is_test)
{
    ss_config_check_t c = { .config = config,
                            .log = log,
                            .doubt = is_test ? SS_LOG_WARN : SS_LOG_NOTICE };

    apr_pool_create(&c.pool, NULL);
    check_globals(&c);
    for (int i = 0; i < config->relays->nelts; i++) {
        c.relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        check_hosts(&c);
        check_tls(&c);
        ss_config_check_login(&c);
        check_names(&c);
        check_local_addresses(&c);
        check_times(&c);
        check_aliases(&c);
        check_redirect(c.relay, log);
    }
    apr_pool_destroy(c.pool);
}
