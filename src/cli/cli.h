/* cli.h: what the commands of smtp-send share: the table of commands, options, the daemon's
 * answers, and output for people. */
#ifndef SS_CLI_CLI_H
#define SS_CLI_CLI_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

#include "wire/peer.h"

#define SS_CLI_NOTHING 1      /* exit code: known and refused, not found, or nothing fits */
#define SS_CLI_COLUMNS_MAX 12 /* of a table */

typedef struct {
    apr_pool_t *pool;
    const char *program; /* as messages name it: "smtp-send" or "sendmail" */
    const char *socket;  /* --socket, $SMTP_SEND_SOCKET or the built-in default */
    int is_json;         /* --json */
    int has_help;        /* --help was printed */
} ss_cli_t;

typedef struct {
    const char *name;
    const char *usage;   /* behind the name: "ID..." */
    const char *summary; /* one line for the list of commands */
    const char *help;    /* paragraphs for its --help, or NULL */
    /* argv[0] is the command's name */
    int (*run)(ss_cli_t *cli, int argc, const char *const *argv);
} ss_cli_command_t;

extern const ss_cli_command_t ss_cli_commands[];
extern const int ss_cli_command_count;

/* ---- options (arguments.c) ---- */
typedef struct {
    const char *name;       /* "state", without dashes */
    const char *value_name; /* "STATE"; NULL: a flag */
    const char *help;
    const char **value; /* where the value goes; the last one wins */
    int *flag;
} ss_cli_option_t;

/* Reads argv by the options (each also gets --socket, --json, --help); what is left goes to
 * *operands (const char *), at most most_operands. 0: go on; otherwise the command ends with *code
 * (--help was printed, or a usage error). */
int ss_cli_arguments(ss_cli_t *cli, const ss_cli_option_t *options, int count, int argc,
                     const char *const *argv, int most_operands, apr_array_header_t **operands,
                     int *code);
/* "smtp-send: ..." on standard error. */
void ss_cli_complain(const ss_cli_t *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- the daemon (ask.c) ---- */
/* A request with "do" set. */
json_t *ss_cli_request(const char *verb);
/* Asks; takes the request over. The answer's document (or its header where it has none), to be
 * freed; NULL: it was refused or nobody answered, which was said on standard error, and *code is
 * the exit code. status (may be NULL) gets the answer's. */
json_t *ss_cli_ask(ss_cli_t *cli, json_t *request, int *status, int *code);
/* The same without a look at the answer: EX_OK, or the exit code where nobody answered, which was
 * said. Pieces before the answer go to steps (may be NULL). */
typedef struct {
    apr_status_t (*step)(void *self, const char *bytes, apr_size_t len);
    void *self;
} ss_cli_steps_t;
int ss_cli_exchange(ss_cli_t *cli, json_t *request, const ss_cli_steps_t *steps,
                    ss_peer_answer_t *answer);
/* Says a refusal and gives its exit code. */
int ss_cli_refused(const ss_cli_t *cli, int status, const char *header);
/* Who runs this command, for the daemon's log: "alice (uid 1000)", sudo seen through. */
const char *ss_cli_who(apr_pool_t *pool);

/* ---- output (output.c) ---- */
typedef enum {
    SS_INK_PLAIN,
    SS_INK_BOLD,
    SS_INK_DIM,
    SS_INK_GOOD,
    SS_INK_WARN,
    SS_INK_BAD
} ss_ink_t;

typedef struct {
    const char *title;
    int is_right;
    int least; /* columns it may be cut down to; 0: never cut */
} ss_cli_column_t;

/* Whether standard output is a terminal that takes colour. */
int ss_cli_has_colour(void);
/* Columns of the terminal; 0: none, nothing is cut. */
int ss_cli_width(void);
/* Its lines. */
int ss_cli_height(void);
/* Text from outside made safe for a terminal: control characters (C1 ones, too) and broken UTF-8
 * become visible; line ends become blanks. */
const char *ss_cli_clean(const char *text, apr_pool_t *pool);
/* text in a colour where there is colour. */
const char *ss_cli_ink(ss_ink_t ink, const char *text, apr_pool_t *pool);
/* A table: cells are count * columns texts, row by row; notes (may be NULL): a line below each row,
 * or NULL. Fits the terminal. */
void ss_cli_table(const ss_cli_column_t *columns, int column_count, const char *const *cells,
                  const char *const *notes, int row_count, apr_pool_t *pool);
/* Prints JSON for programs. */
void ss_cli_json(const json_t *document);
/* A text member, cleaned; "" where there is none. */
const char *ss_cli_text(const json_t *object, const char *name, apr_pool_t *pool);
/* Seconds as people say them: "42s", "5min", "3h", "2d". */
const char *ss_cli_age(apr_int64_t seconds, apr_pool_t *pool);
/* Seconds since (or, negative, until) an RFC 3339 time; 0 where it is none. */
apr_int64_t ss_cli_since(const char *time);
/* Bytes as people say them: "512", "12K", "3.4M". */
const char *ss_cli_bytes(apr_int64_t bytes, apr_pool_t *pool);

/* ---- commands ---- */
int ss_cli_sendmail(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_queue(ss_cli_t *cli, int argc, const char *const *argv);
/* queue --recover FILE --into FILE (NULL: FILE.recovered). The exit code. */
int ss_cli_recover(ss_cli_t *cli, const char *from, const char *to);
int ss_cli_mailq(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_show(ss_cli_t *cli, int argc, const char *const *argv);
/* retry hold release cancel bounce */
int ss_cli_act(ss_cli_t *cli, int argc, const char *const *argv);
/* pause resume flush */
int ss_cli_regulate(ss_cli_t *cli, int argc, const char *const *argv);
/* export import (move.c) */
int ss_cli_export(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_import(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_status(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_test(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_explain(ss_cli_t *cli, int argc, const char *const *argv);
int ss_cli_token(ss_cli_t *cli, int argc, const char *const *argv);

/* The rows of the daemon's list as a table (queue.c), and its status document for people; relay:
 * only that one, or NULL (status.c). */
void ss_cli_messages(const json_t *rows, apr_pool_t *pool);
void ss_cli_status_print(const json_t *status, const char *relay, apr_pool_t *pool);

/* ---- live (watch.c) ---- */
#define SS_CLI_WATCH_OPTIONS(every, is_watching)                                                   \
    { "watch", NULL, "live, until interrupted", NULL, &(is_watching) },                            \
    {                                                                                              \
        "every", "TIME", "how often with --watch (2s)", &(every), NULL                             \
    }
typedef struct {
    /* one picture; EX_OK: go on */
    int (*show)(void *self, ss_cli_t *cli, const json_t *status);
    void *self;
} ss_cli_picture_t;
/* Asks for the status again and again and shows a progress line, and on a terminal picture's above
 * it. Returns when that ends or nobody answers any more. */
int ss_cli_watch(ss_cli_t *cli, const char *every, const ss_cli_picture_t *picture);

/* ---- the connection test (check.c, check_local.c) ---- */
typedef struct { /* as typed; NULL: not given */
    const char *relay, *from, *to;
    const char *host, *port, *tls, *user, *password_file, *password_env, *auth, *helo, *ca_file,
        *tls_name, *fingerprint, *timeout;
    int no_verify, no_probe, is_masked;
} ss_cli_test_t;

/* The exit code for a failed step ("auth": 17); EX_OK for NULL. */
int ss_cli_step_code(const char *step);
/* A step's lines, while the test runs: on standard error, and only for a person at a terminal. */
void ss_cli_step_print(const ss_cli_t *cli, const char *text, apr_size_t len);
/* Runs the test in this process, by net/probe.h. Returns the exit code. */
int ss_cli_test_local(ss_cli_t *cli, const ss_cli_test_t *test);

#endif
