/* cli.c: messages of the command on standard error. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

void ss_cli_complain(const char *program, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}
