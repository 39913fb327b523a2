/* test_timeline.c: the events of a message's page are in strict order of time. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>

#include "web/status/timeline.c"

void ss_suite_timeline(void);

static const char *print(const char *document, apr_pool_t *pool)
{
    json_t *message = json_loads(document, 0, NULL);
    const apr_array_header_t *events = ss_timeline(message, pool);
    const char *out = "";

    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    for (int i = 0; i < events->nelts; i++) {
        const ss_timeline_event_t *e = &APR_ARRAY_IDX(events, i, ss_timeline_event_t);
        out = apr_pstrcat(pool, out, e->what, " ", e->recipient, ";", NULL);
    }
    json_decref(message);
    return out;
}

#define AT(second) "\"2026-12-01T03:00:0" #second ".000Z\""
#define ROW(second, what, rcpt)                                                                    \
    "{\"time\":" AT(second) ",\"what\":\"" what "\",\"recipient\":\"" rcpt "\"}"

static void events_are_in_order_of_time(void)
{
    static const struct {
        const char *label, *document, *want;
    } rows[] = {
        { "nothing but the acceptance", "{\"createdAt\":" AT(1) "}", "accepted ;" },
        { "an empty document", "{}", "accepted ;" },
        { "deliveries between the rows of the history",
          "{\"createdAt\":" AT(1) ",\"history\":[" ROW(2, "deferred", "a") "," ROW(
              4, "held",
              "") "," ROW(6, "sent",
                          "a") "],\"recipients\":[{\"address\":\"a\",\"attempts\":2,"
                               "\"deliveredAt\":" AT(6) "},{\"address\":\"b\",\"attempts\":1,"
                                                        "\"deliveredAt\":" AT(3) "}]}",
          "accepted ;deferred a;sent b;held ;sent a;" },
        { "the newest first",
          "{\"createdAt\":" AT(1) ",\"history\":[" ROW(5, "failed", "a") "," ROW(3, "deferred",
                                                                                 "a") "]}",
          "accepted ;deferred a;failed a;" },
        { "of one time: as they came",
          "{\"createdAt\":" AT(1) ",\"history\":[" ROW(1, "failed", "a") "," ROW(
              1, "failed", "b") "," ROW(1, "failure reported",
                                        "") "],\"recipients\":[{\"address\":\"c\",\"attempts\":1,"
                                            "\"deliveredAt\":" AT(1) "}]}",
          "accepted ;failed a;failed b;failure reported ;sent c;" },
        { "other offsets of time",
          "{\"createdAt\":\"2026-12-01T04:00:02+01:00\",\"history\":[" ROW(1, "deferred", "a") "]}",
          "deferred a;accepted ;" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_STRING_EQUAL(print(rows[i].document, pool), rows[i].want);
    apr_pool_destroy(pool);
}

void ss_suite_timeline(void)
{
    CU_pSuite suite = CU_add_suite("timeline", NULL, NULL);

    CU_add_test(suite, "events_are_in_order_of_time", events_are_in_order_of_time);
}
