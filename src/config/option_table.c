/* option_table.c: names, places and defaults are the contract with administrators. A row drives the
 * setter, the merge, the settings list of the connection test, and the checks of the documents. */
#include "config/option.h"

#include <stddef.h>
#include <string.h>

#include "config/settings.h"

#define S(field) offsetof(ss_settings_t, field)
#define G(field) offsetof(ss_settings_globals_t, field)
#define D(field) offsetof(ss_settings_policy_t, field)
#define US APR_INT64_C(1000000)
#define DAY (86400 * US)

#define SERVER(name, kind, field, initial, min, max, words, help)                                  \
    {                                                                                              \
        name, SS_KIND_##kind, SS_PLACE_SERVER, S(field), 0, initial, min, max, words, help         \
    }
#define GLOBAL(name, kind, field, initial, min, max, words, help)                                  \
    {                                                                                              \
        name, SS_KIND_##kind, SS_PLACE_GLOBAL, G(field), 0, initial, min, max, words, help         \
    }
#define DIRECTORY(name, kind, field, initial, min, max, words, help)                               \
    {                                                                                              \
        name, SS_KIND_##kind, SS_PLACE_DIRECTORY, D(field), 0, initial, min, max, words, help      \
    }

const ss_option_t ss_options[] = {
    /* the relay */
    SERVER("SMTPSendEngine", FLAG, engine, "Off", 0, 0, NULL, "whether mail is accepted and sent"),
    SERVER("SMTPSendHost", HOSTS, hosts, NULL, 0, 0, NULL,
           "hosts of the relay, host[:port]; of several, the first healthy one is used"),
    SERVER("SMTPSendRelayName", TEXT, relay_name, NULL, 1, 100, NULL,
           "the relay's name in queue, pages, metrics and commands"),
    SERVER("SMTPSendPort", NUMBER, port, NULL, 1, 65535, NULL,
           "the relay's port (465 with negotiate, starttls, tls; 25 otherwise)"),
    SERVER("SMTPSendTLS", TLS, tls, "none", 0, 0, "none negotiate starttls tls opportunistic",
           "encryption, and for starttls and tls the versions allowed"),
    SERVER("SMTPSendTLSVerify", FLAG, tls_verify, "On", 0, 0, NULL,
           "whether chain and host name of the certificate are verified"),
    SERVER("SMTPSendTLSCACertificateFile", FILE, tls_ca_file, NULL, 0, 0, NULL,
           "certificates that are trusted (the system's store)"),
    SERVER("SMTPSendTLSName", NAME, tls_name, NULL, 0, 0, NULL,
           "the name that the certificate must carry and that SNI sends (the host)"),
    SERVER("SMTPSendTLSFingerprint", FINGERPRINT, tls_fingerprint, NULL, 0, 0, NULL,
           "fingerprint of the one certificate that is accepted, sha256:HEX"),
    SERVER("SMTPSendTLSCertificateFile", FILE, tls_cert_file, NULL, 0, 0, NULL,
           "a client certificate (PEM)"),
    SERVER("SMTPSendTLSCertificateKeyFile", FILE, tls_key_file, NULL, 0, 0, NULL,
           "the client certificate's key (PEM)"),
    SERVER("SMTPSendTLSCipherSuite", TEXT, tls_ciphers, NULL, 1, 4096, NULL,
           "ciphers, as for SSLCipherSuite"),
    SERVER("SMTPSendTLSGroups", TEXT, tls_groups, NULL, 1, 1024, NULL,
           "key exchange groups in order of preference, as OpenSSL names them, such as "
           "X25519:P-256"),
    SERVER("SMTPSendUsername", TEXT, username, NULL, 0, 1024, NULL, "login name (none: no login)"),
    SERVER("SMTPSendPassword", SECRET, password, NULL, 0, 0, NULL,
           "the password: text, file:PATH, env:NAME or exec:PATH [ARG...]"),
    SERVER("SMTPSendAuth", AUTH, auth, "auto", 0, 0,
           "auto off SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 CRAM-MD5 PLAIN "
           "LOGIN EXTERNAL OAUTHBEARER XOAUTH2",
           "login mechanisms in order of preference, or auto, or off"),
    SERVER("SMTPSendAuthInsecure", FLAG, auth_insecure, "Off", 0, 0, NULL,
           "whether passwords and tokens may cross an unencrypted connection"),
    SERVER("SMTPSendHelo", NAME, helo, NULL, 1, 0, NULL, "name in EHLO (ServerName)"),
    SERVER("SMTPSendSourceAddress", SOURCE, source_address, NULL, 0, 0, NULL,
           "local address to connect from"),
    SERVER("SMTPSendTimeout", TIMEOUTS, timeout, "30s 60s 60s 5min 10min", 1000, DAY, NULL,
           "timeouts of connect greeting auth command data, in this order, fewer allowed"),
    SERVER("SMTPSendTestTimeout", DURATION, test_timeout, "30s", US, 3600 * US, NULL,
           "deadline of the whole connection test"),
    /* sending */
    SERVER("SMTPSendPause", FLAG, pause, "Off", 0, 0, NULL, "whether mail is queued and not sent"),
    SERVER("SMTPSendOneMessagePerConnection", ENUM, one_message, "Auto", 0, 0, "Off On Auto",
           "whether a connection carries one message only; Auto finds out"),
    SERVER("SMTPSendMaxMessagesPerConnection", NUMBER, max_messages, "0", 0, 1000000, NULL,
           "messages per connection (0: no limit)"),
    SERVER("SMTPSendMaxRecipients", NUMBER, max_recipients, "100", 1, 1000, NULL,
           "recipients per transaction"),
    SERVER("SMTPSendMaxConnectionAge", DURATION, max_connection_age, "5min", 0, DAY, NULL,
           "maximum age of a connection (0: no limit)"),
    SERVER("SMTPSendConnections", NUMBER, connections, "10", 1, 1000, NULL,
           "maximum number of connections"),
    SERVER("SMTPSendIdleTimeout", DURATION, idle_timeout, "10s", 1000, 3600 * US, NULL,
           "how long an idle connection is kept"),
    SERVER("SMTPSendPipelining", ENUM, pipelining, "Auto", 0, 0, "Off Auto",
           "whether commands are sent together; Auto: if the server advertises it"),
    SERVER("SMTPSendRate", RATES, rates, NULL, 1, 1000000, NULL,
           "limits of what is sent: one or more of N/s N/min N/h N/d"),
    SERVER("SMTPSendRetry", DURATIONS, retry, "1min 5min 15min 30min 1h 2h 4h", US, 30 * DAY, NULL,
           "delays between attempts; the last one repeats"),
    SERVER("SMTPSendExpire", DURATION, expire, "5d", US, 365 * DAY, NULL,
           "time after which a recipient is given up"),
    SERVER("SMTPSendUncertain", ENUM, uncertain, "retry", 0, 0, "retry hold",
           "what happens to a message whose reply was lost"),
    SERVER("SMTPSendBounce", ADDRESS, bounce, "sender", 0, 0, "sender off",
           "who gets reports of failed mail"),
    SERVER("SMTPSendBounceFrom", ADDRESS, bounce_from, "<>", 0, 0, "<>", "sender of reports"),
    SERVER("SMTPSendDelayNotice", DURATION_OFF, delay_notice, "off", US, 365 * DAY, NULL,
           "time after which the sender gets a report of the delay, once"),
    SERVER("SMTPSendEnvelopeFrom", ADDRESS, envelope_from, "keep", 0, 0, "keep",
           "an address that replaces every envelope sender"),
    SERVER("SMTPSendHeaderFrom", ADDRESS, header_from, "keep", 0, 0, "keep",
           "an address for the From field; the old one goes to Reply-To"),
    SERVER("SMTPSendDefaultDomain", NAME, default_domain, NULL, 0, 0, NULL,
           "domain for names without one (ServerName's)"),
    SERVER("SMTPSendAlias", PAIR, aliases, NULL, 2, 100, NULL,
           "where mail to a local name goes: NAME ADDRESS..., NAME * for any"),
    SERVER("SMTPSendAlertAge", DURATION, alert_age, "15min", US, 365 * DAY, NULL,
           "time without progress after which health reports a relay as stuck"),
    { "SMTPSendMaxMessageSize", SS_KIND_SIZE, SS_PLACE_BOTH, S(max_message_size),
      D(max_message_size), "25M", 1024, APR_INT64_C(1) << 31, NULL, "largest message accepted" },
    /* the queue and the server as a whole */
    GLOBAL("SMTPSendRelayFor", PAIR, relay_for, NULL, 2, 2, NULL,
           "which relay by envelope sender: PATTERN RELAYNAME"),
    GLOBAL("SMTPSendQueue", QUEUE, queue_driver, NULL, 0, 0, "sqlite3 pgsql",
           "where the queue is: sqlite3 PATH, or pgsql \"CONNINFO\""),
    GLOBAL("SMTPSendQueueLimit", LIMIT, queue_limit_messages, "100000 4G", 1, 0, NULL,
           "messages and bytes that may be queued"),
    GLOBAL("SMTPSendHistory", DURATION, history, "7d", 0, 3650 * DAY, NULL,
           "how long a finished message can be looked up (0: not)"),
    GLOBAL("SMTPSendEventLog", LOG, event_log, NULL, 0, 0, NULL,
           "file, or \"|program\", that gets one JSON line for each event"),
    GLOBAL("SMTPSendEventLogAddresses", ENUM, event_addresses, "whole", 0, 0, "whole masked hashed",
           "how much of mail addresses the event log contains"),
    GLOBAL("SMTPSendUser", USER, daemon_user, NULL, 0, 0, NULL,
           "user, and group, that the delivery daemon runs as (httpd's User)"),
    GLOBAL("SMTPSendSocket", SOCKET, socket_path, NULL, 0, 0, NULL,
           "path and mode of the local socket"),
    GLOBAL("SMTPSendListen", LISTEN, listen, NULL, 0, 0, NULL,
           "loopback address:port where SMTP submissions from this machine are accepted (none)"),
    /* who may submit */
    DIRECTORY("SMTPSendAllowFrom", PATTERNS, allow_from, NULL, 0, 0, NULL,
              "patterns of senders allowed here (all)"),
    DIRECTORY("SMTPSendAllowTo", PATTERNS, allow_to, NULL, 0, 0, NULL,
              "patterns of recipients allowed here (all)"),
    { "SMTPSendRedirect", SS_KIND_ADDRESS, SS_PLACE_BOTH, S(redirect), D(redirect), NULL, 0, 0,
      NULL, "everything that leaves this server or location goes to this address alone" },
    DIRECTORY("SMTPSendDefaultFrom", ADDRESS, default_from, NULL, 0, 0, NULL,
              "sender where a submission names none"),
    DIRECTORY("SMTPSendAddHeader", PAIR, add_headers, NULL, 2, 2, NULL,
              "a field added to each message: NAME VALUE, VALUE an expression"),
    DIRECTORY("SMTPSendAllowRelay", WORDS, allow_relay, NULL, 0, 0, NULL,
              "relays that a submission may request"),
    DIRECTORY("SMTPSendPriority", ENUM, priority, NULL, 0, 0, "high normal bulk",
              "which mail goes first (normal)"),
    DIRECTORY("SMTPSendSubmitterRate", RATES, submitter_rate, NULL, 1, 1000000, NULL,
              "limits for each submitter: N/s, N/min, N/h"),
    DIRECTORY("SMTPSendWebhook", TEXT, webhook, NULL, 8, 2000, NULL,
              "URL notified of each final result"),
    DIRECTORY("SMTPSendWebhookSecret", TEXT, webhook_key, NULL, 8, 1000, NULL,
              "key of the signature of notifications"),
    DIRECTORY("SMTPSendWebhookAllow", NAMES, webhook_allow, NULL, 0, 0, NULL,
              "hosts that a submission's own webhook may name"),
    DIRECTORY("SMTPSendWebhookEvents", WORDS, webhook_events, "sent failed expired cancelled", 0, 0,
              "sent failed expired cancelled deferred held uncertain",
              "results reported to the webhook"),
    DIRECTORY("SMTPSendAllowOrigin", ORIGINS, allow_origin, NULL, 0, 0, NULL,
              "origins whose pages may submit from a browser, besides the server's own"),
    DIRECTORY("SMTPSendKeyFile", FILE, key_file, NULL, 0, 0, NULL,
              "the keys that AuthType smtp-send-key accepts (smtp-send key add)"),
    DIRECTORY("SMTPSendAPI", ENUM, api, "native", 0, 0, "native resend postmark sendgrid mailgun",
              "the sending API that the handler smtp-send implements here"),
    DIRECTORY("SMTPSendStatusBody", FLAG, status_body, "Off", 0, 0, NULL,
              "whether the status page may show bodies")
};

const int ss_option_count = (int)(sizeof(ss_options) / sizeof(ss_options[0]));

const ss_option_t *ss_option_find(const char *name)
{
    for (int i = 0; i < ss_option_count; i++) {
        if (!strcasecmp(ss_options[i].name, name)) return &ss_options[i];
    }
    return NULL;
}
