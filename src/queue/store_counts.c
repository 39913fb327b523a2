#include "queue/store_counts.h"

#include <apr_strings.h>
#include <string.h>

#define PURGED_ROWS 10 /* of one message, about: its recipients, parts and history */
#define STEP_ROWS 1000 /* messages that one step looks at */
/* first step: the oldest message of a busy relay is mostly among these */
#define OLDEST_FIRST 16
#define TEXT_END "\xf4\x8f\xbf\xbf" /* sorts after every relay's name */
#define ID_END "~"                  /* sorts after every id */
/* staged parts are purged after this if their message was not accepted */
#define STAGED_FOR (3600 * APR_USEC_PER_SEC)

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

/* A message counts under one state, each recipient under its own. */
void ss_store_counts_open(ss_db_t *db, apr_array_header_t *rows)
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

void ss_store_counts_done(ss_db_t *db, apr_array_header_t *rows)
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

/* Adds the messages that finished after (from, from_id) up to (to, to_id). */
static apr_status_t add_between(ss_db_t *db, apr_array_header_t *rows, apr_time_t from,
                                const char *from_id, apr_time_t to, const char *to_id)
{
    apr_int64_t begin = from, end = to;
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_COUNTS, SS_ARGS{ &begin, from_id, &end, to_id });

    while (ss_db_next(db)) ss_store_counts_done(db, rows);
    return rv;
}

static apr_status_t count_open(ss_db_t *db, ss_store_counts_t *request, ss_store_place_t *at,
                               int *is_last)
{
    const char *relay = at->relay ? at->relay : "", *to_relay = TEXT_END;
    apr_int64_t from = at->relay ? at->time : -1, to = SS_SQL_FAR, offset = STEP_ROWS - 1;
    const char *to_id = ID_END;
    apr_status_t rv = ss_db_select(db, SS_SQL_OPEN_BOUND, SS_ARGS{ relay, &from, at->id, &offset });

    *is_last = 1;
    while (ss_db_next(db)) {
        *is_last = 0;
        to_relay = ss_db_copy(db, 0, request->head.pool);
        to = ss_db_number(db, 1);
        to_id = ss_db_copy(db, 2, request->head.pool);
    }
    if (rv == APR_SUCCESS)
        rv = ss_db_select(db, SS_SQL_OPEN_COUNTS,
                          SS_ARGS{ relay, &from, at->id, to_relay, &to, to_id });
    while (ss_db_next(db)) ss_store_counts_open(db, request->rows);
    at->relay = to_relay;
    at->time = to;
    apr_cpystrn(at->id, to_id, sizeof(at->id));
    return rv;
}

static apr_status_t count_done(ss_db_t *db, ss_store_counts_t *request, ss_store_place_t *at,
                               int *is_last)
{
    apr_int64_t from = at->time, to = SS_SQL_FAR, offset = STEP_ROWS - 1;
    const char *to_id = ID_END;
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_BOUND, SS_ARGS{ &from, at->id, &offset });

    *is_last = 1;
    while (ss_db_next(db)) {
        *is_last = 0;
        to = ss_db_number(db, 0);
        to_id = ss_db_copy(db, 1, request->head.pool);
    }
    if (rv == APR_SUCCESS) rv = add_between(db, request->rows, from, at->id, to, to_id);
    at->time = to;
    apr_cpystrn(at->id, to_id, sizeof(at->id));
    return rv;
}

apr_status_t ss_store_counts_all(ss_db_t *db, ss_store_counts_t *request, int *more)
{
    ss_store_place_t *at = &request->place;
    int is_last;

    if (!request->rows)
        request->rows = apr_array_make(request->head.pool, 16, sizeof(ss_store_count_t));
    apr_status_t rv =
        at->phase ? count_done(db, request, at, &is_last) : count_open(db, request, at, &is_last);
    *more = !is_last || !at->phase;
    if (is_last && !at->phase) *at = (ss_store_place_t){ .phase = 1, .time = 0 };
    return rv;
}

/* Reads messages in the order of acceptance until one belongs to the relay: many do, so one is near
 * the beginning. */
static apr_status_t oldest_of_many(ss_db_t *db, ss_store_place_t *at, ss_store_count_t *row,
                                   int *more)
{
    apr_int64_t limit = *at->id ? STEP_ROWS : OLDEST_FIRST;
    int found = 0;
    apr_status_t rv = ss_db_select(db, SS_SQL_OLDEST, SS_ARGS{ at->id, &limit });

    while (ss_db_next(db)) {
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

    while (ss_db_next(db)) row->oldest = ss_db_number(db, 0);
    return rv;
}

apr_status_t ss_store_counts_oldest(ss_db_t *db, ss_store_oldest_t *request, int *more)
{
    ss_store_place_t *at = &request->place;
    int goes_on = 0;

    if (at->phase >= request->rows->nelts) return APR_SUCCESS;
    ss_store_count_t *row = &APR_ARRAY_IDX(request->rows, at->phase, ss_store_count_t);
    apr_status_t rv =
        row->messages > STEP_ROWS ? oldest_of_many(db, at, row, &goes_on) : oldest_of_few(db, row);
    if (!goes_on) *at = (ss_store_place_t){ .phase = at->phase + 1 };
    *more = at->phase < request->rows->nelts;
    return rv;
}

/* ---- the purge ---- */

/* Counts what the purge is about to delete, for the daemon's queue counts. */
static apr_status_t count_purged(ss_db_t *db, ss_store_purge_t *request)
{
    apr_int64_t from = 0, to = request->before - 1, offset = request->limit - 1;
    const char *to_id = ID_END;
    apr_status_t rv = ss_db_select(db, SS_SQL_DONE_BOUND, SS_ARGS{ &from, "", &offset });

    while (ss_db_next(db)) {
        if (ss_db_number(db, 0) >= request->before) continue;
        to = ss_db_number(db, 0);
        to_id = apr_pstrdup(request->head.pool, ss_db_text(db, 1));
    }
    request->rows = apr_array_make(request->head.pool, 4, sizeof(ss_store_count_t));
    return rv == APR_SUCCESS ? add_between(db, request->rows, 0, "", to, to_id) : rv;
}

apr_status_t ss_store_counts_purge(ss_db_t *db, ss_store_purge_t *request)
{
    static const ss_sql_t all[] = { SS_SQL_PURGE_RECIPIENTS, SS_SQL_PURGE_EVENTS,
                                    SS_SQL_PURGE_BODIES, SS_SQL_PURGE_MESSAGES };
    char bound[SS_IDENT_TEXT];
    int gone = 0;

    if (request->limit > db->engine->rows_most / PURGED_ROWS)
        request->limit = db->engine->rows_most / PURGED_ROWS;
    apr_int64_t before = request->before, limit = request->limit;
    apr_status_t rv = count_purged(db, request);
    for (apr_size_t i = 0; i < sizeof(all) / sizeof(all[0]) && rv == APR_SUCCESS; i++)
        rv = ss_db_run(db, all[i], SS_ARGS{ &before, &limit }, &gone);
    request->more = gone == request->limit;
    if (rv == APR_SUCCESS)
        rv = ss_db_run(db, SS_SQL_PURGE_ORPHANS,
                       SS_ARGS{ ss_ident_begin(request->now - STAGED_FOR, bound), &limit }, NULL);
    return rv;
}
