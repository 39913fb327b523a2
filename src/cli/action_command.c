/* action_command.c: retry, hold, release, cancel, bounce: on messages by id, or on those that fit a
 * filter, whose number must be confirmed. */
#include "cli/action_command.h"

#include <apr_strings.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ident.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/exchange.h"
#include "cli/terminal.h"

#define IDS_A_REQUEST 500

typedef struct {
    const char *verb;
    const char *state, *relay, *from, *to, *confirm;
} act_t;

static json_t *request_of(const ss_cli_t *cli, const act_t *act)
{
    json_t *request = ss_exchange_request(act->verb);

    json_object_set_new(request, "who", json_string(ss_exchange_user(cli->pool)));
    return request;
}

static const char *messages(const ss_cli_t *cli, apr_int64_t count)
{
    return apr_psprintf(cli->pool, "%" APR_INT64_T_FMT " %s", count,
                        count == 1 ? "message" : "messages");
}

/* ---- by id ---- */

static int by_id(ss_cli_t *cli, const act_t *act, const apr_array_header_t *ids)
{
    apr_int64_t done = 0;
    int code = EX_OK, worst = EX_OK;

    for (int i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);
        if (ss_ident_is_valid(id)) continue;
        ss_cli_complain(cli->program, "\"%s\" is not a message id ('smtp-send queue' lists them)",
                        id);
        return EX_USAGE;
    }
    for (int i = 0; i < ids->nelts; i += IDS_A_REQUEST) {
        json_t *request = request_of(cli, act), *list = json_array();
        for (int k = i; k < ids->nelts && k < i + IDS_A_REQUEST; k++)
            json_array_append_new(list, json_string(APR_ARRAY_IDX(ids, k, const char *)));
        json_object_set_new(request, "id", list);
        json_t *answer = ss_exchange_ask(cli, request, NULL, &code);
        if (code > worst) worst = code;
        done += json_integer_value(json_object_get(answer, "done"));
        json_decref(answer);
    }
    if (cli->is_json) {
        json_t *document = json_pack("{s:i,s:I}", "matched", ids->nelts, "done", (json_int_t)done);
        ss_terminal_json(document);
        json_decref(document);
    } else if (done) {
        printf("%s: %s\n", act->verb, messages(cli, done));
    }
    return worst == EX_OK && done < ids->nelts ? SS_CLI_NOTHING : worst;
}

/* ---- by filter ---- */

static json_t *filter_of(const act_t *act)
{
    json_t *filter = json_object();

    if (act->state) json_object_set_new(filter, "state", json_string(act->state));
    if (act->relay) json_object_set_new(filter, "relay", json_string(act->relay));
    if (act->from) json_object_set_new(filter, "from", json_string(act->from));
    if (act->to) json_object_set_new(filter, "to", json_string(act->to));
    return filter;
}

/* 0: the daemon answered; -1: it did not, and *code is the exit code. */
static int ask_filtered(ss_cli_t *cli, const act_t *act, apr_int64_t confirm, apr_int64_t *matched,
                        apr_int64_t *done, int *code)
{
    json_t *request = request_of(cli, act);

    json_object_set_new(request, "filter", filter_of(act));
    if (confirm) json_object_set_new(request, "confirm", json_integer(confirm));
    json_t *answer = ss_exchange_ask(cli, request, NULL, code);
    if (!answer) return -1;
    *matched = json_integer_value(json_object_get(answer, "matched"));
    *done = json_integer_value(json_object_get(answer, "done"));
    json_decref(answer);
    return 0;
}

/* Whether a person at a terminal confirms. */
static int says_yes(const ss_cli_t *cli, const act_t *act, apr_int64_t matched)
{
    char answer[16];

    if (cli->is_json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return 0;
    printf("%s %s? [y/N] ", act->verb, messages(cli, matched));
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int by_filter(ss_cli_t *cli, const act_t *act, apr_int64_t confirm)
{
    apr_int64_t matched = 0, done = 0;
    int code;

    if (ask_filtered(cli, act, confirm, &matched, &done, &code)) return code;
    if (matched && !done && !confirm && says_yes(cli, act, matched) &&
        ask_filtered(cli, act, matched, &matched, &done, &code))
        return code;
    if (cli->is_json) {
        json_t *document =
            json_pack("{s:I,s:I}", "matched", (json_int_t)matched, "done", (json_int_t)done);
        ss_terminal_json(document);
        json_decref(document);
    } else if (!matched) {
        puts("No message matches");
    } else if (done) {
        printf("%s: %s\n", act->verb, messages(cli, done));
    } else {
        printf("%s %s; nothing was done. To %s them, repeat this with --confirm %" APR_INT64_T_FMT
               "\n",
               messages(cli, matched), matched == 1 ? "matches" : "match", act->verb, matched);
    }
    return done ? EX_OK : SS_CLI_NOTHING;
}

int ss_action_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    act_t act = { .verb = argv[0] };
    const ss_arguments_option_t options[] = {
        { "state", "STATE", "messages in this state", &act.state, NULL },
        { "relay", "NAME", "messages of this relay", &act.relay, NULL },
        { "from", "PATTERN", "messages from this sender (* matches anything)", &act.from, NULL },
        { "to", "PATTERN", "messages to this recipient", &act.to, NULL },
        { "confirm", "N", "do it if exactly N messages match the filter", &act.confirm, NULL }
    };
    apr_array_header_t *ids;
    apr_int64_t confirm = 0;
    int code;

    if (ss_arguments_read(cli, options, sizeof(options) / sizeof(options[0]), argc, argv, argc,
                          &ids, &code))
        return code;
    int is_filtered = act.state || act.relay || act.from || act.to;
    if (act.confirm && (ss_text_number(act.confirm, 1, APR_INT64_MAX, &confirm) || !is_filtered)) {
        ss_cli_complain(cli->program,
                        is_filtered ? "--confirm: \"%s\" is not a number of messages"
                                    : "--confirm %s needs a filter",
                        act.confirm);
        return EX_USAGE;
    }
    if (!ids->nelts == !is_filtered) {
        ss_cli_complain(
            cli->program,
            is_filtered ? "give message ids or a filter, not both"
                        : "which messages? Give ids, or a filter (--state, --relay, --from, --to)");
        return EX_USAGE;
    }
    return is_filtered ? by_filter(cli, &act, confirm) : by_id(cli, &act, ids);
}
