/* token_cache.h: tokens and secrets in files. */
#pragma once

#include <apr_time.h>

#include "cli/cli.h"

#define SS_TOKEN_MAX 65536 /* bytes of a token, and of a file with a key or secret */

typedef struct {
    const char *token;
    apr_time_t expires;
} ss_token_t;

/* The file that caches the token for key: path if given, otherwise a file in ~/.cache/smtp-send
 * named by key; NULL: there is no place for it. */
const char *ss_token_cache_path(ss_cli_t *cli, const char *path, const char *key);
/* 1: a token was read that stays valid for a while. A file that belongs to another user, or that
 * others may read or write, is ignored. */
int ss_token_cache_read(ss_cli_t *cli, const char *path, const char *key, ss_token_t *token);
/* Caches it; a write failure is reported and otherwise ignored. */
void ss_token_cache_write(ss_cli_t *cli, const char *path, const char *key,
                          const ss_token_t *token);
/* Reads a file of at most SS_TOKEN_MAX bytes. is_line: without its line end, which must be its only
 * one. NULL: the error was printed. */
const char *ss_token_cache_file(ss_cli_t *cli, const char *path, int is_line, apr_size_t *len);
