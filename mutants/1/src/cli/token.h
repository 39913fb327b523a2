/* token.h: OAuth 2 tokens: asked for, signed for, and kept in files. */
#pragma once

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

typedef struct {
    const char *name, *value;
} ss_token_ask_field_t;

/* Posts the form to the URL. EX_OK with the token; otherwise the exit code, and the error was
 * printed. */
int ss_token_ask(ss_cli_t *cli, const char *url, const ss_token_ask_field_t *fields, int count,
                 ss_token_t *token);

/* ---- signed assertions: JWT (RFC 7519, RFC 7515) with RS256; NULL: the error was printed ---- */

/* Signs the claims (the references to header and claims are dropped). key: a private key, PEM. */
const char *ss_token_assertion_sign(ss_cli_t *cli, json_t *header, json_t *claims, const char *key,
                                    apr_size_t key_len);
/* The "x5t#S256" of a certificate (PEM). */
const char *ss_token_assertion_thumbprint(ss_cli_t *cli, const char *pem, apr_size_t len);
/* Random text for "jti". */
const char *ss_token_assertion_id(apr_pool_t *pool);
