/* test_store_batch.c: what is tried again after a failed batch, and what a commit whose answer was
 * lost means. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "queue/store_batch.h"
#include "store_rig.h"

#define SECOND APR_USEC_PER_SEC

static store_rig_t rig;
static ss_store_batch_t store;

static void say(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}
static const ss_log_t silence = { .write = say };

static void begin(void)
{
    ss_store_options_t options = { .driver = "sqlite3", .log = &silence, .migrates = 1 };

    store_rig_begin(&rig);
    options.params = rig.file;
    CU_ASSERT_EQUAL_FATAL(ss_store_batch_open(&store, &options, 0, &rig.result), APR_SUCCESS);
}

static void end(void)
{
    ss_store_batch_close(&store);
    store_rig_end(&rig);
}

/* One request in a batch of its own. Not freed. */
static apr_status_t write_one(ss_store_request_t *request)
{
    struct ss_requests_t batch, done;

    APR_RING_INIT(&batch, ss_store_request_t, link);
    APR_RING_INIT(&done, ss_store_request_t, link);
    APR_RING_INSERT_TAIL(&batch, request, ss_store_request_t, link);
    ss_store_batch_write(&store, &batch, &done);
    CU_ASSERT_TRUE(APR_RING_FIRST(&done) == request);
    return request->rv;
}

static apr_int64_t count(const char *text)
{
    apr_int64_t found = -1;

    ss_db_clear(&store.db);
    CU_ASSERT_EQUAL(ss_db_ask(&store.db, text), APR_SUCCESS);
    while (ss_db_next(&store.db)) found = ss_db_number(&store.db, 0);
    return found;
}

/* The first time nothing was committed; the second time all of it was. */
static void an_acceptance_whose_answer_was_lost(void)
{
    begin();
    ss_message_t *m = store_rig_message(&rig, 2, 10);
    ss_store_accept_t *accept = ss_store_accept_create(m, NULL, NULL);
    accept->head.is_unknown = 1;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(write_one(&accept->head), APR_SUCCESS);
        CU_ASSERT_TRUE(count("SELECT count(*) FROM message") == 1 &&
                       count("SELECT count(*) FROM recipient") == 2);
    }
    /* Known to be new, the same is refused: its id is there. */
    accept->head.is_unknown = 0;
    CU_ASSERT_TRUE(write_one(&accept->head) != APR_SUCCESS);
    apr_pool_destroy(accept->head.pool);
    apr_pool_destroy(m->pool);
    end();
}

static void a_part_whose_answer_was_lost(void)
{
    begin();
    ss_message_t *m = store_rig_message(&rig, 1, SS_PART_MAX + 5);
    ss_store_stage_t *stage =
        ss_store_stage_create(m->id, 1, m->parts[1].bytes, m->parts[1].len, NULL, NULL);
    stage->head.is_unknown = 1;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(write_one(&stage->head), APR_SUCCESS);
        CU_ASSERT_EQUAL(count("SELECT count(*) FROM body"), 1);
    }
    apr_pool_destroy(stage->head.pool);
    apr_pool_destroy(m->pool);
    end();
}

/* Its reports are inserted once; without reports it is written again, which changes nothing. */
static void an_outcome_whose_answer_was_lost(void)
{
    int zero = 0;

    begin();
    for (int has_report = 0; has_report < 2; has_report++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10), *report = store_rig_message(&rig, 1, 10);
        ss_store_accept_t *accept = ss_store_accept_create(m, NULL, NULL);
        CU_ASSERT_EQUAL(write_one(&accept->head), APR_SUCCESS);
        apr_pool_destroy(accept->head.pool);
        m->rcpts[0].state = SS_STATE_FAILED;
        ss_store_outcome_t *outcome = ss_store_outcome_create(m, 1, RIG_NOW, NULL, NULL);
        outcome->changed = &zero;
        outcome->changed_count = 1;
        outcome->head.is_unknown = 1;
        if (has_report) {
            outcome->reports = apr_array_make(outcome->head.pool, 1, sizeof(ss_message_t *));
            APR_ARRAY_PUSH(outcome->reports, ss_message_t *) = report;
        }
        for (int i = 0; i < 2; i++) CU_ASSERT_EQUAL(write_one(&outcome->head), APR_SUCCESS);
        CU_ASSERT_EQUAL(count("SELECT count(*) FROM message"), has_report ? 3 : 1);
        CU_ASSERT_EQUAL(count("SELECT count(*) FROM recipient WHERE state = 5"), has_report + 1);
        apr_pool_destroy(outcome->head.pool);
        apr_pool_destroy(m->pool);
        apr_pool_destroy(report->pool);
    }
    end();
}

static void failed_batches_wait_longer_and_longer(void)
{
    static const apr_interval_time_t waits[][2] = { { 100, 10 },   { 200, 20 },    { 400, 40 },
                                                    { 800, 80 },   { 1600, 160 },  { 3200, 320 },
                                                    { 5000, 640 }, { 5000, 1000 }, { 5000, 1000 } };
    apr_interval_time_t fault = 0, conflict = 0;

    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        fault = ss_store_batch_wait(fault, 0);
        conflict = ss_store_batch_wait(conflict, 1);
        CU_ASSERT_EQUAL(fault, waits[i][0] * 1000);
        CU_ASSERT_EQUAL(conflict, waits[i][1] * 1000);
    }
}

/* Nodes that collided do not come back at the same moment. */
static void a_wait_is_spread(void)
{
    CU_ASSERT_EQUAL(ss_store_batch_spread(1000, 0), 500);
    CU_ASSERT_EQUAL(ss_store_batch_spread(1000, 500), 1000);
    CU_ASSERT_EQUAL(ss_store_batch_spread(1000, 501), 500);
    CU_ASSERT_EQUAL(ss_store_batch_spread(0, 7), 0);
}

/* A database whose constraints are other people's transactions: all of the batch is kept in its
 * order, nobody is notified, and it is written when the others are gone. */
static void a_disturbed_batch_is_done_again(void)
{
    static const ss_dialect_error_t errors[] = {
        { 19, NULL, SS_FAULT_CONFLICT, APR_EAGAIN, "EAGAIN", "constraint", "%s is disturbed" },
        { .words = NULL },
    };
    ss_store_request_t *requests[4];
    ss_message_t *messages[4];
    struct ss_requests_t batch, done;

    begin();
    ss_dialect_t disturbed = ss_dialect_sqlite;
    disturbed.errors = errors;
    store.db.dialect = &disturbed;
    ss_store_request_t *other = NULL;
    APR_RING_INIT(&batch, ss_store_request_t, link);
    APR_RING_INIT(&done, ss_store_request_t, link);
    for (int i = 0; i < 4; i++) {
        messages[i] = store_rig_message(&rig, 1, 10);
        requests[i] = &ss_store_accept_create(messages[i], NULL, NULL)->head;
        ss_store_request_push(&batch, requests[i]);
    }
    other = &ss_store_accept_create(messages[3], NULL, NULL)->head;
    CU_ASSERT_EQUAL(write_one(other), APR_SUCCESS);
    for (int i = 1; i <= 4; i++) {
        ss_store_batch_write(&store, &batch, &done);
        CU_ASSERT_TRUE(APR_RING_EMPTY(&done, ss_store_request_t, link));
        CU_ASSERT_EQUAL(store.conflicts, i);
        CU_ASSERT_STRING_EQUAL(store.stats.fault, "");
        CU_ASSERT_EQUAL(store.most, i < 4 ? 1000 : 2);
        CU_ASSERT_EQUAL(count("SELECT count(*) FROM message"), 1);
        for (int n = 0; n < 4; n++) {
            ss_store_request_t *kept = ss_store_request_take(&store.again);
            CU_ASSERT_TRUE(kept == requests[n] && ss_mono_is_set(kept->keep_until));
            ss_store_request_push(&batch, kept);
        }
    }
    /* Had it lasted for seconds, people would be notified. */
    store.conflict_since.us -= 6 * SECOND;
    ss_store_batch_write(&store, &batch, &done);
    CU_ASSERT_PTR_NOT_NULL(strstr(store.stats.fault, "is disturbed"));
    CU_ASSERT_EQUAL(ss_db_do(&store.db, "DELETE FROM recipient"), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_db_do(&store.db, "DELETE FROM message"), APR_SUCCESS);
    ss_store_batch_room_t room = ss_store_batch_room(&store);
    for (int i = 0; i < 2; i++) {
        room.requests = 2;
        CU_ASSERT_EQUAL(ss_store_batch_take(&store.again, &batch, &room), 2);
        ss_store_batch_write(&store, &batch, &done);
    }
    CU_ASSERT_TRUE(!store.conflicts && !*store.stats.fault && store.most > 1);
    CU_ASSERT_EQUAL(count("SELECT count(*) FROM message"), 4);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_TRUE(ss_store_request_take(&done) == requests[i] &&
                       requests[i]->rv == APR_SUCCESS);
        apr_pool_destroy(requests[i]->pool);
        apr_pool_destroy(messages[i]->pool);
    }
    apr_pool_destroy(other->pool);
    end();
}

/* The first always, the others while there is room. */
static void a_batch_is_bounded(void)
{
    static const struct {
        int requests, rows;
        apr_size_t bytes;
        int taken;
    } table[] = {
        { 9, 99, 99999, 4 }, { 2, 99, 99999, 2 }, { 9, 11, 99999, 3 }, { 9, 12, 99999, 4 },
        { 9, 99, 8999, 3 },  { 9, 99, 9000, 4 },  { 0, 0, 0, 1 },
    };

    begin();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_store_batch_room_t room = { table[i].requests, table[i].rows, table[i].bytes };
        struct ss_requests_t from, batch;
        ss_message_t *messages[4];
        APR_RING_INIT(&from, ss_store_request_t, link);
        APR_RING_INIT(&batch, ss_store_request_t, link);
        for (int n = 0; n < 4; n++) { /* three rows and 750 bytes of content each */
            messages[n] = store_rig_message(&rig, 1, 750);
            ss_store_request_push(&from, &ss_store_accept_create(messages[n], NULL, NULL)->head);
        }
        CU_ASSERT_EQUAL(ss_store_batch_take(&from, &batch, &room), table[i].taken);
        APR_RING_CONCAT(&batch, &from, ss_store_request_t, link);
        for (int n = 0; n < 4; n++) {
            ss_store_request_t *request = ss_store_request_take(&batch);
            CU_ASSERT_TRUE(((ss_store_accept_t *)(void *)request)->message == messages[n]);
            apr_pool_destroy(request->pool);
            apr_pool_destroy(messages[n]->pool);
        }
    }
    end();
}

static void batches_get_smaller_where_there_are_conflicts(void)
{
    CU_ASSERT_EQUAL(ss_store_batch_most(1000, 40, 3), 1000);
    CU_ASSERT_EQUAL(ss_store_batch_most(1000, 40, 4), 20);
    CU_ASSERT_EQUAL(ss_store_batch_most(20, 20, 5), 10);
    CU_ASSERT_EQUAL(ss_store_batch_most(1, 1, 9), 1);
    CU_ASSERT_EQUAL(ss_store_batch_most(10, 10, 0), 20);
    CU_ASSERT_EQUAL(ss_store_batch_most(600, 1, 0), 1000);
    CU_ASSERT_EQUAL(ss_store_batch_most(1000, 1000, 0), 1000);
}

/* Until the failed batch is tried again; only after a conflict, or where it has no room. */
static void what_comes_after_a_conflict_waits(void)
{
    ss_store_batch_t held = { .again_at = { 100 }, .conflicts = 1 };
    ss_store_request_t request;

    APR_RING_INIT(&held.again, ss_store_request_t, link);
    CU_ASSERT_FALSE(ss_store_batch_is_held(&held, (ss_mono_t){ 99 }));
    ss_store_request_push(&held.again, &request);
    CU_ASSERT_TRUE(ss_store_batch_is_held(&held, (ss_mono_t){ 99 }));
    CU_ASSERT_FALSE(ss_store_batch_is_held(&held, (ss_mono_t){ 100 }));
    held.conflicts = 0;
    CU_ASSERT_FALSE(ss_store_batch_is_held(&held, (ss_mono_t){ 99 }));
    held.has_more_again = 1;
    CU_ASSERT_TRUE(ss_store_batch_is_held(&held, (ss_mono_t){ 99 }));
}

static void what_is_kept_of_a_failed_batch(void)
{
    static const ss_mono_t now = { 100 };
    static const struct {
        ss_store_verb_t verb;
        apr_int64_t keep_until;
        ss_mono_t close_until;
        int keeps;
    } table[] = {
        { SS_STORE_OUTCOME, 0, { 0 }, 1 },   { SS_STORE_OUTCOME, 0, { 101 }, 1 },
        { SS_STORE_OUTCOME, 0, { 100 }, 0 }, { SS_STORE_OUTCOME, 99, { 0 }, 1 },
        { SS_STORE_ACCEPT, 0, { 0 }, 0 },    { SS_STORE_ACCEPT, 101, { 0 }, 1 },
        { SS_STORE_ACCEPT, 100, { 0 }, 0 },  { SS_STORE_ACCEPT, 101, { 100 }, 0 },
        { SS_STORE_CONTROL, 101, { 0 }, 1 }, { SS_STORE_CONTROL, 0, { 0 }, 0 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_store_request_t request = { .verb = table[i].verb,
                                       .keep_until = { table[i].keep_until } };
        CU_ASSERT_EQUAL(ss_store_batch_keeps(&request, table[i].close_until, now), table[i].keeps);
    }
}

static void commits_are_counted_by_duration(void)
{
    CU_ASSERT_EQUAL(ss_store_batch_bucket(0), 0);
    CU_ASSERT_EQUAL(ss_store_batch_bucket(1000), 0);
    CU_ASSERT_EQUAL(ss_store_batch_bucket(1001), 1);
    CU_ASSERT_EQUAL(ss_store_batch_bucket(2000), 1);
    CU_ASSERT_EQUAL(ss_store_batch_bucket(2001), 2);
    CU_ASSERT_EQUAL(ss_store_batch_bucket(3600 * SECOND), 15);
}

/* Only who has been in contact for more than 15 s declares others dead; they stop by themselves
 * before that. */
static void times_of_a_lease(void)
{
    CU_ASSERT_FALSE(ss_lease_may_take_over(15 * SECOND));
    CU_ASSERT_TRUE(ss_lease_may_take_over(15 * SECOND + 1));
    CU_ASSERT_EQUAL(SS_LEASE_EVERY, SECOND);
    CU_ASSERT_EQUAL(SS_LEASE_SAFE, 45 * SECOND);
    CU_ASSERT_EQUAL(SS_LEASE_LIMIT, 60 * SECOND);
}

void ss_suite_store_batch(void)
{
    CU_pSuite suite = CU_add_suite("store_batch", NULL, NULL);

    CU_add_test(suite, "an_acceptance_whose_answer_was_lost", an_acceptance_whose_answer_was_lost);
    CU_add_test(suite, "a_part_whose_answer_was_lost", a_part_whose_answer_was_lost);
    CU_add_test(suite, "an_outcome_whose_answer_was_lost", an_outcome_whose_answer_was_lost);
    CU_add_test(suite, "failed_batches_wait_longer_and_longer",
                failed_batches_wait_longer_and_longer);
    CU_add_test(suite, "a_wait_is_spread", a_wait_is_spread);
    CU_add_test(suite, "a_disturbed_batch_is_done_again", a_disturbed_batch_is_done_again);
    CU_add_test(suite, "a_batch_is_bounded", a_batch_is_bounded);
    CU_add_test(suite, "batches_get_smaller_where_there_are_conflicts",
                batches_get_smaller_where_there_are_conflicts);
    CU_add_test(suite, "what_comes_after_a_conflict_waits", what_comes_after_a_conflict_waits);
    CU_add_test(suite, "what_is_kept_of_a_failed_batch", what_is_kept_of_a_failed_batch);
    CU_add_test(suite, "commits_are_counted_by_duration", commits_are_counted_by_duration);
    CU_add_test(suite, "times_of_a_lease", times_of_a_lease);
}
