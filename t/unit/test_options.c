/* test_options.c: the table of directives: each default is legal, what is written is printed, what
 * is wrong is named (src/config). */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/host_name.h"
#include "config/option.h"
#include "config/settings.h"

void ss_suite_options(void);

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

typedef union {
    ss_settings_t settings;
    ss_settings_globals_t globals;
    ss_settings_policy_t policy;
} record_t;

static void clear(const ss_option_t *option, record_t *record)
{
    if (option->place == SS_PLACE_GLOBAL)
        ss_settings_globals_clear(&record->globals);
    else if (option->place == SS_PLACE_DIRECTORY)
        ss_settings_policy_clear(&record->policy);
    else
        ss_settings_clear(&record->settings);
}

/* Sets an option from words in one text; NULL or the sentence. */
static const char *set(const char *name, const char *text, record_t *record)
{
    const ss_option_t *option = ss_option_find(name);
    const char *argv[32];
    int argc = 0;
    char *copy = apr_pstrdup(pool, text), *state = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(option);
    clear(option, record);
    for (char *word = apr_strtok(copy, " ", &state); word && argc < 32;
         word = apr_strtok(NULL, " ", &state))
        argv[argc++] = word;
    return ss_option_set(option, record, argc, argv, "httpd.conf:7", pool);
}

static void defaults_are_legal_values(void)
{
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *o = &ss_options[i];
        record_t record;
        if (!o->initial) continue;
        const char *bad = set(o->name, o->initial, &record);
        CU_ASSERT_PTR_NULL(bad);
        if (bad) printf("%s: %s\n", o->name, bad);
    }
}

static void printed_values_are_read_again(void)
{
    static const struct {
        const char *name, *text, *print;
    } rows[] = { { "SMTPSendEngine", "on", "On" },
                 { "SMTPSendHost", "a.example [2001:db8::1]:587 192.0.2.1:25",
                   "a.example [2001:db8::1]:587 192.0.2.1:25" },
                 { "SMTPSendTLS", "starttls TLSv1.2 TLSv1.3", "starttls TLSv1.2 TLSv1.3" },
                 { "SMTPSendTLS", "Negotiate", "negotiate" },
                 { "SMTPSendTimeout", "5s 6s 7s 8s 9s", "5s 6s 7s 8s 9s" },
                 { "SMTPSendRetry", "60s 5min", "1min 5min" },
                 { "SMTPSendRate", "10/s 100/min", "10/s 100/min" },
                 { "SMTPSendQueueLimit", "5 1G", "5 1G" },
                 { "SMTPSendPort", "587", "587" },
                 { "SMTPSendAuth", "PLAIN LOGIN", "PLAIN LOGIN" },
                 { "SMTPSendBounce", "postmaster@example.com", "postmaster@example.com" },
                 { "SMTPSendDelayNotice", "4h", "4h" },
                 { "SMTPSendUncertain", "HOLD", "hold" },
                 { "SMTPSendMaxMessageSize", "10M", "10M" },
                 { "SMTPSendOneMessagePerConnection", "auto", "Auto" },
                 { "SMTPSendPassword", "file:/x/y", "set (file)" },
                 { "SMTPSendPassword", "geheim", "set (text)" },
                 { "SMTPSendPassword", "env:NAME", "set (env)" },
                 { "SMTPSendListen", "127.0.0.1:2525", "127.0.0.1:2525" },
                 { "SMTPSendListen", "[::1]:25", "[::1]:25" },
                 { "SMTPSendListen", "127.9.8.7:1", "127.9.8.7:1" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record_t record, again;
        const char *bad = set(rows[i].name, rows[i].text, &record);
        CU_ASSERT_PTR_NULL_FATAL(bad);
        const char *print = ss_option_print(ss_option_find(rows[i].name), &record, pool);
        if (rows[i].print) CU_ASSERT_STRING_EQUAL(print, rows[i].print);
        CU_ASSERT_PTR_NULL(strstr(print, "geheim"));
        if (!strcmp(rows[i].name, "SMTPSendPassword")) continue;
        bad = set(rows[i].name, print, &again);
        CU_ASSERT_PTR_NULL(bad);
        if (bad) printf("%s printed as %s: %s\n", rows[i].name, print, bad);
        CU_ASSERT_STRING_EQUAL(ss_option_print(ss_option_find(rows[i].name), &again, pool), print);
    }
}

static void wrong_values_are_named(void)
{
    static const struct {
        const char *name, *text;
    } rows[] = { { "SMTPSendEngine", "maybe" },
                 { "SMTPSendHost", "" },
                 { "SMTPSendHost", "a:0" },
                 { "SMTPSendHost", "a:70000" },
                 { "SMTPSendHost", "[::1" },
                 { "SMTPSendHost", "a b:x" },
                 { "SMTPSendPort", "0" },
                 { "SMTPSendPort", "65536" },
                 { "SMTPSendPort", "smtp" },
                 { "SMTPSendTLS", "ssl" },
                 { "SMTPSendTLS", "none TLSv1.2" },
                 { "SMTPSendTLS", "tls SSLv3" },
                 { "SMTPSendTLSFingerprint", "sha1:00" },
                 { "SMTPSendTLSFingerprint", "sha256:zz" },
                 { "SMTPSendAuth", "NTLM" },
                 { "SMTPSendAuth", "auto PLAIN" },
                 { "SMTPSendTimeout", "1s 2s 3s 4s 5s 6s" },
                 { "SMTPSendTimeout", "0" },
                 { "SMTPSendMaxRecipients", "0" },
                 { "SMTPSendRate", "10/w" },
                 { "SMTPSendRate", "0/s" },
                 { "SMTPSendRate", "x" },
                 { "SMTPSendRetry", "500ms" },
                 { "SMTPSendRetry", "" },
                 { "SMTPSendUncertain", "drop" },
                 { "SMTPSendBounce", "nobody" },
                 { "SMTPSendEnvelopeFrom", "not an address" },
                 { "SMTPSendQueue", "mysql db" },
                 { "SMTPSendQueueLimit", "0 1G" },
                 { "SMTPSendHistory", "soon" },
                 { "SMTPSendPriority", "urgent" },
                 { "SMTPSendAddHeader", "X-A" },
                 { "SMTPSendWebhookEvents", "bounced" },
                 { "SMTPSendAllowOrigin", "www.example.com" },
                 { "SMTPSendAllowOrigin", "https://www.example.com/" },
                 { "SMTPSendAllowOrigin", "https://" },
                 { "SMTPSendAllowOrigin", "null" },
                 { "SMTPSendPassword", "file:" },
                 { "SMTPSendPassword", "exec:relative" },
                 { "SMTPSendHelo", "" },
                 { "SMTPSendSourceAddress", "eth0" },
                 { "SMTPSendMaxMessageSize", "1" },
                 { "SMTPSendListen", "2525" },
                 { "SMTPSendListen", "localhost:25" },
                 { "SMTPSendListen", "0.0.0.0:25" },
                 { "SMTPSendListen", "192.0.2.1:25" },
                 { "SMTPSendListen", "[::]:25" },
                 { "SMTPSendListen", "::1:25" },
                 { "SMTPSendListen", "[::ffff:127.0.0.1]:25" },
                 { "SMTPSendListen", "127.0.0.1:0" },
                 { "SMTPSendListen", "127.0.0.1:" },
                 { "SMTPSendListen", ":25" },
                 { "SMTPSendListen", "[]:25" },
                 { "SMTPSendListen", "127.0.0.1:25 [::1]:25" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record_t record;
        const char *bad = set(rows[i].name, rows[i].text, &record);
        CU_ASSERT_PTR_NOT_NULL(bad);
        if (!bad) {
            printf("%s %s was taken\n", rows[i].name, rows[i].text);
            continue;
        }
        CU_ASSERT_PTR_NOT_NULL(strstr(bad, rows[i].name));
        if (strncmp(rows[i].name, "SMTPSendPassword", 16) && *rows[i].text && strlen(bad) < 20)
            printf("thin sentence: %s\n", bad);
    }
}

static void a_password_is_never_in_a_sentence(void)
{
    record_t record;
    const ss_option_t *option = ss_option_find("SMTPSendPassword");
    const char *argv[] = { "geheim", "zwei" };

    clear(option, &record);
    const char *bad = ss_option_set(option, &record, 2, argv, NULL, pool);
    if (bad) CU_ASSERT_PTR_NULL(strstr(bad, "geheim"));
    CU_ASSERT_PTR_NULL(strstr(ss_option_print(option, &record, pool), "geheim"));
}

static void the_port_follows_the_mode(void)
{
    static const struct {
        const char *mode;
        int port;
    } rows[] = { { "none", 25 },
                 { "opportunistic", 25 },
                 { "negotiate", 465 },
                 { "starttls", 465 },
                 { "tls", 465 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record_t record;
        CU_ASSERT_PTR_NULL(set("SMTPSendTLS", rows[i].mode, &record));
        record.settings.server_name = "www.example.com";
        ss_settings_finish(&record.settings, pool);
        CU_ASSERT_EQUAL(record.settings.port, rows[i].port);
        CU_ASSERT_EQUAL(record.settings.tls_verify, strcmp(rows[i].mode, "opportunistic") != 0);
        CU_ASSERT_STRING_EQUAL(record.settings.helo, "www.example.com");
    }
}

/* EHLO, Message-ID and the domain of local names, by ServerName and what the host says of itself.
 */
static void a_missing_server_name_is_the_hosts(void)
{
    static const struct {
        const char *server_name, *full, *mailname, *plain;
        const char *helo, *domain;
    } rows[] = {
        { "www.a.example", "h.b.example", "c.example", "h", "www.a.example", "www.a.example" },
        { NULL, "h.b.example", "c.example", "h", "h.b.example", "h.b.example" },
        { NULL, NULL, "c.example", "h.b.example", "h.b.example", "h.b.example" },
        { NULL, "h", "c.example", "h", "c.example", "c.example" },
        { NULL, "localhost.localdomain", "c.example", "localhost", "c.example", "c.example" },
        { NULL, NULL, "localhost", "h", "[127.0.0.1]", "h" },
        { NULL, NULL, "not a name.example", "h", "[127.0.0.1]", "h" },
        { NULL, "192.0.2.1", NULL, "h", "[127.0.0.1]", "h" },
        { NULL, NULL, NULL, "localhost", "[127.0.0.1]", "localhost.localdomain" },
        /* httpd's own guess, and a name that was given and is not full */
        { "127.0.1.1", "h.b.example", NULL, "h", "h.b.example", "h.b.example" },
        { "192.0.2.1", NULL, NULL, "h", "[192.0.2.1]", "h" },
        { "localhost", "h.b.example", NULL, "h", "[127.0.0.1]", "h.b.example" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_settings_t s;
        ss_settings_clear(&s);
        s.server_name = rows[i].server_name;
        s.host_name = ss_host_name_choose(rows[i].full, rows[i].mailname, rows[i].plain).name;
        ss_settings_finish(&s, pool);
        CU_ASSERT_STRING_EQUAL(s.helo, rows[i].helo);
        CU_ASSERT_EQUAL(s.helo_is_address, *rows[i].helo == '[');
        CU_ASSERT_STRING_EQUAL(s.default_domain, rows[i].domain);
        CU_ASSERT_STRING_EQUAL(s.mail_name, rows[i].domain);
    }
}

static void words_for_nothing_are_printed(void)
{
    static const struct {
        const char *name, *want;
    } rows[] = { { "SMTPSendBounceFrom", "<>" },
                 { "SMTPSendEnvelopeFrom", "keep" },
                 { "SMTPSendHeaderFrom", "keep" },
                 { "SMTPSendBounce", "sender" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        record_t record;
        const ss_option_t *option = ss_option_find(rows[i].name);
        clear(option, &record);
        ss_settings_finish(&record.settings, pool);
        CU_ASSERT_STRING_EQUAL(ss_option_print(option, &record, pool), rows[i].want);
    }
}

static void an_empty_password_is_none(void)
{
    record_t record;
    const char *argv[] = { "" };
    const ss_option_t *option = ss_option_find("SMTPSendPassword");

    for (int argc = 0; argc < 2; argc++) {
        clear(option, &record);
        CU_ASSERT_PTR_NULL(ss_option_set(option, &record, argc, argv, NULL, pool));
        CU_ASSERT_STRING_EQUAL(ss_option_print(option, &record, pool), "empty");
    }
}

static void a_child_has_what_its_parent_says(void)
{
    record_t parent, child, merged;
    const char *values[] = { "parent.example" };

    CU_ASSERT_PTR_NULL(set("SMTPSendPort", "2525", &parent));
    CU_ASSERT_PTR_NULL(
        ss_option_set(ss_option_find("SMTPSendHost"), &parent, 1, values, "a:1", pool));
    CU_ASSERT_PTR_NULL(set("SMTPSendPort", "26", &child));
    ss_settings_clear(&merged.settings);
    ss_option_merge(SS_PLACE_SERVER, &merged.settings, &parent.settings, &child.settings, pool);
    CU_ASSERT_EQUAL(merged.settings.port, 26);
    CU_ASSERT_EQUAL(merged.settings.hosts->nelts, 1);
}

void ss_suite_options(void)
{
    CU_pSuite suite = CU_add_suite("options", begin, end);

    CU_add_test(suite, "defaults are legal values", defaults_are_legal_values);
    CU_add_test(suite, "printed values are read again", printed_values_are_read_again);
    CU_add_test(suite, "wrong values are named", wrong_values_are_named);
    CU_add_test(suite, "a password is never in a sentence", a_password_is_never_in_a_sentence);
    CU_add_test(suite, "the port follows the mode", the_port_follows_the_mode);
    CU_add_test(suite, "words for nothing are printed", words_for_nothing_are_printed);
    CU_add_test(suite, "an empty password counts as not set", an_empty_password_is_none);
    CU_add_test(suite, "a child has what its parent says", a_child_has_what_its_parent_says);
    CU_add_test(suite, "a_missing_server_name_is_the_hosts", a_missing_server_name_is_the_hosts);
}
