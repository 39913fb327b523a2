/* arguments.c: long options by a table, the same for all commands but sendmail; --help is made from
 * the same table. */
#include "cli/arguments.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <stdio.h>

#include "cli/terminal.h"

/* The same for all commands. */
#define JSON_HELP "print JSON"
#define SOCKET_HELP "the daemon's socket (also $SMTP_SEND_SOCKET)"
#define HELP_HELP "print this text"

static int help_width(void)
{
    int width = ss_terminal_width();

    return width < SS_TERMINAL_USUAL ? width : SS_TERMINAL_USUAL;
}

void ss_arguments_print_row(const char *left, int left_width, const char *help)
{
    int at = printf("  %-*s  ", left_width, left);

    ss_terminal_wrap(help, at, at, help_width());
}

static const char *left_side(const ss_arguments_option_t *option, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "--", option->name, option->value_name ? " " : "",
                       option->value_name ? option->value_name : "", NULL);
}

void ss_arguments_print_text(const char *text, apr_pool_t *pool)
{
    while (text && *text) {
        size_t len = strcspn(text, "\n");
        int indent = (int)strspn(text, " ");
        ss_terminal_wrap(apr_pstrmemdup(pool, text, len), 0, indent ? indent + 2 : 0, help_width());
        text += len + (text[len] == '\n');
    }
}

void ss_arguments_print_begin(const ss_cli_command_t *command, apr_pool_t *pool)
{
    ss_arguments_print_text(apr_psprintf(pool, "Usage: smtp-send %s%s%s [OPTIONS]", command->name,
                                         *command->usage ? " " : "", command->usage),
                            pool);
    ss_arguments_print_text(
        apr_psprintf(pool, "\n%c%s.\n\n", apr_toupper(*command->summary), command->summary + 1),
        pool);
}

void ss_arguments_print_end(const ss_cli_command_t *command, apr_pool_t *pool)
{
    if (command->help) ss_arguments_print_text(apr_pstrcat(pool, "\n", command->help, NULL), pool);
    ss_arguments_print_text(
        apr_pstrcat(pool, "\nExit codes: ", command->codes, ".\n\nExample:\n", NULL), pool);
    ss_arguments_print_text(command->example, pool);
}

static void print_help(const ss_cli_command_t *command, const ss_arguments_option_t *options,
                       const ss_arguments_option_t *common, apr_pool_t *pool)
{
    const ss_arguments_option_t *lists[] = { options, common };
    size_t widest = 0;

    for (int i = 0; i < 2; i++)
        for (const ss_arguments_option_t *row = lists[i]; row && row->name; row++) {
            size_t len = strlen(left_side(row, pool));
            if (len > widest) widest = len;
        }
    ss_arguments_print_begin(command, pool);
    for (int i = 0; i < 2; i++)
        for (const ss_arguments_option_t *row = lists[i]; row && row->name; row++)
            ss_arguments_print_row(left_side(row, pool), (int)widest, row->help);
    ss_arguments_print_end(command, pool);
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

static void offer(const ss_cli_t *cli, const ss_arguments_option_t *option)
{
    for (; option && option->name; option++)
        cli->offer(cli->offer_self, option->name, option->value_name, option->help);
}

int ss_arguments_read(ss_cli_t *cli, const ss_arguments_option_t *options, int argc,
                      const char *const *argv, apr_array_header_t **operands, int *code)
{
    int is_over = 0, has_help = 0;
    const ss_arguments_option_t common[] = { { "json", NULL, JSON_HELP, &cli->is_json },
                                             { "socket", "PATH", SOCKET_HELP, &cli->socket },
                                             { "help", NULL, HELP_HELP, &has_help },
                                             { 0 } };

    *code = EX_OK;
    if (cli->offer) {
        offer(cli, options);
        offer(cli, common);
        return -1;
    }
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
            print_help(cli->command, options, common, cli->pool);
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
