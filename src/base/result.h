/* result.h: what to tell a person: the step that ran, what was found, and which entry of the
 * knowledge base helps. Never the outcome of a call (apr_status_t) and never what is stored for a
 * recipient (queue/message.h). */
#pragma once

#define SS_RESULT_TEXT_MAX 1024

typedef struct {
    const char *step; /* static text: "connect", "tls", "auth" ...; NULL: nothing to tell */
    char code[32];    /* "535", "5.7.8", "ECONNREFUSED" or empty */
    /* one sentence, cut at the bound; bytes from outside as they came */
    char text[SS_RESULT_TEXT_MAX];
    const char *advice; /* static text: id in smtp/advice.c, or NULL */
} ss_result_t;

void ss_result_clear(ss_result_t *result);
/* Sets all parts, unless the result is set already: the first error is kept. */
void ss_result_set(ss_result_t *result, const char *step, const char *code, const char *advice,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
int ss_result_is_set(const ss_result_t *result);
