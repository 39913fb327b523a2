/* sendmail.h: submitting from a shell, the way programs call sendmail. Links no JSON, mail or TLS
 * library: a process a message must start in a millisecond. */
#ifndef SS_CLI_SENDMAIL_H
#define SS_CLI_SENDMAIL_H

#include <apr_pools.h>
#include <apr_tables.h>

/* a daemon that restarts is back within it; then EX_TEMPFAIL */
#define SS_SENDMAIL_PATIENCE (10 * APR_USEC_PER_SEC)

typedef enum {
    SS_SENDMAIL_SUBMIT,
    SS_SENDMAIL_LIST,
    SS_SENDMAIL_FLUSH,
    SS_SENDMAIL_HELP,
    SS_SENDMAIL_WRONG
} ss_sendmail_mode_t;

typedef struct {
    const char *program; /* for messages: "sendmail" */
    const char *socket;
    ss_sendmail_mode_t mode;
    int takes_rcpts;        /* -t */
    int ignores_dots;       /* -i, -oi */
    const char *from;       /* -f, -r; NULL: the user who runs it */
    const char *full_name;  /* -F */
    const char *envid;      /* -V */
    const char *ret;        /* -R: "full", "hdrs" */
    unsigned notify;        /* -N: SS_NOTIFY_ bits */
    apr_array_header_t *to; /* of const char *: as given */
} ss_sendmail_t;

/* Reads the arguments (sendmail_options.c). Returns the mode; SS_SENDMAIL_WRONG: said on standard
 * error. */
ss_sendmail_mode_t ss_sendmail_read(ss_sendmail_t *s, int argc, const char *const *argv,
                                    apr_pool_t *pool);
/* Reads standard input and submits it (sendmail.c). Returns the exit code (sysexits.h). */
int ss_sendmail_submit(const ss_sendmail_t *s, apr_pool_t *pool);
/* The header of the daemon's question as JSON text (sendmail.c); key: 32 characters that name this
 * message. NULL: larger than a frame's header may be. */
const char *ss_sendmail_header(const ss_sendmail_t *s, const char *login, const char *full_name,
                               const char *key, apr_pool_t *pool);
void ss_sendmail_complain(const ss_sendmail_t *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
