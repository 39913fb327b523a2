/* test_config_text.c: what httpd's parent writes for the daemon is read as the same configuration
 * (src/config), and a file of directives is read as httpd reads it. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_read.h"
#include "config/config_secrets.h"
#include "config/config_write.h"
#include "config/hooks.h"
#include "config/option.h"

void ss_suite_config_text(void);

static apr_pool_t *pool;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
}

static void end(void)
{
    apr_pool_destroy(pool);
}

static const char *read_text(const char *text, const char *path, ss_config_t **config,
                             ss_config_process_t *process)
{
    FILE *in = fmemopen((char *)(apr_uintptr_t)text, strlen(text), "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    memset(process, 0, sizeof(*process));
    *config = NULL;
    const char *bad = ss_config_read(config, process, in, path, pool);
    fclose(in);
    return bad;
}

static ss_config_t *good(const char *text, const char *path)
{
    ss_config_process_t process;
    ss_config_t *config;
    const char *bad = read_text(text, path, &config, &process);

    if (bad) fprintf(stderr, "\n  %s\n", bad);
    CU_ASSERT_PTR_NULL_FATAL(bad);
    return config;
}

static const ss_settings_t *relay_of(const ss_config_t *config, int i)
{
    CU_ASSERT_TRUE_FATAL(i < config->relays->nelts);
    return APR_ARRAY_IDX(config->relays, i, const ss_settings_t *);
}

static void same_record(ss_option_place_t place, const void *a, const void *b,
                        const apr_array_header_t *from_a, const apr_array_header_t *from_b)
{
    for (int i = 0; i < ss_option_count; i++) {
        if (!ss_option_is_at(&ss_options[i], place)) continue;
        CU_ASSERT_STRING_EQUAL(ss_option_print(&ss_options[i], a, pool),
                               ss_option_print(&ss_options[i], b, pool));
        const char *at = from_a ? APR_ARRAY_IDX(from_a, i, const char *) : NULL;
        const char *bt = from_b ? APR_ARRAY_IDX(from_b, i, const char *) : NULL;
        CU_ASSERT_STRING_EQUAL(at ? at : "default", bt ? bt : "default");
    }
}

/* As httpd's parent writes it. */
static char *written(const ss_config_t *config, const ss_config_process_t *process)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    ss_config_write(out, config, process, pool);
    fclose(out);
    return text;
}

/* As the daemon reads it. */
static ss_config_t *pass(const ss_config_t *config, ss_config_process_t *process)
{
    char *text = written(config, process);
    ss_config_t *passed;
    const char *bad = read_text(text, NULL, &passed, process);

    if (bad) fprintf(stderr, "\n  %s\n%s", bad, text);
    CU_ASSERT_PTR_NULL_FATAL(bad);
    free(text);
    return passed;
}

static void same(const ss_config_t *a, const ss_config_t *b)
{
    same_record(SS_PLACE_GLOBAL, &a->globals, &b->globals, a->globals.sources, b->globals.sources);
    CU_ASSERT_STRING_EQUAL(a->globals.node_file, b->globals.node_file);
    CU_ASSERT_STRING_EQUAL(a->globals.queue_params, b->globals.queue_params);
    CU_ASSERT_EQUAL_FATAL(a->relays->nelts, b->relays->nelts);
    for (int i = 0; i < a->relays->nelts; i++) {
        const ss_settings_t *one = relay_of(a, i), *other = relay_of(b, i);
        same_record(SS_PLACE_SERVER, one, other, one->sources, other->sources);
        CU_ASSERT_STRING_EQUAL(one->relay_name, other->relay_name);
        CU_ASSERT_STRING_EQUAL(one->server_name ? one->server_name : "",
                               other->server_name ? other->server_name : "");
        CU_ASSERT_STRING_EQUAL(one->mail_name, other->mail_name);
        CU_ASSERT_STRING_EQUAL(one->helo, other->helo);
        CU_ASSERT_EQUAL(one->helo_is_address, other->helo_is_address);
        if (!one->password) continue;
        CU_ASSERT_EQUAL(one->password->kind, other->password->kind);
        CU_ASSERT_STRING_EQUAL(one->password->source, other->password->source);
    }
}

/* A value for each directive of a server and of the whole, odd ones where a kind has them. */
static const char everything[] =
    "ServerName main.example.com\n"
    "SMTPSendEngine On\nSMTPSendHost a.example.com [2001:db8::1]:587 192.0.2.1:25\n"
    "SMTPSendRelayName \"the \\\"main\\\" one\"\nSMTPSendPort 2525\n"
    "SMTPSendTLS starttls TLSv1.2 TLSv1.3\nSMTPSendTLSVerify Off\n"
    "SMTPSendTLSCACertificateFile \"/a folder/ca.pem\"\nSMTPSendTLSName mail.example.com\n"
    "SMTPSendTLSFingerprint "
    "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "SMTPSendTLSCertificateFile /c.pem\nSMTPSendTLSCertificateKeyFile '/k\\.pem'\n"
    "SMTPSendTLSGroups X25519:P-256\n"
    "SMTPSendTLSCipherSuite \"TLSv1.3 X:!Y\"\nSMTPSendUsername \"dom\\\\user\"\n"
    "SMTPSendPassword 'a\\\"b \\\\ #d\\\\'\nSMTPSendAuth SCRAM-SHA-256 PLAIN\n"
    "SMTPSendAuthInsecure On\nSMTPSendHelo me.example.com\nSMTPSendSourceAddress 127.0.0.1\n"
    "SMTPSendTimeout 1500ms 2s\nSMTPSendTestTimeout 10s\nSMTPSendPause On\n"
    "SMTPSendOneMessagePerConnection On\nSMTPSendMaxMessagesPerConnection 10\n"
    "SMTPSendMaxRecipients 50\nSMTPSendMaxConnectionAge 90s\nSMTPSendConnections 3\n"
    "SMTPSendIdleTimeout 5s\nSMTPSendPipelining Off\nSMTPSendRate 10/s 100/min\n"
    "SMTPSendRetry 1min 5min\nSMTPSendExpire 2d\nSMTPSendUncertain hold\nSMTPSendBounce off\n"
    "SMTPSendBounceFrom <>\nSMTPSendDelayNotice off\nSMTPSendEnvelopeFrom keep\n"
    "SMTPSendHeaderFrom a@example.com\nSMTPSendDefaultDomain example.com\n"
    "SMTPSendAlias root admin@example.com b@example.com\nSMTPSendAlias * c@example.com\n"
    "SMTPSendAlertAge 10min\nSMTPSendMaxMessageSize 1000001\nSMTPSendRedirect s@example.org\n"
    "SMTPSendRelayFor *@example.com \"the \\\"main\\\" one\"\nSMTPSendRelayFor \"\\\"x "
    "y\\\"@example.com\" \"the \\\"main\\\" one\"\n"
    "SMTPSendQueue sqlite3 \"/a \\\"folder\\\"/q.db\"\nSMTPSendQueueLimit 1000 3000M\n"
    "SMTPSendHistory 0\nSMTPSendSocket \"/run/a b.sock\" 0600\nSMTPSendListen [::1]:2525\n"
    "SMTPSendUser daemon nogroup\nSMTPSendEventLog \"|/bin/cat -u\"\n"
    "SMTPSendEventLogAddresses hashed\n";

static void every_directive_arrives(void)
{
    ss_config_t *config = good(everything, "/etc/x.conf");
    ss_config_process_t process = { .user = "www-data", .log_level = "info", .wait = "7" };

    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        int is_global = option->place == SS_PLACE_GLOBAL;
        const apr_array_header_t *sources =
            is_global ? config->globals.sources : relay_of(config, 0)->sources;
        /* A new directive needs a line above. */
        if (option->place != SS_PLACE_DIRECTORY && !APR_ARRAY_IDX(sources, i, const char *)) {
            fprintf(stderr, "\n  %s is not in test_config_text.c\n", option->name);
            CU_FAIL("a directive is not tested");
        }
    }
    ss_config_t *passed = pass(config, &process);
    same(config, passed);
    CU_ASSERT_STRING_EQUAL(process.user, "www-data");
    CU_ASSERT_STRING_EQUAL(process.wait, "7");
    CU_ASSERT_PTR_NULL(process.group);
    same(config, pass(passed, &process));
}

static void defaults_stay_defaults(void)
{
    ss_config_t *config = good("SMTPSendUsername \"\"\nSMTPSendPassword \"\"\n", "/x");
    ss_config_process_t process = { 0 };
    ss_config_t *passed = pass(config, &process);

    same(config, passed);
    CU_ASSERT_PTR_NULL(relay_of(passed, 0)->username);
    CU_ASSERT_EQUAL(relay_of(passed, 0)->helo_is_address, 1);
}

static const char sections[] = "SMTPSendHost main.example.com\nServerName www.example.com\n"
                               "SMTPSendExpire 3d\nSMTPSendAlias root one@example.com\n"
                               "<VirtualHost *:80>\nServerName shop.example.com\n"
                               "SMTPSendPort 2525\nSMTPSendAlias root two@example.com\n"
                               "</VirtualHost>\n"
                               "<VirtualHost *:81>\nServerName no-relay.example.com\n"
                               "SMTPSendAlertAge 1h\n</VirtualHost>\n"
                               "SMTPSendConnections 7\n";

static void sections_are_relays(void)
{
    ss_config_t *config = good(sections, "/etc/x.conf");
    ss_config_process_t process = { 0 };
    const ss_settings_t *shop = relay_of(config, 1);

    CU_ASSERT_EQUAL(config->relays->nelts, 2);
    CU_ASSERT_STRING_EQUAL(relay_of(config, 0)->relay_name, "default");
    CU_ASSERT_STRING_EQUAL(shop->relay_name, "shop.example.com");
    CU_ASSERT_STRING_EQUAL(shop->helo, "shop.example.com");
    CU_ASSERT_EQUAL(shop->connections, 7);
    CU_ASSERT_EQUAL(shop->expire, APR_INT64_C(3) * 86400 * 1000000);
    CU_ASSERT_EQUAL(shop->aliases->nelts, 1);
    same(config, pass(config, &process));
}

static void secrets_arrive(void)
{
    ss_config_process_t process = { 0 };
    ss_result_t result = { 0 };
    ss_config_t *config =
        good("SMTPSendHost h\nSMTPSendUsername u\nSMTPSendPassword env:SS_TEST_SECRET\n", "/x");
    apr_size_t len;

    setenv("SS_TEST_SECRET", "s\x01\"cr\xc3\xa9t\\", 1);
    CU_ASSERT_EQUAL(ss_secret_load(ss_config_secret(relay_of(config, 0)), &result), APR_SUCCESS);
    unsetenv("SS_TEST_SECRET");
    ss_hooks_add("a key \"of\" a webhook", pool);
    char *text = written(config, &process);
    /* In the other process nothing is left of this one. */
    end();
    begin();
    CU_ASSERT_PTR_NULL(ss_hooks_at(0));
    CU_ASSERT_PTR_NULL_FATAL(read_text(text, NULL, &config, &process));
    free(text);
    ss_secret_t *secret = ss_config_secret(relay_of(config, 0));
    CU_ASSERT_STRING_EQUAL(ss_secret_bytes(secret, &len), "s\x01\"cr\xc3\xa9t\\");
    CU_ASSERT_EQUAL(len, 9);
    CU_ASSERT_STRING_EQUAL(ss_hooks_at(0), "a key \"of\" a webhook");
}

static void words_are_httpd_s(void)
{
    static const struct {
        const char *line, *first, *second;
    } rows[] = { { " a  b ", "a", "b" },
                 { "\"a b\" 'c d'", "a b", "c d" },
                 { "\"a \\\"b\\\" \\\\c\" d\\x", "a \"b\" \\c", "d\\x" },
                 { "a\\\\b \"\"", "a\\b", "" },
                 { "\"not closed", "not closed", NULL },
                 { "", NULL, NULL } };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *line = rows[i].line, *first = ss_config_read_word(&line, pool),
                   *second = ss_config_read_word(&line, pool);
        if (rows[i].first)
            CU_ASSERT_STRING_EQUAL(first, rows[i].first)
        else
            CU_ASSERT_PTR_NULL(first);
        if (rows[i].second)
            CU_ASSERT_STRING_EQUAL(second, rows[i].second)
        else
            CU_ASSERT_PTR_NULL(second);
    }
}

static void errors_name_file_and_line(void)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        { "\n# a\nSMTPSendPort 0\n", "line 3 of /etc/x.conf: SMTPSendPort: '0'" },
        { "SMTPSendHost a \\\n b\nSMTPSendPart 1\n", "line 3 of /etc/x.conf: Invalid command" },
        { "<Location /x>\n", "line 1 of /etc/x.conf: <Location /x>" },
        { "<VirtualHost a>\nSMTPSendQueue sqlite3\n", "cannot occur within <VirtualHost>" },
        { "<VirtualHost a>\n", "was not closed" },
        { "</VirtualHost>\n", "without matching" },
        { "SMTPSendDefaultFrom a@example.com\n", "belongs to a location" },
        { "SMTPSendEngine On\n", "SMTPSendHost names no host" },
        { "=secret 00\n", "Invalid command '=secret'" },
        { "=wait 1\n", "Invalid command '=wait'" },
        { "User\n", "User takes a value" },
    };
    ss_config_process_t process;
    ss_config_t *config;

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *bad = read_text(rows[i].text, "/etc/x.conf", &config, &process);
        if (!bad) fprintf(stderr, "\n  %s", rows[i].text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
        if (!strstr(bad, rows[i].words)) fprintf(stderr, "\n  %s\n", bad);
        CU_ASSERT_PTR_NOT_NULL(strstr(bad, rows[i].words));
    }
}

static void paths_are_relative_to_the_server_root(void)
{
    ss_config_t *config = good("ServerRoot /srv\nSMTPSendQueue sqlite3 q/queue.db\n"
                               "SMTPSendPassword file:secret\nSMTPSendSocket s.sock\n",
                               "/etc/x.conf");

    CU_ASSERT_STRING_EQUAL(config->globals.queue_params, "/srv/q/queue.db");
    CU_ASSERT_STRING_EQUAL(config->globals.socket_path, "/srv/s.sock");
    CU_ASSERT_STRING_EQUAL(relay_of(config, 0)->password->source, "/srv/secret");
    config = good("SMTPSendQueue sqlite3 q.db\n", "/etc/smtp/x.conf");
    CU_ASSERT_STRING_EQUAL(config->globals.queue_params, "/etc/smtp/q.db");
}

/* Other modules of httpd fork while they are hidden. */
static void secrets_are_hidden_for_a_while(void)
{
    const ss_settings_t *main =
        relay_of(good("ServerName a.example.com\nSMTPSendHost a\nSMTPSendUsername u\n"
                      "SMTPSendPassword \"p w\"\n=webhook key\n"
                      "<VirtualHost>\n=relay second\nSMTPSendHost b\n</VirtualHost>\n"
                      "<VirtualHost>\n=relay third\nSMTPSendHost b\nSMTPSendUsername u\n"
                      "SMTPSendPassword file:/x\n</VirtualHost>\n",
                      NULL),
                 0);
    ss_secret_t *secret = ss_config_secret(main);

    ss_config_secrets_hide();
    CU_ASSERT_STRING_EQUAL(main->password->source, "");
    CU_ASSERT_STRING_EQUAL(ss_secret_written(secret), "");
    CU_ASSERT_STRING_EQUAL(ss_hooks_at(0), "");
    ss_config_secrets_show();
    CU_ASSERT_STRING_EQUAL(main->password->source, "p w");
    CU_ASSERT_STRING_EQUAL(ss_secret_written(secret), "p w");
    CU_ASSERT_STRING_EQUAL(ss_hooks_at(0), "key");
    ss_config_secrets_show(); /* once more: nothing happens */
    CU_ASSERT_STRING_EQUAL(main->password->source, "p w");
    ss_config_wipe_secrets();
    CU_ASSERT_STRING_EQUAL(main->password->source, "");
    CU_ASSERT_STRING_EQUAL(ss_hooks_at(0), "");
}

/* ---- Include and Define ---- */

static char folder[64];

static void put(const char *name, const char *text)
{
    FILE *out = fopen(apr_pstrcat(pool, folder, "/", name, NULL), "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static void make_folder(void)
{
    apr_cpystrn(folder, "/tmp/ss-config-XXXXXX", sizeof(folder));
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
}

static void remove_folder(void)
{
    CU_ASSERT_EQUAL(system(apr_pstrcat(pool, "rm -r ", folder, NULL)), 0);
}

static const char *top(void)
{
    return apr_pstrcat(pool, folder, "/top.conf", NULL);
}

static void other_files_are_included(void)
{
    make_folder();
    put("a1.part", "SMTPSendHost a.example.com\nDefine RATE 5/s\n");
    put("a2.part", "SMTPSendRate ${RATE}\nInclude deep\n");
    put("deep", "SMTPSendPort 2526\n");
    put("host", "SMTPSendRelayName inner\nSMTPSendHost b.example.com\n");
    const ss_config_t *config =
        good("Include a*.part\nIncludeOptional none\nIncludeOptional none/*.conf\n"
             "<VirtualHost *>\nInclude host\n</VirtualHost>\n",
             top());
    const ss_settings_t *main = relay_of(config, 0), *inner = relay_of(config, 1);
    CU_ASSERT_EQUAL(main->port, 2526);
    CU_ASSERT_STRING_EQUAL(inner->relay_name, "inner");
    for (int i = 0; i < ss_option_count; i++) {
        if (!strcmp(ss_options[i].name, "SMTPSendPort"))
            CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(main->sources, i, const char *),
                                   apr_pstrcat(pool, folder, "/deep:1", NULL));
        if (!strcmp(ss_options[i].name, "SMTPSendRate"))
            CU_ASSERT_STRING_EQUAL(ss_option_print(&ss_options[i], main, pool), "5/s");
    }
    remove_folder();
}

static void names_are_replaced(void)
{
    setenv("SS_TEST_HELO", "me.example.com", 1);
    const ss_settings_t *main =
        relay_of(good("Define host a.example.com\nDefine all \"${host} b.example.com\"\n"
                      "Define none\n${none}\n${none}SMTPSendHost ${all}\n# ${comment}\n"
                      "SMTPSendHelo ${SS_TEST_HELO}\nUnDefine host\n"
                      "SMTPSendUsername 'a${b:c}${d'\n",
                      "/etc/x.conf"),
                 0);
    CU_ASSERT_STRING_EQUAL(main->helo, "me.example.com");
    CU_ASSERT_STRING_EQUAL(main->username, "a${b:c}${d");
    CU_ASSERT_EQUAL(main->hosts->nelts, 2);
}

static const struct {
    const char *text, *says;
} not_prepared[] = {
    { "\nInclude none\n", "line 2 of %s/top.conf: Include %s/none: No such file" },
    { "Include *.none\n", "line 1 of %s/top.conf: Include %s/*.none: no file has such a name" },
    { "Include %s\n", "line 1 of %s/top.conf: Include %s: that is a folder; name its files" },
    { "IncludeOptional %s\n", "that is a folder; name its files" },
    { "Include /dev/zero\n", "line 1 of %s/top.conf: Include /dev/zero: that is no file" },
    { "Include bad\n", "line 2 of %s/bad: Invalid command 'Nonsense'" },
    { "Include self\n", "line 1 of %s/self: Include: more than 20 files" },
    { "Include open\n", "%s/open: <VirtualHost> and </VirtualHost> belong into the same file" },
    { "<VirtualHost *>\nInclude close\n", "%s/close: <VirtualHost> and </VirtualHost> belong" },
    { "Include\n", "Include takes one value" },
    { "Define\n", "Define takes a name and a value" },
    { "Define a:b c\n", "\"a:b\" is no name for Define" },
    { "SMTPSendHelo ${SS_NO}\n",
      "line 1 of %s/top.conf: ${SS_NO} is not defined: write \"Define SS_NO VALUE\"" },
    { "Define a b\nUnDefine a\nSMTPSendHelo ${a}\n", "${a} is not defined" },
    { "<IfDefine x>\n", "smtp-sendd knows only <VirtualHost>" },
};

static const char *with_folder(const char *text)
{
    const char *at;

    while ((at = strstr(text, "%s")) != NULL)
        text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), folder,
                           at + 2, NULL);
    return text;
}

static void what_cannot_be_included_or_replaced_is_said(void)
{
    ss_config_process_t process;
    ss_config_t *config;

    make_folder();
    put("bad", "SMTPSendPort 25\nNonsense 1\n");
    put("self", "Include self\n");
    put("open", "<VirtualHost *>\n");
    put("close", "</VirtualHost>\n");
    for (size_t i = 0; i < sizeof(not_prepared) / sizeof(*not_prepared); i++) {
        const char *says = with_folder(not_prepared[i].says);
        const char *bad = read_text(with_folder(not_prepared[i].text), top(), &config, &process);
        if (!bad || !strstr(bad, says))
            fprintf(stderr, "\n  %s\n  not: %s\n", says, bad ? bad : "");
        CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
        CU_ASSERT_PTR_NOT_NULL(strstr(bad, says));
    }
    remove_folder();
}

/* Each line doubles the one before it, and each file includes the next one twice. */
static void nothing_grows_without_end(void)
{
    ss_config_process_t process;
    ss_config_t *config;
    const char *text = "Define a0 0123456789\n", *bad;

    for (int i = 1; i < 40; i++)
        text = apr_psprintf(pool, "%sDefine a%d \"${a%d}${a%d}\"\n", text, i, i - 1, i - 1);
    bad = read_text(text, "/etc/x.conf", &config, &process);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
    CU_ASSERT_PTR_NOT_NULL(strstr(bad, "line 14 of /etc/x.conf: the line becomes too long"));
    make_folder();
    for (int i = 0; i < 15; i++)
        put(apr_psprintf(pool, "f%d", i),
            i < 14 ? apr_psprintf(pool, "Include f%d\nInclude f%d\n", i + 1, i + 1) : "");
    bad = read_text("Include f0\n", top(), &config, &process);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
    CU_ASSERT_PTR_NOT_NULL(strstr(bad, "Include: more than 1000 files"));
    remove_folder();
}

void ss_suite_config_text(void)
{
    CU_pSuite suite = CU_add_suite_with_setup_and_teardown("config_text", NULL, NULL, begin, end);

    CU_add_test(suite, "every directive arrives", every_directive_arrives);
    CU_add_test(suite, "defaults stay defaults", defaults_stay_defaults);
    CU_add_test(suite, "sections are relays", sections_are_relays);
    CU_add_test(suite, "secrets arrive", secrets_arrive);
    CU_add_test(suite, "words are httpd's", words_are_httpd_s);
    CU_add_test(suite, "errors name file and line", errors_name_file_and_line);
    CU_add_test(suite, "paths are relative to ServerRoot", paths_are_relative_to_the_server_root);
    CU_add_test(suite, "secrets are hidden for a while", secrets_are_hidden_for_a_while);
    CU_add_test(suite, "other files are included", other_files_are_included);
    CU_add_test(suite, "names are replaced", names_are_replaced);
    CU_add_test(suite, "what cannot be included or replaced is said",
                what_cannot_be_included_or_replaced_is_said);
    CU_add_test(suite, "nothing grows without end", nothing_grows_without_end);
}
