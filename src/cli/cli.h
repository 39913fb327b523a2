/* cli.h: what every command of smtp-send gets, the commands, and how errors are reported. */
#pragma once

#include <apr_pools.h>
#include <apr_time.h>
#include <sysexits.h>

#include "base/json.h"

#define SS_CLI_NOTHING 1 /* exit code: refused, not found, or nothing matches */

typedef struct ss_cli_t ss_cli_t;

typedef struct {
    const char *name;
    const char *usage;   /* operands, as help shows them: "ID..." */
    const char *summary; /* one line for the list of commands */
    const char *help;    /* paragraphs for --help, one a line, or NULL */
    const char *codes;   /* exit codes */
    const char *example; /* command lines, indented */
    int (*run)(ss_cli_t *cli, int argc, const char *const *argv);
} ss_cli_command_t;

struct ss_cli_t {
    apr_pool_t *pool;
    const char *socket;              /* ss_cli_socket */
    const ss_cli_command_t *command; /* the one that runs, for --help */
    int is_json;                     /* --json */
    /* options are offered to it, and not read; or NULL. value_name: NULL for a flag */
    void (*offer)(void *self, const char *name, const char *value_name, const char *help);
    void *offer_self;
    apr_interval_time_t patience; /* with a daemon that does not react; 0: the usual one */
};

extern const ss_cli_command_t ss_cli_commands[];
extern const int ss_cli_commands_count;
/* NULL: there is no such command. */
const ss_cli_command_t *ss_cli_commands_find(const char *name);

/* Each option of sendmail ("-f") with what it does. */
void ss_cli_commands_sendmail_options(void (*take)(void *self, const char *flag, const char *help),
                                      void *self);

/* The commands. argv[0] is the command's name. Each returns the exit code. */
int ss_cli_action(ss_cli_t *cli, int argc,
                  const char *const *argv); /* retry, hold, release, cancel, bounce */
int ss_cli_explain(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_pause(ss_cli_t *cli, int argc, const char *const *argv); /* pause, resume, flush */
int ss_cli_queue(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_queue_mailq(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_queue_show(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_status(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_test(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_token(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_key(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_webhook(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_transfer_export(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_transfer_import(ss_cli_t *cli, int argc, const char *const *argv);

/* The exit code for a refusal of the daemon, by its HTTP status. other: for a refusal that is
 * neither a lack of permission nor temporary nor a fault of the daemon. */
int ss_cli_exit_code(int status, int other);
/* As error messages name this program: "smtp-send", "sendmail" or "mailq". */
extern const char *ss_cli_program;
/* Prints "PROGRAM: ..." on standard error. Returns code. */
int ss_cli_complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The daemon's socket: option (--socket; NULL: none), else $SMTP_SEND_SOCKET, else the built-in
 * default. */
const char *ss_cli_socket(const char *option);
/* The built-in default: httpd's, or the one of smtp-send.service and smtp-sendd.service where that
 * is there and nobody listens at httpd's. */
const char *ss_cli_socket_choose(const char *httpds, const char *services);

/* ---- exit codes for monitoring; pure ---- */

enum {
    SS_STATUS_FLOWING = 0,
    SS_STATUS_PAUSED = 1,
    SS_STATUS_STUCK = 2, /* or down, blocked, off with mail waiting; the queue is full or broken */
    SS_STATUS_UNKNOWN =
        3 /* the daemon cannot be asked, or may not be asked, or has no such relay */
};

/* Judges the daemon's status document by the reasons that it gives, so that page, metric and
 * command cannot disagree. relay: only this one, and what concerns all; NULL: the worst relay. */
int ss_cli_code_status(const json_t *status, const char *relay);
/* The code of a failed step of the connection test ("auth": 17); EX_OK for NULL. */
int ss_cli_code_step(const char *step);
