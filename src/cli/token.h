/* token.h: an OAuth 2 access token. */
#ifndef SS_CLI_TOKEN_H
#define SS_CLI_TOKEN_H

#include <apr_time.h>

#define SS_TOKEN_MAX 65536 /* bytes of a token, and of a file with a key or secret */

typedef struct {
    const char *token;
    apr_time_t expires;
} ss_token_t;

#endif
