/* database.c: one connection through apr_dbd. See database.h. */
#include "queue/database.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static apr_status_t fail(ss_db_t *db, int code)
{
    const char *words = db->handle ? apr_dbd_error(db->driver, db->handle, code) : NULL;

    if (db->fault == SS_FAULT_NONE) db->fault = db->dialect->explain(code, words ? words : "no reason given", db->name, &db->rv, &db->result);
    return db->rv;
}

/* apr_dbd keeps its drivers in the pool of its first caller and never asks again: a pool that lives as long as the process. */
static apr_allocator_t *drivers_memory;
static apr_status_t drivers_rv;

static void make_drivers(void)
{
    apr_pool_t *pool = NULL;

    drivers_rv = apr_allocator_create(&drivers_memory);
    if (drivers_rv == APR_SUCCESS) drivers_rv = apr_pool_create_unmanaged_ex(&pool, NULL, drivers_memory);
    if (drivers_rv != APR_SUCCESS) return;
    apr_pool_tag(pool, "database drivers");
    drivers_rv = apr_dbd_init(pool);
}

static apr_status_t init_drivers(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_drivers);
    return drivers_rv;
}

/* The driver says only "cannot open": what a person can act on is found by asking the error's text. */
apr_status_t ss_db_open(ss_db_t *db, const ss_dialect_t *dialect, const char *params, const char *name, apr_pool_t *pool)
{
    const char *words = NULL;

    memset(db, 0, sizeof(*db));
    db->pool = pool;
    db->dialect = dialect;
    db->name = name;
    apr_pool_create(&db->scratch, pool);
    apr_status_t rv = init_drivers();
    if (rv == APR_SUCCESS) rv = apr_dbd_get_driver(pool, dialect->driver, &db->driver);
    if (rv != APR_SUCCESS) {
        ss_result_set(&db->result, "queue", "", NULL, "apr_dbd's driver %s cannot be loaded: install APR-util's %s package (libaprutil1-dbd-%s)",
                      dialect->driver, dialect->driver, dialect->driver);
        return rv;
    }
    rv = apr_dbd_open_ex(db->driver, pool, params, &db->handle, &words);
    if (rv != APR_SUCCESS) {
        db->handle = NULL;
        ss_result_set(&db->result, "queue", "", NULL, "the queue %s cannot be opened: %s", name, words ? words : "no reason given");
        return rv;
    }
    int code = dialect->prepare(db->driver, db->handle, db->scratch, SS_PREPARE_READ);
    if (code) {
        rv = fail(db, code);
        apr_dbd_close(db->driver, db->handle);
        db->handle = NULL;
        return rv;
    }
    return APR_SUCCESS;
}

apr_status_t ss_db_write(ss_db_t *db, int is_new)
{
    int code = is_new ? db->dialect->prepare(db->driver, db->handle, db->scratch, SS_PREPARE_NEW) : 0;

    if (!code) code = db->dialect->prepare(db->driver, db->handle, db->scratch, SS_PREPARE_WRITE);
    return code ? fail(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_prepare(ss_db_t *db)
{
    for (int i = 0; i < SS_SQL_COUNT; i++) {
        if (db->statements[i]) continue;
        int code = apr_dbd_prepare(db->driver, db->pool, db->handle, db->dialect->sql[i], NULL, &db->statements[i]);
        if (code) {
            db->statements[i] = NULL;
            return fail(db, code);
        }
    }
    return APR_SUCCESS;
}

apr_status_t ss_db_refresh(ss_db_t *db)
{
    ss_db_clear(db);
    memset(db->statements, 0, sizeof(db->statements));
    return ss_db_prepare(db);
}

void ss_db_close(ss_db_t *db)
{
    if (db->handle) apr_dbd_close(db->driver, db->handle);
    db->handle = NULL;
    if (db->scratch) apr_pool_destroy(db->scratch);
    db->scratch = NULL;
}

void ss_db_clear(ss_db_t *db)
{
    db->rows = NULL;
    db->row = NULL;
    apr_pool_clear(db->scratch);
    db->fault = SS_FAULT_NONE;
    db->rv = APR_SUCCESS;
    ss_result_clear(&db->result);
}

apr_status_t ss_db_do(ss_db_t *db, const char *text)
{
    int changed = 0;
    int code = apr_dbd_query(db->driver, db->handle, &changed, text);

    return code ? fail(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_run(ss_db_t *db, ss_sql_t sql, const void **args, int *changed)
{
    int rows = 0;
    int code = apr_dbd_pbquery(db->driver, db->scratch, db->handle, &rows, db->statements[sql], args);

    if (changed) *changed = rows;
    return code ? fail(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_select(ss_db_t *db, ss_sql_t sql, const void **args)
{
    db->rows = NULL;
    db->row = NULL;
    int code = apr_dbd_pbselect(db->driver, db->scratch, db->handle, &db->rows, db->statements[sql], 0, args);
    return code ? fail(db, code) : APR_SUCCESS;
}

apr_status_t ss_db_ask(ss_db_t *db, const char *text)
{
    db->rows = NULL;
    db->row = NULL;
    int code = apr_dbd_select(db->driver, db->scratch, db->handle, &db->rows, text, 0);
    return code ? fail(db, code) : APR_SUCCESS;
}

int ss_db_next(ss_db_t *db)
{
    if (!db->rows) return 0;
    if (apr_dbd_get_row(db->driver, db->scratch, db->rows, &db->row, -1) == 0) return 1;
    db->rows = NULL;
    return 0;
}

const char *ss_db_text(const ss_db_t *db, int n)
{
    return apr_dbd_get_entry(db->driver, db->row, n);
}

apr_int64_t ss_db_number(const ss_db_t *db, int n)
{
    const char *text = apr_dbd_get_entry(db->driver, db->row, n);

    return text ? apr_strtoi64(text, NULL, 10) : 0;
}
