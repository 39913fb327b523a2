/* cli_action.c: retry, hold, release, cancel, bounce: on messages by id, or on those that fit a
 * filter, whose number must be confirmed. */
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/exchange.h"
#include "cli/short_id.h"
#include "cli/terminal.h"

#define IDS_A_REQUEST 500

typedef struct {
    const char *verb;
    const char *state, *relay, *from, *to, *confirm;
} act_t;

static const char *messages(long long count)
{
    return count == 1 ? "message" : "messages";
}

/* ---- by id ---- */

static int by_id(ss_cli_t *cli, const act_t *act, const apr_array_header_t *ids)
{
    long long done = 0;
    int code = EX_OK, worst = EX_OK;

    for (int i = 0; i < ids->nelts; i++) {
        const char **id = &APR_ARRAY_IDX(ids, i, const char *);
        *id = ss_short_id_resolve(cli, *id, &code);
        if (!*id) return code;
    }
    for (int i = 0; i < ids->nelts; i += IDS_A_REQUEST) {
        json_t *request = ss_exchange_action(cli, act->verb), *list = json_array();
        for (int k = i; k < ids->nelts && k < i + IDS_A_REQUEST; k++)
            json_array_append_new(list, json_string(APR_ARRAY_IDX(ids, k, const char *)));
        json_object_set_new(request, "id", list);
        json_t *answer = ss_exchange_ask(cli, request, &code);
        if (code > worst) worst = code;
        done += ss_json_number(answer, "done");
        json_decref(answer);
    }
    if (cli->is_json)
        ss_terminal_json(json_pack("{s:i,s:I}", "matched", ids->nelts, "done", done));
    else if (done)
        printf("%s: %lld %s\n", act->verb, done, messages(done));
    return worst == EX_OK && done < ids->nelts ? SS_CLI_NOTHING : worst;
}

/* ---- by filter ---- */

/* 0: the daemon answered; -1: it did not, and *code is the exit code. */
static int ask_filtered(ss_cli_t *cli, const act_t *act, apr_int64_t confirm, long long *matched,
                        long long *done, int *code)
{
    json_t *request = ss_exchange_action(cli, act->verb), *filter = json_object();

    json_object_set_new(request, "filter", filter);
    ss_json_put(filter, "state", act->state);
    ss_json_put(filter, "relay", act->relay);
    ss_json_put(filter, "from", act->from);
    ss_json_put(filter, "to", act->to);
    if (confirm) json_object_set_new(request, "confirm", json_integer(confirm));
    json_t *answer = ss_exchange_ask(cli, request, code);
    if (!answer) return -1;
    *matched = ss_json_number(answer, "matched");
    *done = ss_json_number(answer, "done");
    json_decref(answer);
    return 0;
}

/* Whether a person at a terminal confirms. */
static int says_yes(const ss_cli_t *cli, const act_t *act, long long matched)
{
    char answer[16];

    if (cli->is_json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return 0;
    printf("%s %lld %s? [y/N] ", act->verb, matched, messages(matched));
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int by_filter(ss_cli_t *cli, const act_t *act, apr_int64_t confirm)
{
    long long matched = 0, done = 0;
    int code;

    if (ask_filtered(cli, act, confirm, &matched, &done, &code)) return code;
    if (matched && !done && !confirm && says_yes(cli, act, matched) &&
        ask_filtered(cli, act, matched, &matched, &done, &code))
        return code;
    if (cli->is_json)
        ss_terminal_json(json_pack("{s:I,s:I}", "matched", matched, "done", done));
    else if (!matched)
        puts("No message matches");
    else if (done)
        printf("%s: %lld %s\n", act->verb, done, messages(done));
    else
        ss_terminal_print(0,
                          "%lld %s %s; nothing was done. To %s %s, repeat this with --confirm %lld",
                          matched, messages(matched), matched == 1 ? "matches" : "match", act->verb,
                          matched == 1 ? "it" : "them", matched);
    return done ? EX_OK : SS_CLI_NOTHING;
}

int ss_cli_action(ss_cli_t *cli, int argc, const char *const *argv)
{
    act_t act = { .verb = argv[0] };
    const ss_arguments_option_t options[] = {
        { "state", "STATE", "messages in this state", &act.state },
        { "relay", "NAME", "messages of this relay", &act.relay },
        { "from", "PATTERN", "messages from this sender (* matches anything)", &act.from },
        { "to", "PATTERN", "messages to this recipient", &act.to },
        { "confirm", "N", "do it if exactly N messages match the filter", &act.confirm },
        { 0 }
    };
    apr_array_header_t *ids;
    apr_int64_t confirm = 0;
    int code;

    if (ss_arguments_read(cli, options, argc, argv, &ids, &code)) return code;
    int is_filtered = act.state || act.relay || act.from || act.to;
    if (act.confirm && (ss_text_number(act.confirm, 1, APR_INT64_MAX, &confirm) || !is_filtered))
        return ss_cli_complain(EX_USAGE,
                               is_filtered ? "--confirm: \"%s\" is not a number of messages"
                                           : "--confirm %s needs a filter",
                               act.confirm);
    if (!ids->nelts == !is_filtered)
        return ss_cli_complain(
            EX_USAGE,
            is_filtered ? "give message ids or a filter, not both"
                        : "which messages? Give ids, or a filter (--state, --relay, --from, --to)");
    return is_filtered ? by_filter(cli, &act, confirm) : by_id(cli, &act, ids);
}
