/* test_delivery_rules.c: the small rules of src/delivery, each at its bound: age and number of
 * connections, recipients of a transaction, slow start, how long results are kept, a node that must
 * not send. */
#include <CUnit/Basic.h>
#include <string.h>

#include "delivery/connection.h"
#include "delivery/handover.h"
#include "delivery/housekeeping.h"
#include "delivery/node.h"
#include "delivery/slow_start.h"
#include "queue/lease.h"

void ss_suite_delivery_rules(void);

#define SECOND APR_USEC_PER_SEC
#define NOW (1000000 * SECOND)

/* SMTPSendMaxConnectionAge; 0: never. */
static void an_old_connection_takes_no_message(void)
{
    ss_mono_t ready = { NOW };
    ss_settings_t s;

    memset(&s, 0, sizeof(s));
    s.max_connection_age = 300 * SECOND;
    CU_ASSERT_FALSE(ss_connection_is_too_old(&s, ready, ready));
    CU_ASSERT_FALSE(ss_connection_is_too_old(&s, ready, ss_mono_add(ready, 300 * SECOND)));
    CU_ASSERT_TRUE(ss_connection_is_too_old(&s, ready, ss_mono_add(ready, 300 * SECOND + 1)));
    s.max_connection_age = 0;
    CU_ASSERT_FALSE(ss_connection_is_too_old(&s, ready, ss_mono_add(ready, 86400 * SECOND)));
}

static void too_many_connections_become_half_as_many(void)
{
    static const int rows[][2] = { { 10, 5 }, { 9, 4 }, { 3, 1 }, { 2, 1 }, { 1, 1 }, { 0, 1 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ss_connection_fewer(rows[i][0]), rows[i][1]);
    CU_ASSERT_EQUAL(SS_CONNECTION_FEWER_FOR, 600 * SECOND); /* as SMTPSend-222 says */
}

/* The smallest of what is set, learned and offered. */
static void recipients_of_a_transaction(void)
{
    static const int rows[][4] = {
        { 100, 0, 0, 100 },   { 100, 50, 0, 50 },   { 100, 0, 20, 20 },   { 100, 50, 20, 20 },
        { 10, 50, 20, 10 },   { 100, 200, 0, 100 }, { 100, 0, 200, 100 }, { 100, 1, 0, 1 },
        { 1000, 0, 0, 1000 }, { 5000, 0, 0, 1000 }, { 0, 0, 0, 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ss_handover_max_recipients(rows[i][0], rows[i][1], rows[i][2]), rows[i][3]);
}

/* The wait between two messages halves each minute, while any wait. */
static void slow_start(void)
{
    CU_ASSERT_EQUAL(ss_slow_start_next(2 * SECOND, 10), SECOND);
    CU_ASSERT_EQUAL(ss_slow_start_next(SECOND, 1), SECOND / 2);
    CU_ASSERT_EQUAL(ss_slow_start_next(2 * SECOND, 0), 0);
    CU_ASSERT_EQUAL(ss_slow_start_next(2 * (SS_SLOW_START_FASTEST + 1), 1),
                    SS_SLOW_START_FASTEST + 1);
    CU_ASSERT_EQUAL(ss_slow_start_next(2 * SS_SLOW_START_FASTEST, 1), 0);
}

/* SMTPSendHistory. */
static void results_are_kept_for_their_time(void)
{
    CU_ASSERT_EQUAL(ss_housekeeping_horizon(7 * 86400 * SECOND, NOW), NOW - 7 * 86400 * SECOND);
    CU_ASSERT_EQUAL(ss_housekeeping_horizon(0, NOW), NOW);
}

/* A node stops before the others take its mail: by less than their limit, by its own clock. */
static void a_node_without_heartbeat_stops(void)
{
    ss_mono_t last = { NOW };

    CU_ASSERT_FALSE(ss_node_is_safe((ss_mono_t){ 0 }, last));
    CU_ASSERT_FALSE(ss_node_is_safe((ss_mono_t){ 0 }, (ss_mono_t){ SECOND }));
    CU_ASSERT_TRUE(ss_node_is_safe(last, last));
    CU_ASSERT_TRUE(ss_node_is_safe(last, ss_mono_add(last, 45 * SECOND - 1)));
    CU_ASSERT_FALSE(ss_node_is_safe(last, ss_mono_add(last, 45 * SECOND)));
    CU_ASSERT(SS_LEASE_SAFE + 10 * SECOND <= SS_LEASE_LIMIT);
    CU_ASSERT_EQUAL(SS_LEASE_LIMIT, 60 * SECOND);
}

void ss_suite_delivery_rules(void)
{
    CU_pSuite suite = CU_add_suite("delivery_rules", NULL, NULL);

    CU_ADD_TEST(suite, an_old_connection_takes_no_message);
    CU_ADD_TEST(suite, too_many_connections_become_half_as_many);
    CU_ADD_TEST(suite, recipients_of_a_transaction);
    CU_ADD_TEST(suite, slow_start);
    CU_ADD_TEST(suite, results_are_kept_for_their_time);
    CU_ADD_TEST(suite, a_node_without_heartbeat_stops);
}
