/* config_check.c: what is legal and probably wrong: a warning, each with what to write instead. */
#include "config/config_check.h"

#include <string.h>
#include <unistd.h>

#include "config/config_secrets.h"

static int is_loopback(const char *host)
{
    return !strcmp(host, "localhost") || !strncmp(host, "127.", 4) || !strcmp(host, "::1");
}

static void check_tls(const ss_settings_t *relay, const ss_log_t *log)
{
    for (int i = 0; i < relay->hosts->nelts; i++) {
        const ss_settings_host_t *host = &APR_ARRAY_IDX(relay->hosts, i, ss_settings_host_t);
        int port = ss_settings_port(relay, i);
        if (relay->tls == SS_TLS_STARTTLS && port == 465) {
            ss_log(log, SS_LOG_WARN, 110,
                   "relay \"%s\": SMTPSendTLS starttls with port 465 of %s: servers expect "
                   "implicit TLS on that port; write SMTPSendTLS tls, or SMTPSendPort 587",
                   relay->relay_name, host->name);
        }
        if (relay->tls == SS_TLS_TLS && (port == 25 || port == 587)) {
            ss_log(log, SS_LOG_WARN, 111,
                   "relay \"%s\": SMTPSendTLS tls with port %d of %s: servers greet in plain text "
                   "on that port; write SMTPSendTLS starttls, or SMTPSendPort 465",
                   relay->relay_name, port, host->name);
        }
        if (relay->tls == SS_TLS_NONE && port == 465) {
            ss_log(log, SS_LOG_WARN, 112,
                   "relay \"%s\": SMTPSendTLS none with port 465 of %s: servers expect implicit "
                   "TLS on that port; write SMTPSendTLS tls",
                   relay->relay_name, host->name);
        }
        if (relay->username && relay->tls == SS_TLS_NONE && !is_loopback(host->name)) {
            ss_log(log, SS_LOG_WARN, 113,
                   "relay \"%s\": a login without TLS to %s: %s; write SMTPSendTLS negotiate",
                   relay->relay_name, host->name,
                   relay->auth_insecure
                       ? "the password crosses the network in clear text (SMTPSendAuthInsecure On)"
                       : "PLAIN and LOGIN are not used there, and the login may fail");
        }
    }
    if (relay->tls != SS_TLS_NONE && relay->tls != SS_TLS_OPPORTUNISTIC && !relay->tls_verify &&
        !relay->tls_fingerprint) {
        ss_log(log, SS_LOG_WARN, 114,
               "relay \"%s\": SMTPSendTLSVerify Off: anybody between this host and the relay can "
               "read the password; name the certificate's issuer with SMTPSendTLSCACertificateFile "
               "or pin it with SMTPSendTLSFingerprint",
               relay->relay_name);
    }
}

/* A pinned certificate is verified, as long as nothing is sent without TLS. */
static void check_opportunistic(const ss_settings_t *relay, const ss_log_t *log)
{
    if (!relay->username || relay->tls != SS_TLS_OPPORTUNISTIC ||
        (relay->tls_fingerprint && !relay->auth_insecure))
        return;
    ss_log(log, SS_LOG_WARN, 121,
           "relay \"%s\": a login with SMTPSendTLS opportunistic, which never verifies the server: "
           "%s; write SMTPSendTLS starttls or tls",
           relay->relay_name,
           relay->auth_insecure
               ? "the password goes to anybody who answers at its address (SMTPSendAuthInsecure On)"
               : "beyond this machine no password is sent, and the login may fail");
}

static void check_login(const ss_settings_t *relay, const ss_log_t *log)
{
    ss_secret_t *secret = ss_config_secret(relay);
    ss_result_t result = { 0 };

    if (secret && ss_secret_load(secret, &result) != APR_SUCCESS) {
        ss_log(log, SS_LOG_ERROR, 115,
               "relay \"%s\": SMTPSendPassword cannot be read: %s; its login will fail",
               relay->relay_name, result.text);
    }
    if (relay->username && !relay->password)
        ss_log(log, SS_LOG_WARN, 116, "relay \"%s\": SMTPSendUsername without SMTPSendPassword",
               relay->relay_name);
    if (!relay->username && relay->password && relay->password->kind != SS_SECRET_NONE) {
        ss_log(log, SS_LOG_WARN, 117,
               "relay \"%s\": SMTPSendPassword without SMTPSendUsername: no login is attempted",
               relay->relay_name);
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

static void check_user(const ss_settings_globals_t *globals, const ss_log_t *log)
{
    const apr_array_header_t *user = globals->daemon_user;

    if (user && geteuid() != 0)
        ss_log(log, SS_LOG_WARN, 126,
               "SMTPSendUser %s has no effect, since httpd was not started as root: the delivery "
               "daemon runs as httpd's own user",
               APR_ARRAY_IDX(user, 0, const char *));
}

void ss_config_check(const ss_config_t *config, const ss_log_t *log)
{
    check_user(&config->globals, log);
    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        if (relay->hosts) check_tls(relay, log);
        check_opportunistic(relay, log);
        check_login(relay, log);
        check_redirect(relay, log);
        if (relay->tls_fingerprint && relay->tls == SS_TLS_NONE) {
            ss_log(log, SS_LOG_WARN, 120,
                   "relay \"%s\": SMTPSendTLSFingerprint without SMTPSendTLS: nothing is pinned",
                   relay->relay_name);
        }
    }
}
