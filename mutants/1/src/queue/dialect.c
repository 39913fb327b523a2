#include "queue/dialect.h"

#include <string.h>

static const ss_dialect_t *const dialects[] = { &ss_dialect_sqlite, &ss_dialect_pgsql };

ss_dialect_fault_t ss_dialect_explain(const ss_dialect_t *dialect, int code, const char *words,
                                      const char *name, apr_status_t *rv, ss_result_t *result)
{
    if (!code) return SS_FAULT_NONE;
    for (const ss_dialect_error_t *e = dialect->errors; e->words; e++) {
        if ((!e->code || e->code != (code & 0xff)) && !strstr(words, e->words)) continue;
        *rv = e->rv;
        ss_result_set(result, "queue", e->word, NULL, e->text, name);
        return e->code && e->code == dialect->stale ? SS_FAULT_STALE : SS_FAULT_STORE;
    }
    *rv = APR_EGENERAL;
    ss_result_set(result, "queue", "", NULL, "the queue %s reported an error: %.*s", name,
                  (int)strcspn(words, "\r\n"), words);
    return SS_FAULT_REQUEST;
}

const ss_dialect_t *ss_dialect_find(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (!strcmp(dialects[i]->driver, driver)) return dialects[i];
    }
    return NULL;
}
