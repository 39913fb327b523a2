/* exchange.h: requests to the delivery daemon. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"
#include "wire/peer.h"

/* A request for an action, with the user who does it, for the daemon's log: "alice (uid 1000)", or
 * "root (sudo by alice)". */
json_t *ss_exchange_action(const ss_cli_t *cli, const char *verb);
/* Sends the request (the reference is dropped). Returns the answer's document, or its header where
 * it has none; the caller owns the reference. NULL: refused or no answer; the error was printed and
 * *code is the exit code. */
json_t *ss_exchange_ask(ss_cli_t *cli, json_t *request, int *code);
/* Sends the request (the reference is dropped) and leaves the answer to the caller, a refusal
 * included. EX_OK, or the exit code when there was no answer; the error was printed. step (may be
 * NULL) takes what the daemon sends before its answer. */
int ss_exchange(ss_cli_t *cli, json_t *request,
                apr_status_t (*step)(void *cli, const char *bytes, apr_size_t len),
                ss_peer_answer_t *answer);
/* Prints a refusal and returns its exit code. header: the answer's, as JSON. */
int ss_exchange_refused(const ss_cli_t *cli, int status, const char *header);
