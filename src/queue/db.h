/* db.h: one connection through apr_dbd with its prepared statements. One thread. A
 * statement's outcome is an apr_status_t; what a person is told about a failure stays in the
 * connection until the next ss_db_clear. */
#ifndef SS_QUEUE_DB_H
#define SS_QUEUE_DB_H

#include <apr_tables.h>

#include "queue/dialect.h"

/* most rows that a statement may ask for: a select loads all of them */
#define SS_DB_ROWS_MAX 5000
#define SS_DB_ARGS_MAX 40 /* arguments of a statement */

typedef struct ss_db_t {
    apr_pool_t *pool;    /* the connection's, ends with it: statements */
    apr_pool_t *scratch; /* rows; cleared by ss_db_clear */
    const ss_dialect_t *dialect;
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    /* as prepared, without the types */
    const char *texts[SS_SQL_COUNT];
    apr_dbd_prepared_t *statements[SS_SQL_COUNT];
    apr_dbd_prepared_t *many[SS_SQL_COUNT][SS_DIALECT_MANY]; /* prepared when first needed */
    /* of const void *: the arguments of rows that ss_db_put keeps back; in scratch */
    apr_array_header_t *gathered[SS_SQL_COUNT];
    /* what the store's writes keep back, theirs; in scratch */
    apr_array_header_t *later;
    /* nothing is kept back: which row is refused must be seen */
    int is_careful;
    const char *name; /* the file, or the server, as sentences call it */
    /* whose the messages are that this connection puts and sends; of letters, digits and "-./:";
     * NULL: a file, which has one user */
    const char *node;
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row;
    ss_dialect_fault_t fault; /* the first since the last clear */
    apr_status_t rv;
    ss_result_t result;
} ss_db_t;

/* Arguments of a statement: texts as they are (NULL is the database's), numbers by address, a blob
 * as SS_BLOB. */
#define SS_ARGS (const void *[])
#define SS_BLOB(bytes, len_address, table, column) (bytes), (len_address), (table), (column)

/* Opens the connection for looking, in a pool of its own below pool: nothing can be written, so
 * that a database that is refused stays as it is. Prepares no statement (the tables may not be
 * there yet). */
apr_status_t ss_db_open(ss_db_t *db, const ss_dialect_t *dialect, const char *params,
                        apr_pool_t *pool);
/* From now on it writes. is_new: the database is empty and is made a queue next. */
apr_status_t ss_db_write(ss_db_t *db, int is_new);
/* Prepares all statements. Once; idempotent after success. */
apr_status_t ss_db_prepare(ss_db_t *db);
/* Prepares all of them again, after SS_FAULT_STALE; forgets the failure. The old ones go with the
 * connection: this is rare. */
apr_status_t ss_db_refresh(ss_db_t *db);
void ss_db_close(ss_db_t *db);
/* Forgets rows and the last failure. */
void ss_db_clear(ss_db_t *db);
/* A text without arguments. */
apr_status_t ss_db_do(ss_db_t *db, const char *text);
/* Whether this database has that statement. */
int ss_db_has(const ss_db_t *db, ss_sql_t sql);
/* A prepared statement that changes rows; *changed (or NULL): how many. */
apr_status_t ss_db_run(ss_db_t *db, ss_sql_t sql, const void **args, int *changed);
/* The same for many rows at once, with the arguments of all of them one after the other (width
 * each: a blob counts four): as few statements as there are kinds of. The text has one row of
 * VALUES. Of a server. */
apr_status_t ss_db_run_many(ss_db_t *db, ss_sql_t sql, int rows, int width, const void **args,
                            int *changed);
/* A row to insert whose statement nothing else of this transaction waits for: a file's goes at
 * once; a server's is kept back until ss_db_flush, or until many of its kind are. Texts and blobs
 * must live until then; numbers are copied. */
apr_status_t ss_db_put(ss_db_t *db, ss_sql_t sql, const void **args);
/* Before the transaction's end. */
apr_status_t ss_db_flush(ss_db_t *db);
/* A prepared statement that gives rows; then ss_db_next until it is 0. The rows stay valid until
 * ss_db_clear. */
apr_status_t ss_db_select(ss_db_t *db, ss_sql_t sql, const void **args);
/* The same for a text without arguments. */
apr_status_t ss_db_ask(ss_db_t *db, const char *text);
int ss_db_next(ss_db_t *db);
/* Column n of the current row: NULL for the database's NULL; the number 0 for what is none. */
const char *ss_db_text(const ss_db_t *db, int n);
/* The same, copied to the pool. */
const char *ss_db_copy(const ss_db_t *db, int n, apr_pool_t *pool);
apr_int64_t ss_db_number(const ss_db_t *db, int n);
/* Bytes of column n, len of them, from pool; NULL for the database's NULL. */
const char *ss_db_bytes(const ss_db_t *db, int n, apr_size_t len, apr_pool_t *pool);

#endif
