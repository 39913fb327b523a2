/* sendmail.h: submission from a shell, the way programs call sendmail. Links no JSON, mail or TLS
 * library: it must start within a millisecond, since each message is a process. */
#pragma once

#include "cli/sendmail_options.h"

#define SS_SENDMAIL_PATIENCE                                                                       \
    (10 * APR_USEC_PER_SEC) /* for a restarting daemon; then EX_TEMPFAIL                           \
                             */

/* Reads standard input and submits it. Returns the exit code (sysexits.h). */
int ss_sendmail_submit(const ss_sendmail_t *s, apr_pool_t *pool);
/* The header of the "submit" request as JSON text. login: the sender without -f. key: 32 characters
 * that identify this message. NULL: larger than a frame's header may be. */
const char *ss_sendmail_header(const ss_sendmail_t *s, const char *login, const char *full_name,
                               const char *key, apr_pool_t *pool);
