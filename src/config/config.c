#include "config/config.h"

#include <apr_strings.h>
#include <string.h>

#include "config/config_secrets.h"

ss_config_t *ss_config_create(apr_pool_t *pool)
{
    ss_config_t *config = apr_pcalloc(pool, sizeof(*config));

    config->relays = apr_array_make(pool, 4, sizeof(const ss_settings_t *));
    return config;
}

const char *ss_config_add(ss_config_t *config, ss_settings_t *relay, const ss_settings_t **used,
                          const char *where, apr_pool_t *pool)
{
    ss_settings_finish(relay, pool);
    const ss_settings_t *same = ss_config_relay(config, relay->relay_name);
    if (same && !ss_settings_equal(same, relay)) {
        return apr_psprintf(pool,
                            "two servers have a relay called \"%s\" with different settings: give "
                            "one of them a name of its own with SMTPSendRelayName (%s)",
                            relay->relay_name, where);
    }
    *used = same ? same : relay;
    if (same) return NULL;
    APR_ARRAY_PUSH(config->relays, const ss_settings_t *) = relay;
    return ss_config_secret_add(relay, pool);
}

const char *ss_config_finish(ss_config_t *config, apr_pool_t *pool)
{
    ss_settings_globals_finish(&config->globals, config->state_dir, config->runtime_dir, pool);
    ss_config_secrets_know_queue(&config->globals);
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

const ss_settings_t *ss_config_relay(const ss_config_t *config, const char *name)
{
    for (int i = 0; i < config->relays->nelts; i++) {
        const ss_settings_t *relay = APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
        if (!strcmp(relay->relay_name, name)) return relay;
    }
    return NULL;
}
