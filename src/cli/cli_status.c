/* cli_status.c: whether mail flows, as text for people and as exit code for monitoring. */
#include "cli/cli.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/exchange.h"
#include "cli/patience.h"
#include "cli/terminal.h"
#include "cli/watch.h"

/* Whether there is a relay of that name (NULL: any) and state (NULL: any). */
static int has_relay(const json_t *status, const char *name, const char *state)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, row)
    {
        const char *own_name = ss_json_text(row, "name"), *own_state = ss_json_text(row, "state");
        if ((!name || (own_name && !strcmp(name, own_name))) &&
            (!state || (own_state && !strcmp(state, own_state))))
            return 1;
    }
    return 0;
}

static void print_pause(const json_t *pause, apr_pool_t *pool)
{
    const char *reason = ss_terminal_text(pause, "reason", pool),
               *who = ss_terminal_text(pause, "who", pool),
               *since = ss_terminal_text(pause, "since", pool),
               *until = ss_terminal_text(pause, "until", pool);

    if (!json_is_object(pause)) return;
    ss_terminal_print(4, "    paused%s%s%s%s%s%s%s%s%s",
                      ss_json_is(pause, "directive") ? " by SMTPSendPause On" : "",
                      *who ? " by " : "", who, *reason ? ": " : "", reason,
                      *since ? ", since " : "", since, *until ? ", until " : "", until);
}

static void print_relay(const json_t *relay, apr_pool_t *pool)
{
    const char *state = ss_terminal_text(relay, "state", pool),
               *cause = ss_terminal_text(relay, "cause", pool),
               *host = ss_terminal_text(relay, "host", pool);
    const json_t *counts = json_object_get(relay, "counts"), *learned;
    apr_int64_t next = ss_terminal_since(relay, "nextProbe"),
                success = ss_terminal_since(relay, "lastSuccess");
    apr_int64_t oldest = ss_json_number(relay, "oldestSeconds"),
                uncertain = ss_json_number(relay, "uncertain");
    ss_terminal_ink_t ink =
        !strcmp(state, "up") ? SS_TERMINAL_GOOD
        : !strcmp(state, "down") || !strcmp(state, "blocked") || !strcmp(state, "stopped")
            ? SS_TERMINAL_BAD
            : SS_TERMINAL_WARN;
    int is_unused = !strcmp(state, "up") && !ss_json_is(relay, "used"),
        has_success = json_is_string(json_object_get(relay, "lastSuccess"));
    size_t i;

    ss_terminal_print(
        4, "%s  %s%s%s%s%s",
        ss_terminal_ink(SS_TERMINAL_BOLD, ss_terminal_text(relay, "name", pool), pool),
        ss_terminal_ink(ink, is_unused ? "not used yet" : state, pool), *host ? "  " : "", host,
        *cause ? ": " : "", cause);
    print_pause(json_object_get(relay, "pause"), pool);
    if (next < 0) ss_terminal_print(4, "    next attempt in %s", ss_terminal_age(next, pool));
    ss_terminal_advice(json_object_get(relay, "advice"), pool);
    ss_terminal_print(4, "    waiting: %lld queued, %lld sending, %lld deferred, %lld held",
                      ss_json_number(counts, "queued"), ss_json_number(counts, "sending"),
                      ss_json_number(counts, "deferred"), ss_json_number(counts, "held"));
    ss_terminal_print(
        4, "    %lld sent, %lld failed%s%s%s%s%s%s", ss_json_number(relay, "sent"),
        ss_json_number(relay, "failed"),
        uncertain ? apr_psprintf(pool, ", %" APR_INT64_T_FMT " uncertain", uncertain) : "",
        oldest ? "; oldest waiting for " : "", oldest ? ss_terminal_age(oldest, pool) : "",
        has_success ? "; last success " : "", has_success ? ss_terminal_age(success, pool) : "",
        has_success ? " ago" : "");
    json_array_foreach(json_object_get(relay, "learned"), i, learned)
    {
        ss_terminal_print(4, "    learned about %s: %s", ss_terminal_text(learned, "host", pool),
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
    int verdict = ss_cli_code_status(status, relay);
    size_t i;

    puts(ss_terminal_ink(inks[verdict], words[verdict], pool));
    json_array_foreach(json_object_get(status, "reasons"), i, row)
    {
        const char *of = ss_terminal_text(row, "relay", pool);
        ss_terminal_print(4, "  %s%s%s: %s", of, *of ? " " : "",
                          ss_terminal_text(row, "reason", pool),
                          ss_terminal_text(row, "detail", pool));
    }
    ss_terminal_print(2, "Queue: %s%lld messages, %s of %s (%s); daemon %lld running for %s",
                      ss_json_is(queue, "counted") ? "" : "not counted yet; since the start ",
                      ss_json_number(queue, "messages"),
                      ss_terminal_bytes(ss_json_number(queue, "bytes"), pool),
                      ss_terminal_bytes(ss_json_number(queue, "limitBytes"), pool),
                      ss_terminal_text(queue, "driver", pool), ss_json_number(status, "pid"),
                      ss_terminal_age(ss_terminal_since(status, "startedAt"), pool));
    json_array_foreach(json_object_get(status, "relays"), i, row)
    {
        const char *name = ss_json_text(row, "name");
        if (!relay || (name && !strcmp(relay, name))) print_relay(row, pool);
    }
}

static int show_status(void *self, ss_cli_t *cli, const json_t *status)
{
    print_status(status, self, cli->pool);
    return EX_OK;
}

int ss_cli_status(ss_cli_t *cli, int argc, const char *const *argv)
{
    const char *relay = NULL, *every = NULL;
    int is_watching = 0;
    const ss_arguments_option_t options[] = { { "relay", "NAME", "only this relay", &relay },
                                              SS_WATCH_OPTIONS(every, is_watching) };
    int code;

    if (ss_arguments_read(cli, options, argc, argv, NULL, &code)) return code;
    cli->patience = SS_PATIENCE_SHORT;
    if (is_watching) {
        code = ss_watch(cli, every, show_status, (void *)relay);
        return code == EX_USAGE ? code : SS_STATUS_UNKNOWN;
    }
    json_t *status = ss_exchange_ask(cli, json_pack("{s:s}", "do", "status"), &code);
    if (!status) return SS_STATUS_UNKNOWN;
    if (relay && !has_relay(status, relay, NULL)) {
        code = ss_cli_complain(SS_STATUS_UNKNOWN, "there is no relay \"%s\"", relay);
    } else {
        code = ss_cli_code_status(status, relay);
        if (cli->is_json)
            ss_terminal_json(json_incref(status));
        else
            print_status(status, relay, cli->pool);
    }
    json_decref(status);
    return code;
}
