/* store_settings.c: see store_settings.h. */
#include "queue/store_settings.h"

#define STEP_ROWS 1000 /* of one step */

apr_status_t ss_store_settings_read(ss_db_t *db, ss_store_settings_t *request, int *more)
{
    ss_store_place_t *at = &request->place;
    apr_int64_t limit = STEP_ROWS;
    const char *last = at->relay ? at->relay : "";
    int found = 0;
    apr_status_t rv = ss_db_select(db, SS_SQL_SETTINGS, SS_ARGS{ last, &limit });

    if (!request->rows)
        request->rows = apr_array_make(request->head.pool, 16, sizeof(ss_store_setting_t));
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        ss_store_setting_t *row = apr_array_push(request->rows);
        *row = (ss_store_setting_t){ .key = ss_db_copy(db, 0, request->head.pool),
                                     .value = ss_db_copy(db, 1, request->head.pool) };
        at->relay = row->key;
        found++;
    }
    *more = found == STEP_ROWS;
    return rv;
}

apr_status_t ss_store_settings_write(ss_db_t *db, const ss_store_set_t *request)
{
    apr_int64_t now = request->now;

    if (!request->value) return ss_db_run(db, SS_SQL_UNSET, SS_ARGS{ request->key }, NULL);
    return ss_db_run(db, SS_SQL_SET, SS_ARGS{ request->key, request->value, request->who, &now },
                     NULL);
}
