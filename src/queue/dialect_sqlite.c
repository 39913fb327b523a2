/* dialect_sqlite.c: the queue in one file: statements, tables and error classes of SQLite. WAL, so that readers of other processes
 * (the command line) never hold up a commit; synchronous=FULL, so that a commit is on the disk when it returns. */
#include "queue/dialect.h"

#include <string.h>

/* Result codes of SQLite that lead to a sentence of their own (sqlite.org/rescode.html); numbers, so that this file needs only APR. */
enum { CODE_PERM = 3, CODE_BUSY = 5, CODE_LOCKED = 6, CODE_NOMEM = 7, CODE_READONLY = 8, CODE_IOERR = 10, CODE_CORRUPT = 11, CODE_FULL = 13,
       CODE_CANTOPEN = 14, CODE_SCHEMA = 17, CODE_AUTH = 23, CODE_NOTADB = 26 };

/* A message that finished keeps finished > 0; one that waits for nothing but a person has due FAR. */
#define FAR "9223372036854775807"

#define MESSAGE_COLUMNS "m.id, m.relay, m.sender, m.size, m.parts, m.flags, m.ret, m.envid, m.priority, m.subject, m.message_id, m.header_from, " \
    "m.submitter, m.door, m.uid, m.metadata, m.webhook, m.idem_key, m.content_hash, m.created, m.at, m.expire, m.paused_base, m.held, " \
    "m.held_since, m.created_by, m.rcpts"

#define WAITS "(m.n_queued + m.n_deferred)"

/* Twenty-four arguments, in the order of ss_read_page in store_read.c. %% is not needed: patterns come as arguments. */
#define FILTER " FROM message m" FILTER_OF
#define FILTER_OF \
    " WHERE m.id < %s AND m.id >= %s AND (%s = '' OR m.relay = %s) AND (%lld < 0 OR m.uid = %lld)" \
    " AND (%lld = 0 OR m.finished = 0) AND (%lld = 0 OR m.created < %lld)" \
    " AND (%s = '' OR m.sender LIKE %s ESCAPE '\\')" \
    " AND CASE %lld WHEN -1 THEN 1 WHEN 0 THEN m.n_queued WHEN 2 THEN m.n_deferred WHEN 3 THEN m.n_held WHEN 4 THEN m.n_sent" \
    " WHEN 5 THEN m.n_failed WHEN 6 THEN m.n_expired WHEN 7 THEN m.n_cancelled ELSE 0 END > 0" \
    " AND CASE %lld WHEN -1 THEN 1 WHEN 0 THEN " WAITS " > 0 AND m.due > %lld WHEN 1 THEN " WAITS " > 0 WHEN 2 THEN m.n_held > 0" \
    " WHEN 3 THEN m.finished = 0 ELSE 0 END" \
    " AND (%s = '' OR EXISTS (SELECT 1 FROM recipient r WHERE r.message = m.id AND r.address LIKE %s ESCAPE '\\'))" \
    " AND (%s = '' OR m.id LIKE %s ESCAPE '\\' OR m.subject LIKE %s ESCAPE '\\' OR m.sender LIKE %s ESCAPE '\\'" \
    " OR m.metadata LIKE %s ESCAPE '\\' OR m.message_id LIKE %s ESCAPE '\\'" \
    " OR EXISTS (SELECT 1 FROM recipient r WHERE r.message = m.id AND (r.address LIKE %s ESCAPE '\\' OR r.reply LIKE %s ESCAPE '\\')))"

#define DONE_IDS "(SELECT id FROM message WHERE finished > 0 AND finished < %lld ORDER BY finished, id LIMIT %lld)"

static const char *const sql[SS_SQL_COUNT] = {
    [SS_SQL_PUT_MESSAGE] =
        "INSERT INTO message (id, relay, sender, size, parts, flags, ret, envid, priority, subject, message_id, header_from, submitter, door,"
        " uid, metadata, webhook, idem_key, content_hash, created, at, expire, paused_base, held, held_since, created_by, rcpts, due, attempts,"
        " n_queued, n_deferred, n_held, body) VALUES (%s, %s, %s, %lld, %lld, %lld, %lld, %s, %lld, %s, %s, %s, %s, %s, %lld, %s, %s, %s, %s,"
        " %lld, %lld, %lld, %lld, %lld, %lld, %s, %lld, %lld, %lld, %lld, %lld, %lld, %pDb)",
    [SS_SQL_PUT_RECIPIENT] =
        "INSERT INTO recipient (message, number, address, orcpt, notify, state, attempts, next, reply, dsn, host, cause, advice, uncertain,"
        " delivered, last) VALUES (%s, %lld, %s, %s, %lld, %lld, %lld, %lld, %s, %s, %s, %s, %s, %lld, %lld, %lld)",
    [SS_SQL_PUT_BODY] = "INSERT INTO body (message, number, bytes) VALUES (%s, %lld, %pDb)",
    [SS_SQL_FIND_KEY] = "SELECT id, content_hash FROM message WHERE submitter = %s AND idem_key = %s LIMIT 1",
    /* The usual end: the recipient waits as the daemon believes. */
    [SS_SQL_END_RECIPIENT] =
        "UPDATE recipient SET state = %lld, attempts = %lld, next = %lld, reply = %s, dsn = %s, host = %s, cause = %s, advice = %s,"
        " uncertain = %lld, delivered = %lld, last = %lld WHERE message = %s AND number = %lld AND state < 3",
    /* A person acted meanwhile: a hold stays unless the message went out, and only a delivery overrules a cancellation. */
    [SS_SQL_END_RECIPIENT_CAREFULLY] =
        "UPDATE recipient SET cause = CASE WHEN state = 3 AND %lld < 3 THEN cause ELSE %s END,"
        " state = CASE WHEN state = 3 AND %lld < 3 THEN 3 ELSE %lld END, attempts = %lld, next = %lld, reply = %s, dsn = %s, host = %s,"
        " advice = %s, uncertain = %lld, delivered = %lld, last = %lld WHERE message = %s AND number = %lld AND (state < 4 OR %lld = 4)",
    [SS_SQL_SETTLE_SINGLE] =
        "UPDATE message SET due = %lld, finished = %lld, attempts = %lld, n_queued = %lld, n_deferred = %lld, n_held = 0, n_sent = %lld,"
        " n_failed = %lld, n_expired = %lld, n_cancelled = %lld, body = CASE WHEN %lld > 0 THEN NULL ELSE body END"
        " WHERE id = %s AND rcpts = 1 AND parts <= %lld",
    [SS_SQL_SUMMARY] = "SELECT state, count(*), min(next), max(attempts) FROM recipient WHERE message = %s GROUP BY state LIMIT 16",
    [SS_SQL_SETTLE] =
        "UPDATE message SET due = %lld, finished = %lld, attempts = %lld, n_queued = %lld, n_deferred = %lld, n_held = %lld, n_sent = %lld,"
        " n_failed = %lld, n_expired = %lld, n_cancelled = %lld,"
        " held = held + CASE WHEN held_since > 0 AND %lld = 0 AND %lld > held_since THEN %lld - held_since ELSE 0 END,"
        " held_since = CASE WHEN %lld = 0 THEN 0 WHEN held_since > 0 THEN held_since ELSE %lld END,"
        " body = CASE WHEN %lld > 0 THEN NULL ELSE body END WHERE id = %s",
    [SS_SQL_DELETE_RECIPIENTS] = "DELETE FROM recipient WHERE message = %s",
    [SS_SQL_DELETE_EVENTS] = "DELETE FROM event WHERE message = %s",
    [SS_SQL_DELETE_BODY] = "DELETE FROM body WHERE message = %s",
    [SS_SQL_DELETE_MESSAGE] = "DELETE FROM message WHERE id = %s",
    [SS_SQL_UNSTAGE] = "DELETE FROM body WHERE message = %s AND NOT EXISTS (SELECT 1 FROM message WHERE id = %s)",
    [SS_SQL_COUNT_STAGED] = "SELECT count(*) FROM body WHERE message = %s",
    [SS_SQL_PUT_EVENT] = "INSERT INTO event (message, time, recipient, what, text, host) VALUES (%s, %lld, %lld, %s, %s, %s)",
    [SS_SQL_GET_MESSAGE] = "SELECT " MESSAGE_COLUMNS " FROM message m WHERE m.id = %s LIMIT 1",
    [SS_SQL_GET_RECIPIENTS] =
        "SELECT number, address, orcpt, notify, state, attempts, next, reply, dsn, host, cause, advice, uncertain, delivered, last"
        " FROM recipient WHERE message = %s AND number > %lld ORDER BY number LIMIT %lld",
    [SS_SQL_GET_INLINE] = "SELECT length(body), body FROM message WHERE id = %s LIMIT 1",
    [SS_SQL_GET_PART] = "SELECT length(bytes), bytes FROM body WHERE message = %s AND number = %lld LIMIT 1",
    [SS_SQL_PART_SIZES] = "SELECT number, length(bytes) FROM body WHERE message = %s ORDER BY number LIMIT %lld",
    [SS_SQL_GET_EVENTS] = "SELECT time, recipient, what, text, host FROM event WHERE message = %s ORDER BY time DESC, recipient LIMIT %lld",
    [SS_SQL_DUE] =
        "SELECT id, relay, submitter, sender, due, created, priority, attempts, size FROM message WHERE finished = 0 AND relay = %s"
        " AND (due, id) > (%lld, %s) AND due < " FAR " ORDER BY due, id LIMIT %lld",
    [SS_SQL_OPEN_BOUND] =
        "SELECT relay, due, id FROM message WHERE finished = 0 AND (relay, due, id) > (%s, %lld, %s) ORDER BY relay, due, id LIMIT 1 OFFSET %lld",
    [SS_SQL_OPEN_COUNTS] =
        "SELECT relay, n_queued > 0, n_queued + n_deferred > 0, count(*), sum(size), min(created), sum(n_queued), sum(n_deferred), sum(n_held)"
        " FROM message WHERE finished = 0 AND (relay, due, id) > (%s, %lld, %s) AND (relay, due, id) <= (%s, %lld, %s) GROUP BY 1, 2, 3 LIMIT 1000",
    [SS_SQL_DONE_BOUND] = "SELECT finished, id FROM message WHERE finished > 0 AND (finished, id) > (%lld, %s) ORDER BY finished, id LIMIT 1 OFFSET %lld",
    [SS_SQL_DONE_COUNTS] =
        "SELECT relay, CASE WHEN n_failed > 0 THEN 5 WHEN n_expired > 0 THEN 6 WHEN n_sent > 0 THEN 4 ELSE 7 END, count(*), sum(size), min(created),"
        " sum(n_sent), sum(n_failed), sum(n_expired), sum(n_cancelled) FROM message"
        " WHERE finished > 0 AND (finished, id) > (%lld, %s) AND (finished, id) <= (%lld, %s) GROUP BY 1, 2 LIMIT 1000",
    /* An id begins with the time of acceptance. */
    [SS_SQL_OLDEST] = "SELECT id, relay, created FROM message WHERE finished = 0 AND id > %s ORDER BY id LIMIT %lld",
    [SS_SQL_OLDEST_OF] = "SELECT min(created) FROM message WHERE finished = 0 AND relay = %s",
    [SS_SQL_PAGE_BOUND] = "SELECT id FROM message WHERE id < %s ORDER BY id DESC LIMIT 1 OFFSET %lld",
    [SS_SQL_PAGE_BOUND_OPEN] = "SELECT id FROM message WHERE finished = 0 AND id < %s ORDER BY id DESC LIMIT 1 OFFSET %lld",
    /* Failures are few among many that were sent: the page that shows the newest must not look at all. */
    [SS_SQL_PAGE_BOUND_FAILED] = "SELECT id FROM message INDEXED BY message_failed WHERE n_failed > 0 AND id < %s ORDER BY id DESC LIMIT 1 OFFSET %lld",
    [SS_SQL_PAGE_FAILED] = "SELECT " MESSAGE_COLUMNS " FROM message m INDEXED BY message_failed" FILTER_OF " AND m.n_failed > 0 ORDER BY m.id DESC LIMIT %lld",
    [SS_SQL_PAGE] = "SELECT " MESSAGE_COLUMNS FILTER " ORDER BY m.id DESC LIMIT %lld",
    [SS_SQL_PAGE_COUNT] = "SELECT count(*)" FILTER " LIMIT %lld",
    [SS_SQL_CONTROL_STATES] = "SELECT state, count(*), min(next) FROM recipient WHERE message = %s GROUP BY state ORDER BY state LIMIT 16",
    [SS_SQL_RETRY] = "UPDATE recipient SET state = 0, next = %lld WHERE message = %s AND state IN (0, 1, 2)",
    [SS_SQL_HOLD] = "UPDATE recipient SET state = 3, cause = 'person', next = 0 WHERE message = %s AND state IN (0, 1, 2)",
    [SS_SQL_RELEASE] = "UPDATE recipient SET state = 0, cause = NULL, next = %lld WHERE message = %s AND state = 3",
    [SS_SQL_CANCEL] = "UPDATE recipient SET state = 7, cause = NULL, next = 0 WHERE message = %s AND state < 4",
    [SS_SQL_SETTINGS] = "SELECT key, value FROM setting WHERE key > %s ORDER BY key LIMIT %lld",
    [SS_SQL_SET] =
        "INSERT INTO setting (key, value, who, time) VALUES (%s, %s, %s, %lld)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, who = excluded.who, time = excluded.time",
    [SS_SQL_UNSET] = "DELETE FROM setting WHERE key = %s",
    [SS_SQL_PURGE_RECIPIENTS] = "DELETE FROM recipient WHERE message IN " DONE_IDS,
    [SS_SQL_PURGE_EVENTS] = "DELETE FROM event WHERE message IN " DONE_IDS,
    [SS_SQL_PURGE_BODIES] = "DELETE FROM body WHERE message IN " DONE_IDS,
    [SS_SQL_PURGE_MESSAGES] = "DELETE FROM message WHERE id IN " DONE_IDS,
    [SS_SQL_PURGE_ORPHANS] =
        "DELETE FROM body WHERE message IN (SELECT b.message FROM body b LEFT JOIN message m ON m.id = b.message"
        " WHERE b.number = 1 AND ((m.id IS NULL AND b.message < %s) OR m.finished > 0) LIMIT %lld)",
    /* In the order of the file, by no index (recover.c). */
    [SS_SQL_RESCUE] = "SELECT " MESSAGE_COLUMNS ", m.rowid, length(m.body), m.body FROM message m NOT INDEXED WHERE m.rowid > %lld AND m.finished = 0 ORDER BY m.rowid LIMIT 1",
};

/* The body of a message that fits one part lies in the message's own row, last, so that reading the columns before it never touches it.
 * node, lease: who delivers it where several machines share a queue. */
static const char *const schema[] = {
    "CREATE TABLE message (id TEXT NOT NULL PRIMARY KEY, relay TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL,"
    " size INTEGER NOT NULL, created INTEGER NOT NULL, n_queued INTEGER NOT NULL, n_deferred INTEGER NOT NULL, n_held INTEGER NOT NULL,"
    " n_sent INTEGER NOT NULL DEFAULT 0, n_failed INTEGER NOT NULL DEFAULT 0, n_expired INTEGER NOT NULL DEFAULT 0,"
    " n_cancelled INTEGER NOT NULL DEFAULT 0, rcpts INTEGER NOT NULL, parts INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " priority INTEGER NOT NULL, uid INTEGER NOT NULL, flags INTEGER NOT NULL, ret INTEGER NOT NULL, at INTEGER NOT NULL,"
    " expire INTEGER NOT NULL, paused_base INTEGER NOT NULL, held INTEGER NOT NULL, held_since INTEGER NOT NULL, node TEXT, lease INTEGER,"
    " sender TEXT NOT NULL, submitter TEXT, subject TEXT, message_id TEXT, header_from TEXT, envid TEXT, door TEXT, metadata TEXT,"
    " webhook TEXT, idem_key TEXT, content_hash TEXT, created_by TEXT, body BLOB)",
    "CREATE TABLE recipient (message TEXT NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL, orcpt TEXT, notify INTEGER NOT NULL,"
    " state INTEGER NOT NULL, attempts INTEGER NOT NULL, next INTEGER NOT NULL, reply TEXT, dsn TEXT, host TEXT, cause TEXT, advice TEXT,"
    " uncertain INTEGER NOT NULL, delivered INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (message, number)) WITHOUT ROWID",
    "CREATE TABLE body (message TEXT NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (message, number))",
    "CREATE TABLE event (message TEXT NOT NULL, time INTEGER NOT NULL, recipient INTEGER NOT NULL, what TEXT NOT NULL, text TEXT, host TEXT)",
    "CREATE TABLE setting (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, who TEXT, time INTEGER NOT NULL)",
    "CREATE TABLE node (name TEXT NOT NULL PRIMARY KEY, seen INTEGER NOT NULL, relays TEXT)",
    "CREATE INDEX message_due ON message (relay, due, id, size, created, n_queued, n_deferred, n_held) WHERE finished = 0",
    "CREATE INDEX message_open ON message (id) WHERE finished = 0",
    "CREATE INDEX message_done ON message (finished, id, relay, size, created, n_sent, n_failed, n_expired, n_cancelled) WHERE finished > 0",
    "CREATE INDEX message_failed ON message (id) WHERE n_failed > 0",
    "CREATE UNIQUE INDEX message_key ON message (submitter, idem_key) WHERE idem_key IS NOT NULL",
    "CREATE INDEX event_message ON event (message, time)",
    "CREATE TABLE version (number INTEGER NOT NULL)",
    "INSERT INTO version (number) VALUES (2)",
    NULL,
};

/* Some files of version 1 have the index already: it came before its version did. */
static const char *const from_1[] = {
    "CREATE INDEX IF NOT EXISTS message_failed ON message (id) WHERE n_failed > 0",
    "UPDATE version SET number = 2",
    NULL,
};
static const char *const *const migrations[] = { NULL, from_1 };

/* A PRAGMA answers with a row, which apr_dbd_query takes for an error: hence select. */
static int pragma(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool, const char *text)
{
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;
    int code = apr_dbd_select(driver, pool, handle, &rows, text, 0);

    while (!code && apr_dbd_get_row(driver, pool, rows, &row, -1) == 0) row = NULL;
    return code;
}

/* busy_timeout is short since the driver itself tries a busy database sixteen times, 100 ms apart. A page holds three small messages with
 * their content: half the writes a message of pages of 4 KiB, with no more bytes. The log is given back to the file each 500 pages (4 MB), so that no
 * single commit has much to move. What a file is made with is set on a fresh one alone: on another it would need the lock that somebody else may hold. */
static const char *const reading[] = { "PRAGMA busy_timeout = 50", "PRAGMA query_only = 1", NULL };
static const char *const making[] = { "PRAGMA query_only = 0", "PRAGMA page_size = 8192", "PRAGMA auto_vacuum = INCREMENTAL", NULL };
static const char *const writing[] = {
    "PRAGMA query_only = 0", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 500", "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -1024", "PRAGMA temp_store = MEMORY", NULL,
};
static const char *const *const settings[] = { [SS_PREPARE_READ] = reading, [SS_PREPARE_NEW] = making, [SS_PREPARE_WRITE] = writing };

static int prepare(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool, ss_prepare_t how)
{
    int code = 0;

    for (const char *const *text = settings[how]; *text && !code; text++) code = pragma(driver, handle, pool, *text);
    return code;
}

/* The driver prepares statements the old way: what fails in the middle of one often comes back as a mere "error", and only SQLite's words tell the cause. */
static const struct { int code; apr_status_t rv; const char *word, *words, *text; } faults[] = {
    { CODE_FULL, APR_ENOSPC, "ENOSPC", "disk is full", "the disk that holds %s is full" },
    { CODE_IOERR, APR_EGENERAL, "EIO", "disk I/O error", "the disk that holds %s does not read or write: look at the system's log" },
    { CODE_BUSY, APR_EBUSY, "EBUSY", "is locked", "%s is locked by another process that works on it: end that process" },
    { CODE_LOCKED, APR_EBUSY, "EBUSY", "is locked", "%s is locked by another process that works on it: end that process" },
    { CODE_READONLY, APR_EACCES, "EROFS", "readonly database", "%s cannot be written: its file, its folder or its disk is read-only for this user" },
    { CODE_PERM, APR_EACCES, "EACCES", "access permission denied", "%s may not be used by this user: give the file to the user that httpd runs as" },
    { CODE_AUTH, APR_EACCES, "EACCES", "authorization denied", "%s may not be used by this user: give the file to the user that httpd runs as" },
    { CODE_CANTOPEN, APR_EACCES, "EACCES", "unable to open database", "%s cannot be opened: give its folder and file to the user that httpd runs as" },
    { CODE_CORRUPT, APR_EGENERAL, "ECORRUPT", "is malformed",
      "the file %s is damaged: stop httpd, save what can be read into a new file with \"smtp-send queue --recover\" and this file's name, and put that in its place" },
    { CODE_NOTADB, APR_EGENERAL, "ENOTDB", "file is not a database",
      "the file %s is no queue and no database: name another file in SMTPSendQueue, or move it away" },
    { CODE_SCHEMA, APR_EGENERAL, "ESCHEMA", "schema has changed", "another program changed the tables of %s" },
    { CODE_NOMEM, APR_ENOMEM, "ENOMEM", "out of memory", "there is no memory left for work on %s" },
};

static ss_fault_t explain(int code, const char *words, const char *name, apr_status_t *rv, ss_result_t *result)
{
    if (!code) return SS_FAULT_NONE;
    for (apr_size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (faults[i].code != (code & 0xff) && !strstr(words, faults[i].words)) continue;
        *rv = faults[i].rv;
        ss_result_set(result, "queue", faults[i].word, NULL, faults[i].text, name);
        return faults[i].code == CODE_SCHEMA ? SS_FAULT_STALE : SS_FAULT_STORE;
    }
    *rv = APR_EGENERAL;
    ss_result_set(result, "queue", "", NULL, "the queue %s refused the work: %s", name, words);
    return SS_FAULT_REQUEST;
}

const ss_dialect_t ss_dialect_sqlite = {
    .driver = "sqlite3", .is_file = 1, .sql = sql, .schema = schema, .migrations = migrations, .begin = "BEGIN IMMEDIATE", .shrink = "PRAGMA incremental_vacuum(256)",
    .has_version = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'version' LIMIT 1",
    .has_tables = "SELECT 1 FROM sqlite_master LIMIT 1",
    .prepare = prepare, .explain = explain,
};
