#include "config/config.h"

#include <apr_strings.h>
#include <string.h>

#include "config/config_secrets.h"
#include "config/option.h"

#define NAMES_SHOWN 20 /* relays that a message lists */

ss_config_t *ss_config_create(apr_pool_t *pool)
{
    ss_config_t *config = apr_pcalloc(pool, sizeof(*config));

    config->relays = apr_array_make(pool, 4, sizeof(const ss_settings_t *));
    return config;
}

const char *ss_config_add(ss_config_t *config, ss_settings_t *relay, const ss_settings_t **used,
                          const char *where, apr_pool_t *pool)
{
    relay->host_name = config->host.name;
    ss_settings_finish(relay, pool);
    const ss_settings_t *same = ss_config_relay(config, relay->relay_name);
    if (same && !ss_settings_equal(same, relay)) {
        const char *at = ss_option_at(relay->sources, "SMTPSendRelayName", pool);
        return apr_psprintf(pool,
                            "%s%stwo servers have a relay called \"%s\" with different settings: "
                            "give one of them a name of its own with SMTPSendRelayName",
                            *at ? at : where, *at ? "" : ": ", relay->relay_name);
    }
    *used = same ? same : relay;
    if (same) return NULL;
    APR_ARRAY_PUSH(config->relays, const ss_settings_t *) = relay;
    return ss_config_secret_add(relay, pool);
}

static const char *check_relay(const ss_settings_t *relay, apr_pool_t *pool)
{
    const apr_array_header_t *at = relay->sources;

    if (relay->engine && (!relay->hosts || !relay->hosts->nelts))
        return apr_psprintf(pool,
                            "%sSMTPSendEngine On for relay \"%s\", but SMTPSendHost names no host: "
                            "mail would have nowhere to go; write SMTPSendHost with the relay's "
                            "name, such as SMTPSendHost smtp.example.com:587",
                            ss_option_at(at, "SMTPSendEngine", pool), relay->relay_name);
    if (relay->tls_cert_file && !relay->tls_key_file)
        return apr_pstrcat(pool, ss_option_at(at, "SMTPSendTLSCertificateFile", pool),
                           "SMTPSendTLSCertificateFile needs SMTPSendTLSCertificateKeyFile with "
                           "the key of the certificate",
                           NULL);
    if (relay->tls_key_file && !relay->tls_cert_file)
        return apr_pstrcat(pool, ss_option_at(at, "SMTPSendTLSCertificateKeyFile", pool),
                           "SMTPSendTLSCertificateKeyFile needs SMTPSendTLSCertificateFile with "
                           "the certificate of the key",
                           NULL);
    return NULL;
}

const char *ss_config_relay_names(const ss_config_t *config, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < config->relays->nelts && i < NAMES_SHOWN; i++)
        out =
            apr_pstrcat(pool, out, i ? ", " : "",
                        APR_ARRAY_IDX(config->relays, i, const ss_settings_t *)->relay_name, NULL);
    return config->relays->nelts > NAMES_SHOWN ? apr_pstrcat(pool, out, ", ...", NULL) : out;
}

static const char *check_relay_for(const ss_config_t *config, apr_pool_t *pool)
{
    const ss_settings_globals_t *globals = &config->globals;
    const apr_array_header_t *list = globals->relay_for;

    for (int i = 0; list && i < list->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(list, i, ss_settings_pair_t);
        if (ss_config_relay(config, pair->value)) continue;
        return apr_psprintf(pool,
                            "%s%sSMTPSendRelayFor %s %s: there is no relay \"%s\"; the relays are "
                            "%s (SMTPSendRelayName names one, otherwise the ServerName of its "
                            "virtual host)",
                            pair->source ? pair->source : "", pair->source ? ": " : "", pair->name,
                            pair->value, pair->value, ss_config_relay_names(config, pool));
    }
    return NULL;
}

const char *ss_config_finish(ss_config_t *config, apr_pool_t *pool)
{
    const char *bad = NULL;

    ss_settings_globals_finish(&config->globals, config->state_dir, config->runtime_dir, pool);
    ss_config_secrets_know_queue(&config->globals);
    for (int i = 0; i < config->relays->nelts && !bad; i++)
        bad = check_relay(APR_ARRAY_IDX(config->relays, i, const ss_settings_t *), pool);
    return bad ? bad : check_relay_for(config, pool);
}

const ss_settings_t *ss_config_relay(const ss_config_t *config, const char *name)
{
    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        if (!strcmp(relay->relay_name, name)) return relay;
    }
    return NULL;
}
