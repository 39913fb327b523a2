/* cli_pause.c: pause, resume and flush, for one relay or all. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/exchange.h"
#include "cli/terminal.h"
#include "config/option.h"
#include "config/settings.h"

static void print_relays(const ss_cli_t *cli, const char *verb, const json_t *answer,
                         const char *until)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(answer, "relays"), i, row)
    {
        const char *note = ss_terminal_text(row, "note", cli->pool);
        int is_paused = ss_json_is(row, "paused");
        const char *what = !strcmp(verb, "flush") && !is_paused ? "trying all waiting messages now"
                           : is_paused                          ? "paused"
                                                                : "sending";
        ss_terminal_print(
            4, "%s: %s%s%s%s", ss_terminal_text(row, "name", cli->pool),
            ss_terminal_ink(is_paused ? SS_TERMINAL_WARN : SS_TERMINAL_GOOD, what, cli->pool),
            is_paused && until ? until : "", *note ? "; " : "", note);
    }
}

/* [count, microseconds] of "50/min", by the rules of SMTPSendRate; NULL: the error was printed. */
static json_t *read_rate(const ss_cli_t *cli, const char *text)
{
    const ss_option_t *option = ss_option_find("SMTPSendRate");
    ss_settings_t settings;

    ss_settings_clear(&settings);
    if (ss_option_set(option, &settings, 1, &text, NULL, cli->pool)) {
        ss_cli_complain(EX_USAGE, "--rate: \"%s\" is not a rate such as 50/min, 10/s or 1000/h",
                        text);
        return NULL;
    }
    const ss_settings_rate_t *rate = &APR_ARRAY_IDX(settings.rates, 0, ss_settings_rate_t);
    return json_pack("[I,I]", (json_int_t)rate->count, (json_int_t)rate->per);
}

int ss_cli_pause(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *relay = NULL, *reason = NULL, *lasts = NULL, *rate = NULL, *until = NULL,
               *verb = argv[0];
    const ss_arguments_option_t pausing[] = {
        { "relay", "NAME", "only this relay (all)", &relay },
        { "reason", "TEXT", "why, for the log and the pages", &reason },
        { "for", "TIME", "resume automatically after this time (30min)", &lasts },
        { 0 }
    };
    const ss_arguments_option_t others[] = { { "relay", "NAME", "only this relay (all)", &relay },
                                             { !strcmp(verb, "resume") ? "rate" : NULL, "RATE",
                                               "start slowly: 50/min, doubled each minute", &rate },
                                             { 0 } };
    apr_interval_time_t duration = 0;
    int code;

    if (ss_arguments_read(cli, strcmp(verb, "pause") ? others : pausing, argc, argv, NULL, &code))
        return code;
    if (lasts && (ss_text_duration(lasts, &duration) || !duration))
        return ss_cli_complain(EX_USAGE, "--for: \"%s\" is not a duration such as 30min, 2h or 1d",
                               lasts);
    json_t *limit = rate ? read_rate(cli, rate) : NULL;
    if (rate && !limit) return EX_USAGE;
    json_t *request = ss_exchange_action(cli, verb);
    if (limit) json_object_set_new(request, "rate", limit);
    ss_json_put(request, "relay", relay);
    if (reason) reason = ss_text_utf8(cli->pool, reason, strlen(reason));
    ss_json_put(request, "reason", reason);
    if (duration) {
        json_object_set_new(request, "for", json_integer(duration));
        until = apr_psprintf(cli->pool, " for %s", ss_text_duration_print(cli->pool, duration));
    }
    json_t *answer = ss_exchange_ask(cli, request, &code);
    if (!answer) return code;
    if (cli->is_json)
        ss_terminal_json(json_incref(answer));
    else
        print_relays(cli, verb, answer, until);
    json_decref(answer);
    return EX_OK;
}
