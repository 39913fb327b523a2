/* status_command.c: whether mail flows, as text for people and as exit code for monitoring. */
#include "cli/status_command.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/exchange.h"
#include "cli/terminal.h"
#include "cli/status_code.h"
#include "cli/watch.h"

static const char *name_of(const json_t *relay)
{
    const char *name = json_string_value(json_object_get(relay, "name"));

    return name ? name : "";
}

static int is_relay_down(const json_t *status, const char *relay)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state"));
        if (state && !strcmp(state, "down") && (!relay || !strcmp(relay, name_of(row)))) return 1;
    }
    return 0;
}

static apr_int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_pause(const json_t *pause, apr_pool_t *pool)
{
    const char *reason = ss_terminal_text(pause, "reason", pool),
               *who = ss_terminal_text(pause, "who", pool),
               *until = ss_terminal_text(pause, "until", pool);

    if (!json_is_object(pause)) return;
    printf("    paused%s%s%s%s%s%s%s%s%s\n",
           json_is_true(json_object_get(pause, "directive")) ? " by SMTPSendPause On" : "",
           *who ? " by " : "", who, *reason ? ": " : "", reason,
           *ss_terminal_text(pause, "since", pool) ? ", since " : "",
           ss_terminal_text(pause, "since", pool), *until ? ", until " : "", until);
}

static void print_counts(const json_t *counts)
{
    static const char *const waiting[] = { "queued", "sending", "deferred", "held" };
    const char *gap = "    waiting: ";

    for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
        printf("%s%" APR_INT64_T_FMT " %s", gap, number(counts, waiting[i]), waiting[i]);
        gap = ", ";
    }
    putchar('\n');
}

static void print_relay(const json_t *relay, apr_pool_t *pool)
{
    const char *state = ss_terminal_text(relay, "state", pool),
               *cause = ss_terminal_text(relay, "cause", pool),
               *next = json_string_value(json_object_get(relay, "nextProbe"));
    const char *host = ss_terminal_text(relay, "host", pool);
    const json_t *advice = json_object_get(relay, "advice"), *learned;
    apr_int64_t oldest = number(relay, "oldestSeconds"), uncertain = number(relay, "uncertain");
    ss_terminal_ink_t ink = !strcmp(state, "up") ? SS_TERMINAL_GOOD
                            : !strcmp(state, "down") || !strcmp(state, "blocked")
                                ? SS_TERMINAL_BAD
                                : SS_TERMINAL_WARN;
    size_t i;

    printf("%s  %s%s%s%s%s\n",
           ss_terminal_ink(SS_TERMINAL_BOLD, ss_terminal_text(relay, "name", pool), pool),
           ss_terminal_ink(ink, state, pool), *host ? "  " : "", host, *cause ? ": " : "", cause);
    print_pause(json_object_get(relay, "pause"), pool);
    if (next && ss_terminal_since(next) < 0)
        printf("    next attempt in %s\n", ss_terminal_age(ss_terminal_since(next), pool));
    if (json_is_object(advice))
        printf("    %s\n    What to do: %s\n", ss_terminal_text(advice, "title", pool),
               ss_terminal_text(advice, "text", pool));
    print_counts(json_object_get(relay, "counts"));
    printf("    %" APR_INT64_T_FMT " sent, %" APR_INT64_T_FMT " failed", number(relay, "sent"),
           number(relay, "failed"));
    if (uncertain) printf(", %" APR_INT64_T_FMT " uncertain", uncertain);
    if (oldest) printf("; oldest waiting for %s", ss_terminal_age(oldest, pool));
    if (json_string_value(json_object_get(relay, "lastSuccess")))
        printf("; last success %s ago", ss_terminal_age(ss_terminal_since(json_string_value(
                                                            json_object_get(relay, "lastSuccess"))),
                                                        pool));
    putchar('\n');
    json_array_foreach(json_object_get(relay, "learned"), i, learned)
    {
        printf("    learned about %s: %s\n", ss_terminal_text(learned, "host", pool),
               ss_terminal_text(learned, "what", pool));
    }
}

static void print_status(const json_t *status, const char *relay, apr_pool_t *pool)
{
    static const char *const words[] = { [SS_STATUS_FLOWING] = "Mail flows",
                                         [SS_STATUS_PAUSED] = "Sending is paused",
                                         [SS_STATUS_STUCK] = "Mail does not flow" };
    static const ss_terminal_ink_t inks[] = { [SS_STATUS_FLOWING] = SS_TERMINAL_GOOD,
                                              [SS_STATUS_PAUSED] = SS_TERMINAL_WARN,
                                              [SS_STATUS_STUCK] = SS_TERMINAL_BAD };
    const json_t *queue = json_object_get(status, "queue"), *row;
    int verdict = ss_status_code(status, relay);
    size_t i;

    int is_down = verdict == SS_STATUS_FLOWING && is_relay_down(status, relay);
    puts(is_down ? ss_terminal_ink(SS_TERMINAL_WARN,
                                   "Mail is waiting for its relay, not for long yet", pool)
                 : ss_terminal_ink(inks[verdict], words[verdict], pool));
    json_array_foreach(json_object_get(status, "reasons"), i, row)
    {
        const char *of = ss_terminal_text(row, "relay", pool);
        printf("  %s%s%s: %s\n", of, *of ? " " : "", ss_terminal_text(row, "reason", pool),
               ss_terminal_text(row, "detail", pool));
    }
    if (*ss_terminal_text(queue, "error", pool))
        printf("  the queue: %s\n", ss_terminal_text(queue, "error", pool));
    printf("Queue: %" APR_INT64_T_FMT " messages, %s of %s (%s); daemon %" APR_INT64_T_FMT
           " running for %s\n",
           number(queue, "messages"), ss_terminal_bytes(number(queue, "bytes"), pool),
           ss_terminal_bytes(number(queue, "limitBytes"), pool),
           ss_terminal_text(queue, "driver", pool), number(status, "pid"),
           ss_terminal_age(
               ss_terminal_since(json_string_value(json_object_get(status, "startedAt"))), pool));
    json_array_foreach(json_object_get(status, "relays"), i, row)
    {
        if (!relay || !strcmp(relay, name_of(row))) print_relay(row, pool);
    }
}

static int has_relay(const json_t *status, const char *relay)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, row)
    {
        if (!strcmp(relay, name_of(row))) return 1;
    }
    return 0;
}

static int show_status(void *self, ss_cli_t *cli, const json_t *status)
{
    print_status(status, self, cli->pool);
    return EX_OK;
}

int ss_status_command(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *relay = NULL, *every = NULL;
    int is_watching = 0;
    const ss_arguments_option_t options[] = { { "relay", "NAME", "only this relay", &relay, NULL },
                                              SS_WATCH_OPTIONS(every, is_watching) };
    apr_array_header_t *operands;
    int code;

    if (ss_arguments_read(cli, options, sizeof(options) / sizeof(options[0]), argc, argv, 0,
                          &operands, &code))
        return code;
    if (is_watching)
        return ss_watch(cli, every, &(ss_watch_picture_t){ show_status, (void *)relay });
    json_t *status = ss_exchange_ask(cli, ss_exchange_request("status"), NULL, &code);
    if (!status) return SS_STATUS_STUCK;
    if (relay && !has_relay(status, relay)) {
        ss_cli_complain(cli->program, "there is no relay \"%s\"", relay);
        code = EX_USAGE;
    } else {
        if (cli->is_json)
            ss_terminal_json(status);
        else
            print_status(status, relay, cli->pool);
        code = ss_status_code(status, relay);
    }
    json_decref(status);
    return code;
}
