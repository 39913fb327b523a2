/* sql.c: the statements that are the same for all databases. A dialect may replace a whole one. See
 * sql.h. */
#include "queue/sql.h"

#include <apr_strings.h>
#include <string.h>

#define FAR SS_SQL_STRING(SS_SQL_FAR)

/* In the order of ss_message_row_read. */
#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.relay, m.sender, m.size, m.parts, m.flags, m.created, m.paused_base, m.held, "        \
    "m.held_since, m.rcpts, {foreign}, {m.attributes}"

#define WAITS "(m.n_queued + m.n_deferred)"

#define ANY SS_SQL_STRING(SS_SQL_MODE_ANY)
#define RETRY SS_SQL_STRING(SS_SQL_MODE_RETRY)
#define HOLD SS_SQL_STRING(SS_SQL_MODE_HOLD)
#define RELEASE SS_SQL_STRING(SS_SQL_MODE_RELEASE)
#define CANCEL SS_SQL_STRING(SS_SQL_MODE_CANCEL)

/* 25 arguments, in the order of ss_store_page_select in store_page.c. */
#define FILTER                                                                                     \
    " WHERE m.id < %s AND m.id >= %s AND (%s = '' OR m.relay = %s) AND (%lld < 0 OR "              \
    "m.uid = %lld) AND (%lld = 0 OR m.finished = 0) AND (%lld = 0 OR "                             \
    "m.created - m.paused_base < %lld OR "                                                         \
    "(m.expire > 0 AND m.created - m.paused_base + m.expire < %lld))"                              \
    " AND (%s = '' OR m.sender {like} %s ESCAPE '\\')"                                             \
    " AND CASE %lld WHEN -1 THEN 1 WHEN {queued} THEN m.n_queued WHEN {deferred} THEN "            \
    "m.n_deferred WHEN {held} THEN m.n_held WHEN {sent} THEN m.n_sent WHEN {failed} THEN "         \
    "m.n_failed WHEN {expired} THEN m.n_expired WHEN {cancelled} THEN m.n_cancelled ELSE 0 END "   \
    "> 0"                                                                                          \
    " AND CASE %lld WHEN " ANY " THEN 1 = 1 WHEN " RETRY " THEN " WAITS                            \
    " > 0 AND m.due > %lld WHEN " HOLD " THEN " WAITS " > 0 WHEN " RELEASE                         \
    " THEN m.n_held > 0 WHEN " CANCEL " THEN m.finished = 0 ELSE 1 = 0 END"                        \
    " AND (%s = '' OR EXISTS (SELECT 1 FROM recipient r WHERE r.message = m.id AND r.address "     \
    "{like} %s ESCAPE '\\'))"                                                                      \
    " AND (%s = '' OR m.id {like} %s ESCAPE '\\' OR m.subject {like} %s ESCAPE '\\' OR "           \
    "m.sender {like} %s ESCAPE '\\' OR m.metadata {like} %s ESCAPE '\\' OR m.message_id {like} "   \
    "%s ESCAPE '\\' OR EXISTS (SELECT 1 FROM recipient r WHERE r.message = m.id AND (r.address "   \
    "{like} %s ESCAPE '\\' OR r.reply {like} %s ESCAPE '\\')))"

#define DONE_IDS                                                                                   \
    "(SELECT id FROM message WHERE finished > 0 AND finished < %lld{own} ORDER BY finished, id "   \
    "LIMIT %lld)"

const char *const ss_sql_texts[SS_SQL_COUNT] = {
    [SS_SQL_PUT_MESSAGE] =
        "INSERT INTO message (id, relay, sender, size, parts, flags, created, paused_base, held, "
        "held_since, rcpts, due, attempts, n_queued, n_deferred, n_held, {attributes}, node, body) "
        "VALUES (%s, %s, %s, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, "
        "%lld, %lld, {attribute_values}, {node}, %pDb)",
    [SS_SQL_PUT_RECIPIENT] = "INSERT INTO recipient (message, number, address, orcpt, notify, "
                             "state, attempts, next, reply, dsn, host, cause, advice, uncertain,"
                             " delivered, last) VALUES (%s, %lld, %s, %s, %lld, %lld, %lld, %lld, "
                             "%s, %s, %s, %s, %s, %lld, %lld, %lld)",
    [SS_SQL_PUT_BODY] = "INSERT INTO body (message, number, bytes) VALUES (%s, %lld, %pDb)",
    [SS_SQL_FIND_KEY] =
        "SELECT id, content_hash FROM message WHERE submitter = %s AND idem_key = %s LIMIT 1",
    [SS_SQL_END_RECIPIENT] = "UPDATE recipient SET state = %lld, attempts = %lld, next = %lld, "
                             "reply = %s, dsn = %s, host = %s, cause = %s, advice = %s,"
                             " uncertain = %lld, delivered = %lld, last = %lld WHERE message = %s "
                             "AND number = %lld AND state < {held}",
    /* A person has acted meanwhile (ss_store_outcome_write). */
    [SS_SQL_END_RECIPIENT_CAREFULLY] =
        "UPDATE recipient SET cause = CASE WHEN state = {held} AND %lld < {held} THEN cause ELSE "
        "%s END,"
        " state = CASE WHEN state = {held} AND %lld < {held} THEN {held} ELSE %lld END, attempts = "
        "%lld, next = "
        "%lld, reply = %s, dsn = %s, host = %s,"
        " advice = %s, uncertain = %lld, delivered = %lld, last = %lld WHERE message = %s AND "
        "number = %lld AND (state < {sent} OR %lld = {sent})",
    [SS_SQL_SETTLE_SINGLE] =
        "UPDATE message SET body = CASE WHEN %lld > 0 THEN NULL ELSE body END, "
        "due = %lld, finished = %lld, attempts = %lld, n_queued = %lld, "
        "n_deferred = %lld, n_held = 0, n_sent = %lld, n_failed = %lld, "
        "n_expired = %lld, n_cancelled = %lld WHERE id = %s AND rcpts = 1 AND "
        "parts <= %lld",
    [SS_SQL_SUMMARY] = "SELECT state, count(*), min(next), max(attempts) FROM recipient WHERE "
                       "message = %s GROUP BY state LIMIT 16",
    [SS_SQL_SETTLE] =
        "UPDATE message SET due = %lld, finished = %lld, attempts = %lld, n_queued = %lld, "
        "n_deferred = %lld, n_held = %lld, n_sent = %lld,"
        " n_failed = %lld, n_expired = %lld, n_cancelled = %lld,"
        " held = held + CASE WHEN held_since > 0 AND %lld = 0 AND %lld > held_since THEN %lld - "
        "held_since ELSE 0 END,"
        " held_since = CASE WHEN %lld = 0 THEN 0 WHEN held_since > 0 THEN held_since ELSE %lld END,"
        " body = CASE WHEN %lld > 0 THEN NULL ELSE body END WHERE id = %s",
    [SS_SQL_DELETE_RECIPIENTS] = "DELETE FROM recipient WHERE message = %s",
    [SS_SQL_DELETE_EVENTS] = "DELETE FROM event WHERE message = %s",
    [SS_SQL_DELETE_BODY] = "DELETE FROM body WHERE message = %s",
    [SS_SQL_DELETE_MESSAGE] = "DELETE FROM message WHERE id = %s",
    [SS_SQL_UNSTAGE] =
        "DELETE FROM body WHERE message = %s AND NOT EXISTS (SELECT 1 FROM message WHERE id = %s)",
    [SS_SQL_COUNT_STAGED] = "SELECT count(*) FROM body WHERE message = %s",
    [SS_SQL_PUT_EVENT] = "INSERT INTO event (message, time, recipient, what, text, host) VALUES "
                         "(%s, %lld, %lld, %s, %s, %s)",
    [SS_SQL_GET_MESSAGE] = "SELECT " MESSAGE_COLUMNS " FROM message m WHERE m.id = %s LIMIT 1",
    [SS_SQL_GET_RECIPIENTS] =
        "SELECT number, address, orcpt, notify, state, attempts, next, reply, dsn, host, cause, "
        "advice, uncertain, delivered, last"
        " FROM recipient WHERE message = %s AND number > %lld ORDER BY number LIMIT %lld",
    [SS_SQL_GET_INLINE] = "SELECT length(body), body FROM message WHERE id = %s LIMIT 1",
    [SS_SQL_GET_PART] =
        "SELECT length(bytes), bytes FROM body WHERE message = %s AND number = %lld LIMIT 1",
    [SS_SQL_PART_SIZES] =
        "SELECT number, length(bytes) FROM body WHERE message = %s ORDER BY number LIMIT %lld",
    [SS_SQL_GET_EVENTS] = "SELECT time, recipient, what, text, host FROM event WHERE message = %s "
                          "ORDER BY time DESC, recipient LIMIT %lld",
    [SS_SQL_DUE] = "SELECT id, relay, submitter, sender, due, created, priority, attempts, size, "
                   "n_queued FROM message WHERE finished = 0{own} AND relay = %s"
                   " AND (due, id) > (%lld, %s) AND due < " FAR " ORDER BY due, id LIMIT %lld",
    [SS_SQL_OPEN_BOUND] = "SELECT relay, due, id FROM message WHERE finished = 0{own} AND (relay, "
                          "due, id) > (%s, %lld, %s) ORDER BY relay, due, id LIMIT 1 OFFSET %lld",
    [SS_SQL_OPEN_COUNTS] =
        "SELECT " SS_SQL_OPEN_COLUMNS
        " FROM message WHERE finished = 0{own} AND (relay, due, id) > (%s, %lld, %s) AND (relay, "
        "due, id) <= (%s, %lld, %s) GROUP BY 1, 2, 3 LIMIT 1000",
    [SS_SQL_DONE_BOUND] = "SELECT finished, id FROM message WHERE finished > 0{own} AND (finished, "
                          "id) > (%lld, %s) ORDER BY finished, id LIMIT 1 OFFSET %lld",
    [SS_SQL_DONE_COUNTS] =
        "SELECT " SS_SQL_DONE_COLUMNS " FROM message"
        " WHERE finished > 0{own} AND (finished, id) > (%lld, %s) AND (finished, id) <= (%lld, %s) "
        "GROUP BY 1, 2 LIMIT 1000",
    /* Ids begin with the time of acceptance. */
    [SS_SQL_OLDEST] = "SELECT id, relay, created FROM message WHERE finished = 0 AND id > %s ORDER "
                      "BY id LIMIT %lld",
    [SS_SQL_OLDEST_OF] = "SELECT min(created) FROM message WHERE finished = 0 AND relay = %s",
    [SS_SQL_PAGE_BOUND] =
        "SELECT id FROM message WHERE id < %s ORDER BY id DESC LIMIT 1 OFFSET %lld",
    [SS_SQL_PAGE_BOUND_OPEN] = "SELECT id FROM message WHERE finished = 0 AND id < %s ORDER BY id "
                               "DESC LIMIT 1 OFFSET %lld",
    /* Few messages fail: the list of the newest failures must not read all messages. */
    [SS_SQL_PAGE_BOUND_FAILED] = "SELECT id FROM message{by_failed} WHERE n_failed > 0 AND id < %s "
                                 "ORDER BY id DESC LIMIT 1 OFFSET %lld",
    [SS_SQL_PAGE_FAILED] = "SELECT " MESSAGE_COLUMNS " FROM message m{by_failed}" FILTER
                           " AND m.n_failed > 0 ORDER BY m.id DESC LIMIT %lld",
    [SS_SQL_PAGE] =
        "SELECT " MESSAGE_COLUMNS " FROM message m" FILTER " ORDER BY m.id DESC LIMIT %lld",
    [SS_SQL_PAGE_IDENT] =
        "SELECT " MESSAGE_COLUMNS
        " FROM message m WHERE m.id < %s AND m.id >= %s AND (m.id {like} %s OR m.id {like} %s) "
        "AND (%lld < 0 OR m.uid = %lld) ORDER BY m.id DESC LIMIT %lld",
    [SS_SQL_PAGE_COUNT] = "SELECT count(*) FROM message m" FILTER " LIMIT %lld",
    [SS_SQL_RETRY] = "UPDATE recipient SET state = {queued}, next = 0 WHERE message = %s AND "
                     "state IN ({queued}, {sending}, {deferred})",
    [SS_SQL_HOLD] =
        "UPDATE recipient SET state = {held}, cause = 'person', next = 0 WHERE message = %s "
        "AND state IN ({queued}, {sending}, {deferred})",
    [SS_SQL_HOLD_UNREADABLE] =
        "UPDATE recipient SET state = {held}, cause = 'unreadable', reply = %s, next = 0 WHERE "
        "message = %s AND state IN ({queued}, {sending}, {deferred})",
    [SS_SQL_RELEASE] =
        "UPDATE recipient SET state = {queued}, cause = NULL, next = 0 WHERE message = "
        "%s AND state = {held}",
    [SS_SQL_CANCEL] = "UPDATE recipient SET state = {cancelled}, cause = NULL, next = 0 WHERE "
                      "message = %s AND state < {sent}",
    [SS_SQL_SETTINGS] =
        "SELECT key, value FROM setting WHERE key > %s{own_setting} ORDER BY key LIMIT %lld",
    [SS_SQL_UNSET] = "DELETE FROM setting WHERE key = %s{own_setting}",
    [SS_SQL_PURGE_RECIPIENTS] = "DELETE FROM recipient WHERE message IN " DONE_IDS,
    [SS_SQL_PURGE_EVENTS] = "DELETE FROM event WHERE message IN " DONE_IDS,
    [SS_SQL_PURGE_BODIES] = "DELETE FROM body WHERE message IN " DONE_IDS,
    [SS_SQL_PURGE_MESSAGES] = "DELETE FROM message WHERE id IN " DONE_IDS,
    [SS_SQL_PURGE_ORPHANS] =
        "DELETE FROM body WHERE message IN (SELECT b.message FROM body b LEFT JOIN message m ON "
        "m.id = b.message"
        " WHERE b.number = 1 AND ((m.id IS NULL AND b.message < %s) OR m.finished > 0) LIMIT %lld)",
    /* In the order of the file, without an index (recover.c). */
    [SS_SQL_RESCUE] = "SELECT " MESSAGE_COLUMNS
                      ", m.rowid, length(m.body), m.body FROM message m NOT INDEXED WHERE m.rowid "
                      "> %lld AND m.finished = 0 ORDER BY m.rowid LIMIT 1",
};

/* A content of one part is stored in the message's own row, in the last column, so that reading the
 * other columns never reads it. */
const char *const ss_sql_tables[] = {
    "CREATE TABLE IF NOT EXISTS version (number {number})",
    "CREATE TABLE IF NOT EXISTS message (id {key}, relay {key}, finished {number} DEFAULT 0, due "
    "{number}, size {number}, created {number}, n_queued {number}, n_deferred {number}, n_held "
    "{number}, n_sent {number} DEFAULT 0, n_failed {number} DEFAULT 0, n_expired {number} DEFAULT "
    "0, n_cancelled {number} DEFAULT 0, rcpts {number}, parts {number}, attempts {number}, flags "
    "{number}, paused_base {number}, held {number}, held_since {number}, {node_columns}, sender "
    "{key}, {attribute_columns}, body {blob}, PRIMARY KEY (id{asc}))",
    "CREATE TABLE IF NOT EXISTS recipient (message {key}, number {number}, address {key}, orcpt "
    "TEXT, notify {number}, state {number}, attempts {number}, next {number}, reply TEXT, dsn "
    "TEXT, host TEXT, cause TEXT, advice TEXT, uncertain {number}, delivered {number}, last "
    "{number}, PRIMARY KEY (message, number)){without_rowid}",
    "CREATE TABLE IF NOT EXISTS body (message {key}, number {number}, bytes {blob} NOT NULL, "
    "PRIMARY KEY (message, number))",
    "CREATE TABLE IF NOT EXISTS event (message {key}, time {number}, recipient {number}, what TEXT "
    "NOT NULL, text TEXT, host TEXT)",
    "CREATE INDEX {async}IF NOT EXISTS message_open ON message ({open}id{asc}) WHERE finished = 0",
    "CREATE INDEX {async}IF NOT EXISTS message_failed ON message (id{asc}) WHERE n_failed > 0",
    "CREATE UNIQUE INDEX {async}IF NOT EXISTS message_key ON message (submitter, idem_key) WHERE "
    "idem_key IS NOT NULL",
    "CREATE INDEX {async}IF NOT EXISTS event_message ON event (message, time)",
    NULL,
};

/* ---- the columns of attributes ---- */

static const char *column_of(const ss_attributes_row_t *row, const ss_sql_types_t *types,
                             apr_pool_t *pool)
{
    return apr_pstrcat(pool, row->column, " ",
                       !ss_attributes_is_text(row) ? types->number
                       : row->is_key               ? types->key
                                                   : types->text,
                       NULL);
}

/* The text of a mark for one attribute, from the pool. */
static const char *item_of(const char *mark, const ss_attributes_row_t *row,
                           const ss_sql_types_t *types, apr_pool_t *pool)
{
    int is_text = ss_attributes_is_text(row);

    if (!strcmp(mark, "{attributes}")) return row->column;
    if (!strcmp(mark, "{m.attributes}")) return apr_pstrcat(pool, "m.", row->column, NULL);
    if (!strcmp(mark, "{attribute_values}")) return is_text ? "%s" : "%lld";
    return column_of(row, types, pool);
}

const char *ss_sql_expand(const char *text, const ss_sql_types_t *types, apr_pool_t *pool)
{
    static const char *const marks[] = { "{attributes}", "{m.attributes}", "{attribute_values}",
                                         "{attribute_columns}" };

    for (apr_size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *at = strstr(text, marks[i]), *list = NULL;
        if (!at) continue;
        for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
            if (!row->column) continue;
            list = apr_pstrcat(pool, list ? list : "", list ? ", " : "",
                               item_of(marks[i], row, types, pool), NULL);
        }
        text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), list,
                           at + strlen(marks[i]), NULL);
    }
    return text;
}

const char *ss_sql_add_column(const ss_attributes_row_t *row, const ss_sql_types_t *types,
                              apr_pool_t *pool)
{
    const char *column = column_of(row, types, pool);

    if (ss_attributes_is_text(row))
        return apr_pstrcat(pool, "ALTER TABLE message ADD COLUMN ", column, NULL);
    return apr_psprintf(pool, "ALTER TABLE message ADD COLUMN %s DEFAULT %d", column,
                        ss_attributes_unset(row));
}
