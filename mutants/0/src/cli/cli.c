/* cli.c: messages of the command on standard error. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

int ss_cli_exit_code(int status, int other)
{
    if (status == 401 || status == 403) return EX_NOPERM;
    if (status == 429 || status == 503) return EX_TEMPFAIL;
    return status >= 500 ? EX_SOFTWARE : other;
}

int ss_cli_complain(const char *program, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return EX_USAGE;
}
