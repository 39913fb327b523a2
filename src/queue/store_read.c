#include "queue/store_read.h"

#include <apr_strings.h>

#define RECIPIENTS_STEP 1000
#define SETTINGS_STEP 1000
#define EVENTS_MAX 500 /* newest history of one message */

apr_status_t ss_store_read_recipients(ss_db_t *db, ss_message_t *m, int most)
{
    int expected = m->rcpt_count < most ? m->rcpt_count : most, found = 0;
    apr_int64_t after = -1, limit = RECIPIENTS_STEP < expected ? RECIPIENTS_STEP : expected;
    apr_status_t rv = APR_SUCCESS;

    m->rcpts = apr_pcalloc(m->pool, sizeof(*m->rcpts) * (apr_size_t)(expected + 1));
    while (found < expected && rv == APR_SUCCESS) {
        int before = found;
        rv = ss_db_select(db, SS_SQL_GET_RECIPIENTS, SS_ARGS{ m->id, &after, &limit });
        while (ss_db_next(db)) {
            if (found >= expected) continue;
            ss_message_row_read_recipient(db, &m->rcpts[found], m->pool);
            after = m->rcpts[found++].number;
        }
        if (found == before) break;
    }
    m->rcpt_count = found;
    return rv;
}

/* The bytes of the current row: column 0 is their number, column 1 the bytes. */
static void take_bytes(ss_db_t *db, ss_message_part_t *part, apr_pool_t *pool)
{
    part->len = (apr_size_t)ss_db_number(db, 0);
    part->bytes = ss_db_bytes(db, 1, part->len, pool);
}

/* is_inline: it is stored in the message's own row. */
static apr_status_t read_part(ss_db_t *db, const char *id, int is_inline, int number,
                              ss_message_part_t *part, apr_pool_t *pool)
{
    apr_int64_t key = number;
    apr_status_t rv = is_inline ? ss_db_select(db, SS_SQL_GET_INLINE, SS_ARGS{ id })
                                : ss_db_select(db, SS_SQL_GET_PART, SS_ARGS{ id, &key });

    while (ss_db_next(db)) take_bytes(db, part, pool);
    return rv;
}

apr_status_t ss_store_read_rest(ss_db_t *db, ss_message_t *m)
{
    int wanted = m->rcpt_count;
    apr_status_t rv = ss_store_read_recipients(db, m, wanted);

    if (rv == APR_SUCCESS && m->rcpt_count < wanted) rv = APR_NOTFOUND;
    for (int i = 0; i < m->part_count && rv == APR_SUCCESS; i++) {
        if (!m->parts[i].bytes)
            rv = read_part(db, m->id, m->part_count <= SS_MESSAGE_ROW_PARTS, i, &m->parts[i],
                           m->pool);
        if (rv == APR_SUCCESS && !m->parts[i].bytes) rv = APR_NOTFOUND;
    }
    return rv;
}

/* The lengths of the parts that are not loaded. *found: how many there are. */
static apr_status_t read_sizes(ss_db_t *db, ss_message_t *m, int *found)
{
    apr_int64_t limit = m->part_count;
    apr_status_t rv = ss_db_select(db, SS_SQL_PART_SIZES, SS_ARGS{ m->id, &limit });

    while (ss_db_next(db)) {
        apr_int64_t number = ss_db_number(db, 0);
        if (number < 0 || number >= m->part_count) continue;
        m->parts[number].len = (apr_size_t)ss_db_number(db, 1);
        ++*found;
    }
    return rv;
}

/* 0: it was finished meanwhile, and its content is deleted. */
static int is_waiting(const ss_message_t *m)
{
    int any;

    ss_message_due(m, &any);
    return any;
}

/* What is there does not fit together: no error of the database. */
static void judge(ss_store_request_t *head, const ss_message_t *m, int wanted, int parts)
{
    if (m->rcpt_count == wanted && (parts == m->part_count || !m->size)) return;
    head->rv = APR_NOTFOUND;
    if (m->rcpt_count == wanted && !is_waiting(m)) return;
    head->rv = SS_STORE_UNREADABLE;
    if (m->rcpt_count < wanted)
        ss_result_set(&head->result, "queue", "", NULL,
                      "only %d of its %d recipients are in the queue", m->rcpt_count, wanted);
    else
        ss_result_set(&head->result, "queue", "", NULL,
                      "only %d of the %d parts of its content are in the queue", parts,
                      m->part_count);
}

apr_status_t ss_store_read_load(ss_db_t *db, ss_store_load_t *request)
{
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m;
    apr_status_t rv = ss_message_row_find(db, request->id, &m, pool);
    int in_memory, wanted, parts = 0;

    if (rv != APR_SUCCESS || !m) {
        if (rv == APR_SUCCESS) request->head.rv = APR_NOTFOUND;
        apr_pool_destroy(pool);
        return rv;
    }
    wanted = m->rcpt_count;
    rv = ss_store_read_recipients(db, m, wanted);
    m->parts = apr_pcalloc(pool, sizeof(*m->parts) * (apr_size_t)(m->part_count + 1));
    in_memory = m->size <= request->whole_max || m->part_count < 1 ? m->part_count : 1;
    if (rv == APR_SUCCESS && in_memory < m->part_count) rv = read_sizes(db, m, &parts);
    for (int i = 0; i < in_memory && rv == APR_SUCCESS; i++) {
        rv = read_part(db, m->id, m->part_count <= SS_MESSAGE_ROW_PARTS, i, &m->parts[i], pool);
        if (in_memory == m->part_count) parts += m->parts[i].bytes != NULL;
    }
    if (rv == APR_SUCCESS) judge(&request->head, m, wanted, parts);
    if (rv == APR_SUCCESS && request->head.rv == APR_SUCCESS)
        request->message = m;
    else
        apr_pool_destroy(pool);
    return rv;
}

apr_status_t ss_store_read_part(ss_db_t *db, ss_store_part_t *request)
{
    ss_message_part_t found = { NULL, 0 };
    ss_message_t *m;
    apr_status_t rv = ss_message_row_find(db, request->id, &m, request->head.pool);

    if (rv == APR_SUCCESS)
        rv = read_part(db, request->id, m && m->part_count <= SS_MESSAGE_ROW_PARTS, request->number,
                       &found, request->head.pool);
    if (rv == APR_SUCCESS && !found.bytes) request->head.rv = APR_NOTFOUND;
    if (m) request->size = m->size;
    request->bytes = found.bytes;
    request->len = found.len;
    return rv;
}

apr_status_t ss_store_read_lookup(ss_db_t *db, ss_store_lookup_t *request)
{
    apr_int64_t limit = EVENTS_MAX;
    apr_status_t rv = ss_message_row_find(db, request->id, &request->message, request->head.pool);

    if (rv == APR_SUCCESS && !request->message) request->head.rv = APR_NOTFOUND;
    if (rv != APR_SUCCESS || !request->message) return rv;
    rv = ss_store_read_recipients(db, request->message, request->message->rcpt_count);
    request->history = apr_array_make(request->head.pool, 8, sizeof(ss_message_history_t));
    if (rv == APR_SUCCESS) rv = ss_db_select(db, SS_SQL_GET_EVENTS, SS_ARGS{ request->id, &limit });
    while (ss_db_next(db)) {
        ss_message_history_t *h = apr_array_push(request->history);
        *h = (ss_message_history_t){ .time = ss_db_number(db, 0),
                                     .recipient = (int)ss_db_number(db, 1),
                                     .what = ss_db_copy(db, 2, request->head.pool),
                                     .text = ss_db_copy(db, 3, request->head.pool),
                                     .host = ss_db_copy(db, 4, request->head.pool) };
    }
    return rv;
}

apr_status_t ss_store_read_due(ss_db_t *db, ss_store_due_t *request)
{
    apr_int64_t after = request->after_time,
                limit = request->limit < SS_DB_ROWS_MAX ? request->limit : SS_DB_ROWS_MAX;
    apr_status_t rv =
        ss_db_select(db, SS_SQL_DUE, SS_ARGS{ request->relay, &after, request->after_id, &limit });

    request->rows = apr_array_make(request->head.pool, request->limit, sizeof(ss_store_due_row_t));
    while (ss_db_next(db)) {
        ss_store_due_row_t *row = apr_array_push(request->rows);
        apr_cpystrn(row->id, ss_db_text(db, 0), sizeof(row->id));
        row->relay = ss_db_copy(db, 1, request->head.pool);
        row->submitter = ss_db_copy(db, 2, request->head.pool);
        row->from = ss_db_copy(db, 3, request->head.pool);
        row->due = ss_db_number(db, 4);
        row->created = ss_db_number(db, 5);
        row->priority = (int)ss_db_number(db, 6);
        row->attempts = (int)ss_db_number(db, 7);
        row->size = (apr_uint64_t)ss_db_number(db, 8);
        row->queued = (int)ss_db_number(db, 9);
    }
    return rv;
}

int ss_store_read_setting_rows(ss_db_t *db, apr_array_header_t *rows)
{
    int before = rows->nelts;

    while (ss_db_next(db)) {
        APR_ARRAY_PUSH(rows, ss_store_setting_t) =
            (ss_store_setting_t){ .key = ss_db_copy(db, 0, rows->pool),
                                  .value = ss_db_copy(db, 1, rows->pool) };
    }
    return rows->nelts - before;
}

apr_status_t ss_store_read_settings(ss_db_t *db, ss_store_settings_t *request, int *more)
{
    apr_array_header_t *rows = request->rows;
    apr_int64_t limit = SETTINGS_STEP;

    if (!rows)
        rows = request->rows = apr_array_make(request->head.pool, 16, sizeof(ss_store_setting_t));
    const char *last =
        rows->nelts ? APR_ARRAY_IDX(rows, rows->nelts - 1, ss_store_setting_t).key : "";
    apr_status_t rv = ss_db_select(db, SS_SQL_SETTINGS, SS_ARGS{ last, &limit });
    *more = ss_store_read_setting_rows(db, rows) == SETTINGS_STEP;
    return rv;
}
