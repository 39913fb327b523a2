/* test_address_health.c: which of a name's addresses is tried first. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "net/address_health.h"

void ss_suite_address_health(void);

static ss_address_health_t health;
static const ss_mono_t start = { 1000 * APR_USEC_PER_SEC };

static ss_mono_t after(int seconds)
{
    return ss_mono_add(start, seconds * APR_USEC_PER_SEC);
}

/* The order of "a b c" at a time, and how many of them are healthy. */
static const char *order(int seconds)
{
    static char text[4 * SS_ADDRESS_TEXT];
    ss_resolve_addresses_t addresses = { .count = 3 };

    for (int i = 0; i < 3; i++) snprintf(addresses.list[i].text, SS_ADDRESS_TEXT, "%c", 'a' + i);
    int healthy = ss_address_health_sort(&health, &addresses, 25, after(seconds));
    snprintf(text, sizeof(text), "%s %s %s, %d", addresses.list[0].text, addresses.list[1].text,
             addresses.list[2].text, healthy);
    return text;
}

static void one_that_failed_comes_last_for_ten_minutes(void)
{
    memset(&health, 0, sizeof(health));
    CU_ASSERT_STRING_EQUAL(order(0), "a b c, 3");
    ss_address_health_failed(&health, "a", 465, start);
    CU_ASSERT_STRING_EQUAL(order(0), "a b c, 3"); /* another port */
    ss_address_health_failed(&health, "a", 25, start);
    CU_ASSERT_STRING_EQUAL(order(0), "b c a, 2");
    ss_address_health_failed(&health, "b", 25, after(1));
    CU_ASSERT_STRING_EQUAL(order(1), "c a b, 1");
    ss_address_health_failed(&health, "c", 25, after(2));
    CU_ASSERT_STRING_EQUAL(order(2), "a b c, 3"); /* in turn */
    ss_address_health_failed(&health, "a", 25, after(3));
    CU_ASSERT_STRING_EQUAL(order(3), "b c a, 3");
    ss_address_health_worked(&health, "c", 25);
    CU_ASSERT_STRING_EQUAL(order(3), "c b a, 1");
    CU_ASSERT_STRING_EQUAL(order(600), "c b a, 1");
    CU_ASSERT_STRING_EQUAL(order(601), "b c a, 2");
    CU_ASSERT_STRING_EQUAL(order(603), "a b c, 3");
}

static void the_oldest_is_forgotten_when_there_are_too_many(void)
{
    char text[SS_ADDRESS_TEXT];

    memset(&health, 0, sizeof(health));
    ss_address_health_failed(&health, "a", 25, start);
    ss_address_health_failed(&health, "b", 25, after(1));
    for (int i = 0; i + 2 < SS_ADDRESS_HEALTH_MAX; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", i);
        ss_address_health_failed(&health, text, 25, after(2));
    }
    CU_ASSERT_STRING_EQUAL(order(2), "c a b, 1");
    ss_address_health_failed(&health, "192.0.2.200", 25, after(3));
    CU_ASSERT_STRING_EQUAL(order(3), "a c b, 2");
}

void ss_suite_address_health(void)
{
    CU_pSuite suite = CU_add_suite("address_health", NULL, NULL);

    CU_ADD_TEST(suite, one_that_failed_comes_last_for_ten_minutes);
    CU_ADD_TEST(suite, the_oldest_is_forgotten_when_there_are_too_many);
}
