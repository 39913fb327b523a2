/* dialect_sqlite.c: the queue in one SQLite file. WAL, so that readers in other processes (the
 * command line) never delay a commit; synchronous=FULL, so that a commit is on disk when it
 * returns. */
#include "queue/dialect.h"

#include <apr_strings.h>

/* Result codes of SQLite that have a message of their own (sqlite.org/rescode.html). Numbers, so
 * that this file needs only APR. */
enum {
    CODE_PERM = 3,
    CODE_BUSY = 5,
    CODE_LOCKED = 6,
    CODE_NOMEM = 7,
    CODE_READONLY = 8,
    CODE_IOERR = 10,
    CODE_CORRUPT = 11,
    CODE_FULL = 13,
    CODE_CANTOPEN = 14,
    CODE_SCHEMA = 17,
    CODE_AUTH = 23,
    CODE_NOTADB = 26
};

#define NUMBER "INTEGER NOT NULL"

/* In the tables, node and lease are unused. */
static const ss_dialect_mark_t marks[] = {
    { "{own}", "" },
    { "{own_setting}", "" },
    { "{node}", "NULL" },
    { "{foreign}", "0" },
    { "{like}", "LIKE" },
    { "{by_failed}", " INDEXED BY message_failed" },
    { "{key}", "{bytewise} NOT NULL" },
    { "{number}", NUMBER },
    { "{blob}", "BLOB" },
    { "{node_columns}", "node TEXT, lease INTEGER" },
    { "{without_rowid}", " WITHOUT ROWID" },
    { NULL, NULL },
};

static const ss_dialect_mark_t engine_marks[] = {
    { "{bytewise}", "TEXT" }, { "{asc}", "" }, { "{async}", "" }, { "{open}", "" }, { NULL, NULL },
};
static const ss_dialect_engine_t engines[] = {
    { .word = "", .marks = engine_marks, .is_strict = 1, SS_DIALECT_ROOM },
};

static const char *const sql[SS_SQL_COUNT] = {
    [SS_SQL_SET] = "INSERT INTO setting (key, value, who, time) VALUES (%s, %s, %s, %lld)"
                   " ON CONFLICT (key) DO UPDATE SET value = excluded.value, who = excluded.who, "
                   "time = excluded.time",
};

static const char *const schema[] = {
    "CREATE TABLE IF NOT EXISTS setting (key {key} PRIMARY KEY, value TEXT NOT NULL, who TEXT, "
    "time {number})",
    "CREATE TABLE node (name {key} PRIMARY KEY, seen {number}, relays TEXT)",
    "CREATE INDEX message_due ON message (relay, due, id, size, created, n_queued, n_deferred, "
    "n_held) WHERE finished = 0",
    "CREATE INDEX message_done ON message (finished, id, relay, size, created, n_sent, n_failed, "
    "n_expired, n_cancelled) WHERE finished > 0",
    NULL,
};

/* Some files of version 1 have the index already: it was added before the version was increased. */
static const char *const from_1[] = {
    "CREATE INDEX IF NOT EXISTS message_failed ON message (id) WHERE n_failed > 0",
    NULL,
};
static const char *const *const migrations[SS_SCHEMA_VERSION] = { [1] = from_1 };

/* A PRAGMA returns a row, which apr_dbd_query reports as an error: hence select. */
static int pragma(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool,
                  const char *text)
{
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;
    int code = apr_dbd_select(driver, pool, handle, &rows, text, 0);

    while (!code && apr_dbd_get_row(driver, pool, rows, &row, -1) == 0) row = NULL;
    return code;
}

/* busy_timeout is short because the driver itself retries a busy database 16 times, 100 ms apart. A
 * page of 8 KiB holds three small messages with their content: half the writes of 4 KiB pages, with
 * no more bytes. Checkpoints run every 500 pages (4 MB), so that no single commit has much to move.
 * page_size and auto_vacuum are set on a new file only: on another they need a lock that some other
 * process may hold. */
static const char *const reading[] = { "PRAGMA busy_timeout = 50", "PRAGMA query_only = 1", NULL };
static const char *const making[] = { "PRAGMA query_only = 0", "PRAGMA page_size = 8192",
                                      "PRAGMA auto_vacuum = INCREMENTAL", NULL };
static const char *const writing[] = {
    "PRAGMA query_only = 0",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 500",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -1024",
    "PRAGMA temp_store = MEMORY",
    NULL,
};
static const char *const *const settings[] = {
    [SS_PREPARE_READ] = reading, [SS_PREPARE_NEW] = making, [SS_PREPARE_WRITE] = writing
};

static int prepare(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool,
                   const ss_dialect_engine_t *engine, ss_dialect_prepare_t how)
{
    int code = 0;

    (void)engine;
    for (const char *const *text = settings[how]; *text && !code; text++)
        code = pragma(driver, handle, pool, *text);
    return code;
}

/* The driver uses SQLite's legacy prepare, so a failure inside a statement often has the code
 * "error", and only the message tells the cause. */
static const ss_dialect_error_t errors[] = {
    { CODE_FULL, NULL, SS_FAULT_NONE, APR_ENOSPC, "ENOSPC", "disk is full",
      "the disk that holds %s is full" },
    { CODE_IOERR, NULL, SS_FAULT_NONE, APR_EGENERAL, "EIO", "disk I/O error",
      "the disk that holds %s returns I/O errors: see the system log" },
    { CODE_BUSY, NULL, SS_FAULT_NONE, APR_EBUSY, "EBUSY", "is locked",
      "%s is locked by another process: end that process" },
    { CODE_LOCKED, NULL, SS_FAULT_NONE, APR_EBUSY, "EBUSY", "is locked",
      "%s is locked by another process: end that process" },
    { CODE_READONLY, NULL, SS_FAULT_NONE, APR_EACCES, "EROFS", "readonly database",
      "%s cannot be written: its file, its folder or its disk is read-only for this user" },
    { CODE_PERM, NULL, SS_FAULT_NONE, APR_EACCES, "EACCES", "access permission denied",
      "this user has no permission to use %s: it must belong to the user that the delivery daemon "
      "runs as" },
    { CODE_AUTH, NULL, SS_FAULT_NONE, APR_EACCES, "EACCES", "authorization denied",
      "this user has no permission to use %s: it must belong to the user that the delivery daemon "
      "runs as" },
    { CODE_CANTOPEN, NULL, SS_FAULT_NONE, APR_EACCES, "EACCES", "unable to open database",
      "%s cannot be opened: its folder and file must belong to the user that the delivery daemon "
      "runs as" },
    { CODE_CORRUPT, NULL, SS_FAULT_DAMAGE, APR_EGENERAL, "ECORRUPT", "is malformed",
      "the file %s is damaged: stop httpd, run \"smtp-send queue --recover\" with this file's "
      "name, and replace the file with the new one" },
    { CODE_NOTADB, NULL, SS_FAULT_DAMAGE, APR_EGENERAL, "ENOTDB", "file is not a database",
      "the file %s is not a database: set SMTPSendQueue to another file, or move it away" },
    { CODE_SCHEMA, NULL, SS_FAULT_STALE, APR_EGENERAL, "ESCHEMA", "schema has changed",
      "another program changed the tables of %s" },
    { CODE_NOMEM, NULL, SS_FAULT_NONE, APR_ENOMEM, "ENOMEM", "out of memory",
      "out of memory while using %s" },
    { .words = NULL },
};

static const char *text(const apr_dbd_driver_t *driver, apr_dbd_row_t *row, int n)
{
    return apr_dbd_get_entry(driver, row, n);
}

static const char *bytes(const char *text, apr_size_t len, apr_pool_t *pool)
{
    return apr_pmemdup(pool, text, len);
}

const ss_dialect_t ss_dialect_sqlite = {
    .driver = "sqlite3",
    .sql = sql,
    .marks = marks,
    .engines = engines,
    .schema = schema,
    .columns = { .text = "TEXT", .number = NUMBER, .key = "{bytewise}" },
    .first_version = 1,
    .migrations = migrations,
    .begin = "BEGIN IMMEDIATE",
    .shrink = "PRAGMA incremental_vacuum(256)",
    .has_version = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'version' LIMIT 1",
    .has_tables = "SELECT 1 FROM sqlite_master LIMIT 1",
    .text = text,
    .bytes = bytes,
    .prepare = prepare,
    .errors = errors,
};
