#include "cli/cli.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

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
    apr_pool_t *pool;

    fflush(stdout);
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) return code;
    va_start(args, format);
    const char *text = apr_pvsprintf(pool, format, args);
    va_end(args);
    fprintf(stderr, "%s: %s\n", ss_cli_program,
            ss_text_visible(pool, text, strlen(text), SS_TEXT_LINES));
    apr_pool_destroy(pool);
    return code;
}
