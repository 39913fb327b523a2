/* assertion.h: signed assertions: JWT (RFC 7519, RFC 7515) with RS256. */
#pragma once

#include <jansson.h>

#include "cli/cli.h"

/* Signs the claims (the references to header and claims are dropped). key: a private key, PEM.
 * NULL: the error was printed. */
const char *ss_assertion_sign(ss_cli_t *cli, json_t *header, json_t *claims, const char *key,
                              apr_size_t key_len);
/* The "x5t#S256" of a certificate (PEM). NULL: the error was printed. */
const char *ss_assertion_thumbprint(ss_cli_t *cli, const char *pem, apr_size_t len);
/* Random text for "jti". */
const char *ss_assertion_id(apr_pool_t *pool);
