/* watch.h: --watch: the status again and again. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"

/* The last options of a command. */
#define SS_WATCH_OPTIONS(every, is_watching)                                                       \
    { "watch", NULL, "refresh until interrupted", &(is_watching) },                                \
        { "every", "TIME", "interval of --watch (2s)", &(every) },                                 \
    {                                                                                              \
        0                                                                                          \
    }

typedef struct {
    /* Prints one refresh; EX_OK: continue. */
    int (*show)(void *self, ss_cli_t *cli, const json_t *status);
    void *self;
} ss_watch_picture_t;

/* Requests the status at intervals and prints a progress line, on a terminal with the picture below
 * it. every: the option's text, or NULL. Returns the exit code when the picture or the daemon
 * fails. */
int ss_watch(ss_cli_t *cli, const char *every, const ss_watch_picture_t *picture);
