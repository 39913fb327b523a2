/* dialect.c: see dialect.h. */
#include "queue/dialect.h"

#include <string.h>

static const ss_dialect_t *const dialects[] = { &ss_dialect_sqlite, &ss_dialect_pgsql };

const ss_dialect_t *ss_dialect_find(const char *driver)
{
    for (apr_size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (!strcmp(dialects[i]->driver, driver)) return dialects[i];
    }
    return NULL;
}
