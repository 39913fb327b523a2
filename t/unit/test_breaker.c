/* test_breaker.c: when a host that failed is tried again: waits that grow to a bound, one probe at
 * a time, the next host in between. */
#include <CUnit/Basic.h>
#include <string.h>

#include "delivery/breaker.h"

void ss_suite_breaker(void);

#define NOW (APR_USEC_PER_SEC * 1000)
#define HALF 0x80000000u

static void a_dead_host_is_noticed_within_half_a_minute(void)
{
    ss_breaker_t host;
    apr_time_t now = NOW;
    ss_mono_t when;
    int probes = 0;

    memset(&host, 0, sizeof(host));
    CU_ASSERT_EQUAL(ss_breaker_failed(&host, SS_HOST_DOWN, NULL, (ss_mono_t){ now }, now, HALF), 1);
    while (now < NOW + 600 * APR_USEC_PER_SEC) {
        if (ss_breaker_choose(&host, 1, (ss_mono_t){ now }, &when) < 0) {
            CU_ASSERT(when.us > now && when.us - now <= 30 * APR_USEC_PER_SEC);
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
    CU_ASSERT(probes >= 20 && probes <= 30);
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

void ss_suite_breaker(void)
{
    CU_pSuite suite = CU_add_suite("breaker", NULL, NULL);

    CU_ADD_TEST(suite, a_dead_host_is_noticed_within_half_a_minute);
    CU_ADD_TEST(suite, a_host_that_refuses_us_is_left_alone_for_a_minute);
    CU_ADD_TEST(suite, several_connections_fail_once);
    CU_ADD_TEST(suite, the_next_host_carries_on);
}
