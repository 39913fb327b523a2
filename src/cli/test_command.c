/* test_command.c: the connection test, run by the daemon with its own settings, or in this process
 * with the given ones (test_local.c). */
#include "cli/test_command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/exchange.h"
#include "cli/test_local.h"
#include "cli/test_step.h"

static apr_status_t on_step(void *self, const char *bytes, apr_size_t len)
{
    ss_test_step_print(self, bytes, len);
    return APR_SUCCESS;
}

/* Has the daemon run the test. An answer without "failedStep" is a refusal, not a result. */
static int test_daemon(ss_cli_t *cli, const ss_test_local_t *test)
{
    ss_exchange_steps_t steps = { on_step, cli };
    ss_peer_answer_t answer = { 0 };
    json_t *request = ss_exchange_request("test");

    json_object_set_new(request, "format", json_string(cli->is_json ? "json" : "text"));
    json_object_set_new(request, "probe", json_boolean(!test->no_probe));
    json_object_set_new(request, "mask", json_boolean(test->is_masked));
    json_object_set_new(request, "stream", json_boolean(!cli->is_json));
    if (test->relay) json_object_set_new(request, "server", json_string(test->relay));
    if (test->from) json_object_set_new(request, "from", json_string(test->from));
    if (test->to) json_object_set_new(request, "to", json_string(test->to));
    int code = ss_exchange(cli, request, &steps, &answer);
    if (code != EX_OK) return code;
    json_t *header = json_loads(answer.header ? answer.header : "{}", 0, NULL);
    const json_t *failed = json_object_get(header, "failedStep");
    if (!failed || !answer.content) {
        code = ss_exchange_refused(cli, answer.status, answer.header);
    } else {
        fwrite(answer.content, 1, answer.content_len, stdout);
        if (answer.content_len && answer.content[answer.content_len - 1] != '\n') putchar('\n');
        code = ss_test_step_code(json_string_value(failed));
    }
    json_decref(header);
    return code;
}

/* Refuses options that do not go together. 0, or -1: the error was printed. */
static int check_ways(const ss_cli_t *cli, const ss_test_local_t *test)
{
    const struct {
        const char *name, *value;
    } local[] = { { "port", test->port },
                  { "tls", test->tls },
                  { "user", test->user },
                  { "password-file", test->password_file },
                  { "password-env", test->password_env },
                  { "auth", test->auth },
                  { "helo", test->helo },
                  { "ca-file", test->ca_file },
                  { "tls-name", test->tls_name },
                  { "fingerprint", test->fingerprint },
                  { "timeout", test->timeout },
                  { "no-verify", test->no_verify ? "" : NULL } };

    if (test->host && test->relay) {
        ss_cli_complain(cli->program,
                        "--relay tests a configured relay, --host a server given here: not both");
        return -1;
    }
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        if (test->host || !local[i].value) continue;
        ss_cli_complain(cli->program,
                        "--%s needs --host: without it, the daemon tests its own settings",
                        local[i].name);
        return -1;
    }
    if (test->password_file && test->password_env) {
        ss_cli_complain(cli->program, "give --password-file or --password-env, not both");
        return -1;
    }
    if (!test->user && (test->password_file || test->password_env)) {
        ss_cli_complain(cli->program, "a password needs --user");
        return -1;
    }
    return 0;
}

int ss_test_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    ss_test_local_t test = { 0 };
    const ss_arguments_option_t options[] = {
        { "relay", "NAME", "the configured relay to test (the main server's)", &test.relay, NULL },
        { "from", "ADDRESS", "also try this sender (nothing is sent)", &test.from, NULL },
        { "to", "ADDRESS", "also try this recipient", &test.to, NULL },
        { "no-probe", NULL, "do not search for settings that work", NULL, &test.no_probe },
        { "mask", NULL, "shorten addresses and names, for a public report", NULL, &test.is_masked },
        { "host", "HOST", "test this server from here, with the options below", &test.host, NULL },
        { "port", "PORT", "its port (465 with TLS, 25 without)", &test.port, NULL },
        { "tls", "MODE", "none negotiate starttls tls opportunistic, and versions", &test.tls,
          NULL },
        { "user", "NAME", "log in with this name", &test.user, NULL },
        { "password-file", "FILE", "file with the password", &test.password_file, NULL },
        { "password-env", "NAME", "the environment variable with the password", &test.password_env,
          NULL },
        { "auth", "LIST", "mechanisms, preferred first (auto)", &test.auth, NULL },
        { "helo", "NAME", "host name for EHLO", &test.helo, NULL },
        { "ca-file", "FILE", "trusted CA certificates (the system's)", &test.ca_file, NULL },
        { "tls-name", "NAME", "name that the certificate must have", &test.tls_name, NULL },
        { "fingerprint", "sha256:HEX", "fingerprint of the certificate", &test.fingerprint, NULL },
        { "no-verify", NULL, "accept any certificate", NULL, &test.no_verify },
        { "timeout", "TIME", "time limit of the whole test (30s)", &test.timeout, NULL }
    };
    apr_array_header_t *operands;
    int code;

    if (ss_arguments_read(cli, options, sizeof(options) / sizeof(options[0]), argc, argv, 0,
                          &operands, &code))
        return code;
    if (check_ways(cli, &test)) return EX_USAGE;
    return test.host ? ss_test_local(cli, &test) : test_daemon(cli, &test);
}
