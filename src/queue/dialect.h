/* dialect.h: what differs between databases: the text of each statement, the tables, how a
 * connection is made fit for a queue, and what an error means. A statement's arguments are written
 * apr_dbd's way (%s text, %lld number, %pDb blob). */
#ifndef SS_QUEUE_DIALECT_H
#define SS_QUEUE_DIALECT_H

#include <apr_dbd.h>

#include "base/result.h"

typedef enum {
    SS_SQL_PUT_MESSAGE,
    SS_SQL_PUT_RECIPIENT,
    SS_SQL_PUT_BODY,
    SS_SQL_FIND_KEY,
    SS_SQL_END_RECIPIENT,
    SS_SQL_END_RECIPIENT_CAREFULLY,
    SS_SQL_SETTLE_SINGLE,
    SS_SQL_SUMMARY,
    SS_SQL_SETTLE,
    SS_SQL_DELETE_RECIPIENTS,
    SS_SQL_DELETE_EVENTS,
    SS_SQL_DELETE_BODY,
    SS_SQL_DELETE_MESSAGE,
    SS_SQL_UNSTAGE,
    SS_SQL_COUNT_STAGED,
    SS_SQL_PUT_EVENT,
    SS_SQL_GET_MESSAGE,
    SS_SQL_GET_RECIPIENTS,
    SS_SQL_GET_INLINE,
    SS_SQL_GET_PART,
    SS_SQL_PART_SIZES,
    SS_SQL_GET_EVENTS,
    SS_SQL_DUE,
    SS_SQL_OPEN_BOUND,
    SS_SQL_OPEN_COUNTS,
    SS_SQL_DONE_BOUND,
    SS_SQL_DONE_COUNTS,
    SS_SQL_OLDEST,
    SS_SQL_OLDEST_OF,
    SS_SQL_PAGE_BOUND,
    SS_SQL_PAGE_BOUND_OPEN,
    SS_SQL_PAGE_BOUND_FAILED,
    SS_SQL_PAGE,
    SS_SQL_PAGE_FAILED,
    SS_SQL_PAGE_COUNT,
    SS_SQL_CONTROL_STATES,
    SS_SQL_RETRY,
    SS_SQL_HOLD,
    SS_SQL_RELEASE,
    SS_SQL_CANCEL,
    SS_SQL_SETTINGS,
    SS_SQL_SET,
    SS_SQL_UNSET,
    SS_SQL_PURGE_RECIPIENTS,
    SS_SQL_PURGE_EVENTS,
    SS_SQL_PURGE_BODIES,
    SS_SQL_PURGE_MESSAGES,
    SS_SQL_PURGE_ORPHANS,
    SS_SQL_RESCUE,
    /* of a server: as END_RECIPIENT and SETTLE_SINGLE, for many rows */
    SS_SQL_END_MANY,
    SS_SQL_SETTLE_MANY,
    /* where several machines share a queue (lease.c) */
    SS_SQL_NODE_BEAT,
    SS_SQL_NODE_CLAIM,
    SS_SQL_NODE_LEAVE,
    SS_SQL_NODE_OTHERS,
    SS_SQL_NODE_BURY,
    SS_SQL_NODE_TAKE,
    SS_SQL_NODE_TAKE_REST,
    SS_SQL_NODE_FORGET,
    SS_SQL_NODE_TAKE_HOOKS,
    SS_SQL_NODE_FORGET_SETTINGS,
    SS_SQL_HAND_OVER,
    SS_SQL_HANDED,
    SS_SQL_HANDED_DONE,
    SS_SQL_SHARED,
    SS_SQL_COUNT
} ss_sql_t;

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
} ss_fault_t;

typedef enum {                  /* settings of a connection */
               SS_PREPARE_READ, /* a fresh one: nothing can be written */
               SS_PREPARE_NEW,  /* about to make a queue of an empty database; WRITE follows */
               SS_PREPARE_WRITE
} ss_prepare_t;

typedef struct {
    const char *mark, *text;
} ss_mark_t;

/* What all dialects say in the same words, but for the marks: {own} (of this node alone),
 * {own_setting}, {node}, {foreign}, {like}, {by_failed}. */
extern const char *const ss_statements[SS_SQL_COUNT];

typedef struct {
    const char *driver; /* apr_dbd's name */
    /* params is the path of a file of this machine; else a server answers, and several nodes may
     * share it */
    int is_file;
    /* SS_SQL_COUNT texts of its own: they go before ss_statements; "": there is none here */
    const char *const *sql;
    const ss_mark_t *marks; /* ended by a NULL mark */
    /* what is written behind an argument of a statement ("%s"), or NULL */
    const ss_mark_t *types;
    /* statements that make an empty database a queue, ended by NULL */
    const char *const *schema;
    /* [version]: statements that make the next version's queue of it, ended by NULL */
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
    int (*prepare)(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool,
                   ss_prepare_t how);
    /* What an error code means; writes the sentence for a person into result. name: the file's path
     * or the connection's name. */
    ss_fault_t (*explain)(int code, const char *words, const char *name, apr_status_t *rv,
                          ss_result_t *result);
} ss_dialect_t;

extern const ss_dialect_t ss_dialect_sqlite, ss_dialect_pgsql;

#endif
