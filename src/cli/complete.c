/* complete.c: "smtp-send complete NAME WORD...": what the last word, typed so far, may become; for
 * the files conf/smtp-send.bash, .zsh and .fish. Commands and options are those of --help, relays
 * and messages are asked from the daemon. Each line: the word, a tab, what it is; FILES: any path.
 */
#include "cli/complete.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/exchange.h"
#include "cli/short_id.h"
#include "cli/terminal.h"
#include "smtp/advice.h"

#define FILES ":files"
#define MESSAGES 50
#define WAIT APR_USEC_PER_SEC /* for a daemon that does not react: a person is typing */
#define WHAT_COLUMNS 60

typedef struct {
    ss_cli_t *cli;
    const char *before; /* of an option's value in the same word: "--state=" */
    const char *typed;  /* the beginning of the word, or of the value */
    const char *option; /* whose value is completed, or NULL: without dashes */
    int has_option;     /* there is such an option, and it takes a value */
} complete_t;

static void offer(const complete_t *c, const char *word, const char *what)
{
    if (strncmp(word, c->typed, strlen(c->typed))) return;
    what = what ? ss_terminal_cut(what, WHAT_COLUMNS, c->cli->pool) : "";
    printf("%s%s\t%s\n", c->before, ss_terminal_clean(word, c->cli->pool), what);
}

static void offer_words(const complete_t *c, const char *words)
{
    char *state, *copy = apr_pstrdup(c->cli->pool, words);

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        offer(c, word, NULL);
}

/* ---- what the daemon knows ---- */

static json_t *ask(const complete_t *c, json_t *request)
{
    int code;

    if (!access(c->cli->socket, W_OK)) return ss_exchange_ask(c->cli, request, &code);
    json_decref(request);
    return NULL;
}

static void offer_relays(const complete_t *c)
{
    json_t *status = ask(c, json_pack("{s:s}", "do", "status"));
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, row)
    {
        const char *name = ss_json_text(row, "name");
        if (name) offer(c, name, ss_terminal_text(row, "state", c->cli->pool));
    }
    json_decref(status);
}

/* The ends of ids, as lists show them, or whole ids where that is what was begun. */
static void offer_ids(const complete_t *c, const char *command)
{
    json_t *request = json_pack("{s:s,s:i}", "do", "queue", "limit", MESSAGES);
    apr_pool_t *pool = c->cli->pool;
    const json_t *row;
    size_t i;

    if (!strcmp(command, "release"))
        json_object_set_new(request, "state", json_string("held"));
    else if (strcmp(command, "show"))
        json_object_set_new(request, "waiting", json_true());
    json_t *answer = ask(c, request);
    const json_t *rows = json_object_get(answer, "messages");
    int ending = ss_short_id_ending(rows, pool);
    json_array_foreach(rows, i, row)
    {
        const char *to = json_string_value(json_array_get(json_object_get(row, "to"), 0)),
                   *end = ss_short_id_end(row, ending, pool), *id = ss_json_text(row, "id"),
                   *what = apr_psprintf(pool, "%s to %s: %s", ss_terminal_text(row, "state", pool),
                                        to ? ss_terminal_clean(to, pool) : "",
                                        ss_terminal_text(row, "subject", pool));
        offer(c, *c->typed && !strncmp(id, c->typed, strlen(c->typed)) ? id : end, what);
    }
    json_decref(answer);
}

/* ---- options ---- */

static void offer_value(const complete_t *c, const char *name, const char *kind)
{
    if (!strcmp(kind, "FILE") || !strcmp(kind, "PATH"))
        puts(FILES);
    else if (!strcmp(kind, "STATE"))
        offer_words(c, "queued sending deferred held sent failed expired cancelled");
    else if (!strcmp(name, "tls"))
        offer_words(c, "none negotiate starttls tls opportunistic");
    else if (!strcmp(name, "auth"))
        offer_words(c, "auto off SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 "
                       "CRAM-MD5 PLAIN LOGIN EXTERNAL OAUTHBEARER XOAUTH2");
    else if (!strcmp(name, "priority"))
        offer_words(c, "high normal bulk");
    else if (!strcmp(name, "relay"))
        offer_relays(c);
    else if (!strcmp(name, "after"))
        offer_ids(c, c->cli->command->name);
}

static void take_option(void *self, const char *name, const char *value_name, const char *help)
{
    complete_t *c = self;

    if (c->option && !strcmp(c->option, name) && value_name) {
        c->has_option = 1;
        offer_value(c, name, value_name);
    } else if (!c->option) {
        offer(c, apr_pstrcat(c->cli->pool, "--", name, NULL), help);
    }
}

/* Each option of the command. */
static void visit_options(complete_t *c)
{
    const char *argv[] = { c->cli->command->name, NULL };

    c->cli->offer = take_option;
    c->cli->offer_self = c;
    c->cli->command->run(c->cli, 1, argv);
    c->cli->offer = NULL;
}

static void offer_option(void *self, const char *word, const char *what)
{
    offer(self, word, what);
}

/* ---- where the last word stands ---- */

/* Reads which option's value the last word is, if it is one: "--state X", "--state=X", and as bash
 * splits that: "--state", "=", "X". */
static void read_place(complete_t *c, int argc, const char *const *argv)
{
    const char *last = argc ? argv[argc - 1] : "", *name = argc > 1 ? argv[argc - 2] : "",
               *equal = strchr(last, '=');

    c->before = "";
    c->typed = last;
    if (argc > 2 && !strcmp(name, "=")) name = argv[argc - 3];
    if (!strncmp(last, "--", 2) && equal) {
        c->before = apr_pstrmemdup(c->cli->pool, last, (apr_size_t)(equal - last) + 1);
        c->typed = equal + 1;
        name = apr_pstrmemdup(c->cli->pool, last, (apr_size_t)(equal - last));
    } else if (!strcmp(last, "=")) {
        c->typed = "";
    }
    c->option = !strncmp(name, "--", 2) && !strchr(name, '=') ? name + 2 : NULL;
}

static void complete_sendmail(complete_t *c, int argc, const char *const *argv)
{
    const char *name = argc > 1 ? argv[argc - 2] : "";

    if (!strcmp(name, "-N")) {
        offer_words(c, "never success failure delay success,failure,delay");
    } else if (!strcmp(name, "-R")) {
        offer_words(c, "full hdrs");
    } else if (!strcmp(name, "-B")) {
        offer_words(c, "7BIT 8BITMIME BINARYMIME");
    } else if (!strncmp(c->typed, "-qI", 3)) {
        c->before = "-qI";
        c->typed += 3;
        offer_ids(c, "retry");
    } else if (*c->typed == '-') {
        ss_cli_commands_sendmail_options(offer_option, c);
    }
}

static void complete_operand(const complete_t *c)
{
    const char *command = c->cli->command->name;

    if (ss_text_word_index("show retry hold release cancel bounce", command) >= 0)
        offer_ids(c, command);
    else if (!strcmp(command, "webhook"))
        offer_words(c, "test");
    else if (!strcmp(command, "key"))
        offer_words(c, "add list remove");
    else if (!strcmp(command, "explain"))
        for (int i = 0; i < ss_advice_count; i++)
            offer(c, ss_advice_table[i].id, ss_advice_table[i].title);
}

static void offer_commands(const complete_t *c)
{
    for (int i = 0; i < ss_cli_commands_count; i++)
        offer(c, ss_cli_commands[i].name, ss_cli_commands[i].summary);
}

/* argv: the words behind the command. */
static void complete_command(complete_t *c, int argc, const char *const *argv)
{
    read_place(c, argc, argv);
    if (!strcmp(c->cli->command->name, "sendmail")) {
        complete_sendmail(c, argc, argv);
        return;
    }
    if (c->option) visit_options(c);
    if (c->option && c->has_option) return;
    c->option = NULL;
    if (*c->typed == '-')
        visit_options(c);
    else
        complete_operand(c);
}

/* The value of --socket among the words that are complete. */
static void take_socket(ss_cli_t *cli, int argc, const char *const *argv)
{
    for (int i = 0; i < argc - 1; i++) {
        int at = i + 1 + (i + 1 < argc && !strcmp(argv[i + 1], "="));
        if (!strcmp(argv[i], "--socket") && at < argc - 1)
            cli->socket = argv[at];
        else if (!strncmp(argv[i], "--socket=", 9))
            cli->socket = argv[i] + 9;
    }
}

/* The index of the command; -1: it is being typed, or what stands before it. */
static int find_command(int argc, const char *const *argv)
{
    for (int i = 0; i < argc - 1; i++) {
        int is_value = i && (!strcmp(argv[i - 1], "--socket") || !strcmp(argv[i - 1], "="));
        if (*argv[i] != '-' && strcmp(argv[i], "=") && !is_value) return i;
    }
    return -1;
}

static void complete_smtp_send(complete_t *c, int argc, const char *const *argv)
{
    int at = find_command(argc, argv);
    const char *command = at < 0 ? "help" : argv[at];

    read_place(c, argc, argv);
    if (at < 0 && c->option && !strcmp(c->option, "socket")) {
        puts(FILES);
    } else if (*c->typed == '-' && !strcmp(command, "help")) {
        offer_words(c, "--json --socket --version --help");
    } else if (!strcmp(command, "help")) {
        offer_commands(c);
        if (at < 0) offer(c, "help", "show the options of a command");
    } else if ((c->cli->command = ss_cli_commands_find(command))) {
        complete_command(c, argc - at - 1, argv + at + 1);
    }
}

static void complete_daemon(complete_t *c, int argc, const char *const *argv)
{
    read_place(c, argc, argv);
    if (c->option && !strcmp(c->option, "config"))
        puts(FILES);
    else
        offer_words(c, "--config --check --version --help");
}

int ss_complete_print(ss_cli_t *cli, int argc, const char *const *argv)
{
    static const char *const nothing[] = { "" };
    complete_t c = { .cli = cli };
    const char *slash = argc > 1 ? strrchr(argv[1], '/') : NULL, *name = slash      ? slash + 1
                                                                         : argc > 1 ? argv[1]
                                                                                    : "";
    int count = argc > 2 ? argc - 2 : 1;
    const char *const *words = argc > 2 ? argv + 2 : nothing;

    cli->patience = WAIT;
    take_socket(cli, count, words);
    if (!strcmp(name, "smtp-send"))
        complete_smtp_send(&c, count, words);
    else if (!strcmp(name, "smtp-sendd"))
        complete_daemon(&c, count, words);
    else if ((cli->command = ss_cli_commands_find(name)))
        complete_command(&c, count, words);
    return EX_OK;
}
