#include "base/result.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

void ss_result_clear(ss_result_t *result)
{
    result->step = NULL;
    result->advice = NULL;
    result->code[0] = '\0';
    result->text[0] = '\0';
}

void ss_result_set(ss_result_t *result, const char *step, const char *code, const char *advice,
                   const char *format, ...)
{
    va_list args;

    if (ss_result_is_set(result)) return;
    result->step = step;
    result->advice = advice;
    apr_cpystrn(result->code, code ? code : "", sizeof(result->code));
    va_start(args, format);
    apr_vsnprintf(result->text, sizeof(result->text), format, args);
    va_end(args);
}

int ss_result_is_set(const ss_result_t *result)
{
    return result->step != NULL;
}
