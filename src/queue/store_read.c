/* store_read.c: what the store's thread reads between two commits, each call one step of about a
 * millisecond: a question about many messages is cut by their keys, so that a page never delays a
 * delivery. See store_impl.h. */
#include "queue/store_impl.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

/* of the table "message", read before those of the attributes */
#define FIXED_COLUMNS 12
#define STEP_ROWS 1000 /* messages that one step looks at */
#define RECIPIENTS_STEP 1000
/* the oldest message of a relay that many wait for is mostly among these */
#define OLDEST_FIRST 16
#define SUMMARY_RECIPIENTS 20       /* of each message in a list */
#define EVENTS_MAX 500              /* newest history of one message */
#define TEXT_END "\xf4\x8f\xbf\xbf" /* sorts behind every relay's name */

typedef struct { /* where a question of several steps is */
    char id[SS_IDENT_TEXT];
    const char *relay;
    apr_int64_t time;
    int phase;
} place_t;

static place_t *place_of(ss_store_request_t *request)
{
    if (!request->step) request->step = apr_pcalloc(request->pool, sizeof(place_t));
    return request->step;
}

/* ---- one message ---- */

static const char *text(const ss_db_t *db, int n, apr_pool_t *pool)
{
    const char *value = ss_db_text(db, n);

    return value ? apr_pstrdup(pool, value) : NULL;
}

/* The columns of attributes, from column `first` on. */
static void read_attributes(const ss_db_t *db, int first, ss_attributes_t *attr, apr_pool_t *pool)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!row->column) continue;
        if (ss_attributes_is_text(row))
            ss_attributes_set_text(row, attr, text(db, first++, pool));
        else
            ss_attributes_set_number(row, attr, ss_db_number(db, first++));
    }
}

int ss_store_read_width(void)
{
    int width = FIXED_COLUMNS;

    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++)
        width += row->column != NULL;
    return width;
}

ss_message_t *ss_store_read_row(ss_db_t *db, apr_pool_t *pool)
{
    ss_message_t *m = apr_pcalloc(pool, sizeof(*m));
    const char *from = text(db, 2, pool);

    m->pool = pool;
    apr_cpystrn(m->id, ss_db_text(db, 0) ? ss_db_text(db, 0) : "", sizeof(m->id));
    m->relay = text(db, 1, pool);
    m->from = from ? from : "";
    m->size = (apr_uint64_t)ss_db_number(db, 3);
    m->part_count = (int)ss_db_number(db, 4);
    m->created = ss_db_number(db, 6);
    m->paused_base = ss_db_number(db, 7);
    m->held = ss_db_number(db, 8);
    m->held_since = ss_db_number(db, 9);
    m->rcpt_count = (int)ss_db_number(db, 10);
    m->is_foreign = ss_db_number(db, 11) != 0;
    ss_attributes_init(&m->attr);
    ss_attributes_set_flags(&m->attr, (unsigned)ss_db_number(db, 5));
    read_attributes(db, FIXED_COLUMNS, &m->attr, pool);
    return m;
}

apr_status_t ss_store_read_message(ss_db_t *db, const char *id, ss_message_t **m, apr_pool_t *pool)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_GET_MESSAGE, SS_ARGS{ id });

    *m = NULL;
    while (rv == APR_SUCCESS && ss_db_next(db)) *m = ss_store_read_row(db, pool);
    return rv;
}

static void read_recipient(ss_db_t *db, ss_recipient_t *rcpt, apr_pool_t *pool)
{
    apr_int64_t state = ss_db_number(db, 4);
    const char *address = text(db, 1, pool);

    rcpt->number = (int)ss_db_number(db, 0);
    rcpt->address = address ? address : "";
    rcpt->orcpt = text(db, 2, pool);
    rcpt->notify = (unsigned)ss_db_number(db, 3);
    rcpt->state = state >= 0 && state < SS_STATES && state != SS_STATE_SENDING ? (ss_state_t)state
                                                                               : SS_STATE_QUEUED;
    rcpt->attempts = (int)ss_db_number(db, 5);
    rcpt->next = ss_db_number(db, 6);
    rcpt->reply = text(db, 7, pool);
    rcpt->dsn = text(db, 8, pool);
    rcpt->host = text(db, 9, pool);
    rcpt->cause = text(db, 10, pool);
    rcpt->advice = text(db, 11, pool);
    rcpt->is_uncertain = (ss_db_number(db, 12) & SS_MARK_UNCERTAIN) != 0;
    rcpt->is_delay_told = (ss_db_number(db, 12) & SS_MARK_DELAY_TOLD) != 0;
    rcpt->delivered_at = ss_db_number(db, 13);
    rcpt->last_attempt = ss_db_number(db, 14);
}

static apr_status_t read_recipients(ss_db_t *db, ss_message_t *m, int most)
{
    int expected = m->rcpt_count < most ? m->rcpt_count : most, found = 0;
    apr_int64_t after = -1, limit = RECIPIENTS_STEP < expected ? RECIPIENTS_STEP : expected;
    apr_status_t rv = APR_SUCCESS;

    m->rcpts = apr_pcalloc(m->pool, sizeof(*m->rcpts) * (apr_size_t)(expected + 1));
    while (found < expected && rv == APR_SUCCESS) {
        int before = found;
        rv = ss_db_select(db, SS_SQL_GET_RECIPIENTS, SS_ARGS{ m->id, &after, &limit });
        while (rv == APR_SUCCESS && ss_db_next(db)) {
            if (found >= expected) continue;
            read_recipient(db, &m->rcpts[found], m->pool);
            after = m->rcpts[found++].number;
        }
        if (found == before) break;
    }
    m->rcpt_count = found;
    return rv;
}

/* The bytes of the current row: column 0 their number, column 1 themselves. */
static void take_bytes(ss_db_t *db, ss_message_part_t *part, apr_pool_t *pool)
{
    part->len = (apr_size_t)ss_db_number(db, 0);
    part->bytes = ss_db_bytes(db, 1, part->len, pool);
}

/* is_inline: it stands in the message's own row. */
static apr_status_t read_part(ss_db_t *db, const char *id, int is_inline, int number,
                              ss_message_part_t *part, apr_pool_t *pool)
{
    apr_int64_t key = number;
    apr_status_t rv = is_inline ? ss_db_select(db, SS_SQL_GET_INLINE, SS_ARGS{ id })
                                : ss_db_select(db, SS_SQL_GET_PART, SS_ARGS{ id, &key });

    while (rv == APR_SUCCESS && ss_db_next(db)) take_bytes(db, part, pool);
    return rv;
}

apr_status_t ss_store_read_rest(ss_db_t *db, ss_message_t *m)
{
    int wanted = m->rcpt_count;
    apr_status_t rv = read_recipients(db, m, wanted);

    if (rv == APR_SUCCESS && m->rcpt_count < wanted) rv = APR_NOTFOUND;
    for (int i = 0; i < m->part_count && rv == APR_SUCCESS; i++) {
        if (!m->parts[i].bytes)
            rv = read_part(db, m->id, m->part_count <= SS_STORE_INLINE_PARTS, i, &m->parts[i],
                           m->pool);
        if (rv == APR_SUCCESS && !m->parts[i].bytes) rv = APR_NOTFOUND;
    }
    return rv;
}

/* How long the parts are that stay in the store. */
static apr_status_t read_sizes(ss_db_t *db, ss_message_t *m)
{
    apr_int64_t limit = m->part_count;
    apr_status_t rv = ss_db_select(db, SS_SQL_PART_SIZES, SS_ARGS{ m->id, &limit });

    while (rv == APR_SUCCESS && ss_db_next(db)) {
        apr_int64_t number = ss_db_number(db, 0);
        if (number >= 0 && number < m->part_count)
            m->parts[number].len = (apr_size_t)ss_db_number(db, 1);
    }
    return rv;
}

static apr_status_t load(ss_db_t *db, ss_store_load_t *request)
{
    apr_pool_t *pool = ss_store_pool();
    ss_message_t *m;
    apr_status_t rv = ss_store_read_message(db, request->id, &m, pool);
    int in_memory;

    if (rv != APR_SUCCESS || !m) {
        if (rv == APR_SUCCESS) request->head.rv = APR_NOTFOUND;
        apr_pool_destroy(pool);
        return rv;
    }
    rv = read_recipients(db, m, m->rcpt_count);
    m->parts = apr_pcalloc(pool, sizeof(*m->parts) * (apr_size_t)(m->part_count + 1));
    in_memory = m->size <= request->whole_max || m->part_count < 1 ? m->part_count : 1;
    if (rv == APR_SUCCESS && in_memory < m->part_count) rv = read_sizes(db, m);
    for (int i = 0; i < in_memory && rv == APR_SUCCESS; i++) {
        rv = read_part(db, m->id, m->part_count <= SS_STORE_INLINE_PARTS, i, &m->parts[i], pool);
        /* finished meanwhile: its body is gone */
        if (rv == APR_SUCCESS && !m->parts[i].bytes && m->size) request->head.rv = APR_NOTFOUND;
    }
    if (rv == APR_SUCCESS && request->head.rv == APR_SUCCESS)
        request->message = m;
    else
        apr_pool_destroy(pool);
    return rv;
}

static apr_status_t part(ss_db_t *db, ss_store_part_t *request)
{
    ss_message_part_t found = { NULL, 0 };
    ss_message_t *m;
    apr_status_t rv = ss_store_read_message(db, request->id, &m, request->head.pool);

    if (rv == APR_SUCCESS)
        rv = read_part(db, request->id, m && m->part_count <= SS_STORE_INLINE_PARTS,
                       request->number, &found, request->head.pool);
    if (rv == APR_SUCCESS && !found.bytes) request->head.rv = APR_NOTFOUND;
    if (m) request->size = m->size;
    request->bytes = found.bytes;
    request->len = found.len;
    return rv;
}

static apr_status_t lookup(ss_db_t *db, ss_store_lookup_t *request)
{
    apr_int64_t limit = EVENTS_MAX;
    apr_status_t rv = ss_store_read_message(db, request->id, &request->message, request->head.pool);

    if (rv == APR_SUCCESS && !request->message) request->head.rv = APR_NOTFOUND;
    if (rv != APR_SUCCESS || !request->message) return rv;
    rv = read_recipients(db, request->message, request->message->rcpt_count);
    request->history = apr_array_make(request->head.pool, 8, sizeof(ss_message_history_t));
    if (rv == APR_SUCCESS) rv = ss_db_select(db, SS_SQL_GET_EVENTS, SS_ARGS{ request->id, &limit });
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        ss_message_history_t *h = apr_array_push(request->history);
        *h = (ss_message_history_t){ .time = ss_db_number(db, 0),
                                     .recipient = (int)ss_db_number(db, 1),
                                     .what = text(db, 2, request->head.pool),
                                     .text = text(db, 3, request->head.pool),
                                     .host = text(db, 4, request->head.pool) };
    }
    return rv;
}

/* ---- the order of what waits ---- */

static apr_status_t due(ss_db_t *db, ss_store_due_t *request)
{
    apr_int64_t after = request->after_time,
                limit = request->limit < SS_DB_ROWS_MAX ? request->limit : SS_DB_ROWS_MAX;
    apr_status_t rv =
        ss_db_select(db, SS_SQL_DUE, SS_ARGS{ request->relay, &after, request->after_id, &limit });

    request->rows = apr_array_make(request->head.pool, request->limit, sizeof(ss_store_due_row_t));
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        ss_store_due_row_t *row = apr_array_push(request->rows);
        apr_cpystrn(row->id, ss_db_text(db, 0), sizeof(row->id));
        row->relay = text(db, 1, request->head.pool);
        row->submitter = text(db, 2, request->head.pool);
        row->from = text(db, 3, request->head.pool);
        row->due = ss_db_number(db, 4);
        row->created = ss_db_number(db, 5);
        row->priority = (int)ss_db_number(db, 6);
        row->attempts = (int)ss_db_number(db, 7);
        row->size = (apr_uint64_t)ss_db_number(db, 8);
    }
    return rv;
}

/* ---- lists ---- */

/* "*@example.com" as LIKE wants it; anywhere: the text may stand anywhere. */
static const char *like(const char *pattern, int anywhere, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(pattern) * 2 + 3), *p = out;

    if (anywhere) *p++ = '%';
    for (; *pattern; pattern++) {
        if (*pattern == '*' && !anywhere) {
            *p++ = '%';
            continue;
        }
        if (*pattern == '%' || *pattern == '_' || *pattern == '\\') *p++ = '\\';
        *p++ = *pattern;
    }
    if (anywhere) *p++ = '%';
    *p = '\0';
    return out;
}

apr_status_t ss_store_read_page(ss_db_t *db, ss_sql_t sql, const ss_store_filter_t *f,
                                const char *after, const char *bound, apr_int64_t mode,
                                apr_time_t now, apr_int64_t limit, apr_pool_t *pool)
{
    const char *relay = f->relay ? f->relay : "", *from = f->from ? like(f->from, 0, pool) : "",
               *to = f->to ? like(f->to, 0, pool) : "";
    const char *words = f->text ? like(f->text, 1, pool) : "";
    apr_int64_t uid = f->uid, waiting = f->is_waiting, before = f->created_before,
                overdue = f->overdue_at, state = f->state, when = now;

    return ss_db_select(
        db, sql, SS_ARGS{ after,    bound, relay, relay,  &uid,  &uid,  &waiting, &before, &before,
                          &overdue, from,  from,  &state, &mode, &when, to,       to,      words,
                          words,    words, words, words,  words, words, words,    &limit });
}

/* Where a filter is for something rare, there are statements that go straight to it. */
static ss_sql_t page_for(const ss_store_filter_t *f)
{
    return f->state == SS_STATE_FAILED ? SS_SQL_PAGE_FAILED : SS_SQL_PAGE;
}

static ss_sql_t bound_for(const ss_store_filter_t *f)
{
    if (f->state == SS_STATE_FAILED) return SS_SQL_PAGE_BOUND_FAILED;
    return f->is_waiting ? SS_SQL_PAGE_BOUND_OPEN : SS_SQL_PAGE_BOUND;
}

/* Where a step that begins below `after` ends: the key of its last message; "" when the rest is
 * smaller. */
static apr_status_t step_bound(ss_db_t *db, ss_sql_t sql, const char *after,
                               char bound[SS_IDENT_TEXT])
{
    apr_int64_t offset = STEP_ROWS - 1;
    apr_status_t rv = ss_db_select(db, sql, SS_ARGS{ after, &offset });

    *bound = '\0';
    while (rv == APR_SUCCESS && ss_db_next(db))
        apr_cpystrn(bound, ss_db_text(db, 0), SS_IDENT_TEXT);
    return rv;
}

static const char *begin_of(const ss_store_filter_t *filter, const place_t *at)
{
    if (*at->id) return at->id;
    return *filter->after ? filter->after : SS_ID_END;
}

static apr_status_t list(ss_db_t *db, ss_store_list_t *request, int *more)
{
    place_t *at = place_of(&request->head);
    const char *after = begin_of(&request->filter, at);
    char bound[SS_IDENT_TEXT];
    apr_status_t rv = step_bound(db, bound_for(&request->filter), after, bound);

    if (!request->rows)
        request->rows = apr_array_make(request->head.pool, request->limit, sizeof(ss_message_t *));
    int first = request->rows->nelts;
    apr_int64_t wanted = request->limit - first;
    if (rv == APR_SUCCESS)
        rv = ss_store_read_page(db, page_for(&request->filter), &request->filter, after, bound, -1,
                                0, wanted, request->head.pool);
    while (rv == APR_SUCCESS && ss_db_next(db))
        APR_ARRAY_PUSH(request->rows, ss_message_t *) = ss_store_read_row(db, request->head.pool);
    for (int i = first; i < request->rows->nelts && rv == APR_SUCCESS; i++) {
        ss_message_t *m = APR_ARRAY_IDX(request->rows, i, ss_message_t *);
        int all = m->rcpt_count;
        rv = read_recipients(db, m, SUMMARY_RECIPIENTS);
        m->rcpt_total = all > m->rcpt_count ? all : 0;
    }
    request->more = request->rows->nelts >= request->limit;
    *more = !request->more && *bound != '\0';
    apr_cpystrn(at->id, bound, sizeof(at->id));
    return rv;
}

static apr_status_t matches(ss_db_t *db, ss_store_matches_t *request, int *more)
{
    place_t *at = place_of(&request->head);
    const char *after = begin_of(&request->filter, at);
    char bound[SS_IDENT_TEXT];
    apr_status_t rv = step_bound(
        db, request->filter.is_waiting ? SS_SQL_PAGE_BOUND_OPEN : SS_SQL_PAGE_BOUND, after, bound);

    if (rv == APR_SUCCESS) {
        rv = ss_store_read_page(db, SS_SQL_PAGE_COUNT, &request->filter, after, bound,
                                ss_store_control_mode(request->control), request->now, 1,
                                request->head.pool);
    }
    while (rv == APR_SUCCESS && ss_db_next(db)) request->messages += ss_db_number(db, 0);
    *more = *bound != '\0';
    apr_cpystrn(at->id, bound, sizeof(at->id));
    return rv;
}

/* ---- counts ---- */

static void add_count(apr_array_header_t *rows, const char *relay, ss_state_t state,
                      apr_int64_t messages, apr_int64_t recipients, apr_int64_t bytes,
                      apr_time_t oldest)
{
    ss_store_count_t *row = NULL;

    if (!messages && !recipients) return;
    for (int i = 0; i < rows->nelts && !row; i++) {
        ss_store_count_t *other = &APR_ARRAY_IDX(rows, i, ss_store_count_t);
        if (other->state == state && !strcmp(other->relay, relay)) row = other;
    }
    if (!row) {
        row = apr_array_push(rows);
        *row = (ss_store_count_t){ .relay = apr_pstrdup(rows->pool, relay), .state = state };
    }
    row->messages += messages;
    row->recipients += recipients;
    row->bytes += (apr_uint64_t)bytes;
    if (oldest && (!row->oldest || oldest < row->oldest)) row->oldest = oldest;
}

/* A message counts under one state, its recipients each under their own. */
void ss_store_read_open_count(ss_db_t *db, apr_array_header_t *rows)
{
    const char *relay = ss_db_text(db, 0);
    ss_state_t own = ss_db_number(db, 1)   ? SS_STATE_QUEUED
                     : ss_db_number(db, 2) ? SS_STATE_DEFERRED
                                           : SS_STATE_HELD;
    const apr_int64_t recipients[] = { ss_db_number(db, 6), 0, ss_db_number(db, 7),
                                       ss_db_number(db, 8) };

    for (int state = SS_STATE_QUEUED; state <= SS_STATE_HELD; state++) {
        int is_own = state == (int)own;
        add_count(rows, relay, (ss_state_t)state, is_own ? ss_db_number(db, 3) : 0,
                  recipients[state], is_own ? ss_db_number(db, 4) : 0,
                  is_own ? ss_db_number(db, 5) : 0);
    }
}

void ss_store_read_done_count(ss_db_t *db, apr_array_header_t *rows)
{
    const char *relay = ss_db_text(db, 0);
    apr_int64_t own = ss_db_number(db, 1);

    for (int state = SS_STATE_SENT; state <= SS_STATE_CANCELLED; state++) {
        int is_own = state == own;
        add_count(rows, relay, (ss_state_t)state, is_own ? ss_db_number(db, 2) : 0,
                  ss_db_number(db, 5 + state - SS_STATE_SENT), is_own ? ss_db_number(db, 3) : 0,
                  is_own ? ss_db_number(db, 4) : 0);
    }
}

static apr_status_t count_open(ss_db_t *db, ss_store_counts_t *request, place_t *at, int *is_last)
{
    const char *relay = at->relay ? at->relay : "", *to_relay = TEXT_END;
    apr_int64_t from = at->relay ? at->time : -1, to = SS_STORE_FAR, offset = STEP_ROWS - 1;
    const char *to_id = SS_ID_END;
    apr_status_t rv = ss_db_select(db, SS_SQL_OPEN_BOUND, SS_ARGS{ relay, &from, at->id, &offset });

    *is_last = 1;
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        *is_last = 0;
        to_relay = text(db, 0, request->head.pool);
        to = ss_db_number(db, 1);
        to_id = text(db, 2, request->head.pool);
    }
    if (rv == APR_SUCCESS)
        rv = ss_db_select(db, SS_SQL_OPEN_COUNTS,
                          SS_ARGS{ relay, &from, at->id, to_relay, &to, to_id });
    while (rv == APR_SUCCESS && ss_db_next(db)) ss_store_read_open_count(db, request->rows);
    at->relay = to_relay;
    at->time = to;
    apr_cpystrn(at->id, to_id, sizeof(at->id));
    return rv;
}

apr_status_t ss_store_read_done(ss_db_t *db, apr_array_header_t *rows, apr_time_t from,
                                const char *from_id, apr_time_t to, const char *to_id)
{
    apr_int64_t begin = from, end = to;
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_COUNTS, SS_ARGS{ &begin, from_id, &end, to_id });

    while (rv == APR_SUCCESS && ss_db_next(db)) ss_store_read_done_count(db, rows);
    return rv;
}

static apr_status_t count_done(ss_db_t *db, ss_store_counts_t *request, place_t *at, int *is_last)
{
    apr_int64_t from = at->time, to = SS_STORE_FAR, offset = STEP_ROWS - 1;
    const char *to_id = SS_ID_END;
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_BOUND, SS_ARGS{ &from, at->id, &offset });

    *is_last = 1;
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        *is_last = 0;
        to = ss_db_number(db, 0);
        to_id = text(db, 1, request->head.pool);
    }
    if (rv == APR_SUCCESS) rv = ss_store_read_done(db, request->rows, from, at->id, to, to_id);
    at->time = to;
    apr_cpystrn(at->id, to_id, sizeof(at->id));
    return rv;
}

static apr_status_t counts(ss_db_t *db, ss_store_counts_t *request, int *more)
{
    place_t *at = place_of(&request->head);
    int is_last;

    if (!request->rows)
        request->rows = apr_array_make(request->head.pool, 16, sizeof(ss_store_count_t));
    apr_status_t rv =
        at->phase ? count_done(db, request, at, &is_last) : count_open(db, request, at, &is_last);
    *more = !is_last || !at->phase;
    if (is_last && !at->phase) *at = (place_t){ .phase = 1, .time = 0 };
    return rv;
}

/* Messages in the order of acceptance, until one of the relay's: many of the relay's wait, so one
 * is near the begin. */
static apr_status_t oldest_of_many(ss_db_t *db, place_t *at, ss_store_count_t *row, int *more)
{
    apr_int64_t limit = *at->id ? STEP_ROWS : OLDEST_FIRST;
    int found = 0;
    apr_status_t rv = ss_db_select(db, SS_SQL_OLDEST, SS_ARGS{ at->id, &limit });

    while (rv == APR_SUCCESS && ss_db_next(db)) {
        if (!row->oldest && !strcmp(ss_db_text(db, 1), row->relay))
            row->oldest = ss_db_number(db, 2);
        apr_cpystrn(at->id, ss_db_text(db, 0), sizeof(at->id));
        found++;
    }
    *more = found == limit && !row->oldest;
    return rv;
}

static apr_status_t oldest_of_few(ss_db_t *db, ss_store_count_t *row)
{
    apr_status_t rv = ss_db_select(db, SS_SQL_OLDEST_OF, SS_ARGS{ row->relay });

    while (rv == APR_SUCCESS && ss_db_next(db)) row->oldest = ss_db_number(db, 0);
    return rv;
}

static apr_status_t oldest(ss_db_t *db, ss_store_oldest_t *request, int *more)
{
    place_t *at = place_of(&request->head);
    int goes_on = 0;

    if (at->phase >= request->rows->nelts) return APR_SUCCESS;
    ss_store_count_t *row = &APR_ARRAY_IDX(request->rows, at->phase, ss_store_count_t);
    apr_status_t rv =
        row->messages > STEP_ROWS ? oldest_of_many(db, at, row, &goes_on) : oldest_of_few(db, row);
    if (!goes_on) *at = (place_t){ .phase = at->phase + 1 };
    *more = at->phase < request->rows->nelts;
    return rv;
}

static apr_status_t settings(ss_db_t *db, ss_store_settings_t *request, int *more)
{
    place_t *at = place_of(&request->head);
    apr_int64_t limit = STEP_ROWS;
    const char *last = at->relay ? at->relay : "";
    int found = 0;
    apr_status_t rv = ss_db_select(db, SS_SQL_SETTINGS, SS_ARGS{ last, &limit });

    if (!request->rows)
        request->rows = apr_array_make(request->head.pool, 16, sizeof(ss_store_setting_t));
    while (rv == APR_SUCCESS && ss_db_next(db)) {
        ss_store_setting_t *row = apr_array_push(request->rows);
        *row = (ss_store_setting_t){ .key = text(db, 0, request->head.pool),
                                     .value = text(db, 1, request->head.pool) };
        at->relay = row->key;
        found++;
    }
    *more = found == STEP_ROWS;
    return rv;
}

apr_status_t ss_store_read_step(ss_db_t *db, ss_store_request_t *request, int *more)
{
    *more = 0;
    switch (request->verb) {
    case SS_STORE_LOAD: return load(db, ss_store_request_as(request, SS_STORE_LOAD));
    case SS_STORE_PART: return part(db, ss_store_request_as(request, SS_STORE_PART));
    case SS_STORE_DUE: return due(db, ss_store_request_as(request, SS_STORE_DUE));
    case SS_STORE_LOOKUP: return lookup(db, ss_store_request_as(request, SS_STORE_LOOKUP));
    case SS_STORE_LIST: return list(db, ss_store_request_as(request, SS_STORE_LIST), more);
    case SS_STORE_COUNTS: return counts(db, ss_store_request_as(request, SS_STORE_COUNTS), more);
    case SS_STORE_OLDEST: return oldest(db, ss_store_request_as(request, SS_STORE_OLDEST), more);
    case SS_STORE_SETTINGS:
        return settings(db, ss_store_request_as(request, SS_STORE_SETTINGS), more);
    case SS_STORE_MATCHES: return matches(db, ss_store_request_as(request, SS_STORE_MATCHES), more);
    default: return APR_ENOTIMPL;
    }
}
