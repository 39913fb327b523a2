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
        { "SMTPSendTLSName", repeat("t", 253), repeat("t", 254) },
        { "SMTPSendUsername", repeat("u", 1024), repeat("u", 1025) },
        { "SMTPSendHelo", repeat("h", 253), repeat("h", 254) },
        { "SMTPSendHost", repeat("h", 253), repeat("h", 254) },
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

void ss_suite_values(void)
{
    CU_pSuite suite = CU_add_suite("values", begin, end);

    CU_ADD_TEST(suite, bounds);
    CU_ADD_TEST(suite, defaults);
}
