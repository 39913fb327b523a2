/* token_command.h: OAuth 2 tokens for SMTP: what is asked of a service (token.c), how
 * (token_ask.c), signed assertions (assertion.c), the cache (token_cache.c). */
#ifndef SS_CLI_TOKEN_COMMAND_H
#define SS_CLI_TOKEN_COMMAND_H

#include <apr_tables.h>

#include "cli/cli.h"

#define SS_TOKEN_MAX 65536 /* of a token and of files with keys and secrets */

typedef struct {
    const char *token;
    apr_time_t expires;
} ss_token_t;

/* ---- the service (token_ask.c) ---- */
typedef struct {
    const char *name, *value;
} ss_token_field_t;
/* Posts the form to the URL. 0 with the token; or the exit code, said. */
int ss_token_ask(ss_cli_t *cli, const char *url, const ss_token_field_t *fields, int count,
                 ss_token_t *token);

/* ---- a signed assertion (assertion.c): JWT, RFC 7519 and 7515, RS256 ---- */
/* header and claims are taken over. key: a private key, PEM. NULL: said why. */
const char *ss_assertion_sign(ss_cli_t *cli, json_t *header, json_t *claims, const char *key,
                              apr_size_t key_len);
/* "x5t#S256" of a certificate (PEM); NULL: said why. */
const char *ss_assertion_thumbprint(ss_cli_t *cli, const char *pem, apr_size_t len);
/* Random text for "jti". */
const char *ss_assertion_id(apr_pool_t *pool);

/* ---- the cache (token_cache.c) ---- */
/* Where the token for that question is kept: path, else a file in ~/.cache/smtp-send named by key;
 * NULL: nowhere. */
const char *ss_token_cache_path(ss_cli_t *cli, const char *path, const char *key);
/* 1: a token that is still valid for a while was read. A file that others may read or write, or
 * that is another user's, is not believed. */
int ss_token_cache_read(ss_cli_t *cli, const char *path, const char *key, ss_token_t *token);
/* Keeps it; that it cannot is said and is no error. */
void ss_token_cache_write(ss_cli_t *cli, const char *path, const char *key,
                          const ss_token_t *token);
/* A whole file of at most SS_TOKEN_MAX bytes, its last line end cut off where is_line; NULL: said
 * why. */
const char *ss_token_file(ss_cli_t *cli, const char *path, int is_line, apr_size_t *len);

#endif
