/* dialect.h: what differs between databases: the text of each statement, the tables, how a connection is made fit for a queue, and
 * what an error means. A statement's arguments are written apr_dbd's way (%s text, %lld number, %pDb blob). */
#ifndef SS_QUEUE_DIALECT_H
#define SS_QUEUE_DIALECT_H

#include <apr_dbd.h>

#include "base/result.h"

typedef enum {
    SS_SQL_PUT_MESSAGE, SS_SQL_PUT_RECIPIENT, SS_SQL_PUT_BODY, SS_SQL_FIND_KEY,
    SS_SQL_END_RECIPIENT, SS_SQL_END_RECIPIENT_CAREFULLY, SS_SQL_SETTLE_SINGLE, SS_SQL_SUMMARY, SS_SQL_SETTLE,
    SS_SQL_DELETE_RECIPIENTS, SS_SQL_DELETE_EVENTS, SS_SQL_DELETE_BODY, SS_SQL_DELETE_MESSAGE, SS_SQL_UNSTAGE, SS_SQL_COUNT_STAGED, SS_SQL_PUT_EVENT,
    SS_SQL_GET_MESSAGE, SS_SQL_GET_RECIPIENTS, SS_SQL_GET_INLINE, SS_SQL_GET_PART, SS_SQL_PART_SIZES, SS_SQL_GET_EVENTS,
    SS_SQL_DUE, SS_SQL_OPEN_BOUND, SS_SQL_OPEN_COUNTS, SS_SQL_DONE_BOUND, SS_SQL_DONE_COUNTS, SS_SQL_OLDEST, SS_SQL_OLDEST_OF,
    SS_SQL_PAGE_BOUND, SS_SQL_PAGE_BOUND_OPEN, SS_SQL_PAGE_BOUND_FAILED, SS_SQL_PAGE, SS_SQL_PAGE_FAILED, SS_SQL_PAGE_COUNT,
    SS_SQL_CONTROL_STATES, SS_SQL_RETRY, SS_SQL_HOLD, SS_SQL_RELEASE, SS_SQL_CANCEL,
    SS_SQL_SETTINGS, SS_SQL_SET, SS_SQL_UNSET,
    SS_SQL_PURGE_RECIPIENTS, SS_SQL_PURGE_EVENTS, SS_SQL_PURGE_BODIES, SS_SQL_PURGE_MESSAGES, SS_SQL_PURGE_ORPHANS,
    SS_SQL_RESCUE,
    SS_SQL_COUNT
} ss_sql_t;

typedef enum {            /* what an error says about what to do next */
    SS_FAULT_NONE,
    SS_FAULT_REQUEST,     /* this statement's: a constraint, a value; the others of its batch can be done without it */
    SS_FAULT_STORE,       /* everybody's: disk full, locked, read-only, connection lost */
    SS_FAULT_STALE        /* somebody changed the file's tables (VACUUM does): the statements are prepared again, and the work is done again */
} ss_fault_t;

typedef enum {            /* settings of a connection */
    SS_PREPARE_READ,      /* a fresh one: nothing can be written */
    SS_PREPARE_NEW,       /* about to make a queue of an empty database; WRITE follows */
    SS_PREPARE_WRITE
} ss_prepare_t;

typedef struct {
    const char *driver;                /* apr_dbd's name */
    int is_file;                       /* params is the path of a file of this machine */
    const char *const *sql;            /* SS_SQL_COUNT texts */
    const char *const *schema;         /* statements that make an empty database a queue, ended by NULL */
    const char *const *const *migrations;   /* [version]: statements that make the next version's queue of it, ended by NULL */
    const char *begin;
    const char *shrink;                /* gives free space back, some of it; NULL: nothing to do */
    const char *has_version;           /* selects a row when the version's table exists */
    const char *has_tables;            /* selects a row when any table exists */
    int (*prepare)(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool, ss_prepare_t how);
    /* What an error code means; writes the sentence for a person into result. name: the file's path or the connection's name. */
    ss_fault_t (*explain)(int code, const char *words, const char *name, apr_status_t *rv, ss_result_t *result);
} ss_dialect_t;

extern const ss_dialect_t ss_dialect_sqlite;

#endif
