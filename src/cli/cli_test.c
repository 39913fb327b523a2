/* cli_test.c: the connection test, run by the daemon with its own settings, or in this process
 * with the given ones and the SMTP engine of the daemon. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/exchange.h"
#include "cli/terminal.h"
#include "base/text.h"
#include "config/config_read.h"
#include "config/config_secrets.h"
#include "config/option.h"
#include "mail/address.h"
#include "net/probe.h"

#define WORDS_MAX 16
#define NAME_MAX_LEN 256

enum { HOST, USER = 3, PASSWORD_FILE, PASSWORD_ENV, NO_VERIFY = 11, SETTINGS = 13 };

/* The settings of a server that is given here, by the directives that they stand for. */
static const struct {
    const char *option, *value_name, *help, *directive;
    int is_list;
    const char *prefix; /* of the directive's value, or NULL */
} server_options[SETTINGS] = {
    [HOST] = { "host", "HOST", "test this server from here, with the options below", "SMTPSendHost",
               1, NULL },
    { "port", "PORT", "its port (465 with TLS, 25 without)", "SMTPSendPort", 0, NULL },
    { "tls", "MODE", "none negotiate starttls tls opportunistic, and versions", "SMTPSendTLS", 1,
      NULL },
    [USER] = { "user", "NAME", "log in with this name", "SMTPSendUsername", 0, NULL },
    [PASSWORD_FILE] = { "password-file", "FILE", "file with the password", "SMTPSendPassword", 0,
                        "file:" },
    [PASSWORD_ENV] = { "password-env", "NAME", "the environment variable with the password",
                       "SMTPSendPassword", 0, "env:" },
    { "auth", "LIST", "mechanisms, preferred first (auto)", "SMTPSendAuth", 1, NULL },
    { "helo", "NAME", "host name for EHLO", "SMTPSendHelo", 0, NULL },
    { "ca-file", "FILE", "trusted CA certificates (the system's)", "SMTPSendTLSCACertificateFile",
      0, NULL },
    { "tls-name", "NAME", "name that the certificate must have", "SMTPSendTLSName", 0, NULL },
    { "fingerprint", "sha256:HEX", "fingerprint of the certificate", "SMTPSendTLSFingerprint", 0,
      NULL },
    [NO_VERIFY] = { "no-verify", NULL, "accept any certificate", "SMTPSendTLSVerify", 0, NULL },
    { "timeout", "TIME", "time limit of the whole test (30s)", "SMTPSendTestTimeout", 0, NULL }
};

typedef struct {
    const char *relay, *config, *from, *to;
    const char *given[SETTINGS]; /* as typed; NULL: not given */
    int no_probe, is_masked;
} test_t;

/* ---- by the daemon ---- */

#define FINDINGS 26 /* column of what a step has found */

/* Lines for people, folded to the terminal's width. */
static void print_folded(const ss_cli_t *cli, const char *text)
{
    for (const char *end; *text; text = end + (*end == '\n')) {
        end = text + strcspn(text, "\n");
        const char *line = apr_pstrmemdup(cli->pool, text, (apr_size_t)(end - text));
        ss_terminal_wrap(line, 0, *line == '[' ? FINDINGS : (int)strspn(line, " ") + 2,
                         ss_terminal_width());
    }
}

/* What servers said is in it. As it is, to be copied, but for the lines of a terminal. */
static void print_report(const ss_cli_t *cli, const char *text, apr_size_t len)
{
    text = ss_text_visible(cli->pool, text, len, cli->is_json ? SS_TEXT_JSON : SS_TEXT_LINES);
    if (!cli->is_json && ss_terminal_is_read()) {
        print_folded(cli, text);
        return;
    }
    fputs(text, stdout);
    if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
}

/* Prints a step's lines while the test runs, for a person at a terminal. */
static apr_status_t print_step(void *self, const char *text, apr_size_t len)
{
    const ss_cli_t *cli = self;

    if (!cli->is_json && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO))
        fputs(ss_text_visible(cli->pool, text, len, SS_TEXT_LINES), stderr);
    return APR_SUCCESS;
}

/* An answer without "failedStep" is a refusal, not a result. */
static int test_daemon(ss_cli_t *cli, const test_t *test)
{
    ss_peer_answer_t answer = { 0 };
    json_t *request =
        json_pack("{s:s,s:s,s:b,s:b,s:b}", "do", "test", "format", cli->is_json ? "json" : "text",
                  "probe", !test->no_probe, "mask", test->is_masked, "stream", !cli->is_json);

    ss_json_put(request, "server", test->relay);
    ss_json_put(request, "from", test->from);
    ss_json_put(request, "to", test->to);
    int code = ss_exchange(cli, request, print_step, &answer);
    if (code != EX_OK) return code;
    json_t *header = json_loads(answer.header ? answer.header : "{}", 0, NULL);
    const json_t *failed = json_object_get(header, "failedStep");
    if (!failed || !answer.content) {
        code = ss_exchange_refused(cli, answer.status, answer.header);
    } else {
        print_report(cli, answer.content, answer.content_len);
        code = ss_cli_code_step(json_string_value(failed));
    }
    json_decref(header);
    return code;
}

/* ---- in this process ---- */

/* Sets one option by its directive, so that values and errors are those of configtest. 0, or -1:
 * the error was printed. */
static int put(const ss_cli_t *cli, ss_settings_t *s, int which, const char *value)
{
    const ss_option_t *row = ss_option_find(server_options[which].directive);
    const char *words[WORDS_MAX], *error = "it is empty";
    char *state;
    int count = 0;

    if (server_options[which].is_list) {
        for (char *word = apr_strtok(apr_pstrdup(cli->pool, value), ", ", &state);
             word && count < WORDS_MAX; word = apr_strtok(NULL, ", ", &state))
            words[count++] = word;
    } else {
        words[count++] = server_options[which].prefix
                             ? apr_pstrcat(cli->pool, server_options[which].prefix, value, NULL)
                             : value;
    }
    if (count)
        error =
            row ? ss_option_set(row, s, count, words,
                                apr_pstrcat(cli->pool, "--", server_options[which].option, NULL),
                                cli->pool)
                : "not supported by this build";
    return error ? ss_cli_complain(EX_USAGE, "--%s: %s", server_options[which].option, error) : 0;
}

static const char *own_name(apr_pool_t *pool)
{
    char name[NAME_MAX_LEN];

    if (gethostname(name, sizeof(name))) return "localhost";
    name[sizeof(name) - 1] = '\0';
    return apr_pstrdup(pool, name);
}

/* 0, or -1: the error was printed. */
static int fill(const ss_cli_t *cli, ss_settings_t *s, const test_t *test)
{
    ss_settings_clear(s);
    s->server_name = own_name(cli->pool);
    s->sources = apr_array_make(cli->pool, ss_option_count, sizeof(const char *));
    for (int i = 0; i < ss_option_count; i++) APR_ARRAY_PUSH(s->sources, const char *) = NULL;
    s->engine = 1;
    for (int i = 0; i < SETTINGS; i++) {
        if (test->given[i] && put(cli, s, i, test->given[i])) return -1;
    }
    ss_settings_finish(s, cli->pool);
    return 0;
}

static int check_address(const ss_cli_t *cli, const char *option, const char *address,
                         int may_be_empty)
{
    const char *why = NULL;

    if (!address || (may_be_empty && !*address) || ss_address_normal(address, 0, &why, cli->pool))
        return 0;
    return ss_cli_complain(EX_USAGE, "--%s: \"%s\" is not an address: %s", option,
                           ss_terminal_clean(address, cli->pool), why ? why : "it is malformed");
}

typedef struct {
    ss_cli_t *cli;
    const test_t *test;
    int is_over, code;
} run_t;

static void on_step(void *self, const ss_probe_report_t *report, const ss_probe_report_step_t *step)
{
    run_t *run = self;
    const char *text = ss_probe_report_step_text(step, run->test->is_masked, report->pool);

    print_step(run->cli, text, strlen(text));
}

static void on_end(void *self, ss_probe_report_t *report)
{
    run_t *run = self;
    int is_masked = run->test->is_masked;
    const char *text = run->cli->is_json ? ss_probe_report_json(report, is_masked, report->pool)
                                         : ss_probe_report_text(report, is_masked, report->pool);

    print_report(run->cli, text, strlen(text));
    run->code = ss_cli_code_step(report->failed_step);
    run->is_over = 1;
    apr_pool_destroy(report->pool);
}

static int run_probe(ss_cli_t *cli, const test_t *test, const ss_probe_options_t *options)
{
    run_t run = { .cli = cli, .test = test, .code = EX_SOFTWARE };
    ss_probe_owner_t owner = { on_step, on_end, &run };
    ss_log_t log = ss_log_stderr(SS_LOG_ERROR);
    ss_loop_t *loop;

    if (ss_loop_create(&loop, &log, cli->pool) != APR_SUCCESS)
        return ss_cli_complain(EX_OSERR, "the test cannot be started: no file descriptors");
    ss_probe_start(loop, options, &owner);
    while (!run.is_over && ss_loop_turn(loop, -1) == APR_SUCCESS) {
    }
    ss_loop_destroy(loop);
    return run.code;
}

/* Takes the secret, which may be NULL. */
static int test_settings(ss_cli_t *cli, const test_t *test, const ss_settings_t *settings,
                         ss_secret_t *secret)
{
    static const char *const states[] = { "empty", "set (text)", "set (file)", "set (env)",
                                          "set (exec)" };
    ss_result_t result = { 0 };

    if (!secret || ss_secret_reload(secret, settings->test_timeout, &result) != APR_SUCCESS)
        return ss_cli_complain(EX_NOINPUT, "%s",
                               ss_result_is_set(&result) ? result.text
                                                         : "the password cannot be read");
    ss_probe_options_t options = { .settings = settings,
                                   .secret = secret,
                                   .from = test->from,
                                   .to = test->to,
                                   .looks_further = !test->no_probe };
    options.secret_state = states[settings->password ? settings->password->kind : 0];
    return run_probe(cli, test, &options);
}

static int test_here(ss_cli_t *cli, const test_t *test)
{
    ss_settings_t settings;

    if (fill(cli, &settings, test)) return EX_USAGE;
    ss_secret_t *secret = ss_secret_create(settings.password);
    int code = test_settings(cli, test, &settings, secret);
    ss_secret_destroy(secret);
    return code;
}

/* With the settings of smtp-sendd's file. */
static int test_config(ss_cli_t *cli, const test_t *test)
{
    ss_config_process_t process = { 0 };
    ss_config_t *config;
    FILE *in = fopen(test->config, "re");

    if (!in) return ss_cli_complain(EX_NOINPUT, "%s cannot be read", test->config);
    const char *bad = ss_config_read(&config, &process, in, test->config, cli->pool);
    fclose(in);
    if (bad) return ss_cli_complain(EX_CONFIG, "%s", bad);
    const ss_settings_t *relay = test->relay ? ss_config_relay(config, test->relay)
                                             : APR_ARRAY_IDX(config->relays, 0, ss_settings_t *);
    if (!relay) return ss_cli_complain(EX_USAGE, "%s has no such relay", test->config);
    return test_settings(cli, test, relay, ss_config_secret(relay));
}

/* ---- the command ---- */

/* Refuses options that do not go together. 0, or -1: the error was printed. */
static int check_ways(const test_t *test)
{
    const char *const *given = test->given;

    if (given[HOST] && (test->relay || test->config))
        return ss_cli_complain(EX_USAGE,
                               "--%s tests a configured relay, --host a server given "
                               "here: not both",
                               test->relay ? "relay" : "config");
    for (int i = 0; i < SETTINGS && !given[HOST]; i++) {
        if (given[i])
            return ss_cli_complain(
                EX_USAGE, "--%s needs --host: without it, the daemon tests its own settings",
                server_options[i].option);
    }
    if (given[PASSWORD_FILE] && given[PASSWORD_ENV])
        return ss_cli_complain(EX_USAGE, "give --password-file or --password-env, not both");
    if (!given[USER] && (given[PASSWORD_FILE] || given[PASSWORD_ENV]))
        return ss_cli_complain(EX_USAGE, "a password needs --user");
    return 0;
}

int ss_cli_test(ss_cli_t *cli, int argc, const char *const *argv)
{
    test_t test = { 0 };
    int no_verify = 0, code;
    const ss_arguments_option_t common[] = {
        { "relay", "NAME", "the configured relay to test (the main server's)", &test.relay },
        { "config", "FILE", "test from here with the settings of smtp-sendd's file", &test.config },
        { "from", "ADDRESS", "also try this sender (nothing is sent)", &test.from },
        { "to", "ADDRESS", "also try this recipient", &test.to },
        { "no-probe", NULL, "do not search for settings that work", &test.no_probe },
        { "mask", NULL, "shorten addresses and names, for a public report", &test.is_masked }
    };
    const int count = sizeof(common) / sizeof(common[0]);
    ss_arguments_option_t options[sizeof(common) / sizeof(common[0]) + SETTINGS + 1] = { 0 };

    memcpy(options, common, sizeof(common));
    for (int i = 0; i < SETTINGS; i++)
        options[count + i] =
            (ss_arguments_option_t){ server_options[i].option, server_options[i].value_name,
                                     server_options[i].help, &test.given[i] };
    options[count + NO_VERIFY].target = &no_verify;
    if (ss_arguments_read(cli, options, argc, argv, NULL, &code)) return code;
    if (no_verify) test.given[NO_VERIFY] = "Off";
    if (check_ways(&test)) return EX_USAGE;
    if (!test.given[HOST] && !test.config) return test_daemon(cli, &test);
    if (check_address(cli, "from", test.from, 1) || check_address(cli, "to", test.to, 0))
        return EX_USAGE;
    return test.config ? test_config(cli, &test) : test_here(cli, &test);
}
