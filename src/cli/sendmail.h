/* sendmail.h: submission from a shell, the way programs call sendmail. Links no JSON, mail or TLS
 * library: it must start within a millisecond, since each message is a process. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#include "mail/attributes.h"

typedef enum {
    SS_SENDMAIL_SUBMIT,
    SS_SENDMAIL_LIST,
    SS_SENDMAIL_FLUSH,
    SS_SENDMAIL_HELP,
    SS_SENDMAIL_WRONG
} ss_sendmail_mode_t;

typedef struct {
    const char *socket;
    ss_sendmail_mode_t mode;
    int takes_rcpts;        /* -t */
    int ignores_dots;       /* -i, -oi */
    const char *from;       /* -f, -r; NULL: the user who runs it */
    const char *full_name;  /* -F */
    ss_attributes_t attr;   /* those that have an option: -R, -V */
    unsigned notify;        /* -N: SS_NOTIFY_ bits */
    apr_array_header_t *to; /* of const char *: as given */
} ss_sendmail_t;

/* Reads the arguments. Returns the mode; SS_SENDMAIL_WRONG: the error was printed. */
ss_sendmail_mode_t ss_sendmail_read(ss_sendmail_t *s, int argc, const char *const *argv,
                                    apr_pool_t *pool);

/* Reads standard input and submits it. Returns the exit code (sysexits.h). */
int ss_sendmail_submit(const ss_sendmail_t *s, apr_pool_t *pool);
/* The header of the "submit" request as JSON text. login: the sender without -f. key: 32 characters
 * that identify this message. NULL: larger than a frame's header may be. */
const char *ss_sendmail_header(const ss_sendmail_t *s, const char *login, const char *full_name,
                               const char *key, apr_pool_t *pool);
