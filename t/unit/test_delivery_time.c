/* test_delivery_time.c: what src/delivery does as time passes: what was learned of a host is
 * forgotten, a pause ends, slow start doubles, finished messages are purged, a host is tried again.
 */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery_rig.h"

#include "delivery/connection.h"
#include "delivery/housekeeping.h"
#include "delivery/learned.h"
#include "delivery/pause.h"
#include "delivery/relay_host.h"
#include "delivery/slow_start.h"

void ss_suite_delivery_time(void);

#define HOST "mail.example.com:25"
#define HOUR (3600 * RIG_SECOND)

static delivery_rig_t rig;

/* ---- what was learned ---- */

static void learned_for_a_day(void)
{
    int recipients;

    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, &recipients), 0);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_NO_PIPELINING, 0, "no");
    CU_ASSERT_EQUAL(rig.logged, 1);
    CU_ASSERT_STRING_EQUAL(rig.key, "learned/" HOST);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_NO_PIPELINING, 0, "no"); /* once */
    CU_ASSERT_EQUAL(rig.logged, 1);
    CU_ASSERT_EQUAL(rig.sets, 1);
    delivery_rig_pass(&rig, 24 * HOUR - 1);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, &recipients), SS_LEARN_NO_PIPELINING);
    CU_ASSERT_EQUAL(recipients, 0);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, "other:25", NULL), 0);
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), 0);
    CU_ASSERT_STRING_EQUAL(rig.value, "");
    delivery_rig_end(&rig);
}

/* A clock that was ahead does not make it last for years. */
static void learned_while_the_clock_was_ahead(void)
{
    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_NO_PIPELINING, 0, "no");
    rig.wall -= 10000 * HOUR;
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), SS_LEARN_NO_PIPELINING);
    delivery_rig_pass(&rig, 24 * HOUR);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), 0);
    delivery_rig_end(&rig);
}

/* The smallest number stands; a larger one is no news. */
static void learned_recipients(void)
{
    int recipients;

    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_MAX_RECIPIENTS, 50, "too many");
    ss_learned_add(rig.delivery, HOST, SS_LEARN_MAX_RECIPIENTS, 80, "too many");
    ss_learned_bits(rig.delivery, HOST, &recipients);
    CU_ASSERT_EQUAL(recipients, 50);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_MAX_RECIPIENTS, 20, "too many");
    ss_learned_bits(rig.delivery, HOST, &recipients);
    CU_ASSERT_EQUAL(recipients, 20);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_MAX_RECIPIENTS, 0, "too many");
    ss_learned_bits(rig.delivery, HOST, &recipients);
    CU_ASSERT_EQUAL(recipients, 1);
    delivery_rig_end(&rig);
}

/* A connection lost behind content proves nothing; a second one within an hour does. */
static void suspected_for_an_hour(void)
{
    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_NO_STREAMING, 0, "lost");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), 0);
    delivery_rig_pass(&rig, HOUR);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_NO_STREAMING, 0, "lost");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), 0);
    delivery_rig_pass(&rig, HOUR - 1);
    ss_learned_add(rig.delivery, HOST, SS_LEARN_NO_STREAMING, 0, "lost");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), SS_LEARN_NO_STREAMING);
    delivery_rig_end(&rig);
}

/* A row of the store, of this node or another's: added to what is known. */
static void learned_is_restored(void)
{
    int recipients;
    char row[200];

    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    apr_snprintf(row, sizeof(row), "{\"bits\":%d,\"recipients\":30,\"since\":%" APR_TIME_T_FMT "}",
                 SS_LEARN_MAX_RECIPIENTS, RIG_WALL - 23 * HOUR);
    ss_learned_restore(rig.delivery, HOST, row);
    ss_learned_restore(rig.delivery, HOST, "{\"bits\":1,\"recipients\":40,\"since\":5}");
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, &recipients),
                    SS_LEARN_MAX_RECIPIENTS | SS_LEARN_MAX_MESSAGES);
    CU_ASSERT_EQUAL(recipients, 30);
    delivery_rig_pass(&rig, HOUR);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), 0);
    /* A time in the future counts as now. */
    apr_snprintf(row, sizeof(row), "{\"bits\":1,\"recipients\":0,\"since\":%" APR_TIME_T_FMT "}",
                 RIG_WALL + 1000 * HOUR);
    ss_learned_restore(rig.delivery, HOST, row);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), SS_LEARN_MAX_MESSAGES);
    delivery_rig_pass(&rig, 24 * HOUR);
    CU_ASSERT_EQUAL(ss_learned_bits(rig.delivery, HOST, NULL), 0);
    delivery_rig_end(&rig);
}

/* ---- pause ---- */

static void a_pause_counts_and_ends(void)
{
    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    ss_pause_begin(rig.relay);
    CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
    delivery_rig_pass(&rig, HOUR);
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 0);
    ss_pause_set(rig.relay, "move", "ann", rig.wall + 2 * HOUR);
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    CU_ASSERT_STRING_EQUAL(rig.key, "pause/default");
    delivery_rig_pass(&rig, 2 * HOUR - 1);
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 2 * HOUR - 1);
    int deferred = rig.deferred;
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
    CU_ASSERT(rig.deferred > deferred); /* sending goes on */
    delivery_rig_pass(&rig, HOUR);
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 2 * HOUR);
    /* Open end, ended by a person; the times add up. */
    ss_pause_set(rig.relay, "again", "bob", 0);
    delivery_rig_pass(&rig, 30 * HOUR);
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    ss_pause_clear(rig.relay, "bob");
    CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 32 * HOUR);
    delivery_rig_end(&rig);
}

/* The log reminds every ten minutes. */
static void a_pause_is_not_forgotten(void)
{
    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    ss_pause_begin(rig.relay);
    ss_pause_set(rig.relay, "move", "ann", 0);
    int logged = rig.logged;
    delivery_rig_pass(&rig, 600 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(rig.logged, logged);
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_EQUAL(rig.logged, logged + 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.line, "SMTPSend-260: "));
    delivery_rig_end(&rig);
}

/* Over a restart: the pause, and its time while nothing ran; one that expired meanwhile is over. */
static void a_pause_outlasts_restarts(void)
{
    char row[300];

    for (int is_expired = 0; is_expired < 2; is_expired++) {
        delivery_rig_begin(&rig);
        delivery_rig_create(&rig);
        apr_snprintf(row, sizeof(row),
                     "{\"total\":%" APR_TIME_T_FMT ",\"effectiveSince\":%" APR_TIME_T_FMT
                     ",\"stored\":{\"reason\":\"r\",\"who\":\"w\",\"since\":%" APR_TIME_T_FMT
                     ",\"until\":%" APR_TIME_T_FMT "}}",
                     HOUR, RIG_WALL - 2 * HOUR, RIG_WALL - 2 * HOUR,
                     RIG_WALL + (is_expired ? 0 : HOUR));
        ss_pause_restore(rig.relay, row);
        ss_pause_begin(rig.relay);
        CU_ASSERT_EQUAL(ss_relay_is_paused(rig.relay), !is_expired);
        CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), 3 * HOUR);
        delivery_rig_pass(&rig, HOUR);
        CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
        CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), (is_expired ? 3 : 4) * HOUR);
        delivery_rig_end(&rig);
    }
}

/* SMTPSendPause On: nobody's resume ends it. */
static void a_pause_by_directive_stays(void)
{
    delivery_rig_begin(&rig);
    rig.settings.pause = 1;
    delivery_rig_create(&rig);
    ss_pause_begin(rig.relay);
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    ss_pause_set(rig.relay, "too", "ann", 0);
    ss_pause_clear(rig.relay, "ann");
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    delivery_rig_pass(&rig, HOUR);
    CU_ASSERT_EQUAL(ss_pause_total(rig.relay, rig.wall), HOUR);
    delivery_rig_end(&rig);
}

/* Another node's row, where this node's is not newer. */
static void a_pause_of_another_node(void)
{
    char row[200];

    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    ss_pause_begin(rig.relay);
    apr_snprintf(row, sizeof(row), "{\"stored\":{\"reason\":\"r\",\"who\":\"w\",\"since\":5}}");
    ss_pause_share(rig.relay, row, rig.relay->pause.number);
    CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
    ss_pause_share(rig.relay, row, rig.relay->pause.number + 1);
    CU_ASSERT_TRUE(ss_relay_is_paused(rig.relay));
    ss_pause_share(rig.relay, "{}", rig.relay->pause.number + 1);
    CU_ASSERT_FALSE(ss_relay_is_paused(rig.relay));
    delivery_rig_end(&rig);
}

/* ---- slow start ---- */

static void slow_start_doubles_each_minute(void)
{
    ss_settings_rate_t rate = { .count = 30, .per = 60 * RIG_SECOND };

    delivery_rig_begin(&rig);
    delivery_rig_create(&rig);
    rig.relay->waiting_messages = 10;
    ss_slow_start_set(rig.relay, &rate);
    CU_ASSERT_EQUAL(rig.relay->slow_start.count, 1);
    CU_ASSERT_EQUAL(rig.relay->slow_start.per, 2 * RIG_SECOND);
    CU_ASSERT_STRING_EQUAL(rig.value, "2000000");
    delivery_rig_pass(&rig, 60 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(rig.relay->slow_start.per, 2 * RIG_SECOND);
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_EQUAL(rig.relay->slow_start.per, RIG_SECOND);
    CU_ASSERT_STRING_EQUAL(rig.value, "1000000");
    /* While it is paused it waits. */
    ss_pause_begin(rig.relay);
    ss_pause_set(rig.relay, "", "ann", 0);
    delivery_rig_pass(&rig, 300 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->slow_start.per, RIG_SECOND);
    ss_pause_clear(rig.relay, "ann");
    delivery_rig_pass(&rig, 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->slow_start.per, RIG_SECOND / 2);
    /* Nothing waits any more. */
    rig.relay->waiting_messages = 0;
    delivery_rig_pass(&rig, 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->slow_start.count, 0);
    CU_ASSERT_STRING_EQUAL(rig.key, "ramp/default");
    CU_ASSERT_STRING_EQUAL(rig.value, "");
    /* Over a restart. */
    ss_slow_start_restore(rig.relay, "500000");
    CU_ASSERT_EQUAL(rig.relay->slow_start.per, RIG_SECOND / 2);
    ss_slow_start_set(rig.relay, NULL);
    CU_ASSERT_EQUAL(rig.relay->slow_start.count, 0);
    delivery_rig_end(&rig);
}

/* ---- connections ---- */

static void fewer_connections_for_ten_minutes(void)
{
    delivery_rig_begin(&rig);
    rig.settings.connections = 10;
    delivery_rig_create(&rig);
    rig.relay->connection_count = 8;
    CU_ASSERT_TRUE(ss_connection_may_open(rig.relay));
    rig.relay->connecting = 1; /* one at a time */
    CU_ASSERT_FALSE(ss_connection_may_open(rig.relay));
    rig.relay->connecting = 0;
    ss_connection_limit(rig.relay, "too many");
    CU_ASSERT_EQUAL(rig.relay->connection_limit, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.line, "SMTPSend-222: "));
    CU_ASSERT_FALSE(ss_connection_may_open(rig.relay));
    rig.relay->connection_count = 3;
    CU_ASSERT_TRUE(ss_connection_may_open(rig.relay));
    rig.relay->connection_count = 4;
    delivery_rig_pass(&rig, 600 * RIG_SECOND - 1);
    CU_ASSERT_FALSE(ss_connection_may_open(rig.relay));
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_TRUE(ss_connection_may_open(rig.relay));
    CU_ASSERT_EQUAL(rig.relay->connection_limit, 10);
    rig.relay->connection_count = 10;
    CU_ASSERT_FALSE(ss_connection_may_open(rig.relay));
    rig.relay->connection_count = 0;
    delivery_rig_end(&rig);
}

/* Results about us block the host; results about a message prove that it works. */
static void results_judge_the_host(void)
{
    static const struct {
        ss_verdict_fate_t fate;
        ss_breaker_condition_t before, after;
        int is_refused;
    } rows[] = {
        { SS_FATE_BLOCKED, SS_HOST_UP, SS_HOST_BLOCKED, 1 },
        { SS_FATE_SENT, SS_HOST_BLOCKED, SS_HOST_UP, 0 },
        { SS_FATE_FAILED, SS_HOST_BLOCKED, SS_HOST_UP, 0 },
        { SS_FATE_DEFERRED, SS_HOST_BLOCKED, SS_HOST_BLOCKED, 0 },
        { SS_FATE_AGAIN, SS_HOST_DOWN, SS_HOST_DOWN, 0 },
        { SS_FATE_UNCERTAIN, SS_HOST_DOWN, SS_HOST_DOWN, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_client_rcpt_t rcpt = {
            .fate = rows[i].fate, .code = 535, .cmd = SS_CMD_MAIL, .text = "no"
        };
        delivery_rig_begin(&rig);
        delivery_rig_create(&rig);
        if (rows[i].before != SS_HOST_UP) ss_relay_host_failed(rig.relay, 0, rows[i].before, NULL);
        CU_ASSERT_EQUAL(ss_relay_host_judge(rig.relay, 0, &rcpt, 1), rows[i].is_refused);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, rows[i].after);
        delivery_rig_end(&rig);
    }
}

/* A session that is ready proves nothing about a refusal at MAIL. */
static void ready_ends_what_it_disproves(void)
{
    static const struct {
        ss_breaker_condition_t condition;
        const char *step;
        int ends;
    } rows[] = { { SS_HOST_DOWN, "connect", 1 },     { SS_HOST_BLOCKED, "auth", 1 },
                 { SS_HOST_BLOCKED, "greeting", 1 }, { SS_HOST_BLOCKED, "mail", 0 },
                 { SS_HOST_BLOCKED, "rcpt", 0 },     { SS_HOST_BLOCKED, "data", 0 },
                 { SS_HOST_DOWN, "data", 1 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_result_t cause;
        delivery_rig_begin(&rig);
        delivery_rig_create(&rig);
        ss_result_clear(&cause);
        ss_result_set(&cause, rows[i].step, "", NULL, "no");
        ss_relay_host_failed(rig.relay, 0, rows[i].condition, &cause);
        ss_relay_host_is_ready(rig.relay, 0);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition == SS_HOST_UP, rows[i].ends);
        delivery_rig_end(&rig);
    }
}

/* ---- what is finished ---- */

static void the_purge_comes_in_time(void)
{
    delivery_rig_begin(&rig);
    rig.config.globals.history = 7 * 24 * HOUR;
    delivery_rig_create(&rig);
    ss_housekeeping_start(rig.delivery);
    delivery_rig_pass(&rig, 60 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(rig.purges, 0);
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_EQUAL(rig.purges, 1);
    CU_ASSERT_EQUAL(rig.purged_before, rig.wall - 7 * 24 * HOUR);
    delivery_rig_pass(&rig, 600 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(rig.purges, 1);
    rig.more = 1; /* there is more: soon again */
    delivery_rig_pass(&rig, 1);
    CU_ASSERT_EQUAL(rig.purges, 2);
    delivery_rig_pass(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.purges, 12);
    rig.more = 0;
    delivery_rig_pass(&rig, 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.purges, 13);
    delivery_rig_end(&rig);
}

void ss_suite_delivery_time(void)
{
    CU_pSuite suite = CU_add_suite("delivery_time", NULL, NULL);

    CU_ADD_TEST(suite, learned_for_a_day);
    CU_ADD_TEST(suite, learned_while_the_clock_was_ahead);
    CU_ADD_TEST(suite, learned_recipients);
    CU_ADD_TEST(suite, suspected_for_an_hour);
    CU_ADD_TEST(suite, learned_is_restored);
    CU_ADD_TEST(suite, a_pause_counts_and_ends);
    CU_ADD_TEST(suite, a_pause_is_not_forgotten);
    CU_ADD_TEST(suite, a_pause_outlasts_restarts);
    CU_ADD_TEST(suite, a_pause_by_directive_stays);
    CU_ADD_TEST(suite, a_pause_of_another_node);
    CU_ADD_TEST(suite, slow_start_doubles_each_minute);
    CU_ADD_TEST(suite, fewer_connections_for_ten_minutes);
    CU_ADD_TEST(suite, results_judge_the_host);
    CU_ADD_TEST(suite, ready_ends_what_it_disproves);
    CU_ADD_TEST(suite, the_purge_comes_in_time);
}
