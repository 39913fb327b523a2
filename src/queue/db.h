/* db.h: one connection through apr_dbd with its prepared statements. One thread. A statement
 * returns an apr_status_t; the message for people about a failure stays in `result` until the next
 * ss_db_clear. */
#pragma once

#include <apr_tables.h>

#include "base/ident.h"
#include "queue/dialect.h"

/* most rows that a statement may select: apr_dbd loads all of them into memory */
#define SS_DB_ROWS_MAX 5000
#define SS_DB_ARGS_MAX 40 /* arguments of a statement */

/* so many messages may be unreadable; with another one the file is damaged */
#define SS_DB_DAMAGED_MAX 10

typedef struct { /* a message of which a part cannot be read or written */
    char id[SS_IDENT_TEXT];
    int is_row; /* its own row: that is left as it is */
} ss_db_damaged_t;

typedef struct ss_db_t {
    apr_pool_t *pool;    /* the connection's, ends with it: statements */
    apr_pool_t *scratch; /* rows; cleared by ss_db_clear */
    const ss_dialect_t *dialect;
    const ss_dialect_engine_t *engine;
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    /* as prepared, without the types */
    const char *texts[SS_SQL_COUNT];
    apr_dbd_prepared_t *statements[SS_SQL_COUNT];
    apr_dbd_prepared_t *many[SS_SQL_COUNT][SS_DIALECT_MANY]; /* prepared when first needed */
    /* of const void *: the arguments of rows that ss_db_put deferred; in scratch */
    apr_array_header_t *gathered[SS_SQL_COUNT];
    /* outcomes that store_outcome.c defers to ss_store_outcome_flush; in scratch */
    apr_array_header_t *later;
    /* nothing is deferred, so that an error can be assigned to its row */
    int is_careful;
    ss_db_damaged_t damaged[SS_DB_DAMAGED_MAX + 1];
    int damaged_count;
    const char *name; /* the file or server, as messages for people name it */
    /* this node's name: the owner of messages that this connection inserts; letters, digits and
     * "-./:"; NULL: a file, which has one user */
    const char *node;
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row;
    ss_dialect_fault_t fault; /* the first since the last clear */
    apr_status_t rv;
    ss_result_t result;
} ss_db_t;

/* Arguments of a statement: texts (NULL is the database's NULL), addresses of numbers, and SS_BLOB.
 */
#define SS_ARGS (const void *[])
#define SS_BLOB(bytes, len_address, table, column) (bytes), (len_address), (table), (column)

/* Opens the connection (a file: read-only), in its own subpool of pool, so that a database that is
 * then refused stays unchanged. Prepares no statement (the tables may not exist yet). */
apr_status_t ss_db_open(ss_db_t *db, const ss_dialect_t *dialect, const char *params,
                        apr_pool_t *pool);
/* Makes the connection writable. is_new: the database is empty and the tables are created next. */
apr_status_t ss_db_write(ss_db_t *db, int is_new);
/* Prepares all statements that are not prepared yet. */
apr_status_t ss_db_prepare(ss_db_t *db);
/* Prepares all of them again after SS_FAULT_STALE, and clears the failure. The old ones are freed
 * with the connection; this is rare. */
apr_status_t ss_db_refresh(ss_db_t *db);
void ss_db_close(ss_db_t *db);
/* Notes that a message (NULL: none) is damaged. is_row: its row cannot be written. Returns whether
 * that is news. */
int ss_db_note_damage(ss_db_t *db, const char *id, int is_row);
/* Whether the row of a message must be left as it is. */
int ss_db_has_damaged_row(const ss_db_t *db, const char *id);
/* Forgets it: it is not waited for any more. */
void ss_db_end_damaged(ss_db_t *db, const char *id);
/* Clears rows and the last failure. */
void ss_db_clear(ss_db_t *db);
/* Executes a statement without arguments. */
apr_status_t ss_db_do(ss_db_t *db, const char *text);
/* Replaces the marks of attributes, the dialect and the engine. The text is in scratch. */
const char *ss_db_expand(const ss_db_t *db, const char *text);
/* Whether this dialect has the statement. */
int ss_db_has(const ss_db_t *db, ss_sql_t sql);
/* Executes a prepared statement that changes rows. *changed (or NULL): how many. */
apr_status_t ss_db_run(ss_db_t *db, ss_sql_t sql, const void **args, int *changed);
/* The same for many rows with few statements. args: the arguments of all rows one after the other,
 * `width` each (a blob counts four). The text has one row of VALUES. */
apr_status_t ss_db_run_many(ss_db_t *db, ss_sql_t sql, int rows, int width, const void **args,
                            int *changed);
/* Inserts a row that nothing else in this transaction reads. With a server it may be deferred until
 * ss_db_flush, to insert many rows at once: texts and blobs must live until then; numbers are
 * copied. */
apr_status_t ss_db_put(ss_db_t *db, ss_sql_t sql, const void **args);
/* Executes what ss_db_put deferred: before the transaction ends. */
apr_status_t ss_db_flush(ss_db_t *db);
/* Executes a prepared SELECT; call ss_db_next until it returns 0 (at once after a failure). The
 * rows stay valid until ss_db_clear. */
apr_status_t ss_db_select(ss_db_t *db, ss_sql_t sql, const void **args);
/* The same for a statement without arguments. */
apr_status_t ss_db_ask(ss_db_t *db, const char *text);
int ss_db_next(ss_db_t *db);
/* Column n of the current row. NULL, or the number 0, for the database's NULL. */
const char *ss_db_text(const ss_db_t *db, int n);
/* ss_db_text, copied to the pool. */
const char *ss_db_copy(const ss_db_t *db, int n, apr_pool_t *pool);
apr_int64_t ss_db_number(const ss_db_t *db, int n);
/* The len bytes of column n, copied to the pool; NULL for the database's NULL or damaged bytes. */
const char *ss_db_bytes(const ss_db_t *db, int n, apr_size_t len, apr_pool_t *pool);
