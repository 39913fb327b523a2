/* dialect.h: what differs between databases: the text of each statement, the tables, how a
 * connection is made fit for a queue, and what an error means. A statement's arguments are written
 * apr_dbd's way (%s text, %lld number, %pDb blob). */
#ifndef SS_QUEUE_DIALECT_H
#define SS_QUEUE_DIALECT_H

#include <apr_dbd.h>

#include "base/result.h"
#include "queue/node_name.h"
#include "queue/sql.h"

#define SS_DIALECT_MANY 2

typedef enum { /* what an error says about what to do next */
               SS_FAULT_NONE,
               /* this statement's: a constraint, a value; the others of its batch can be done
                  without it */
               SS_FAULT_REQUEST,
               SS_FAULT_STORE, /* everybody's: disk full, locked, read-only, connection lost */
               /* somebody changed the file's tables (VACUUM does): the statements are prepared
                  again, and the work is done again */
               SS_FAULT_STALE,
               SS_FAULT_LOST /* the connection to the server is gone: a new one is made, and what a
                                commit had become of is looked for */
} ss_dialect_fault_t;

typedef enum {                  /* settings of a connection */
               SS_PREPARE_READ, /* a fresh one: nothing can be written */
               SS_PREPARE_NEW,  /* about to make a queue of an empty database; WRITE follows */
               SS_PREPARE_WRITE
} ss_dialect_prepare_t;

typedef struct {
    const char *mark, *text;
} ss_dialect_mark_t;

typedef struct {
    const char *driver; /* apr_dbd's name */
    int is_shared;      /* several nodes may work on it; each message has one that delivers it */
    /* a server: its connection may be lost, which a ROLLBACK that fails tells */
    int is_remote;
    /* how often a request that was refused is tried again before it is blamed: other nodes may have
     * been in its way */
    int refused_tries;
    int is_random; /* apr_dbd_select's argument: all rows are there at once */
    /* Prepared statements have names. */
    int has_names;
    /* How many rows an INSERT or UPDATE takes at most, and a smaller number, where the way to the
     * database costs more than a row; else 0: each row is written at once. */
    int many_rows[SS_DIALECT_MANY];
    /* SS_SQL_COUNT texts of its own: they go before ss_sql_texts; "": there is none here */
    const char *const *sql;
    const ss_dialect_mark_t *marks; /* ended by a NULL mark */
    /* what is written behind an argument of a statement ("%s"), or NULL */
    const ss_dialect_mark_t *types;
    ss_sql_types_t columns; /* of a message's attributes */
    /* statements that make an empty database a queue, ended by NULL; texts for ss_sql_expand */
    const char *const *schema;
    int first_version; /* of the tables that a release wrote */
    /* [version]: statements that make the next version's queue of it, besides the columns of
     * attributes, ended by NULL; or NULL: there are none. SS_SCHEMA_VERSION of them. */
    const char *const *const *migrations;
    const char *begin;
    /* gives free space back, some of it; NULL: nothing to do */
    const char *shrink;
    const char *has_version; /* selects a row when the version's table exists */
    const char *has_tables;  /* selects a row when any table exists */
    /* selects a row when the database cannot hold a queue, and the sentence (%s: its name); or NULL
     */
    const char *is_unfit, *unfit;
    /* with what a queue needs of a connection; or NULL */
    const char *(*params)(const char *given, apr_pool_t *pool);
    /* as sentences call it: no secret; or NULL: params */
    const char *(*name)(const char *params, apr_pool_t *pool);
    /* Takes what makes this process the only one that works as this node, or on this file: waits at
     * most `wait` for another to let go. *fd: open while it is held. node: this node's name, ""
     * where there are none; errors: in result. */
    apr_status_t (*claim)(const char *params, const char *node_file, apr_interval_time_t wait,
                          int *fd, char node[SS_NODE_NAME_MAX + 1], ss_result_t *result);
    /* A text as the database takes it, from the pool; NULL: as it is. */
    const char *(*argument)(const char *text, apr_pool_t *pool);
    /* Column n of a row; NULL for the database's NULL. */
    const char *(*text)(const apr_dbd_driver_t *driver, apr_dbd_row_t *row, int n);
    /* The bytes of a blob's text, len of them; NULL: damaged. */
    const char *(*bytes)(const char *text, apr_size_t len, apr_pool_t *pool);
    int (*prepare)(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool,
                   ss_dialect_prepare_t how);
    /* What an error code means; writes the sentence for a person into result. name: the file's path
     * or the connection's name. */
    ss_dialect_fault_t (*explain)(int code, const char *words, const char *name, apr_status_t *rv,
                                  ss_result_t *result);
} ss_dialect_t;

extern const ss_dialect_t ss_dialect_sqlite, ss_dialect_pgsql;

/* By apr_dbd's name; NULL: not supported. */
const ss_dialect_t *ss_dialect_find(const char *driver);

#endif
