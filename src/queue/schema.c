#include "queue/schema.h"

#include <apr_strings.h>
#include <string.h>

/* how often the tables are created: other nodes may do so at the same time */
#define TRIES 6
#define PAUSE (20 * 1000) /* doubled with each try */

static apr_status_t finds_row(ss_db_t *db, const char *text, int *answer)
{
    apr_status_t rv = ss_db_ask(db, text);

    *answer = rv == APR_SUCCESS && ss_db_next(db);
    while (ss_db_next(db)) continue;
    return rv;
}

/* format: its arguments are the queue's name, `version`, and this program's version. */
static apr_status_t refuse(ss_db_t *db, const char *format, apr_int64_t version)
{
    ss_result_set(&db->result, "queue", "", NULL, format, db->name, version, SS_SCHEMA_VERSION);
    return APR_EINCOMPLETE;
}

/* ---- statements that change the tables ---- */

static apr_status_t do_one(ss_db_t *db, const char *text)
{
    const char *condition;

    text = ss_db_expand(db, text);
    if (db->engine->has_no_partial && (condition = strstr(text, " WHERE ")) != NULL)
        text = apr_pstrmemdup(db->scratch, text, (apr_size_t)(condition - text));
    return ss_db_do(db, text);
}

static apr_status_t do_all(ss_db_t *db, const char *const *statements)
{
    apr_status_t rv = APR_SUCCESS;

    for (; *statements && rv == APR_SUCCESS; statements++) rv = do_one(db, *statements);
    return rv;
}

/* Adds the columns of the attributes that are new in a version. */
static apr_status_t add_columns(ss_db_t *db, int version)
{
    apr_status_t rv = APR_SUCCESS;

    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (row->column && row->since == version && rv == APR_SUCCESS)
            rv = do_one(db, ss_sql_add_column(row, &db->dialect->columns, db->scratch));
    }
    return rv;
}

/* Creates the tables that are missing, or migrates them from the version before, in one transaction
 * where the engine can do so; else the version's row is written last. statements: the dialect's, or
 * NULL. */
static apr_status_t run_all(ss_db_t *db, const char *const *statements, int is_new, int version)
{
    int is_alone = db->engine->is_ddl_alone;
    apr_status_t rv = ss_db_write(db, is_new);

    if (rv == APR_SUCCESS && !is_alone) rv = ss_db_do(db, db->dialect->begin);
    if (rv != APR_SUCCESS) return rv;
    if (is_new) rv = do_all(db, ss_sql_tables);
    if (rv == APR_SUCCESS && statements) rv = do_all(db, statements);
    if (rv == APR_SUCCESS && !is_new) rv = add_columns(db, version);
    if (rv == APR_SUCCESS)
        rv = ss_db_do(db, apr_psprintf(db->scratch,
                                       is_new ? "INSERT INTO version (number) SELECT %d WHERE NOT "
                                                "EXISTS (SELECT 1 FROM version)"
                                              : "UPDATE version SET number = %d",
                                       version));
    if (rv == APR_SUCCESS && !is_alone) rv = ss_db_do(db, "COMMIT");
    if (rv != APR_SUCCESS && !is_alone) {
        ss_result_t first = db->result;
        for (int i = 0; i < TRIES && ss_db_do(db, "ROLLBACK") != APR_SUCCESS; i++) continue;
        db->result = first;
    }
    return rv;
}

/* One version at a time: if a step fails, the queue has the version before it. */
static apr_status_t migrate_from(ss_db_t *db, int version)
{
    apr_status_t rv = APR_SUCCESS;

    for (; version < SS_SCHEMA_VERSION && rv == APR_SUCCESS; version++)
        rv = run_all(db, db->dialect->migrations[version], 0, version + 1);
    return rv;
}

/* ---- an empty database ---- */

/* The version's number; 0: its table has no row. */
static apr_status_t read_version(ss_db_t *db, apr_int64_t *version)
{
    apr_status_t rv = ss_db_ask(db, "SELECT number FROM version LIMIT 1");

    *version = 0;
    while (ss_db_next(db)) *version = ss_db_number(db, 0);
    return rv;
}

/* Whether the server has no COLLATE "C" for columns: feature_not_supported, or its words. */
static int is_collation_refused(const ss_result_t *result)
{
    return strstr(result->text, "0A000:") || strstr(result->text, "COLLATE") ||
           strstr(result->text, "collation") || strstr(result->text, "locale");
}

/* Uses the engine without it, if keys have their order nevertheless. */
static apr_status_t go_without_collation(ss_db_t *db)
{
    int is_sorted = 0;

    ss_db_clear(db);
    db->engine = db->dialect->plain;
    apr_status_t rv = finds_row(db, db->dialect->is_sorted, &is_sorted);
    return rv == APR_SUCCESS && is_sorted ? refuse(db, db->dialect->sorted, 0) : rv;
}

/* Other nodes may do the same at the same time; then CREATE fails, even with IF NOT EXISTS. */
static apr_status_t create_tables(ss_db_t *db)
{
    const ss_dialect_t *dialect = db->dialect;
    apr_status_t rv = run_all(db, dialect->schema, 1, SS_SCHEMA_VERSION);

    for (int i = 0; i < TRIES && rv != APR_SUCCESS && dialect->is_shared; i++) {
        if (db->fault != SS_FAULT_CONFLICT && db->fault != SS_FAULT_REQUEST) break;
        if (db->engine != dialect->plain && is_collation_refused(&db->result)) {
            rv = go_without_collation(db);
            if (rv != APR_SUCCESS) return rv;
        } else {
            apr_sleep(PAUSE << i);
            ss_db_clear(db);
        }
        rv = run_all(db, dialect->schema, 1, SS_SCHEMA_VERSION);
    }
    return rv;
}

static apr_status_t check_fit(ss_db_t *db)
{
    int is_unfit = 0;
    apr_status_t rv =
        db->dialect->is_unfit ? finds_row(db, db->dialect->is_unfit, &is_unfit) : APR_SUCCESS;

    return rv == APR_SUCCESS && is_unfit ? refuse(db, db->dialect->unfit, 0) : rv;
}

/* What is to be done with a database whose version is not known. */
static apr_status_t check_new(ss_db_t *db, int has_version, int is_used, int may_write)
{
    apr_status_t rv = APR_SUCCESS;

    /* A crash while they were created has left tables without the version's row. */
    if (has_version) rv = finds_row(db, db->dialect->has_others, &is_used);
    if (rv != APR_SUCCESS) return rv;
    if (is_used)
        return refuse(db, "%s is a database of another program: set SMTPSendQueue to another one",
                      0);
    if (!may_write)
        return refuse(db, "%s is empty: the delivery daemon has not created its tables yet", 0);
    return create_tables(db);
}

apr_status_t ss_schema_check(ss_db_t *db, int may_write, int *from)
{
    int is_there = 0, is_used = 0;
    apr_int64_t version = 0;
    apr_status_t rv = check_fit(db);

    *from = 0;
    /* In this order, because another node may create all tables between the two queries. */
    if (rv == APR_SUCCESS) rv = finds_row(db, db->dialect->has_tables, &is_used);
    if (rv == APR_SUCCESS) rv = finds_row(db, db->dialect->has_version, &is_there);
    if (rv == APR_SUCCESS && is_there) rv = read_version(db, &version);
    if (rv != APR_SUCCESS) return rv;
    if (!is_there || (!version && db->dialect->has_others))
        return check_new(db, is_there, is_used, may_write);
    if (version == SS_SCHEMA_VERSION) return may_write ? ss_db_write(db, 0) : APR_SUCCESS;
    if (version > SS_SCHEMA_VERSION) {
        return refuse(db,
                      "queue %s has version %" APR_INT64_T_FMT
                      ", this program supports up to %d: install the newer module",
                      version);
    }
    if (version < db->dialect->first_version) {
        return refuse(db,
                      "queue %s has version %" APR_INT64_T_FMT
                      ", which no release has written (this program writes %d): move it away",
                      version);
    }
    if (!may_write)
        return refuse(db,
                      "queue %s has version %" APR_INT64_T_FMT
                      ", older than this program's %d: the delivery daemon migrates it when it "
                      "starts",
                      version);
    *from = (int)version;
    return migrate_from(db, *from);
}
