#include "config/config_build.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#include "base/text.h"
#include "config/module.h"
#include "config/hooks.h"
#include "config/scrub.h"

#ifndef SS_DEFAULT_STATE_DIR
#define SS_DEFAULT_STATE_DIR "/var/lib/apache2"
#endif

#define SECRETS_MAX 1000 /* relays of one server */
#define SCRUB_MAX 4096   /* bytes of a connection's line */

static struct {
    const ss_settings_t *relay;
    ss_secret_t *secret;
} secrets[SECRETS_MAX];
static int secret_count;
/* of a database server, which may hold a password; else NULL */
static char *queue_params;

static const char *state_dir(apr_pool_t *pool)
{
#if AP_MODULE_MAGIC_AT_LEAST(20180906, 1)
    return ap_state_dir_relative(pool, "");
#else
    /* httpd 2.4 has no DefaultStateDir: the build's folder. */
    return ap_server_root_relative(pool, SS_DEFAULT_STATE_DIR);
#endif
}

static apr_status_t forget_secrets(void *unused)
{
    (void)unused;
    for (int i = 0; i < secret_count; i++) ss_secret_destroy(secrets[i].secret);
    secret_count = 0;
    queue_params = NULL;
    return APR_SUCCESS;
}

static const char *add_relay(ss_config_t *config, ss_module_server_t *server, server_rec *s,
                             apr_pool_t *pconf)
{
    ss_settings_t *relay = &server->own;
    const ss_settings_t *same;

    relay->server_name = s->server_hostname ? s->server_hostname : "localhost";
    if (!relay->relay_name && s->is_virtual)
        relay->relay_name = apr_pstrdup(pconf, relay->server_name);
    ss_settings_finish(relay, pconf);
    same = ss_config_relay(config, relay->relay_name);
    if (same && !ss_settings_equal(same, relay)) {
        return apr_psprintf(pconf,
                            "two servers have a relay called \"%s\" with different settings: give "
                            "one of them a name of its own with SMTPSendRelayName (%s, line %u)",
                            relay->relay_name, s->defn_name ? s->defn_name : "main server",
                            s->defn_line_number);
    }
    server->relay = same ? same : relay;
    if (same) return NULL;
    if (secret_count == SECRETS_MAX) return "more than 1000 relays are configured";
    APR_ARRAY_PUSH(config->relays, const ss_settings_t *) = relay;
    secrets[secret_count].relay = relay;
    secrets[secret_count].secret = ss_secret_create(relay->password);
    secret_count++;
    return NULL;
}

/* A virtual host without a relay of its own: the main server's by name and settings, with the
 * limits that stand in it. */
static const ss_settings_t *share(const ss_settings_t *relay, const ss_module_server_t *server,
                                  apr_pool_t *pool)
{
    ss_settings_t *shared = apr_pmemdup(pool, relay, sizeof(*relay));

    if (server->own.max_message_size != SS_UNSET)
        shared->max_message_size = server->own.max_message_size;
    if (server->own.alert_age != SS_UNSET) shared->alert_age = server->own.alert_age;
    if (server->own.sources) shared->sources = server->own.sources;
    return shared;
}

static const char *engine_without_host(const ss_config_t *config, apr_pool_t *pool)
{
    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        if (relay->engine && (!relay->hosts || !relay->hosts->nelts)) {
            return apr_psprintf(pool,
                                "SMTPSendEngine On for relay \"%s\", but SMTPSendHost names no "
                                "host: mail would have nowhere to go",
                                relay->relay_name);
        }
        if (relay->tls_cert_file && !relay->tls_key_file)
            return "SMTPSendTLSCertificateFile needs SMTPSendTLSCertificateKeyFile";
        if (relay->tls_key_file && !relay->tls_cert_file)
            return "SMTPSendTLSCertificateKeyFile needs SMTPSendTLSCertificateFile";
    }
    return NULL;
}

const char *ss_config_build(ss_config_t **built, server_rec *main_server, apr_pool_t *pconf)
{
    ss_config_t *config = apr_pcalloc(pconf, sizeof(*config));
    ss_module_server_t *main_record =
        ap_get_module_config(main_server->module_config, &smtp_send_module);
    const char *bad;

    secret_count = 0;
    apr_pool_cleanup_register(pconf, NULL, forget_secrets, apr_pool_cleanup_null);
    config->relays = apr_array_make(pconf, 4, sizeof(const ss_settings_t *));
    config->globals = main_record->globals;
    ss_settings_globals_finish(&config->globals, state_dir(pconf),
                               ap_runtime_dir_relative(pconf, ""), pconf);
    bad = add_relay(config, main_record, main_server, pconf);
    for (server_rec *s = main_server->next; s && !bad; s = s->next) {
        ss_module_server_t *server = ap_get_module_config(s->module_config, &smtp_send_module);
        /* httpd gives a virtual host without directives of ours the main server's record itself. */
        if (server == main_record) continue;
        if (server->has_own)
            bad = add_relay(config, server, s, pconf);
        else
            server->relay = share(main_record->relay, server, pconf);
    }
    if (!bad) bad = engine_without_host(config, pconf);
    queue_params = strcmp(config->globals.queue_driver, "sqlite3")
                       ? (char *)config->globals.queue_params
                       : NULL;
    *built = config;
    return bad;
}

ss_secret_t *ss_config_secret(const ss_settings_t *relay)
{
    for (int i = 0; i < secret_count; i++) {
        if (!strcmp(secrets[i].relay->relay_name, relay->relay_name)) return secrets[i].secret;
    }
    return NULL;
}

/* A connection to a database may hold a password of its own: "password=..." or "://user:...@". The
 * line of the configuration is partly overwritten by later ones, so it is looked for without its
 * begin. */
static void scrub_queue(void)
{
    const char *begin = queue_params ? strstr(queue_params, "password=") : NULL,
               *url = queue_params ? strstr(queue_params, "://") : NULL;
    apr_size_t len = begin ? strcspn(begin, " ") : 0;
    char text[SCRUB_MAX];

    if (url && !begin) {
        begin = strchr(url + 3, ':');
        len = begin ? strcspn(begin, "@") : 0;
    }
    if (!len || len >= sizeof(text)) return;
    apr_cpystrn(text, begin, len + 1);
    ss_scrub_text(text, queue_params, strlen(queue_params));
    memset(text, 0, sizeof(text));
}

/* The password written into the configuration, or NULL. */
static const char *written_password(int i)
{
    const ss_secret_source_t *source = secrets[i].relay->password;

    return source && source->kind == SS_SECRET_TEXT ? source->source : NULL;
}

void ss_config_scrub(void)
{
    scrub_queue();
    ss_hooks_scrub();
    for (int i = 0; i < secret_count; i++)
        if (written_password(i)) ss_scrub_line("SMTPSendPassword", written_password(i));
}

void ss_config_wipe_secrets(void)
{
    if (queue_params) memset(queue_params, 0, strlen(queue_params));
    ss_hooks_wipe();
    for (int i = 0; i < secret_count; i++) {
        char *password = (char *)written_password(i);
        ss_secret_wipe(secrets[i].secret);
        if (password) memset(password, 0, strlen(password));
    }
}

/* ---- what is legal and probably wrong: a warning, each with what to write instead ---- */

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

/* ---- handlers that anybody may reach ---- */

/* Whether the lines of a section hold something that decides who may come in. */
static int is_guarded(const ap_directive_t *section)
{
    for (const ap_directive_t *d = section->first_child; d; d = d->next) {
        if (!strcasecmp(d->directive, "Require") && !ss_text_same(d->args, "all granted")) return 1;
        if (!strncasecmp(d->directive, "<Require", 8)) return 1;
        if (!strcasecmp(d->directive, "AuthType") && strcasecmp(d->args, "None")) return 1;
        if (!strcasecmp(d->directive, "Deny")) return 1;
        if (*d->directive == '<' && is_guarded(d)) return 1;
    }
    return 0;
}

static const char *handler_in(const ap_directive_t *section)
{
    for (const ap_directive_t *d = section->first_child; d; d = d->next) {
        if (!strcasecmp(d->directive, "SetHandler") && strstr(d->args, "smtp-send")) return d->args;
    }
    return NULL;
}

static void check_sections(const ap_directive_t *first, int depth, const ss_log_t *log)
{
    for (const ap_directive_t *d = first; d && depth < 32; d = d->next) {
        if (*d->directive != '<') continue;
        const char *handler = handler_in(d);
        if (handler && !is_guarded(d)) {
            ss_log(log, SS_LOG_WARN, 119,
                   "%s %s (%s:%d) with SetHandler %s has no Require of its own: anyone who can "
                   "reach it may %s; write Require local, or a login",
                   d->directive, d->args, d->filename, d->line_num, handler,
                   strstr(handler, "status") ? "see and control the queue"
                   : strstr(handler, "test") ? "see the relay's settings"
                                             : "send mail");
        }
        check_sections(d->first_child, depth + 1, log);
    }
}

void ss_config_check(const ss_config_t *config, const ss_log_t *log)
{
    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        if (relay->hosts) check_tls(relay, log);
        check_opportunistic(relay, log);
        check_login(relay, log);
        if (relay->tls_fingerprint && relay->tls == SS_TLS_NONE) {
            ss_log(log, SS_LOG_WARN, 120,
                   "relay \"%s\": SMTPSendTLSFingerprint without SMTPSendTLS: nothing is pinned",
                   relay->relay_name);
        }
    }
    check_sections(ap_conftree, 0, log);
}
