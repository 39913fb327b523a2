/* regulate.c: pause, resume, flush: what is sent at all, of one relay or all. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

static void print_relays(const ss_cli_t *cli, const char *verb, const json_t *answer, const char *until)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(answer, "relays"), i, row) {
        const char *note = ss_cli_text(row, "note", cli->pool);
        int is_paused = json_is_true(json_object_get(row, "paused"));
        const char *what = !strcmp(verb, "flush") && !is_paused ? "everything that waits is tried now" : is_paused ? "paused" : "sending";
        printf("%s: %s%s%s%s\n", ss_cli_text(row, "name", cli->pool), ss_cli_ink(is_paused ? SS_INK_WARN : SS_INK_GOOD, what, cli->pool), is_paused && until ? until : "",
               *note ? "; " : "", note);
    }
}

int ss_cli_regulate(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *relay = NULL, *reason = NULL, *lasts = NULL, *until = NULL, *verb = argv[0];
    const ss_cli_option_t options[] = {
        { "relay", "NAME", "only this relay (all)", &relay, NULL },
        { "reason", "TEXT", "why, for the log and the pages", &reason, NULL },
        { "for", "TIME", "go on by itself after this time (30min)", &lasts, NULL }
    };
    int count = !strcmp(verb, "pause") ? 3 : 1, code;
    apr_interval_time_t duration = 0;
    apr_array_header_t *operands;

    if (ss_cli_arguments(cli, options, count, argc, argv, 0, &operands, &code)) return code;
    if (lasts && (ss_text_duration(lasts, &duration) || !duration)) {
        ss_cli_complain(cli, "--for: \"%s\" is no time like 30min, 2h or 1d", lasts);
        return EX_USAGE;
    }
    json_t *request = ss_cli_request(verb);
    json_object_set_new(request, "who", json_string(ss_cli_who(cli->pool)));
    if (relay) json_object_set_new(request, "relay", json_string(relay));
    if (reason) json_object_set_new(request, "reason", json_string(ss_text_utf8(cli->pool, reason, strlen(reason))));
    if (duration) {
        json_object_set_new(request, "for", json_integer(duration));
        until = apr_psprintf(cli->pool, " for %s", ss_text_duration_print(cli->pool, duration));
    }
    json_t *answer = ss_cli_ask(cli, request, NULL, &code);
    if (!answer) return code;
    if (cli->is_json) ss_cli_json(answer);
    else print_relays(cli, verb, answer, until);
    json_decref(answer);
    return EX_OK;
}
