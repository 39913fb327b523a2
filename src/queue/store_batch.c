#include "queue/store_batch.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "queue/message_row.h"
#include "queue/schema.h"
#include "queue/store_accept.h"
#include "queue/store_control.h"
#include "queue/store_counts.h"
#include "queue/store_outcome.h"
#include "queue/store_page.h"
#include "queue/store_read.h"

/* how often the statements are prepared again for one batch */
#define REFRESH_MOST 3
#define AGAIN_FIRST (100 * 1000)
#define AGAIN_MOST (5 * APR_USEC_PER_SEC)
#define READ_TRIES 3
#define CONNECT_TRIES 7
#define CONFLICT_FIRST (10 * 1000)
#define CONFLICT_MOST APR_USEC_PER_SEC
/* how long a transaction that others disturb is retried, and a commit whose answer was lost is
 * looked for: the clients of a web server wait for 30 s */
#define KEEP_MOST (28 * APR_USEC_PER_SEC)
/* after how many a batch gets smaller, so that it meets fewer others */
#define CONFLICTS_FEW 3
/* one transaction */
#define REQUESTS_MOST 1000
#define ROW_BYTES 500 /* about, besides content */
/* conflicts are normal: for how long nobody is notified */
#define CONFLICT_QUIET (5 * APR_USEC_PER_SEC)

/* Nodes that collided must not all come back at the same moment. */
static apr_interval_time_t spread(apr_interval_time_t wait)
{
    return ss_store_batch_spread(wait, (apr_uint32_t)ss_mono_now().us * 2654435761U >> 8);
}

/* ---- the connection ---- */

static apr_status_t connect_store(ss_store_batch_t *store, const ss_dialect_t *dialect)
{
    ss_db_t *db = &store->db;
    int from = 0;
    apr_status_t rv = APR_SUCCESS;

    ss_result_clear(&store->lost);
    /* The file is a new one. */
    if (!dialect->is_shared && store->lock.name < 0)
        rv = ss_lock_take_file(&store->lock, store->options.params, 0, &store->lost);
    if (rv != APR_SUCCESS) return rv;
    rv = ss_db_open(db, dialect, store->options.params, store->pool);
    db->node = store->node;
    if (rv == APR_SUCCESS) rv = ss_schema_check(db, store->options.migrates, &from);
    if (rv == APR_SUCCESS && from)
        ss_log(store->options.log, SS_LOG_NOTICE, 303,
               "the queue %s was created by an older module: migrated from version %d to %d",
               db->name, from, SS_SCHEMA_VERSION);
    if (rv == APR_SUCCESS) rv = ss_db_prepare(db);
    if (rv == APR_SUCCESS) {
        store->contact = ss_mono_now();
        ss_store_file_begin(&store->file);
        return rv;
    }
    store->lost = db->result;
    store->lost_fault = db->fault == SS_FAULT_CONFLICT ? SS_FAULT_CONFLICT : SS_FAULT_LOST;
    ss_db_close(db);
    db->rv = rv;
    return rv;
}

/* Asked once: it takes a second connection. Other engines number their processes differently. */
static apr_status_t check_pool(ss_store_batch_t *store)
{
    ss_db_t *db = &store->db;

    if (!db->dialect->is_mixed || !db->engine->is_strict ||
        !db->dialect->is_mixed(db->driver, db->handle, store->options.params, db->scratch))
        return APR_SUCCESS;
    ss_result_set(&store->lost, "queue", "", NULL, db->dialect->mixed, db->name);
    return APR_EGENERAL;
}

/* Other nodes may be at work in the same moment. */
static apr_status_t connect_first(ss_store_batch_t *store, const ss_dialect_t *dialect)
{
    apr_interval_time_t wait = 0;
    apr_status_t rv = connect_store(store, dialect);

    for (int i = 0; i < CONNECT_TRIES && store->db.fault == SS_FAULT_CONFLICT; i++) {
        wait = ss_store_batch_wait(wait, 1);
        apr_sleep(spread(wait));
        rv = connect_store(store, dialect);
    }
    return rv == APR_SUCCESS ? check_pool(store) : rv;
}

apr_status_t ss_store_batch_open(ss_store_batch_t *store, const ss_store_options_t *options,
                                 apr_interval_time_t lock_wait, ss_result_t *result)
{
    const ss_dialect_t *dialect = ss_dialect_find(options->driver);

    memset(store, 0, sizeof(*store));
    store->pool = ss_store_pool();
    store->options = *options;
    store->options.params = apr_pstrdup(store->pool, options->params);
    store->lock = SS_LOCK_NONE;
    store->most = REQUESTS_MOST;
    ss_store_file_init(&store->file, store->options.params, &store->lock, &store->db, options->log,
                       store->pool);
    APR_RING_INIT(&store->again, ss_store_request_t, link);
    ss_node_name_token(store->token);
    apr_status_t rv = APR_ENOTIMPL;
    if (!dialect) {
        ss_result_set(result, "queue", "", NULL,
                      "SMTPSendQueue %s is not supported by this version", options->driver);
    } else {
        rv = dialect->is_shared
                 ? ss_node_name_take(options->node_file, lock_wait, &store->lock.name, store->node,
                                     result)
                 : ss_lock_take_file(&store->lock, options->params, lock_wait, result);
    }
    if (rv == APR_SUCCESS) {
        rv = connect_first(store, dialect);
        if (rv == APR_SUCCESS) ss_store_check_begin(&store->check, &store->db, options->params);
        if (rv != APR_SUCCESS) *result = store->lost;
    }
    if (rv != APR_SUCCESS) ss_store_batch_close(store);
    return rv;
}

void ss_store_batch_close(ss_store_batch_t *store)
{
    if (store->db.handle) ss_lease_leave(&store->db, store->token);
    ss_store_file_end(&store->file, store->stats.commits);
    ss_db_close(&store->db);
    ss_lock_release(&store->lock);
    apr_pool_destroy(store->pool);
}

/* Connects if there is no connection. At most as often as failed batches are retried: with a server
 * that does not answer at all, each attempt takes seconds. */
static apr_status_t ensure_connected(ss_store_batch_t *store)
{
    ss_db_t *db = &store->db;
    apr_status_t rv = APR_EGENERAL;

    if (db->handle) return APR_SUCCESS;
    if (ss_mono_reached(store->again_at, ss_mono_now()) || !store->again_wait || store->conflicts)
        rv = connect_store(store, db->dialect);
    if (rv == APR_SUCCESS) return rv;
    db->fault = store->lost_fault;
    db->rv = APR_EGENERAL;
    db->result = store->lost;
    return rv;
}

/* Ends the failed transaction and keeps its error. A server always answers a ROLLBACK: if it does
 * not, the connection is lost, whatever the first error was. One of no use is closed, too. */
static void roll_back(ss_store_batch_t *store)
{
    ss_db_t *db = &store->db;
    apr_status_t rv = db->rv, end = APR_SUCCESS;
    ss_dialect_fault_t fault = db->fault;
    ss_result_t result = db->result;

    if (db->handle) end = ss_db_do(db, "ROLLBACK");
    ss_db_clear(db);
    if ((end != APR_SUCCESS || fault >= SS_FAULT_USELESS) && db->dialect->is_remote) {
        if (end != APR_SUCCESS && fault != SS_FAULT_CONFLICT) fault = SS_FAULT_LOST;
        store->lost = result;
        store->lost_fault = fault == SS_FAULT_CONFLICT ? fault : SS_FAULT_LOST;
        ss_db_close(db);
    }
    db->rv = rv;
    db->fault = fault;
    db->result = result;
}

/* ---- what goes into a batch ---- */

static void weigh_message(const ss_message_t *m, int *rows, apr_size_t *bytes)
{
    *rows += 1 + m->rcpt_count;
    if (m->part_count > SS_MESSAGE_ROW_PARTS) *rows += m->part_count;
    for (int i = 0; i < m->part_count; i++) *bytes += m->parts[i].len;
}

/* About how many rows and bytes it writes. */
static void weigh(ss_store_request_t *request, int *rows, apr_size_t *bytes)
{
    void *typed = ss_store_request_as(request, request->verb);

    *rows = 1;
    *bytes = 0;
    if (request->verb == SS_STORE_ACCEPT) {
        weigh_message(((ss_store_accept_t *)typed)->message, rows, bytes);
    } else if (request->verb == SS_STORE_STAGE) {
        *bytes = ((ss_store_stage_t *)typed)->len;
    } else if (request->verb == SS_STORE_OUTCOME) {
        const ss_store_outcome_t *outcome = typed;
        *rows += outcome->changed_count + (outcome->history ? outcome->history->nelts : 0);
        for (int i = 0; outcome->reports && i < outcome->reports->nelts; i++)
            weigh_message(APR_ARRAY_IDX(outcome->reports, i, ss_message_t *), rows, bytes);
    }
    *bytes += (apr_size_t)*rows * ROW_BYTES;
}

ss_store_batch_room_t ss_store_batch_room(const ss_store_batch_t *store)
{
    const ss_dialect_engine_t *engine = store->db.engine;

    return (ss_store_batch_room_t){ store->most, engine->rows_most, engine->bytes_most };
}

int ss_store_batch_take(struct ss_requests_t *from, struct ss_requests_t *batch,
                        ss_store_batch_room_t *room)
{
    int taken = 0, rows;
    apr_size_t bytes;

    while (!APR_RING_EMPTY(from, ss_store_request_t, link)) {
        weigh(APR_RING_FIRST(from), &rows, &bytes);
        if (!APR_RING_EMPTY(batch, ss_store_request_t, link) &&
            (room->requests < 1 || room->rows < rows || room->bytes < bytes))
            break;
        room->requests--;
        room->rows -= rows;
        room->bytes -= bytes < room->bytes ? bytes : room->bytes;
        ss_store_request_push(batch, ss_store_request_take(from));
        taken++;
    }
    return taken;
}

int ss_store_batch_most(int most, int size, int conflicts)
{
    if (!conflicts) return most > REQUESTS_MOST / 2 ? REQUESTS_MOST : most * 2;
    return conflicts > CONFLICTS_FEW && size > 1 ? size / 2 : most;
}

/* ---- a batch ---- */

static apr_status_t write_one(ss_store_batch_t *store, ss_store_request_t *request)
{
    ss_db_t *db = &store->db;
    void *typed = request;
    int is_done = 0;

    request->rv = APR_SUCCESS;
    if (request->is_unknown) {
        apr_status_t rv = ss_store_accept_is_done(db, request, &is_done);
        if (rv != APR_SUCCESS || is_done) return rv;
    }
    switch (request->verb) {
    case SS_STORE_ACCEPT: return ss_store_accept_write(db, typed);
    case SS_STORE_STAGE: return ss_store_accept_stage(db, typed);
    case SS_STORE_UNSTAGE: return ss_store_accept_unstage(db, typed);
    case SS_STORE_OUTCOME: return ss_store_outcome_write(db, typed);
    case SS_STORE_SET: return ss_store_control_set(db, typed);
    case SS_STORE_PURGE: return ss_store_counts_purge(db, typed);
    case SS_STORE_LEASE:
        return ss_lease_write(db, typed, store->token,
                              ss_lease_may_take_over(ss_mono_since(ss_mono_now(), store->contact)));
    default: return ss_store_control_write(db, typed);
    }
}

static void set_error(const ss_db_t *db, ss_store_request_t *request)
{
    request->rv = db->fault == SS_FAULT_DAMAGE && ss_store_request_id(request) ? SS_STORE_UNREADABLE
                  : db->rv == APR_SUCCESS                                      ? APR_EGENERAL
                                                                               : db->rv;
    request->result = db->result;
}

/* *bad: the request whose statement failed, or NULL. *is_end: the commit failed. */
static apr_status_t try_batch(ss_store_batch_t *store, struct ss_requests_t *batch,
                              ss_store_request_t **bad, int *is_end)
{
    ss_db_t *db = &store->db;

    *bad = NULL;
    *is_end = 0;
    apr_status_t rv = ensure_connected(store);
    if (rv != APR_SUCCESS) return rv;
    ss_db_clear(db);
    rv = ss_db_do(db, db->dialect->begin);
    for (ss_store_request_t *r = APR_RING_FIRST(batch);
         rv == APR_SUCCESS && r != APR_RING_SENTINEL(batch, ss_store_request_t, link);
         r = APR_RING_NEXT(r, link)) {
        rv = write_one(store, r);
        if (rv != APR_SUCCESS) *bad = r;
    }
    if (rv == APR_SUCCESS) rv = ss_store_outcome_flush(db);
    if (rv != APR_SUCCESS) return rv;
    *is_end = 1;
    return ss_db_do(db, "COMMIT");
}

/* The commit failed, and may have taken effect. */
static void mark_unknown(struct ss_requests_t *batch)
{
    ss_store_request_t *r;

    APR_RING_FOREACH(r, batch, ss_store_request_t, link)
    {
        r->is_unknown = 1;
        /* What cannot be looked up is not done twice. */
        if (r->verb != SS_STORE_ACCEPT && r->verb != SS_STORE_STAGE)
            r->keep_until.us = 0;
        else if (!ss_mono_is_set(r->keep_until))
            r->keep_until = ss_mono_add(ss_mono_now(), KEEP_MOST);
    }
}

/* Whether a failed batch is retried at once, unchanged. */
static int is_for_again(ss_store_batch_t *store, int tries)
{
    ss_db_t *db = &store->db;

    if (db->fault == SS_FAULT_STALE)
        return tries < REFRESH_MOST && ss_db_refresh(db) == APR_SUCCESS;
    /* Two nodes may have collided, for example with the same idempotency key: the retry finds the
     * other's row. */
    if (db->fault == SS_FAULT_REQUEST) return tries < db->dialect->refused_tries;
    return db->fault == SS_FAULT_LOST && tries < 1 && (!store->again_wait || store->conflicts);
}

static void set_damage(ss_store_batch_t *store, const char *text)
{
    if (*store->stats.damage) return;
    ss_log(store->options.log, SS_LOG_ERROR, 309,
           "%s; new mail is refused with 503 until then, and what can be read is still sent", text);
    apr_cpystrn(store->stats.damage, text, sizeof(store->stats.damage));
}

/* Before the failure is cleared. */
static void note_damage(ss_store_batch_t *store, ss_store_request_t *request)
{
    ss_db_t *db = &store->db;
    const char *id = request ? ss_store_request_id(request) : NULL;

    if (id && request->rv == SS_STORE_UNREADABLE) ss_db_note_damage(db, id, 0);
    if (db->fault == SS_FAULT_DAMAGE && !id) set_damage(store, db->result.text);
    if (db->damaged_count > SS_DB_DAMAGED_MAX)
        set_damage(store, apr_psprintf(db->scratch, "more than %d messages cannot be read: %s",
                                       SS_DB_DAMAGED_MAX, request->result.text));
    store->stats.unreadable = db->damaged_count;
}

/* Writes the batch in one transaction. A request that the database refuses goes to `done` with its
 * error, and the others are tried again without it. APR_SUCCESS: committed; else the failure
 * concerns all requests that are left in the batch. */
static apr_status_t do_batch(ss_store_batch_t *store, struct ss_requests_t *batch,
                             struct ss_requests_t *done)
{
    ss_db_t *db = &store->db;
    int tries = 0, is_end;

    db->is_careful = 0;
    for (;;) {
        ss_store_request_t *bad;
        apr_status_t rv = try_batch(store, batch, &bad, &is_end);
        if (rv == APR_SUCCESS) return APR_SUCCESS;
        roll_back(store);
        if (is_end && db->fault == SS_FAULT_LOST) mark_unknown(batch);
        /* Row by row from now on, to find the refused one. */
        db->is_careful = db->fault == SS_FAULT_REQUEST || db->fault == SS_FAULT_DAMAGE;
        if (bad && db->fault == SS_FAULT_DAMAGE &&
            ss_db_note_damage(db, ss_store_request_id(bad), 1))
            continue;
        if (is_for_again(store, tries++)) continue;
        if (!bad || (db->fault != SS_FAULT_REQUEST && db->fault != SS_FAULT_DAMAGE)) return rv;
        tries = 0;
        set_error(db, bad);
        note_damage(store, bad);
        APR_RING_REMOVE(bad, link);
        ss_store_request_push(done, bad);
        if (APR_RING_EMPTY(batch, ss_store_request_t, link)) return APR_SUCCESS;
    }
}

int ss_store_batch_bucket(apr_interval_time_t took)
{
    int bucket = 0;

    for (apr_interval_time_t bound = 1000; bucket < 15 && took > bound; bound *= 2) bucket++;
    return bucket;
}

static void count_commit(ss_store_stats_t *stats, int requests, apr_interval_time_t took)
{
    stats->commits++;
    stats->requests += (apr_uint64_t)requests;
    stats->last = took;
    stats->sum += took;
    if (took > stats->most) stats->most = took;
    stats->buckets[ss_store_batch_bucket(took)]++;
}

apr_interval_time_t ss_store_batch_wait(apr_interval_time_t last, int is_conflict)
{
    apr_interval_time_t most = is_conflict ? CONFLICT_MOST : AGAIN_MOST;

    if (!last) return is_conflict ? CONFLICT_FIRST : AGAIN_FIRST;
    return last > most / 2 ? most : last * 2;
}

apr_interval_time_t ss_store_batch_spread(apr_interval_time_t wait, apr_uint32_t random)
{
    return wait - wait / 2 + (apr_interval_time_t)random % (wait / 2 + 1);
}

int ss_store_batch_is_held(const ss_store_batch_t *store, ss_mono_t now)
{
    return (store->conflicts || store->has_more_again) &&
           !APR_RING_EMPTY(&store->again, ss_store_request_t, link) &&
           ss_mono_before(now, store->again_at);
}

int ss_store_batch_keeps(const ss_store_request_t *request, ss_mono_t close_until, ss_mono_t now)
{
    if (ss_mono_is_set(close_until) && ss_mono_reached(close_until, now)) return 0;
    return request->verb == SS_STORE_OUTCOME || ss_mono_before(now, request->keep_until);
}

/* Says what is wrong with the queue, once; NULL: nothing any more. */
static void set_fault(ss_store_batch_t *store, const char *text)
{
    char *fault = store->stats.fault;

    if (!text && *fault)
        ss_log(store->options.log, SS_LOG_NOTICE, 302, "the queue can be written again");
    if (text && strncmp(fault, text, sizeof(store->stats.fault) - 1))
        ss_log(store->options.log, SS_LOG_ERROR, 301,
               "the queue cannot be written: %s; accepted mail is kept, submissions are refused "
               "with 503 until this is fixed",
               text);
    apr_cpystrn(fault, text ? text : "", sizeof(store->stats.fault));
}

/* Nothing was done, so that all of the batch can be done again. */
static void keep_all(struct ss_requests_t *batch, ss_mono_t now)
{
    ss_store_request_t *r;

    APR_RING_FOREACH(r, batch, ss_store_request_t, link)
    {
        if (!ss_mono_is_set(r->keep_until)) r->keep_until = ss_mono_add(now, KEEP_MOST);
    }
}

static void batch_failed(ss_store_batch_t *store, struct ss_requests_t *batch, int requests,
                         struct ss_requests_t *done)
{
    ss_db_t *db = &store->db;
    ss_mono_t now = ss_mono_now();
    struct ss_requests_t kept;
    ss_store_request_t *request;
    int is_conflict = db->fault == SS_FAULT_CONFLICT;

    APR_RING_INIT(&kept, ss_store_request_t, link);
    if (!is_conflict) {
        store->conflicts = 0;
    } else {
        if (!store->conflicts++) store->conflict_since = now;
        store->most = ss_store_batch_most(store->most, requests, store->conflicts);
        keep_all(batch, now);
    }
    /* Those that had no room in this batch, too. */
    APR_RING_CONCAT(batch, &store->again, ss_store_request_t, link);
    if (!is_conflict || ss_mono_since(now, store->conflict_since) > CONFLICT_QUIET)
        set_fault(store, db->result.text);
    while ((request = ss_store_request_take(batch)) != NULL) {
        /* What is damaged does not heal: a daemon that leaves need not wait. */
        if (db->fault != SS_FAULT_DAMAGE &&
            ss_store_batch_keeps(request, store->close_until, now)) {
            ss_store_request_push(&kept, request);
            continue;
        }
        set_error(db, request);
        ss_store_request_push(done, request);
    }
    APR_RING_CONCAT(&store->again, &kept, ss_store_request_t, link);
    /* A server is reconnected at its own times; requests in between do not postpone it. */
    if (db->fault == SS_FAULT_LOST && store->again_wait && ss_mono_before(now, store->again_at))
        return;
    store->again_wait = ss_store_batch_wait(store->again_wait, is_conflict);
    store->again_at =
        ss_mono_add(now, db->dialect->is_shared ? spread(store->again_wait) : store->again_wait);
}

/* Nobody waits for it any more. */
static void forget_damage(ss_db_t *db, ss_store_request_t *request)
{
    const void *typed = request;

    if (request->verb == SS_STORE_CONTROL) {
        const apr_array_header_t *rows = ((const ss_store_control_t *)typed)->rows;
        for (int i = 0; rows && i < rows->nelts; i++)
            if (APR_ARRAY_IDX(rows, i, ss_store_changed_t).is_finished)
                ss_db_end_damaged(db, APR_ARRAY_IDX(rows, i, ss_store_changed_t).id);
    } else if (request->verb == SS_STORE_OUTCOME) {
        const ss_message_t *m = ((const ss_store_outcome_t *)typed)->message;
        int final = 0;
        for (int i = 0; i < m->rcpt_count; i++) final += ss_state_is_final(m->rcpts[i].state);
        if (final == m->rcpt_count) ss_db_end_damaged(db, m->id);
    }
}

/* While the queue's file is not in its place, only what was already sent is written, to the open
 * file; and what a daemon that leaves for another file wants to remember. Into a damaged file
 * nothing new is written. */
static int may_write(const ss_store_batch_t *store, const ss_store_request_t *r)
{
    if (ss_result_is_set(&store->file.adrift))
        return r->verb == SS_STORE_OUTCOME || (store->stats.is_replaced && r->verb == SS_STORE_SET);
    return !*store->stats.damage || (r->verb != SS_STORE_ACCEPT && r->verb != SS_STORE_STAGE);
}

static void refuse(ss_store_batch_t *store, struct ss_requests_t *batch, struct ss_requests_t *done)
{
    ss_store_request_t *r, *next;

    APR_RING_FOREACH_SAFE(r, next, batch, ss_store_request_t, link)
    {
        if (may_write(store, r)) continue;
        APR_RING_REMOVE(r, link);
        r->rv = APR_EGENERAL;
        r->result = store->file.adrift;
        ss_result_set(&r->result, "queue", "", NULL, "%s", store->stats.damage);
        ss_store_request_push(done, r);
    }
}

void ss_store_batch_write(ss_store_batch_t *store, struct ss_requests_t *batch,
                          struct ss_requests_t *done)
{
    int requests = 0, has_purged = 0, was_adrift = ss_result_is_set(&store->file.adrift),
        is_well = ss_store_file_look(&store->file, store->stats.commits);
    ss_mono_t started = ss_mono_now();
    ss_store_request_t *r;

    store->stats.is_replaced = store->file.is_replaced;
    /* A file that was renewed is opened at once. */
    if (is_well && !store->db.handle && !store->db.dialect->is_shared) store->again_wait = 0;
    if (!is_well || was_adrift) set_fault(store, is_well ? NULL : store->file.adrift.text);
    refuse(store, batch, done);
    if (APR_RING_EMPTY(batch, ss_store_request_t, link)) {
        if (is_well && ensure_connected(store) != APR_SUCCESS) set_fault(store, store->lost.text);
        return;
    }
    APR_RING_FOREACH(r, batch, ss_store_request_t, link)
    {
        requests++;
        has_purged |= r->verb == SS_STORE_PURGE;
    }
    if (do_batch(store, batch, done) != APR_SUCCESS) {
        note_damage(store, NULL);
        batch_failed(store, batch, requests, done);
        return;
    }
    count_commit(&store->stats, requests, ss_mono_since(ss_mono_now(), started));
    if (is_well) set_fault(store, NULL);
    store->again_wait = 0;
    store->conflicts = 0;
    store->most = ss_store_batch_most(store->most, requests, 0);
    if (store->db.damaged_count) {
        APR_RING_FOREACH(r, batch, ss_store_request_t, link) forget_damage(&store->db, r);
    }
    store->stats.unreadable = store->db.damaged_count;
    APR_RING_CONCAT(done, batch, ss_store_request_t, link);
    /* Returns free space in steps, so that the file shrinks after a backlog. */
    if (has_purged && store->db.dialect->shrink) {
        if (ss_db_ask(&store->db, store->db.dialect->shrink) == APR_SUCCESS)
            while (ss_db_next(&store->db)) continue;
    }
}

/* ---- a read ---- */

void ss_store_batch_check(ss_store_batch_t *store)
{
    ss_store_check_t *check = &store->check;

    if (!ss_mono_is_set(check->at) || ss_mono_before(ss_mono_now(), check->at)) return;
    if (ensure_connected(store) != APR_SUCCESS)
        check->at = ss_mono_add(ss_mono_now(), AGAIN_MOST);
    else if (ss_store_check_step(check, &store->db) != APR_SUCCESS)
        note_damage(store, NULL);
    ss_db_clear(&store->db);
}

static apr_status_t read_step(ss_db_t *db, ss_store_request_t *request, int *more)
{
    void *typed = request;

    *more = 0;
    switch (request->verb) {
    case SS_STORE_LOAD: return ss_store_read_load(db, typed);
    case SS_STORE_PART: return ss_store_read_part(db, typed);
    case SS_STORE_DUE: return ss_store_read_due(db, typed);
    case SS_STORE_LOOKUP: return ss_store_read_lookup(db, typed);
    case SS_STORE_LIST: return ss_store_page_list(db, typed, more);
    case SS_STORE_MATCHES: return ss_store_control_count(db, typed, more);
    case SS_STORE_COUNTS: return ss_store_counts_all(db, typed, more);
    case SS_STORE_OLDEST: return ss_store_counts_oldest(db, typed, more);
    case SS_STORE_SETTINGS: return ss_store_read_settings(db, typed, more);
    default: return APR_ENOTIMPL;
    }
}

static apr_status_t try_read(ss_store_batch_t *store, ss_store_request_t *request, int *more)
{
    ss_db_t *db = &store->db;

    *more = 0;
    apr_status_t rv = ensure_connected(store);
    if (rv != APR_SUCCESS) return rv;
    ss_db_clear(db);
    rv = read_step(db, request, more);
    if (rv != APR_SUCCESS && db->fault == SS_FAULT_STALE) {
        rv = ss_db_refresh(db);
        if (rv == APR_SUCCESS) rv = read_step(db, request, more);
    }
    return rv;
}

int ss_store_batch_read(ss_store_batch_t *store, ss_store_request_t *request)
{
    ss_db_t *db = &store->db;
    int more;
    apr_status_t rv = try_read(store, request, &more);

    for (int i = 0; i < READ_TRIES && rv != APR_SUCCESS && db->dialect->is_remote && db->handle;
         i++) {
        roll_back(store);
        if (db->fault != SS_FAULT_LOST && db->fault != SS_FAULT_CONFLICT) break;
        rv = try_read(store, request, &more);
    }
    if (rv != APR_SUCCESS) set_error(db, request);
    note_damage(store, request);
    ss_db_clear(db);
    return rv != APR_SUCCESS || !more;
}
