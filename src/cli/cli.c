#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

int ss_cli_exit_code(int status, int other)
{
    if (status == 401 || status == 403) return EX_NOPERM;
    if (status == 429 || status == 503) return EX_TEMPFAIL;
    return status >= 500 ? EX_SOFTWARE : other;
}

const char *ss_cli_program = "smtp-send";

int ss_cli_complain(int code, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", ss_cli_program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}
