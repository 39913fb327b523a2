/* store_purge.c: see store_purge.h. */
#include "queue/store_purge.h"

#include <apr_strings.h>

#include "queue/store_counts.h"

/* staged parts are purged after this if their message was not accepted */
#define STAGED_FOR (3600 * APR_USEC_PER_SEC)

/* Counts what the purge is about to delete, for the daemon's queue counts. */
static apr_status_t count_purged(ss_db_t *db, ss_store_purge_t *request)
{
    apr_int64_t from = 0, to = request->before - 1, offset = request->limit - 1;
    const char *to_id = "~";
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_BOUND, SS_ARGS{ &from, "", &offset });

    while (rv == APR_SUCCESS && ss_db_next(db)) {
        if (ss_db_number(db, 0) >= request->before) continue;
        to = ss_db_number(db, 0);
        to_id = apr_pstrdup(request->head.pool, ss_db_text(db, 1));
    }
    request->rows = apr_array_make(request->head.pool, 4, sizeof(ss_store_count_t));
    return rv == APR_SUCCESS ? ss_store_counts_between(db, request->rows, 0, "", to, to_id) : rv;
}

apr_status_t ss_store_purge_write(ss_db_t *db, ss_store_purge_t *request)
{
    static const ss_sql_t all[] = { SS_SQL_PURGE_RECIPIENTS, SS_SQL_PURGE_EVENTS,
                                    SS_SQL_PURGE_BODIES, SS_SQL_PURGE_MESSAGES };
    apr_int64_t before = request->before, limit = request->limit;
    apr_status_t rv = count_purged(db, request);
    char bound[SS_IDENT_TEXT];
    int gone = 0;

    for (apr_size_t i = 0; i < sizeof(all) / sizeof(all[0]) && rv == APR_SUCCESS; i++)
        rv = ss_db_run(db, all[i], SS_ARGS{ &before, &limit }, &gone);
    request->more = gone == request->limit;
    if (rv == APR_SUCCESS)
        rv = ss_db_run(db, SS_SQL_PURGE_ORPHANS,
                       SS_ARGS{ ss_ident_begin(request->now - STAGED_FOR, bound), &limit }, NULL);
    return rv;
}
