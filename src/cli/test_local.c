/* test_local.c: the connection test in this process, with the SMTP engine of the daemon. */
#include "cli/test_local.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "cli/test_step.h"
#include "config/option.h"
#include "config/secret.h"
#include "config/settings.h"
#include "mail/address.h"
#include "net/probe.h"

#define WORDS_MAX 16
#define NAME_MAX_LEN 256

/* Sets one option by its directive, so that values and errors are those of configtest. 0, or -1:
 * the error was printed. */
static int put(const ss_cli_t *cli, ss_settings_t *s, const char *directive, const char *option,
               const char *value, int is_list)
{
    const ss_option_t *row = ss_option_find(directive);
    const char *words[WORDS_MAX], *error;
    char *state;
    int count = 0;

    if (!value) return 0;
    if (is_list) {
        for (char *word = apr_strtok(apr_pstrdup(cli->pool, value), ", ", &state);
             word && count < WORDS_MAX; word = apr_strtok(NULL, ", ", &state))
            words[count++] = word;
    } else {
        words[count++] = value;
    }
    if (!count)
        error = "it is empty";
    else
        error = row ? ss_option_set(row, s, count, words,
                                    apr_pstrcat(cli->pool, "--", option, NULL), cli->pool)
                    : "not supported by this build";
    if (!error) return 0;
    ss_cli_complain(cli->program, "--%s: %s", option, error);
    return -1;
}

static const char *own_name(apr_pool_t *pool)
{
    char name[NAME_MAX_LEN];

    if (gethostname(name, sizeof(name))) return "localhost";
    name[sizeof(name) - 1] = '\0';
    return apr_pstrdup(pool, name);
}

/* 0, or -1: the error was printed. */
static int fill(const ss_cli_t *cli, ss_settings_t *s, const ss_test_local_t *t)
{
    const char *password = t->password_file
                               ? apr_pstrcat(cli->pool, "file:", t->password_file, NULL)
                           : t->password_env ? apr_pstrcat(cli->pool, "env:", t->password_env, NULL)
                                             : NULL;

    ss_settings_clear(s);
    s->server_name = own_name(cli->pool);
    s->sources = apr_array_make(cli->pool, ss_option_count, sizeof(const char *));
    for (int i = 0; i < ss_option_count; i++) APR_ARRAY_PUSH(s->sources, const char *) = NULL;
    s->engine = 1;
    if (put(cli, s, "SMTPSendHost", "host", t->host, 1) ||
        put(cli, s, "SMTPSendPort", "port", t->port, 0) ||
        put(cli, s, "SMTPSendTLS", "tls", t->tls, 1) ||
        put(cli, s, "SMTPSendUsername", "user", t->user, 0) ||
        put(cli, s, "SMTPSendPassword", t->password_env ? "password-env" : "password-file",
            password, 0) ||
        put(cli, s, "SMTPSendAuth", "auth", t->auth, 1) ||
        put(cli, s, "SMTPSendHelo", "helo", t->helo, 0) ||
        put(cli, s, "SMTPSendTLSCACertificateFile", "ca-file", t->ca_file, 0) ||
        put(cli, s, "SMTPSendTLSName", "tls-name", t->tls_name, 0) ||
        put(cli, s, "SMTPSendTLSFingerprint", "fingerprint", t->fingerprint, 0) ||
        put(cli, s, "SMTPSendTestTimeout", "timeout", t->timeout, 0) ||
        put(cli, s, "SMTPSendTLSVerify", "no-verify", t->no_verify ? "Off" : NULL, 0))
        return -1;
    ss_settings_finish(s, cli->pool);
    return 0;
}

static int check_address(const ss_cli_t *cli, const char *option, const char *address,
                         int may_be_empty)
{
    const char *why = NULL;

    if (!address || (may_be_empty && !*address) || ss_address_is_valid(address, 0, &why)) return 0;
    ss_cli_complain(cli->program, "--%s: \"%s\" is not an address: %s", option,
                    ss_terminal_clean(address, cli->pool), why ? why : "it is malformed");
    return -1;
}

typedef struct {
    ss_cli_t *cli;
    const ss_test_local_t *test;
    int is_over, code;
} run_t;

static void on_step(void *self, const ss_probe_report_t *report, const ss_probe_report_step_t *step)
{
    run_t *run = self;
    const char *text = ss_probe_report_step_text(step, run->test->is_masked, report->pool);

    ss_test_step_print(run->cli, text, strlen(text));
}

static void on_end(void *self, ss_probe_report_t *report)
{
    run_t *run = self;
    int is_masked = run->test->is_masked;
    const char *text = run->cli->is_json ? ss_probe_report_json(report, is_masked, report->pool)
                                         : ss_probe_report_text(report, is_masked, report->pool);

    fputs(text, stdout);
    if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
    run->code = ss_test_step_code(report->failed_step);
    run->is_over = 1;
    apr_pool_destroy(report->pool);
}

static int run_probe(ss_cli_t *cli, const ss_test_local_t *test, const ss_probe_options_t *options)
{
    run_t run = { .cli = cli, .test = test, .code = EX_SOFTWARE };
    ss_probe_owner_t owner = { on_step, on_end, &run };
    ss_log_t log = ss_log_stderr(SS_LOG_ERROR);
    ss_loop_t *loop;
    ss_probe_t *probe;

    if (ss_loop_create(&loop, &log, cli->pool) != APR_SUCCESS) {
        ss_cli_complain(cli->program, "the test cannot be started: no file descriptors");
        return EX_OSERR;
    }
    if (ss_probe_start(&probe, loop, options, &owner) != APR_SUCCESS) {
        ss_cli_complain(cli->program, "the test cannot be started");
        run.is_over = 1;
    }
    while (!run.is_over && ss_loop_turn(loop, -1) == APR_SUCCESS) {
    }
    ss_loop_destroy(loop);
    return run.code;
}

int ss_test_local(ss_cli_t *cli, const ss_test_local_t *test)
{
    ss_settings_t settings;
    ss_result_t result;

    if (fill(cli, &settings, test) || check_address(cli, "from", test->from, 1) ||
        check_address(cli, "to", test->to, 0))
        return EX_USAGE;
    ss_secret_t *secret = ss_secret_create(settings.password);
    ss_result_clear(&result);
    if (!secret || ss_secret_load(secret, &result) != APR_SUCCESS) {
        ss_cli_complain(cli->program, "%s",
                        ss_result_is_set(&result) ? result.text : "the password cannot be read");
        ss_secret_destroy(secret);
        return EX_NOINPUT;
    }
    ss_probe_options_t options = { .settings = &settings,
                                   .secret = secret,
                                   .from = test->from,
                                   .to = test->to,
                                   .looks_further = !test->no_probe };
    options.secret_state = !settings.password   ? "empty"
                           : test->password_env ? "set (env)"
                                                : "set (file)";
    int code = run_probe(cli, test, &options);
    ss_secret_destroy(secret);
    return code;
}
