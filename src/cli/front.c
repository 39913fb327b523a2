/* front.c: main of smtp-send. It submits mail itself and starts smtp-send-commands for everything
 * else, so that a submission, which is a process per message, does not load the libraries of the
 * other commands (JSON, TLS, SASL). */
#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/sendmail.h"
#include "cli/sendmail_smtp.h"

#define PATH_SIZE 4096
#define BESIDE "smtp-send-commands"

/* Tries the folder of this program (a build folder), then the installed path. Returns only if
 * neither can be started. */
static int start_commands(const char *const *argv)
{
    char path[PATH_SIZE];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(BESIDE));

    if (len > 0) {
        path[len] = '\0';
        char *slash = strrchr(path, '/');
        apr_cpystrn(slash ? slash + 1 : path, BESIDE, sizeof(BESIDE));
        execv(path, (char *const *)argv);
    }
    execv(SS_COMMANDS, (char *const *)argv);
    fprintf(stderr, "smtp-send: cannot start %s: %s\n", SS_COMMANDS, strerror(errno));
    return EX_OSFILE;
}

/* The index of the argument "sendmail", 0 when the program was started by that name, -1 for another
 * command. */
static int sendmail_at(int argc, const char *const *argv, const char **socket)
{
    const char *name = strrchr(argv[0], '/');
    int i = 1;

    if (!strcmp(name ? name + 1 : argv[0], "sendmail")) return 0;
    for (; i < argc && !strncmp(argv[i], "--socket", 8); i++) {
        if (argv[i][8] == '=')
            *socket = argv[i] + 9;
        else if (!argv[i][8] && i + 1 < argc)
            *socket = argv[++i];
        else
            return -1;
    }
    return i < argc && !strcmp(argv[i], "sendmail") ? i : -1;
}

int main(int argc, const char *const *argv)
{
    ss_sendmail_t s = { .socket = NULL };
    apr_pool_t *pool;
    int at = argc > 0 ? sendmail_at(argc, argv, &s.socket) : -1;

    if (at < 0) return start_commands(argv);
    ss_cli_program = "sendmail";
    s.socket = ss_cli_socket(s.socket);
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return EX_OSERR;
    switch (ss_sendmail_read(&s, argc - at, argv + at, pool)) {
    case SS_SENDMAIL_SUBMIT: return ss_sendmail_submit(&s, pool);
    case SS_SENDMAIL_WRONG: return EX_USAGE;
    case SS_SENDMAIL_SMTP: return ss_sendmail_smtp(s.socket, pool);
    case SS_SENDMAIL_NOTHING: return EX_OK;
    default: return start_commands(argv);
    }
}
