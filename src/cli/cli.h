/* cli.h: what every command of smtp-send gets: its context, and how it reports an error. */
#pragma once

#include <apr_pools.h>
#include <sysexits.h>

#define SS_CLI_NOTHING 1 /* exit code: refused, not found, or nothing matches */

typedef struct ss_cli_t ss_cli_t;

typedef struct {
    const char *name;
    const char *usage;   /* operands, as help shows them: "ID..." */
    const char *summary; /* one line for the list of commands */
    const char *help;    /* paragraphs for --help, or NULL */
    /* Returns the exit code. argv[0] is the command's name. */
    int (*run)(ss_cli_t *cli, int argc, const char *const *argv);
} ss_cli_command_t;

struct ss_cli_t {
    apr_pool_t *pool;
    const char *program;             /* as error messages name it: "smtp-send" or "sendmail" */
    const char *socket;              /* --socket, $SMTP_SEND_SOCKET or the built-in default */
    const ss_cli_command_t *command; /* the one that runs, for --help */
    int is_json;                     /* --json */
};

/* The exit code for a refusal of the daemon, by its HTTP status. other: for a refusal that is
 * neither a lack of permission nor temporary nor a fault of the daemon. */
int ss_cli_exit_code(int status, int other);
/* Prints "PROGRAM: ..." on standard error. Returns EX_USAGE, for errors of usage. */
int ss_cli_complain(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
