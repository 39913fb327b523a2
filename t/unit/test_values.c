/* test_values.c: every directive's default, and its bounds: the last value that is taken and the
 * first that is refused. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "config/option.h"
#include "config/settings.h"

void ss_suite_values(void);

typedef union {
    ss_settings_t settings;
    ss_settings_globals_t globals;
    ss_settings_policy_t policy;
} record_t;

static apr_pool_t *pool;

static int begin(void)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int end(void)
{
    apr_pool_destroy(pool);
    return 0;
}

static const char *set(const char *name, const char *text, record_t *record)
{
    const ss_option_t *option = ss_option_find(name);
    const char *argv[80];
    int argc = 0;
    char *copy = apr_pstrdup(pool, text), *state = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(option);
    if (option->place == SS_PLACE_GLOBAL)
        ss_settings_globals_clear(&record->globals);
    else if (option->place == SS_PLACE_DIRECTORY)
        ss_settings_policy_clear(&record->policy);
    else
        ss_settings_clear(&record->settings);
    for (char *word = apr_strtok(copy, " ", &state); word && argc < 80;
         word = apr_strtok(NULL, " ", &state))
        argv[argc++] = word;
    return ss_option_set(option, record, argc, argv, "httpd.conf:7", pool);
}

static const char *repeat(const char *text, int count)
{
    char *out = apr_pcalloc(pool, strlen(text) * (apr_size_t)count + 1);

    for (int i = 0; i < count; i++) memcpy(out + strlen(out), text, strlen(text));
    return out;
}

static void bounds(void)
{
    struct {
        const char *name, *taken, *refused;
    } rows[] = {
        { "SMTPSendPort", "1", "0" },
        { "SMTPSendPort", "65535", "65536" },
        { "SMTPSendTestTimeout", "1s", "999ms" },
        { "SMTPSendTestTimeout", "1h", "3601s" },
        { "SMTPSendTimeout", "1ms", "0" },
        { "SMTPSendTimeout", "1d", "86401s" },
        { "SMTPSendTimeout", "1s 1s 1s 1s 1s", "1s 1s 1s 1s 1s 1s" },
        { "SMTPSendMaxMessagesPerConnection", "0", "-1" },
        { "SMTPSendMaxMessagesPerConnection", "1000000", "1000001" },
        { "SMTPSendMaxRecipients", "1", "0" },
        { "SMTPSendMaxRecipients", "1000", "1001" },
        { "SMTPSendMaxConnectionAge", "0", "-1s" },
        { "SMTPSendMaxConnectionAge", "1d", "86401s" },
        { "SMTPSendConnections", "1", "0" },
        { "SMTPSendConnections", "1000", "1001" },
        { "SMTPSendIdleTimeout", "1ms", "0" },
        { "SMTPSendIdleTimeout", "1h", "3601s" },
        { "SMTPSendRate", "1/s", "0/s" },
        { "SMTPSendRate", "1000000/d", "1000001/d" },
        { "SMTPSendRate", "1/s 2/s 3/s 4/s 5/s 6/s 7/s 8/s",
          "1/s 2/s 3/s 4/s 5/s 6/s 7/s 8/s 9/s" },
        { "SMTPSendSubmitterRate", "1000000/h", "1000001/h" },
        { "SMTPSendRetry", "1s", "999ms" },
        { "SMTPSendRetry", "30d", "31d" },
        { "SMTPSendRetry", repeat("1s ", 64), repeat("1s ", 65) },
        { "SMTPSendExpire", "1s", "999ms" },
        { "SMTPSendExpire", "365d", "366d" },
        { "SMTPSendDelayNotice", "1s", "999ms" },
        { "SMTPSendDelayNotice", "365d", "366d" },
        { "SMTPSendAlertAge", "1s", "0" },
        { "SMTPSendAlertAge", "365d", "366d" },
        { "SMTPSendMaxMessageSize", "1K", "1023" },
        { "SMTPSendMaxMessageSize", "2G", "2147483649" },
        { "SMTPSendQueueLimit", "1 1M", "0 1M" },
        { "SMTPSendQueueLimit", "1000000000 1M", "1000000001 1M" },
        { "SMTPSendQueueLimit", "1 1M", "1 1048575" },
        { "SMTPSendHistory", "0", "-1d" },
        { "SMTPSendHistory", "3650d", "3651d" },
        { "SMTPSendRelayName", repeat("r", 100), repeat("r", 101) },
        { "SMTPSendTLSName", apr_pstrcat(pool, repeat("t.", 126), "t", NULL), repeat("t.", 127) },
        { "SMTPSendUsername", repeat("u", 1024), repeat("u", 1025) },
        { "SMTPSendHelo", apr_pstrcat(pool, repeat("h.", 126), "h", NULL), repeat("h.", 127) },
        { "SMTPSendHelo", repeat("h", 63), repeat("h", 64) },
        { "SMTPSendHelo", "[192.0.2.1]", "[192.0.2.256]" },
        { "SMTPSendHelo", "[IPv6:2001:db8::1]", "[2001:db8::1]" },
        { "SMTPSendHost", apr_pstrcat(pool, repeat("h.", 126), "h", NULL), repeat("h.", 127) },
        { "SMTPSendHost", "192.0.2.255", "192.0.2.256" },
        { "SMTPSendHost", "a_b.example", "-a.example" },
        { "SMTPSendExpire", "3600s", "3600" },
        { "SMTPSendHistory", "0", "1" },
        { "SMTPSendAllowFrom", "*@*.example.com", "@example.com" },
        { "SMTPSendRelayFor", "<> bulk", "b.c bulk" },
        { "SMTPSendAlias", "root a@b.c,ops", "root /dev/null" },
        { "SMTPSendAddHeader", "Bcc2 x", "bcc x" },
        { "SMTPSendBounce", "\"a@b\"@c.d", "a@b@c.d" },
        { "SMTPSendPassword", "env:A_1", "env:$A" },
        { "SMTPSendHost", repeat("h ", 16), repeat("h ", 17) },
        { "SMTPSendHost", "h:65535", "h:65536" },
        { "SMTPSendSocket", repeat("/", 100), repeat("/", 101) },
        { "SMTPSendSocket", "/s 0777", "/s 1000" },
        { "SMTPSendSocket", "/s 0600", "/s 0608" },
        { "SMTPSendUser", "daemon", "no-such-user" },
        { "SMTPSendUser", "daemon nogroup", "daemon no-such-group" },
        { "SMTPSendUser", "#4711 #4712", "root" },
        { "SMTPSendUser", "#1", "#0" },
        { "SMTPSendUser", "daemon nogroup", "daemon nogroup nogroup" },
        { "SMTPSendAllowFrom", repeat("*@b.c ", 64), repeat("*@b.c ", 65) },
        { "SMTPSendAllowRelay", repeat("r ", 64), repeat("r ", 65) },
        { "SMTPSendAlias", "name a@b.c", "name" },
        { "SMTPSendRelayFor", "*@b.c bulk", "*@b.c bulk fast" },
        { "SMTPSendWebhook", "https://h", "https:/" },
        { "SMTPSendWebhook", apr_pstrcat(pool, "https://", repeat("h", 1992), NULL),
          apr_pstrcat(pool, "https://", repeat("h", 1993), NULL) },
        { "SMTPSendWebhookSecret", "12345678", "1234567" },
        { "SMTPSendTLSFingerprint", apr_pstrcat(pool, "sha256:", repeat("a", 64), NULL),
          apr_pstrcat(pool, "sha256:", repeat("a", 65), NULL) },
        { "SMTPSendTLSFingerprint", apr_pstrcat(pool, "sha256:", repeat("AB:", 31), "ab", NULL),
          apr_pstrcat(pool, "sha256:", repeat("a", 63), NULL) },
        { "SMTPSendTLSFingerprint", apr_pstrcat(pool, "sha256:", repeat("abcdef01 ", 8), NULL),
          apr_pstrcat(pool, "sha256:", repeat("abcdef01 ", 9), NULL) },
        { "SMTPSendPassword", "exec:/x a b", "file:/x a" },
        { "SMTPSendPassword", "file:/x", "file:x" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record_t record;
        const char *bad = set(rows[i].name, rows[i].taken, &record);
        if (bad) printf("\n  %s %.40s: %s", rows[i].name, rows[i].taken, bad);
        CU_ASSERT_PTR_NULL(bad);
        bad = set(rows[i].name, rows[i].refused, &record);
        if (!bad) printf("\n  %s %.40s is taken", rows[i].name, rows[i].refused);
        CU_ASSERT_PTR_NOT_NULL(bad);
    }
}

/* What an administrator gets who writes nothing. */
static void defaults(void)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "SMTPSendEngine", "Off" },
        { "SMTPSendPort", "25" },
        { "SMTPSendTLS", "none" },
        { "SMTPSendTLSVerify", "On" },
        { "SMTPSendAuth", "auto" },
        { "SMTPSendAuthInsecure", "Off" },
        { "SMTPSendHelo", "www.example.com" },
        { "SMTPSendTimeout", "30s 1min 1min 5min 10min" },
        { "SMTPSendTestTimeout", "30s" },
        { "SMTPSendPause", "Off" },
        { "SMTPSendOneMessagePerConnection", "Auto" },
        { "SMTPSendMaxMessagesPerConnection", "0" },
        { "SMTPSendMaxRecipients", "100" },
        { "SMTPSendMaxConnectionAge", "5min" },
        { "SMTPSendConnections", "10" },
        { "SMTPSendIdleTimeout", "10s" },
        { "SMTPSendPipelining", "Auto" },
        { "SMTPSendRetry", "1min 5min 15min 30min 1h 2h 4h" },
        { "SMTPSendExpire", "5d" },
        { "SMTPSendUncertain", "retry" },
        { "SMTPSendBounce", "sender" },
        { "SMTPSendBounceFrom", "<>" },
        { "SMTPSendDelayNotice", "off" },
        { "SMTPSendEnvelopeFrom", "keep" },
        { "SMTPSendHeaderFrom", "keep" },
        { "SMTPSendAlertAge", "15min" },
        { "SMTPSendMaxMessageSize", "25M" },
        { "SMTPSendQueueLimit", "100000 4G" },
        { "SMTPSendHistory", "7d" },
        { "SMTPSendWebhookEvents", "sent failed expired cancelled" },
        { "SMTPSendStatusBody", "Off" },
    };
    ss_settings_t settings;
    ss_settings_globals_t globals;
    ss_settings_policy_t policy;

    ss_settings_clear(&settings);
    ss_settings_globals_clear(&globals);
    ss_settings_policy_clear(&policy);
    settings.server_name = "www.example.com";
    ss_settings_finish(&settings, pool);
    ss_settings_globals_finish(&globals, "/state", "/run", pool);
    ss_settings_policy_finish(&policy, pool);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ss_option_t *option = ss_option_find(rows[i].name);
        const void *record = option->place == SS_PLACE_GLOBAL      ? (void *)&globals
                             : option->place == SS_PLACE_DIRECTORY ? (void *)&policy
                                                                   : (void *)&settings;
        const char *print = ss_option_print(option, record, pool);
        if (strcmp(print, rows[i].value)) printf("\n  %s is %s", rows[i].name, print);
        CU_ASSERT_STRING_EQUAL(print, rows[i].value);
    }
    CU_ASSERT_STRING_EQUAL(globals.queue_driver, "sqlite3");
    CU_ASSERT_STRING_EQUAL(globals.queue_params, "/state/smtp_send/queue.db");
    CU_ASSERT_STRING_EQUAL(globals.socket_path, "/run/smtp_send.sock");
    CU_ASSERT_EQUAL(globals.socket_mode, 0660);
    CU_ASSERT_EQUAL(globals.history, 7 * 86400 * APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(globals.queue_limit_messages, 100000);
    CU_ASSERT_EQUAL(globals.queue_limit_bytes, APR_INT64_C(4) << 30);
    CU_ASSERT_EQUAL(settings.expire, 5 * 86400 * APR_USEC_PER_SEC);
    /* A location without a size of its own has its server's. */
    CU_ASSERT_EQUAL(settings.max_message_size, 25 << 20);
    CU_ASSERT_EQUAL(policy.max_message_size, SS_UNSET);
    CU_ASSERT_STRING_EQUAL(settings.relay_name, "default");
}

/* What configtest suggests is the directive as it should be, and taken as it stands. */
static void usual_slips_are_answered_with_what_to_write(void)
{
    static const struct {
        const char *name, *written, *hint;
    } rows[] = {
        { "SMTPSendHost", "smtp://h:2525", "SMTPSendHost h:2525 and SMTPSendTLS starttls" },
        { "SMTPSendHost", "smtps://h/", "SMTPSendHost h:465 and SMTPSendTLS tls" },
        { "SMTPSendHost", "a, b;c:25", "SMTPSendHost a b c:25" },
        { "SMTPSendHost", "h 587", "SMTPSendHost h:587" },
        { "SMTPSendHost", "[h.example]:25", "SMTPSendHost h.example:25" },
        { "SMTPSendHost", "2001:db8::1", "SMTPSendHost [2001:db8::1]" },
        { "SMTPSendHost", "https://[2001:db8::1]/", "SMTPSendHost [2001:db8::1]" },
        { "SMTPSendEngine", "yes", "SMTPSendEngine On" },
        { "SMTPSendTLSVerify", "false", "SMTPSendTLSVerify Off" },
        { "SMTPSendTLS", "SSL/TLS", "SMTPSendTLS tls" },
        { "SMTPSendTLS", "startls 1.2,1.3", "SMTPSendTLS starttls TLSv1.2 TLSv1.3" },
        { "SMTPSendAuth", "plain,login", "SMTPSendAuth PLAIN LOGIN" },
        { "SMTPSendAuth", "SCRAM-SHA256", "SMTPSendAuth SCRAM-SHA-256" },
        { "SMTPSendExpire", "5 days", "SMTPSendExpire 5d" },
        { "SMTPSendExpire", "2 weeks", "SMTPSendExpire 14d" },
        { "SMTPSendExpire", "3600", "SMTPSendExpire 3600s" },
        { "SMTPSendExpire", "never", "SMTPSendExpire 365d" },
        { "SMTPSendMaxConnectionAge", "never", "SMTPSendMaxConnectionAge 0" },
        { "SMTPSendRetry", "1m, 5m", "SMTPSendRetry 1min 5min" },
        { "SMTPSendTimeout", "30 60", "SMTPSendTimeout 30s 60s" },
        { "SMTPSendRate", "10 per minute", "SMTPSendRate 10/min" },
        { "SMTPSendRate", "10/sec,100/hour", "SMTPSendRate 10/s 100/h" },
        { "SMTPSendMaxMessageSize", "25 MB", "SMTPSendMaxMessageSize 25M" },
        { "SMTPSendPort", "submission", "SMTPSendPort 587" },
        { "SMTPSendEnvelopeFrom", "Shop <a@b.c>", "SMTPSendEnvelopeFrom a@b.c" },
        { "SMTPSendBounce", "none", "SMTPSendBounce off" },
        { "SMTPSendDefaultDomain", "@b.c", "SMTPSendDefaultDomain b.c" },
        { "SMTPSendAllowFrom", "b.c,@d.e", "SMTPSendAllowFrom *@b.c *@d.e" },
        { "SMTPSendAlias", "root: <a@b.c>", "SMTPSendAlias root a@b.c" },
        { "SMTPSendUser", "daemon:nogroup", "SMTPSendUser daemon nogroup" },
        { "SMTPSendQueue", "/q.db", "SMTPSendQueue sqlite3 /q.db" },
        { "SMTPSendListen", "*:25", "SMTPSendListen 127.0.0.1:25" },
        { "SMTPSendAllowOrigin", "b.c", "SMTPSendAllowOrigin https://b.c" },
        /* Another meaning, a secret, or nothing like it: no guess. */
        { "SMTPSendTLS", "tls TLSv1.4", NULL },
        { "SMTPSendTLSVerify", "optional", NULL },
        { "SMTPSendPassword", "two words", NULL },
        { "SMTPSendWebhookSecret", "short", NULL },
        { "SMTPSendExpire", "-5d", NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record_t record;
        const char *bad = set(rows[i].name, rows[i].written, &record);
        const char *hint = bad ? strstr(bad, "; write ") : NULL;
        const char *wanted =
            rows[i].hint ? apr_pstrcat(pool, "; write ", rows[i].hint, " (", NULL) : NULL;
        int is_right = bad && (wanted ? hint && !strncmp(hint, wanted, strlen(wanted)) : !hint);
        if (!is_right) printf("\n  %s %s: %s", rows[i].name, rows[i].written, bad ? bad : "taken");
        CU_ASSERT_TRUE(is_right);
    }
    CU_ASSERT_PTR_NULL(
        strstr(set("SMTPSendHost", "smtp://me:geheim@h", &(record_t){ 0 }), "geheim"));
    CU_ASSERT_PTR_NULL(strstr(set("SMTPSendQueue", "x://u:geheim@h", &(record_t){ 0 }), "geheim"));
}

void ss_suite_values(void)
{
    CU_pSuite suite = CU_add_suite("values", begin, end);

    CU_ADD_TEST(suite, bounds);
    CU_ADD_TEST(suite, defaults);
    CU_add_test(suite, "usual_slips_are_answered_with_what_to_write",
                usual_slips_are_answered_with_what_to_write);
}
