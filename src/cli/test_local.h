/* test_local.h: the connection test in this process, before anything is configured. */
#ifndef SS_CLI_TEST_LOCAL_H
#define SS_CLI_TEST_LOCAL_H

#include "cli/cli.h"

typedef struct { /* as typed; NULL: not given */
    const char *relay, *from, *to;
    const char *host, *port, *tls, *user, *password_file, *password_env, *auth, *helo, *ca_file,
        *tls_name, *fingerprint, *timeout;
    int no_verify, no_probe, is_masked;
} ss_test_local_t;

/* Runs the test with net/probe.h. Returns the exit code. */
int ss_test_local(ss_cli_t *cli, const ss_test_local_t *test);

#endif
