/* test_breaker.c: when a host that failed is tried again: waits that grow to a bound, one probe at
 * a time, the next host in between. */
#include <CUnit/Basic.h>
#include <string.h>

#include "delivery/breaker.h"

void ss_suite_breaker(void);

#define NOW (APR_USEC_PER_SEC * 1000)
#define HALF 0x80000000u

static void a_dead_host_is_noticed_within_five_seconds(void)
{
    ss_breaker_t host;
    apr_time_t now = NOW;
    ss_mono_t when;
    int probes = 0;

    memset(&host, 0, sizeof(host));
    CU_ASSERT_EQUAL(ss_breaker_failed(&host, SS_HOST_DOWN, NULL, (ss_mono_t){ now }, now, HALF), 1);
    while (now < NOW + 600 * APR_USEC_PER_SEC) {
        if (ss_breaker_choose(&host, 1, (ss_mono_t){ now }, &when) < 0) {
            CU_ASSERT(when.us > now && when.us - now <= 5 * APR_USEC_PER_SEC);
            now = when.us;
            continue;
        }
        host.is_probing = 1;
        /* one probe at a time */
        CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, (ss_mono_t){ now }, &when), -1);
        CU_ASSERT_EQUAL(ss_breaker_failed(&host, SS_HOST_DOWN, NULL, (ss_mono_t){ now }, now, HALF),
                        0);
        probes++;
    }
    CU_ASSERT(probes >= 115 && probes <= 130);
    host.is_probing = 1;
    CU_ASSERT_EQUAL(ss_breaker_worked(&host, now), 1);
    CU_ASSERT_EQUAL(ss_breaker_worked(&host, now), 0);
    CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, (ss_mono_t){ now }, &when), 0);
}

static void a_host_that_refuses_us_is_left_alone_for_a_minute(void)
{
    ss_breaker_t host;
    ss_mono_t when;

    memset(&host, 0, sizeof(host));
    ss_breaker_failed(&host, SS_HOST_BLOCKED, NULL, (ss_mono_t){ NOW }, NOW, HALF);
    CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, (ss_mono_t){ NOW + 50 * APR_USEC_PER_SEC }, &when),
                    -1);
    CU_ASSERT(when.us - NOW >= 54 * APR_USEC_PER_SEC && when.us - NOW <= 66 * APR_USEC_PER_SEC);
    ss_breaker_reset(&host, 1);
    CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, (ss_mono_t){ NOW + 1 }, &when), 0);
}

static void several_connections_fail_once(void)
{
    ss_breaker_t host;
    apr_interval_time_t wait;

    memset(&host, 0, sizeof(host));
    ss_breaker_failed(&host, SS_HOST_DOWN, NULL, (ss_mono_t){ NOW }, NOW, HALF);
    wait = host.wait;
    for (int i = 0; i < 9; i++)
        CU_ASSERT_EQUAL(
            ss_breaker_failed(&host, SS_HOST_DOWN, NULL, (ss_mono_t){ NOW + i }, NOW + i, HALF), 0);
    CU_ASSERT_EQUAL(host.wait, wait);
}

static void the_next_host_carries_on(void)
{
    ss_breaker_t hosts[3];
    ss_mono_t when;

    memset(hosts, 0, sizeof(hosts));
    ss_breaker_failed(&hosts[0], SS_HOST_DOWN, NULL, (ss_mono_t){ NOW }, NOW, HALF);
    CU_ASSERT_EQUAL(ss_breaker_choose(hosts, 3, (ss_mono_t){ NOW }, &when), 1);
    ss_breaker_failed(&hosts[1], SS_HOST_BLOCKED, NULL, (ss_mono_t){ NOW }, NOW, HALF);
    CU_ASSERT_EQUAL(ss_breaker_choose(hosts, 3, (ss_mono_t){ NOW }, &when), 2);
    /* The first one is due again before the third is needed. */
    CU_ASSERT_EQUAL(ss_breaker_choose(hosts, 3, hosts[0].next, &when), 0);
}

/* The waits themselves, second by second, and how far the jitter moves them. */
static void the_waits_double_to_their_bound(void)
{
    static const struct {
        ss_breaker_condition_t condition;
        int waits[8]; /* seconds */
        int first, most;
    } table[] = { { SS_HOST_DOWN, { 1, 2, 4, 5, 5, 5, 5, 5 }, 1, 5 },
                  { SS_HOST_BLOCKED, { 60, 120, 240, 480, 900, 900, 900, 900 }, 60, 900 } };
    static const apr_uint32_t randoms[] = { 0, HALF, 0xffffffffu };

    for (int i = 0; i < 2; i++) {
        for (int r = 0; r < 3; r++) {
            ss_breaker_t host;
            ss_mono_t now = { NOW };
            memset(&host, 0, sizeof(host));
            for (int k = 0; k < 8; k++) {
                host.is_probing = k > 0;
                CU_ASSERT_EQUAL(
                    ss_breaker_failed(&host, table[i].condition, NULL, now, k, randoms[r]), k == 0);
                double wait = (double)ss_mono_since(host.next, now) / 1e6,
                       want = table[i].waits[k] * (r == 0   ? 0.9
                                                   : r == 1 ? 1.0
                                                            : 1.1);
                if (want > table[i].most) want = table[i].most;
                if (table[i].condition == SS_HOST_BLOCKED && want < table[i].first)
                    want = table[i].first;
                CU_ASSERT_DOUBLE_EQUAL(wait, want, 0.001);
                CU_ASSERT_EQUAL(host.since, 0);
                CU_ASSERT_FALSE(host.is_probing);
                now = host.next;
            }
        }
    }
}

/* Another condition starts over; what worked starts over too. */
static void a_new_condition_starts_over(void)
{
    ss_result_t cause;
    ss_breaker_t host;
    ss_mono_t now = { NOW }, when;

    memset(&host, 0, sizeof(host));
    ss_result_clear(&cause);
    ss_result_set(&cause, "connect", "ECONNREFUSED", NULL, "refused");
    for (int k = 0; k < 4; k++) {
        host.is_probing = 1;
        ss_breaker_failed(&host, SS_HOST_DOWN, NULL, now, 7, HALF);
        now = host.next;
    }
    CU_ASSERT_EQUAL(ss_breaker_failed(&host, SS_HOST_BLOCKED, &cause, now, 9, HALF), 1);
    CU_ASSERT_EQUAL(host.condition, SS_HOST_BLOCKED);
    CU_ASSERT_EQUAL(host.since, 9);
    CU_ASSERT_STRING_EQUAL(host.cause.text, "refused");
    CU_ASSERT_DOUBLE_EQUAL((double)ss_mono_since(host.next, now) / 1e6, 60.0, 0.001);
    /* Until its time nothing goes out, at its time exactly one probe. */
    CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, ss_mono_add(host.next, -1), &when), -1);
    CU_ASSERT_EQUAL(when.us, host.next.us);
    CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, host.next, &when), 0);
    host.is_probing = 1;
    CU_ASSERT_EQUAL(ss_breaker_choose(&host, 1, host.next, &when), -1);
    CU_ASSERT_FALSE(ss_mono_is_set(when));
    CU_ASSERT_EQUAL(ss_breaker_worked(&host, 11), 1);
    CU_ASSERT_EQUAL(host.condition, SS_HOST_UP);
    CU_ASSERT_EQUAL(host.since, 11);
    CU_ASSERT_FALSE(host.is_probing);
    CU_ASSERT_EQUAL(host.cause.text[0], '\0');
    ss_breaker_failed(&host, SS_HOST_DOWN, NULL, now, 12, HALF);
    CU_ASSERT_DOUBLE_EQUAL((double)ss_mono_since(host.next, now) / 1e6, 1.0, 0.001);
}

/* The earliest of several; a host that works is left alone by a reset. */
static void the_earliest_probe_is_waited_for(void)
{
    ss_breaker_t hosts[3];
    ss_mono_t now = { NOW }, when;

    memset(hosts, 0, sizeof(hosts));
    ss_breaker_failed(&hosts[0], SS_HOST_BLOCKED, NULL, now, 1, HALF);
    ss_breaker_failed(&hosts[1], SS_HOST_DOWN, NULL, now, 1, HALF);
    ss_breaker_failed(&hosts[2], SS_HOST_BLOCKED, NULL, now, 1, HALF);
    CU_ASSERT_EQUAL(ss_breaker_choose(hosts, 3, now, &when), -1);
    CU_ASSERT_EQUAL(when.us, hosts[1].next.us);
    ss_breaker_worked(&hosts[1], 2);
    ss_breaker_reset(hosts, 3);
    CU_ASSERT_FALSE(ss_mono_is_set(hosts[0].next));
    CU_ASSERT_FALSE(ss_mono_is_set(hosts[2].next));
    CU_ASSERT_EQUAL(hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT_EQUAL(hosts[1].condition, SS_HOST_UP);
    /* The list's order decides among those that may be tried. */
    CU_ASSERT_EQUAL(ss_breaker_choose(hosts, 3, now, &when), 0);
}

void ss_suite_breaker(void)
{
    CU_pSuite suite = CU_add_suite("breaker", NULL, NULL);

    CU_ADD_TEST(suite, a_dead_host_is_noticed_within_five_seconds);
    CU_ADD_TEST(suite, a_host_that_refuses_us_is_left_alone_for_a_minute);
    CU_ADD_TEST(suite, several_connections_fail_once);
    CU_ADD_TEST(suite, the_next_host_carries_on);
    CU_ADD_TEST(suite, the_waits_double_to_their_bound);
    CU_ADD_TEST(suite, a_new_condition_starts_over);
    CU_ADD_TEST(suite, the_earliest_probe_is_waited_for);
}
