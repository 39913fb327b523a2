/* watch.c: --watch: on a terminal the whole picture, otherwise one line per refresh (with --json
 * one document per line). */
#include "cli/watch.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/exchange.h"
#include "cli/terminal.h"

#define EVERY (2 * APR_USEC_PER_SEC)
#define EVERY_LEAST (APR_USEC_PER_SEC / 5)

typedef int picture_fn(void *self, ss_cli_t *cli, const json_t *status);

static void look(ss_watch_progress_t *progress, const json_t *status)
{
    const json_t *relay;
    apr_int64_t done = 0;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, relay)
    {
        done += ss_json_number(relay, "sent") + ss_json_number(relay, "failed");
    }
    ss_watch_progress_look(progress, ss_wall_now(),
                           ss_json_number(json_object_get(status, "queue"), "messages"), done);
}

static int show(ss_cli_t *cli, const ss_watch_progress_t *progress, const json_t *status,
                picture_fn *picture, void *self)
{
    int code = EX_OK;

    if (cli->is_json) {
        const char *text = ss_json_print(json_incref((json_t *)status), cli->pool);
        if (text) puts(ss_text_visible(cli->pool, text, strlen(text), SS_TEXT_JSON));
    } else if (isatty(STDOUT_FILENO)) {
        fputs("\033[H\033[2J", stdout);
        puts(ss_terminal_ink(SS_TERMINAL_BOLD, ss_watch_progress_text(progress, cli->pool),
                             cli->pool));
        putchar('\n');
        code = picture(self, cli, status);
    } else {
        puts(ss_watch_progress_text(progress, cli->pool));
    }
    return fflush(stdout) ? EX_IOERR : code;
}

int ss_watch(ss_cli_t *cli, const char *every, picture_fn *picture, void *self)
{
    apr_interval_time_t wait = EVERY;
    ss_watch_progress_t progress = { .count = 0 };
    apr_pool_t *whole = cli->pool;
    int code = EX_OK;

    if (every && (ss_text_duration(every, &wait) || wait < EVERY_LEAST))
        return ss_cli_complain(EX_USAGE, "--every: \"%s\" is not a duration of at least 200ms",
                               every);
    while (code == EX_OK) {
        apr_pool_create(&cli->pool, whole);
        json_t *status = ss_exchange_ask(cli, json_pack("{s:s}", "do", "status"), &code);
        if (status) {
            look(&progress, status);
            code = show(cli, &progress, status, picture, self);
            json_decref(status);
        }
        apr_pool_destroy(cli->pool);
        if (code == EX_OK) apr_sleep(wait);
    }
    cli->pool = whole;
    return code;
}
