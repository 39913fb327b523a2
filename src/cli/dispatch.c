/* dispatch.c: the commands of smtp-send: which one it is, by the name it was called as or by its
 * first argument. Started by front.c. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complete.h"

#ifndef SMTP_SEND_VERSION
#define SMTP_SEND_VERSION "unknown"
#endif

static void print_commands(FILE *to)
{
    fputs("Usage: smtp-send [--socket PATH] COMMAND [OPTIONS]\n\n", to);
    for (int i = 0; i < ss_cli_commands_count; i++)
        fprintf(to, "  %-12s%s\n", ss_cli_commands[i].name, ss_cli_commands[i].summary);
    fprintf(to,
            "\n'smtp-send COMMAND --help' shows its options. The daemon's socket is --socket,\n"
            "else $SMTP_SEND_SOCKET, else\n%s, else\n%s of the services.\n"
            "Started as sendmail, mailq or newaliases, it is that command.\n",
            SS_DEFAULT_SOCKET, SS_SERVICE_SOCKET);
}

/* Reads the options before the command. Returns the index of the command, or -1 with the exit code.
 */
static int before_command(ss_cli_t *cli, int argc, const char *const *argv, int *code)
{
    int i = 1;

    *code = EX_OK;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            print_commands(stdout);
            return -1;
        } else if (!strcmp(argv[i], "--version")) {
            printf("smtp-send %s\n", SMTP_SEND_VERSION);
            return -1;
        } else if (!strcmp(argv[i], "--json")) {
            cli->is_json = 1;
        } else if (!strcmp(argv[i], "--socket") && i + 1 < argc) {
            cli->socket = argv[++i];
        } else if (!strncmp(argv[i], "--socket=", 9)) {
            cli->socket = argv[i] + 9;
        } else {
            break;
        }
    }
    if (i < argc && argv[i][0] != '-') return i;
    if (i < argc) ss_cli_complain(EX_USAGE, "unknown option %s", argv[i]);
    print_commands(stderr);
    *code = EX_USAGE;
    return -1;
}

static int run_command(ss_cli_t *cli, const char *name, int argc, const char *const *argv)
{
    cli->command = ss_cli_commands_find(name);
    if (cli->command) return cli->command->run(cli, argc, argv);
    return ss_cli_complain(EX_USAGE, "unknown command %s ('smtp-send --help' lists them)", name);
}

static int help(ss_cli_t *cli, const char *name)
{
    const char *argv[] = { name, "--help", NULL };

    if (name && ss_cli_commands_find(name)) return run_command(cli, name, 2, argv);
    print_commands(stdout);
    return EX_OK;
}

static int run(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    int code, at;

    if (!strcmp(name, "sendmail") || !strcmp(name, "mailq") || !strcmp(name, "newaliases")) {
        ss_cli_program = name;
        return run_command(cli, name, argc, argv);
    }
    at = before_command(cli, argc, argv, &code);
    if (at < 0) return code;
    if (!strcmp(argv[at], "help")) return help(cli, at + 1 < argc ? argv[at + 1] : NULL);
    if (!strcmp(argv[at], "complete")) return ss_complete_print(cli, argc - at, argv + at);
    return run_command(cli, argv[at], argc - at, argv + at);
}

int main(int argc, const char *const *argv)
{
    ss_cli_t cli = { .socket = ss_cli_socket(NULL) };

    if (argc < 1 || apr_initialize() != APR_SUCCESS) return EX_OSERR;
    if (apr_pool_create(&cli.pool, NULL) != APR_SUCCESS) return EX_OSERR;
    /* Only how characters are shown: numbers and comparing must not depend on the locale. */
    setlocale(LC_CTYPE, "");
    int code = run(&cli, argc, argv);
    if (fflush(stdout) && code == EX_OK)
        code = ss_cli_complain(EX_IOERR, "the output could not be written");
    apr_terminate();
    return code;
}
