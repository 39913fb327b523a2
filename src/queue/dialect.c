#include "queue/dialect.h"

#include <string.h>

static const ss_dialect_t *const dialects[] = { &ss_dialect_sqlite, &ss_dialect_pgsql };

/* The SQLSTATE at the beginning of "ERROR:  40001: ...", or "". */
static const char *state_of(const char *words)
{
    const char *at = strchr(words, ':');

    if (!at) return "";
    at += 1 + strspn(at + 1, " ");
    return strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':' ? at : "";
}

static int is_error(const ss_dialect_error_t *e, int code, const char *state, const char *words)
{
    return (e->code && e->code == (code & 0xff)) ||
           (e->state && !strncmp(state, e->state, strlen(e->state))) || strstr(words, e->words);
}

ss_dialect_fault_t ss_dialect_explain(const ss_dialect_t *dialect, int code, const char *words,
                                      const char *name, apr_status_t *rv, ss_result_t *result)
{
    const char *state = state_of(words);

    if (!code) return SS_FAULT_NONE;
    for (const ss_dialect_error_t *e = dialect->errors; e->words; e++) {
        if (!is_error(e, code, state, words)) continue;
        *rv = e->rv;
        ss_result_set(result, "queue", e->word, NULL, e->text, name);
        return e->fault ? e->fault : SS_FAULT_STORE;
    }
    *rv = APR_EGENERAL;
    ss_result_set(result, "queue", "", NULL, "the queue %s reported an error: %.*s", name,
                  (int)strcspn(words, "\r\n"), words);
    return SS_FAULT_REQUEST;
}

const ss_dialect_engine_t *ss_dialect_engine(const ss_dialect_t *dialect, const char *report)
{
    const ss_dialect_engine_t *engine = dialect->engines;

    while (!strstr(report, engine->word)) engine++;
    return engine;
}

const ss_dialect_t *ss_dialect_find(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (!strcmp(dialects[i]->driver, driver)) return dialects[i];
    }
    return NULL;
}
