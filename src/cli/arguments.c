/* arguments.c: long options by a table, the same for all commands but sendmail; --help is made from
 * the same table. */
#include "cli/arguments.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <stdio.h>

static void print_option(const char *name, const char *value_name, const char *help)
{
    char left[80];

    apr_snprintf(left, sizeof(left), "--%s%s%s", name, value_name ? " " : "",
                 value_name ? value_name : "");
    printf("  %-26s %s\n", left, help);
}

static void print_help(const ss_cli_command_t *command, const ss_arguments_option_t *options)
{
    printf("Usage: smtp-send %s%s%s [OPTIONS]\n\n%c%s.\n\n", command->name,
           *command->usage ? " " : "", command->usage, apr_toupper(*command->summary),
           command->summary + 1);
    for (; options && options->name; options++)
        print_option(options->name, options->value_name, options->help);
    print_option("json", NULL, "print JSON");
    print_option("socket", "PATH", "the daemon's socket (also $SMTP_SEND_SOCKET)");
    print_option("help", NULL, "print this text");
    if (command->help) printf("\n%s\n", command->help);
}

/* How many arguments the option takes up: 0: it is another option; 2: its value is the next
 * argument; -1: its value is missing, or it takes none. */
static int take(const char *argument, const char *next, const ss_arguments_option_t *option)
{
    apr_size_t len = strlen(option->name);

    if (strncmp(argument, "--", 2) || strncmp(argument + 2, option->name, len)) return 0;
    const char *rest = argument + 2 + len;
    if (*rest && *rest != '=') return 0;
    if (!option->value_name) {
        *(int *)option->target = 1;
        return *rest ? -1 : 1;
    }
    if (!*rest && !next) return -1;
    *(const char **)option->target = *rest ? rest + 1 : next;
    return *rest ? 1 : 2;
}

static int usage(const ss_cli_t *cli, const char *format, const char *argument, int *code)
{
    ss_cli_complain(EX_USAGE, format, argument);
    fprintf(stderr, "Try 'smtp-send %s --help' for more information.\n", cli->command->name);
    *code = EX_USAGE;
    return -1;
}

int ss_arguments_read(ss_cli_t *cli, const ss_arguments_option_t *options, int argc,
                      const char *const *argv, apr_array_header_t **operands, int *code)
{
    int is_over = 0, has_help = 0;
    const ss_arguments_option_t common[] = { { "socket", "PATH", NULL, &cli->socket },
                                             { "json", NULL, NULL, &cli->is_json },
                                             { "help", NULL, NULL, &has_help } };

    *code = EX_OK;
    apr_array_header_t *rest = apr_array_make(cli->pool, 4, sizeof(const char *));
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        int taken = 0;
        if (is_over || argv[i][0] != '-' || !argv[i][1]) {
            APR_ARRAY_PUSH(rest, const char *) = argv[i];
            continue;
        }
        if (!strcmp(argv[i], "--")) {
            is_over = 1;
            continue;
        }
        for (const ss_arguments_option_t *option = options; option && option->name && !taken;
             option++)
            taken = take(argv[i], next, option);
        for (int k = 0; k < 3 && !taken; k++) taken = take(argv[i], next, &common[k]);
        if (has_help) {
            print_help(cli->command, options);
            return -1;
        }
        if (taken <= 0)
            return usage(cli,
                         taken ? "option %s needs a value, or takes none" : "unknown option %s",
                         argv[i], code);
        i += taken - 1;
    }
    if (operands)
        *operands = rest;
    else if (rest->nelts)
        return usage(cli, "unexpected argument \"%s\"", APR_ARRAY_IDX(rest, 0, const char *), code);
    return 0;
}
