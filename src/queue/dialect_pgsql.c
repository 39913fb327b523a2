/* dialect_pgsql.c: the queue on a server with PostgreSQL's protocol and dialect, shared by several
 * nodes. Each message is delivered by the node whose name is in its row (lease.h). Uses nothing
 * that distributed databases of this dialect lack: no LISTEN, no advisory lock, no rule. Texts are
 * compared byte by byte (COLLATE "C"), so that keys have the same order on every server. */
#include "queue/dialect.h"

#include <apr_dso.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "queue/lease.h"

/* microseconds without heartbeat after which other nodes take a node's mail over */
#define LIMIT 60000000
#define NODE_LIMIT SS_SQL_STRING(LIMIT)
_Static_assert(LIMIT == SS_LEASE_LIMIT, "the same in SQL as in C");
/* One clock for all nodes: the server's. */
#define SERVER_NOW "(extract(epoch from clock_timestamp()) * 1000000)::bigint"

#define KEY "{bytewise} NOT NULL"
#define NUMBER "BIGINT NOT NULL"

#define MARKS(bytewise, asc, async, open, claim)                                                   \
    (const ss_dialect_mark_t[])                                                                    \
    {                                                                                              \
        { "{bytewise}", bytewise }, { "{asc}", asc }, { "{async}", async }, { "{open}", open },    \
            { "{claim}", claim },                                                                  \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define SKIP_LOCKED " FOR UPDATE SKIP LOCKED"
#define BYTEWISE "TEXT COLLATE \"C\""
/* It has only the collation C, asks for ASYNC, has no partial indexes, and limits a transaction to
 * 3,000 rows and 10 MiB. Conflicts are found at COMMIT, without locks. */
#define DSQL(word)                                                                                 \
    {                                                                                              \
        word, MARKS("TEXT", "", "ASYNC ", "finished, ", ""),                                       \
            .is_ddl_alone = 1, .has_no_partial = 1, .rows_most = 2500,                             \
            .bytes_most = 8 * 1024 * 1024                                                          \
    }

/* CockroachDB compares texts byte by byte and has no collation C for columns. YugabyteDB hashes the
 * first column of a key unless it is ASC. Both change the tables without transactions. The host
 * name of Aurora DSQL has its name in it, in case that version() has not. */
static const ss_dialect_engine_t engines[] = {
    { "CockroachDB", MARKS("TEXT", "", "", "", SKIP_LOCKED), .is_ddl_alone = 1, SS_DIALECT_ROOM },
    { "-YB-", MARKS(BYTEWISE, " ASC", "", "", SKIP_LOCKED), .is_ddl_alone = 1, SS_DIALECT_ROOM },
    DSQL("DSQL"),
    DSQL(".dsql."),
    { "", MARKS(BYTEWISE, "", "", "", SKIP_LOCKED), .is_strict = 1, SS_DIALECT_ROOM },
};
static const ss_dialect_engine_t plain = { "", MARKS("TEXT", "", "", "", SKIP_LOCKED),
                                           .is_strict = 1, SS_DIALECT_ROOM };

static const ss_dialect_mark_t marks[] = {
    { "{own}", " AND node = {node}" },
    { "{own_setting}", " AND node IN ('', {node})" },
    { "{foreign}", "CASE WHEN m.node = {node} THEN 0 ELSE 1 END" },
    { "{like}", "ILIKE" },
    { "{by_failed}", "" },
    { "{key}", KEY },
    { "{number}", NUMBER },
    { "{blob}", "BYTEA" },
    { "{node_columns}", "node " KEY },
    { "{without_rowid}", "" },
    { NULL, NULL },
};

/* Without a type the server derives it from the context: a number compared with a small constant
 * would be a 32-bit integer. */
static const ss_dialect_mark_t types[] = {
    { "%s", "::text" }, { "%lld", "::bigint" }, { "%pDb", "::bytea" }, { NULL, NULL }
};

static const char *const sql[SS_SQL_COUNT] = {
    /* Pauses, learned limitations of hosts and "shared/" are shared by all nodes; other settings
       are the node's own. */
    [SS_SQL_SET] = "INSERT INTO setting (key, value, who, time, node) SELECT k, v, w, t, CASE WHEN "
                   "left(k, 6) = 'pause/' OR left(k, 8) = 'learned/' OR left(k, 7) = 'shared/' "
                   "THEN '' ELSE {node} END"
                   " FROM (SELECT %s AS k, %s AS v, %s AS w, %lld AS t) given"
                   " ON CONFLICT (key, node) DO UPDATE SET value = excluded.value, who = "
                   "excluded.who, time = excluded.time",
    [SS_SQL_RESCUE] = "",
    [SS_SQL_END_MANY] =
        "UPDATE recipient r SET state = v.state, attempts = v.attempts, next = v.next, reply = "
        "v.reply, dsn = v.dsn, host = v.host, cause = v.cause, advice = v.advice,"
        " uncertain = v.uncertain, delivered = v.delivered, last = v.last"
        " FROM (VALUES (%lld, %lld, %lld, %s, %s, %s, %s, %s, %lld, %lld, %lld, %s, %lld))"
        " AS v (state, attempts, next, reply, dsn, host, cause, advice, uncertain, delivered, "
        "last, message, number)"
        " WHERE r.message = v.message AND r.number = v.number AND r.state < {held}",
    [SS_SQL_SETTLE_MANY] =
        "UPDATE message m SET due = v.due, finished = v.finished, attempts = v.attempts, n_queued "
        "= v.n_queued, n_deferred = v.n_deferred, n_held = 0,"
        " n_sent = v.n_sent, n_failed = v.n_failed, n_expired = v.n_expired, n_cancelled = "
        "v.n_cancelled,"
        " body = CASE WHEN v.finished > 0 THEN NULL ELSE m.body END"
        " FROM (VALUES (%lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %s, %lld))"
        " AS v (due, finished, attempts, n_queued, n_deferred, n_sent, n_failed, n_expired, "
        "n_cancelled, id, most)"
        " WHERE m.id = v.id AND m.rcpts = 1 AND m.parts <= v.most",
    [SS_SQL_NODE_BEAT] =
        "UPDATE node SET seen = " SERVER_NOW ", holds = %s WHERE name = {node} AND token = %s",
    [SS_SQL_NODE_CLAIM] =
        "INSERT INTO node (name, token, seen, holds) VALUES ({node}, %s, " SERVER_NOW ", %s)"
        " ON CONFLICT (name) DO UPDATE SET token = excluded.token, seen = excluded.seen, holds = "
        "excluded.holds",
    /* A node that is back within 10 s keeps its mail. */
    [SS_SQL_NODE_LEAVE] = "UPDATE node SET seen = seen - " NODE_LIMIT
                          " + 10000000 WHERE name = {node} AND token = %s",
    [SS_SQL_NODE_OTHERS] =
        "SELECT name, holds, CASE WHEN seen < " SERVER_NOW " - " NODE_LIMIT
        " THEN 1 ELSE 0 END FROM node WHERE name <> {node} ORDER BY name LIMIT 100",
    /* Its token is cleared first: a node that was only slow notices with its next heartbeat, which
       waits for this transaction's row lock. */
    [SS_SQL_NODE_EXPIRE] =
        "UPDATE node SET token = '' WHERE name = %s AND seen < " SERVER_NOW " - " NODE_LIMIT,
    /* First waiting messages of relays that this node can send for, then finished ones. Returns
       what was taken. */
    [SS_SQL_NODE_TAKE] =
        "WITH taken AS (UPDATE message SET node = {node} WHERE id IN (SELECT id FROM message WHERE "
        "node = %s AND finished = 0"
        " AND relay = ANY (string_to_array(%s, chr(10))) ORDER BY relay, due, id LIMIT "
        "%lld{claim})"
        " RETURNING relay, size, created, n_queued, n_deferred, n_held)"
        " SELECT " SS_SQL_OPEN_COLUMNS " FROM taken GROUP BY 1, 2, 3",
    [SS_SQL_NODE_TAKE_REST] =
        "WITH taken AS (UPDATE message SET node = {node} WHERE id IN (SELECT id FROM message WHERE "
        "node = %s AND finished > 0 LIMIT %lld{claim})"
        " RETURNING relay, size, created, n_sent, n_failed, n_expired, n_cancelled)"
        " SELECT " SS_SQL_DONE_COLUMNS " FROM taken GROUP BY 1, 2",
    /* Each node that has mail, one after the other; and a row for it, where it has none: it is then
       silent like any other in a minute, unless it is alive. */
    [SS_SQL_NODE_NEXT] = "SELECT min(node) FROM message WHERE finished = 0 AND node > %s",
    [SS_SQL_NODE_NEXT_DONE] = "SELECT min(node) FROM message WHERE finished > 0 AND node > %s",
    [SS_SQL_NODE_ADOPT] = "INSERT INTO node (name, token, seen, holds) VALUES (%s, '', " SERVER_NOW
                          ", NULL) ON CONFLICT (name) DO NOTHING",
    [SS_SQL_NODE_FORGET] = "DELETE FROM node WHERE name = %s AND token = '' AND NOT EXISTS (SELECT "
                           "1 FROM message m WHERE m.node = node.name)",
    /* Webhook events that are not delivered yet, unless this node has the event too: it has sent
       the message once more. Its other settings are deleted. */
    [SS_SQL_NODE_TAKE_WEBHOOKS] =
        "WITH taken AS (UPDATE setting SET node = {node} WHERE node = %s AND left(key, 8) = "
        "'webhook/' AND key NOT IN (SELECT key FROM setting WHERE node = {node}) RETURNING key, "
        "value) "
        "SELECT key, value FROM taken",
    [SS_SQL_NODE_FORGET_SETTINGS] = "DELETE FROM setting WHERE node = %s",
    /* A person's action on a message of another node: that node is notified, because it has the
       message cached. */
    [SS_SQL_HAND_OVER] = "INSERT INTO handed (node, message, time, relay, action, who, recipients, "
                         "from_state, is_finished, size)"
                         " SELECT node, id, %lld, relay, %lld, %s, %lld, %lld, %lld, size FROM "
                         "message WHERE id = %s AND node <> {node}",
    [SS_SQL_HANDED] =
        "SELECT message, relay, action, who, recipients, from_state, is_finished, size, time FROM "
        "handed WHERE node = {node} ORDER BY time, message LIMIT %lld",
    [SS_SQL_HANDED_DONE] =
        "DELETE FROM handed WHERE node = {node} AND message = %s AND time = %lld",
    [SS_SQL_SHARED] = "SELECT key, value FROM setting WHERE node = '' ORDER BY key LIMIT %lld",
};

static const char *const schema[] = {
    "CREATE TABLE IF NOT EXISTS setting (key {key}, node {key}, value TEXT NOT NULL, who TEXT, "
    "time {number}, "
    "PRIMARY KEY (key, node))",
    "CREATE TABLE IF NOT EXISTS node (name {key} PRIMARY KEY, token TEXT NOT NULL, seen {number}, "
    "holds TEXT)",
    "CREATE TABLE IF NOT EXISTS handed (node {key}, message {key}, time {number}, relay TEXT NOT "
    "NULL, action "
    "{number}, who TEXT, recipients {number}, from_state {number}, is_finished {number}, size "
    "{number}, PRIMARY KEY (node, message, time))",
    "CREATE INDEX {async}IF NOT EXISTS message_due ON message ({open}node, relay, due, id) WHERE "
    "finished = 0",
    "CREATE INDEX {async}IF NOT EXISTS message_done ON message (node, finished, id) WHERE finished "
    "> 0",
    NULL,
};

static const char *const *const migrations[SS_SCHEMA_VERSION] = { NULL };

/* A server that stops answering must not block the queue for as long as TCP's own timeouts.
 * Parameters in the configuration take precedence. */
static const char *params(const char *given, apr_pool_t *pool)
{
    static const char *const ours[][2] = {
        { "connect_timeout", "5" },      { "keepalives_idle", "10" },
        { "keepalives_interval", "5" },  { "keepalives_count", "3" },
        { "tcp_user_timeout", "20000" }, { "application_name", "mod_smtp_send" }
    };
    int is_url = strstr(given, "://") != NULL;

    for (apr_size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strstr(given, ours[i][0])) continue;
        given = apr_pstrcat(pool, given,
                            !is_url              ? " "
                            : strchr(given, '?') ? "&"
                                                 : "?",
                            ours[i][0], "=", ours[i][1], NULL);
    }
    return given;
}

static const char *value_of(const char *given, const char *key, apr_pool_t *pool)
{
    apr_size_t len = strlen(key);

    for (const char *p = given; (p = strstr(p, key)) != NULL; p += len) {
        if ((p != given && p[-1] != ' ') || p[len] != '=') continue;
        return apr_pstrndup(pool, p + len + 1, strcspn(p + len + 1, " "));
    }
    return NULL;
}

static const char *name(const char *given, apr_pool_t *pool)
{
    const char *url = strstr(given, "://");

    if (url) {
        const char *place = url + 3, *at = strchr(place, '@');
        if (at) place = at + 1;
        return apr_pstrcat(pool, "PostgreSQL ", apr_pstrndup(pool, place, strcspn(place, "?")),
                           NULL);
    }
    const char *host = value_of(given, "host", pool), *port = value_of(given, "port", pool),
               *database = value_of(given, "dbname", pool);
    return apr_pstrcat(pool, "PostgreSQL ", host ? host : "on this machine", port ? ":" : "",
                       port ? port : "", database ? "/" : "", database ? database : "", NULL);
}

/* A commit is on disk when it returns, whatever the role's default is. No statement waits forever.
 */
static const char *const reading[] = {
    /* Each statement uses a key. A statement that was planned while its table was empty would scan
       the whole table for as long as the server keeps the plan. */
    "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('enable_seqscan', "
    "'enable_hashjoin', 'enable_mergejoin')",
    "SET client_encoding = 'UTF8'",
    "SET bytea_output = 'hex'",
    "SET statement_timeout = '60s'",
    "SET lock_timeout = '20s'",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
    NULL
};
static const char *const making[] = { "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
                                      NULL };
static const char *const writing[] = { "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
                                       "SELECT set_config('synchronous_commit', 'on', false) WHERE "
                                       "current_setting('synchronous_commit') = 'off'",
                                       NULL };
static const char *const *const settings[] = {
    [SS_PREPARE_READ] = reading, [SS_PREPARE_NEW] = making, [SS_PREPARE_WRITE] = writing
};

/* Sets *function (a pointer to a function) to that of libpq, which apr_dbd's driver has loaded. */
static int find_function(const char *name, void *function, apr_pool_t *pool)
{
    apr_dso_handle_t *libpq;
    apr_dso_handle_sym_t found;

    if (apr_dso_load(&libpq, "libpq.so.5", pool) != APR_SUCCESS ||
        apr_dso_sym(&found, libpq, name) != APR_SUCCESS)
        return 0;
    memcpy(function, &found, sizeof(found));
    return 1;
}

/* apr_dbd does not report the SQLSTATE: libpq writes it into its messages if asked to. */
static void ask_for_states(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool)
{
    enum { PQERRORS_VERBOSE = 2 };
    int (*set)(void *connection, int verbosity);

    if (find_function("PQsetErrorVerbosity", &set, pool))
        set(apr_dbd_native_handle(driver, handle), PQERRORS_VERBOSE);
}

/* The server's process that executes the statements now; 0: not known. */
static apr_int64_t process_of(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool)
{
    apr_dbd_results_t *rows = NULL;
    apr_dbd_row_t *row = NULL;
    apr_int64_t process = 0;

    if (apr_dbd_select(driver, pool, handle, &rows, "SELECT pg_backend_pid()", 1)) return 0;
    while (apr_dbd_get_row(driver, pool, rows, &row, -1) == 0)
        process = apr_atoi64(apr_dbd_get_entry(driver, row, 0));
    return process;
}

/* A pool is known by a process that is not the one that the connection was introduced to. If it
 * pools transactions, a second connection meets the process that this one has just left; other
 * connections may come in between, hence three times. */
static int is_mixed(const apr_dbd_driver_t *driver, apr_dbd_t *handle, const char *given,
                    apr_pool_t *pool)
{
    int (*introduced)(const void *connection);

    if (!find_function("PQbackendPID", &introduced, pool) ||
        introduced(apr_dbd_native_handle(driver, handle)) == process_of(driver, handle, pool))
        return 0;
    for (int i = 0; i < 3; i++) {
        apr_dbd_t *second = NULL;
        apr_int64_t process = process_of(driver, handle, pool);
        if (!process || apr_dbd_open(driver, pool, params(given, pool), &second) != APR_SUCCESS)
            return 0;
        int is_same = process_of(driver, second, pool) == process;
        apr_dbd_close(driver, second);
        if (is_same) return 1;
    }
    return 0;
}

static int prepare(const apr_dbd_driver_t *driver, apr_dbd_t *handle, apr_pool_t *pool,
                   const ss_dialect_engine_t *engine, ss_dialect_prepare_t how)
{
    int code = 0, changed;

    (void)pool;
    for (const char *const *text = settings[how]; *text && !code; text++) {
        code = apr_dbd_query(driver, handle, &changed, *text);
        if (!engine->is_strict) code = 0;
    }
    return code;
}

/* "40": rolled back because of others. The words are those of PostgreSQL, CockroachDB and Aurora
 * DSQL. */
#define CONFLICT(words)                                                                            \
    {                                                                                              \
        0, "40", SS_FAULT_CONFLICT, APR_EAGAIN, "EAGAIN", words,                                   \
            "the database %s rolled every attempt back, because other transactions used the same " \
            "rows: find out what writes to its tables"                                             \
    }
#define MIXED                                                                                      \
    "%s is reached through a connection pool that gives each transaction another connection: set " \
    "pool_mode = session for it in PgBouncer"
#define POOL(state, words)                                                                         \
    {                                                                                              \
        0, state, SS_FAULT_USELESS, APR_EGENERAL, "", words, MIXED                                 \
    }

/* The states are known if libpq could be asked for them, the words if the server speaks English.
 * For everything else, the store tests the connection with ROLLBACK (store_batch.c). */
static const ss_dialect_error_t errors[] = {
    { 0, "40003", SS_FAULT_LOST, APR_EGENERAL, "", "result is ambiguous",
      "the database %s cannot say whether a transaction was committed" },
    CONFLICT("could not serialize access"),
    CONFLICT("deadlock detected"),
    CONFLICT("restart transaction"),
    CONFLICT("change conflicts with another transaction"),
    POOL("26000", "prepared statement \"smtp_send_"),
    POOL("42P05", "prepared statement \"smtp_send_"),
    { 0, "53100", 0, APR_ENOSPC, "ENOSPC", "No space left on device",
      "the disk of the database %s is full" },
    { 0, NULL, 0, APR_ENOSPC, "ENOSPC", "could not extend file",
      "the disk of the database %s is full" },
    { 0, "25006", 0, APR_EACCES, "EROFS", "read-only transaction",
      "the database %s is read-only: it is a standby, or was made read-only; set SMTPSendQueue to "
      "the primary server" },
    { 0, "42501", 0, APR_EACCES, "EACCES", "permission denied",
      "the role in SMTPSendQueue has no permission on the tables of %s: grant it SELECT, INSERT, "
      "UPDATE and DELETE on all of them" },
    { 0, "57014", 0, APR_EBUSY, "EBUSY", "statement timeout",
      "the database %s took longer than a minute for one statement: find out what locks it or "
      "slows it down" },
    { 0, "55P03", 0, APR_EBUSY, "EBUSY", "lock timeout",
      "another program holds locks on the tables of %s: end it" },
    { 0, "53200", 0, APR_ENOMEM, "ENOMEM", "out of memory", "the database %s is out of memory" },
    { .words = NULL },
};

/* The server accepts only UTF-8, but subjects and replies of relays may be anything. */
static const char *argument(const char *text, apr_pool_t *pool)
{
    return ss_text_utf8(pool, text, strlen(text));
}

/* apr_dbd_get_entry returns an empty text for NULL; apr_dbd_datum_get distinguishes them. */
static const char *text(const apr_dbd_driver_t *driver, apr_dbd_row_t *row, int n)
{
    const char *value = NULL;

    return apr_dbd_datum_get(driver, row, n, APR_DBD_TYPE_STRING, &value) == APR_SUCCESS ? value
                                                                                         : NULL;
}

/* "\\x" and two digits a byte */
static const char *bytes(const char *hex, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1);
    apr_size_t got = 0;

    if (strncmp(hex, "\\x", 2) || strlen(hex) != len * 2 + 2 ||
        apr_unescape_hex(out, hex + 2, (apr_ssize_t)(len * 2), 0, &got) != APR_SUCCESS ||
        got != len)
        return NULL;
    return out;
}

const ss_dialect_t ss_dialect_pgsql = {
    .driver = "pgsql",
    .is_shared = 1,
    .is_remote = 1,
    .refused_tries = 3,
    .is_random = 1,
    .has_names = 1,
    .many_rows = { 16, 4 },
    .sql = sql,
    .marks = marks,
    .engines = engines,
    .plain = &plain,
    .opened = ask_for_states,
    .report = "SELECT version()",
    .types = types,
    .schema = schema,
    .columns = { .text = "TEXT", .number = NUMBER, .key = "{bytewise}" },
    .first_version = 2,
    .migrations = migrations,
    .begin = "BEGIN",
    .has_version = "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() "
                   "AND table_name = 'version' LIMIT 1",
    .has_tables =
        "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() LIMIT 1",
    .has_others =
        "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND "
        "table_name NOT IN ('version', 'message', 'recipient', 'body', 'event', 'setting', 'node', "
        "'handed') LIMIT 1",
    .is_sorted = "SELECT 1 WHERE 'a' < 'B'",
    .sorted = "%s refuses COLLATE \"C\" and does not compare texts byte by byte: create a database "
              "WITH LC_COLLATE 'C' TEMPLATE template0 for the queue",
    .is_unfit = "SELECT 1 WHERE current_setting('server_encoding') <> 'UTF8'",
    .unfit = "%s is not encoded in UTF8: create a database WITH ENCODING 'UTF8' TEMPLATE template0 "
             "for the queue",
    .is_mixed = is_mixed,
    .mixed = MIXED,
    .params = params,
    .name = name,
    .argument = argument,
    .text = text,
    .bytes = bytes,
    .prepare = prepare,
    .errors = errors,
};
