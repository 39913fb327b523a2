/* test_series.c: counts over time: where a point lies, what is forgotten, and that a restart loses
 * and shifts nothing. */
#include <CUnit/CUnit.h>

#include "record/series.h"

#define T0 apr_time_from_sec(1800000000) /* a whole hour */
#define SECONDS(n) apr_time_from_sec(n)

static json_int_t at(const json_t *json, const char *span, const char *what, int from_end)
{
    const json_t *list = json_object_get(json_object_get(json, span), what);

    return json_integer_value(json_array_get(list, json_array_size(list) - 1 - (size_t)from_end));
}

static void counts_fall_into_their_points(void)
{
    ss_series_t series = { 0 };

    ss_series_add(&series, 3, 1, 10, T0 + SECONDS(5));
    ss_series_add(&series, 2, 0, 4, T0 + SECONDS(59));
    ss_series_add(&series, 7, 0, 2, T0 + SECONDS(60));
    json_t *json = ss_series_json(&series, T0 + SECONDS(61));
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 0), 7);
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 1), 5);
    CU_ASSERT_EQUAL(at(json, "hour", "failed", 1), 1);
    CU_ASSERT_EQUAL(at(json, "hour", "waiting", 1), 10);
    CU_ASSERT_EQUAL(at(json, "day", "sent", 0), 12);
    CU_ASSERT_EQUAL(at(json, "week", "sent", 0), 12);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(json_object_get(json, "hour"), "sent")), 60);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(json, "hour"), "start")),
                    1800000060 - 59 * 60);
    json_decref(json);
}

static void what_is_old_goes(void)
{
    ss_series_t series = { 0 };

    ss_series_add(&series, 1, 0, 0, T0);
    json_t *json = ss_series_json(&series, T0 + SECONDS(59 * 60));
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 59), 1);
    json_decref(json);
    json = ss_series_json(&series, T0 + SECONDS(60 * 60));
    for (int i = 0; i < 60; i++) CU_ASSERT_EQUAL(at(json, "hour", "sent", i), 0);
    CU_ASSERT_EQUAL(at(json, "week", "sent", 1), 1);
    json_decref(json);
    json = ss_series_json(&series, T0 + SECONDS(400 * 86400));
    for (int i = 0; i < 168; i++) CU_ASSERT_EQUAL(at(json, "week", "sent", i), 0);
    json_decref(json);
}

static void a_clock_set_back_loses_nothing(void)
{
    ss_series_t series = { 0 };

    ss_series_add(&series, 1, 0, 0, T0 + SECONDS(600));
    ss_series_add(&series, 1, 0, 0, T0);
    json_t *json = ss_series_json(&series, T0);
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 0), 2);
    json_decref(json);
}

static void a_restart_keeps_them(void)
{
    ss_series_t before = { 0 }, after = { 0 };

    for (int minute = 0; minute < 200; minute++)
        ss_series_add(&before, 1, (apr_uint64_t)(minute % 2), 5, T0 + SECONDS(60 * minute));
    json_t *kept = ss_series_json(&before, T0 + SECONDS(60 * 199));
    /* Something was counted before the store could be read. */
    ss_series_add(&after, 10, 0, 1, T0 + SECONDS(60 * 199));
    ss_series_restore(&after, kept, T0 + SECONDS(60 * 204));
    json_t *json = ss_series_json(&after, T0 + SECONDS(60 * 204));
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 4), 0);
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 5), 11);
    CU_ASSERT_EQUAL(at(json, "hour", "sent", 6), 1);
    CU_ASSERT_EQUAL(at(json, "hour", "failed", 5), 1);
    CU_ASSERT_EQUAL(at(json, "hour", "waiting", 59), 5);
    CU_ASSERT_EQUAL(at(json, "week", "sent", 0) + at(json, "week", "sent", 1) +
                        at(json, "week", "sent", 2) + at(json, "week", "sent", 3),
                    210);
    json_decref(json);
    json_decref(kept);
}

static void nonsense_is_left_out(void)
{
    static const char *const texts[] = {
        "[]", "{\"hour\":7}", "{\"hour\":{\"start\":1,\"step\":60,\"sent\":[1]}}",
        "{\"hour\":{\"start\":1800000000,\"step\":0,\"sent\":[1]}}",
        "{\"hour\":{\"start\":1800000000,\"step\":60,\"sent\":[-1,99999999999,\"x\"],\"failed\":3}}"
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ss_series_t series = { 0 };
        json_t *json = json_loads(texts[i], 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(json);
        ss_series_restore(&series, json, T0 + SECONDS(120));
        json_decref(json);
        json = ss_series_json(&series, T0 + SECONDS(120));
        CU_ASSERT_EQUAL(at(json, "hour", "sent", 2), 0);
        CU_ASSERT_EQUAL(at(json, "hour", "sent", 1), i == 4 ? (json_int_t)UINT32_MAX : 0);
        CU_ASSERT_EQUAL(at(json, "hour", "sent", 0), 0);
        json_decref(json);
    }
}

void ss_suite_series(void)
{
    CU_pSuite suite = CU_add_suite("series", NULL, NULL);

    CU_add_test(suite, "counts_fall_into_their_points", counts_fall_into_their_points);
    CU_add_test(suite, "what_is_old_goes", what_is_old_goes);
    CU_add_test(suite, "a_clock_set_back_loses_nothing", a_clock_set_back_loses_nothing);
    CU_add_test(suite, "a_restart_keeps_them", a_restart_keeps_them);
    CU_add_test(suite, "nonsense_is_left_out", nonsense_is_left_out);
}
