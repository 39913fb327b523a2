/* dialect.h: all that differs between databases: SQL texts, tables, the settings of a connection,
 * how values are passed, and what an error means. Arguments in SQL are written as apr_dbd wants
 * them (%s text, %lld number, %pDb blob). */
#pragma once

#include <apr_dbd.h>

#include "base/result.h"
#include "queue/sql.h"

#define SS_DIALECT_MANY 2

typedef enum { /* what an error means for what to do next */
               SS_FAULT_NONE,
               /* only this statement (a constraint, a value): the rest of the batch can be done
                  without it */
               SS_FAULT_REQUEST,
               SS_FAULT_STORE, /* every statement: disk full, locked, read-only */
               /* a part of the file cannot be read or changed: another part may be */
               SS_FAULT_DAMAGE,
               /* another process changed the tables (VACUUM does): prepare the statements again and
                  retry */
               SS_FAULT_STALE,
               /* all of the transaction was rolled back because of others: wait a little and
                  retry */
               SS_FAULT_CONFLICT,
               SS_FAULT_USELESS, /* every statement, on this connection */
               SS_FAULT_LOST     /* the connection to the server is lost: connect again, and look up
                                    whether the commit took effect */
} ss_dialect_fault_t;

typedef enum {                  /* settings of a connection */
               SS_PREPARE_READ, /* just opened; a file: read-only */
               SS_PREPARE_NEW,  /* about to create the tables in an empty database; WRITE follows */
               SS_PREPARE_WRITE
} ss_dialect_prepare_t;

typedef struct {
    const char *mark, *text;
} ss_dialect_mark_t;

/* What one transaction may write, where the database itself has no bound. */
#define SS_DIALECT_ROOM .rows_most = 10000, .bytes_most = 16 * 1024 * 1024

typedef struct {      /* what the servers of a dialect do differently */
    const char *word; /* in what the server reports itself to be; "": all others */
    /* {bytewise}: a text that is compared byte by byte; {asc}: a column of an index that is read in
     * its order; {async}, {open}: see ss_sql_tables; {claim}: locks rows, but skips those that
     * others lock */
    const ss_dialect_mark_t *marks;
    int is_ddl_alone;   /* each CREATE is a transaction of its own */
    int has_no_partial; /* no index has a WHERE */
    int is_strict;      /* each setting of a connection must be accepted */
    int rows_most;      /* of one transaction */
    apr_size_t bytes_most;
} ss_dialect_engine_t;

typedef struct {              /* an error that has a message of its own */
    int code;                 /* apr_dbd's; 0: known by the state or the words only */
    const char *state;        /* how the SQLSTATE begins; or NULL */
    ss_dialect_fault_t fault; /* SS_FAULT_NONE: SS_FAULT_STORE */
    apr_status_t rv;
    const char *word, *words, *text; /* words: part of the database's message. text: "%s": name */
} ss_dialect_error_t;

typedef struct {
    const char *driver; /* apr_dbd's name */
    int is_shared;      /* several nodes may use it; each message belongs to one of them */
    /* a server: the connection may be lost, and then ROLLBACK fails */
    int is_remote;
    /* how often a refused request is retried before it is answered with the error: the cause may be
     * another node's transaction */
    int refused_tries;
    int is_random; /* apr_dbd_select's argument: all rows are loaded at once */
    /* prepared statements have names */
    int has_names;
    /* Where the round trip costs more than the row: how many rows one INSERT or UPDATE takes,
     * largest first. 0: each row is its own statement. */
    int many_rows[SS_DIALECT_MANY];
    /* SS_SQL_COUNT texts that replace those of ss_sql_texts; NULL: that one is used; "": this
     * dialect has no such statement */
    const char *const *sql;
    const ss_dialect_mark_t *marks;     /* ended by a NULL mark */
    const ss_dialect_engine_t *engines; /* ended by the one whose word is "" */
    /* for a server that refuses {bytewise}, whatever it reports itself to be; or NULL */
    const ss_dialect_engine_t *plain;
    /* called first on a new connection; or NULL */
    void (*opened)(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool);
    const char *report; /* selects what the server reports itself to be; or NULL */
    /* what is appended to an argument ("%s"), or NULL */
    const ss_dialect_mark_t *types;
    ss_sql_types_t columns; /* types of a message's attributes */
    /* statements that create what ss_sql_tables lacks, ended by NULL; expanded by ss_db_expand */
    const char *const *schema;
    int first_version; /* the oldest version that a release wrote */
    /* [version]: statements that migrate it to the next version, ended by NULL, or NULL. The
     * columns of attributes are added by the table of attributes. SS_SCHEMA_VERSION of them. */
    const char *const *const *migrations;
    const char *begin;
    /* returns some free space to the file system; NULL: not needed */
    const char *shrink;
    const char *has_version; /* selects a row if the version table exists */
    const char *has_tables;  /* selects a row if any table exists */
    /* selects a row if a table of another program exists; NULL: tables are created all or none */
    const char *has_others;
    /* selects a row if texts are not compared byte by byte, and the message for people; or NULL */
    const char *is_sorted, *sorted;
    /* selects a row if the database cannot hold a queue, and the message for people (%s: its name);
     * or NULL */
    const char *is_unfit, *unfit;
    /* whether a pool gives each transaction of the connection another one to the server, and the
     * message for people; or NULL */
    int (*is_mixed)(const apr_dbd_driver_t *driver, apr_dbd_t *handle, const char *given,
                    apr_pool_t *pool);
    const char *mixed;
    /* adds what a queue needs to the connection parameters; or NULL */
    const char *(*params)(const char *given, apr_pool_t *pool);
    /* the name for people, without secrets; NULL: params itself */
    const char *(*name)(const char *params, apr_pool_t *pool);
    /* Converts a text to what the database accepts, in the pool. NULL: not needed. */
    const char *(*argument)(const char *text, apr_pool_t *pool);
    /* Column n of a row; NULL for the database's NULL. */
    const char *(*text)(const apr_dbd_driver_t *driver, apr_dbd_row_t *row, int n);
    /* The len bytes of a blob, from its text; NULL: damaged. */
    const char *(*bytes)(const char *text, apr_size_t len, apr_pool_t *pool);
    int (*prepare)(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool,
                   const ss_dialect_engine_t *engine, ss_dialect_prepare_t how);
    const ss_dialect_error_t *errors; /* ended by NULL words */
} ss_dialect_t;

extern const ss_dialect_t ss_dialect_sqlite, ss_dialect_pgsql;

/* What an error code and the database's words mean. Writes the message for people into result.
 * name: the file's path or the server's name. */
ss_dialect_fault_t ss_dialect_explain(const ss_dialect_t *dialect, int code, const char *words,
                                      const char *name, apr_status_t *rv, ss_result_t *result);
/* The engine of a server that reports itself to be `report`. */
const ss_dialect_engine_t *ss_dialect_engine(const ss_dialect_t *dialect, const char *report);
/* The dialect of apr_dbd's driver name; NULL: not supported. */
const ss_dialect_t *ss_dialect_find(const char *driver);
