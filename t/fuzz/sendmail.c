/* sendmail.c: any lines as sendmail's arguments: a mode, and a question to the daemon whose texts
 * cannot leave their place. */
#include <apr_strings.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sendmail.h"
#include "target.h"

#define ARGUMENTS 40

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    const char *argv[ARGUMENTS + 1] = { "sendmail" };
    char *text = apr_pstrmemdup(pool, data, size), *state = NULL;
    ss_sendmail_t s = { 0 };
    int argc = 1;

    for (char *word = apr_strtok(text, "\n", &state); word && argc < ARGUMENTS;
         word = apr_strtok(NULL, "\n", &state))
        argv[argc++] = word;
    if (ss_sendmail_read(&s, argc, argv, pool) != SS_SENDMAIL_SUBMIT) return;
    if (!s.to) abort();
    const char *header =
        ss_sendmail_header(&s, "user", "Full Name", "0123456789abcdef0123456789abcdef", pool);
    if (!header) return;
    json_t *question = json_loads(header, JSON_REJECT_DUPLICATES, NULL);
    /* Arguments that are no UTF-8 make no JSON: the daemon refuses them. */
    if (question && strcmp(json_string_value(json_object_get(question, "do")), "submit")) abort();
    if (question && json_array_size(json_object_get(question, "to")) != (size_t)s.to->nelts)
        abort();
    json_decref(question);
}

FUZZ_TARGET(try_input)
