/* token_ask.h: a request to a token endpoint. */
#pragma once

#include "cli/cli.h"
#include "cli/token_cache.h"

typedef struct {
    const char *name, *value;
} ss_token_ask_field_t;

/* Posts the form to the URL. EX_OK with the token; otherwise the exit code, and the error was
 * printed. */
int ss_token_ask(ss_cli_t *cli, const char *url, const ss_token_ask_field_t *fields, int count,
                 ss_token_t *token);
