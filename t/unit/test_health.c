/* test_health.c: when mail does not flow. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "daemon_rig.h"
#include "delivery/relay.h"
#include "record/health.h"

static void mail_is_stuck_past_the_alert_age(void)
{
    CU_ASSERT_FALSE(ss_health_is_stuck(50, 50, 50));
    CU_ASSERT_TRUE(ss_health_is_stuck(51, 0, 50));
    CU_ASSERT_TRUE(ss_health_is_stuck(0, 51, 50));
    CU_ASSERT_FALSE(ss_health_is_stuck(999999, 999999, 0)); /* off */
    CU_ASSERT_FALSE(ss_health_is_stuck(-50, -50, 50));
}

static void the_queue_is_full_by_messages_and_by_bytes(void)
{
    const ss_settings_globals_t g = { .queue_limit_messages = 100, .queue_limit_bytes = 5000 };
    const ss_settings_globals_t none = { .queue_limit_messages = 0 };

    CU_ASSERT_FALSE(ss_health_is_full(&g, 99, 4999));
    CU_ASSERT_TRUE(ss_health_is_full(&g, 100, 0));
    CU_ASSERT_TRUE(ss_health_is_full(&g, 0, 5000));
    CU_ASSERT_TRUE(ss_health_is_full(&g, 0, 1ULL << 40));
    CU_ASSERT_FALSE(ss_health_is_full(&none, 1000, 5000));
}

/* ---- in a daemon ---- */

static daemon_rig_t rig;

/* The reasons, each as "reason:relay ". */
static const char *reasons(apr_time_t now)
{
    static char text[512];
    json_t *list = ss_health_reasons(rig.d.record, now);
    apr_size_t used = 0, i;
    json_t *row;

    text[0] = '\0';
    json_array_foreach(list, i, row)
    {
        const char *relay = json_string_value(json_object_get(row, "relay"));
        used += (apr_size_t)apr_snprintf(text + used, sizeof(text) - used, "%s:%s ",
                                         json_string_value(json_object_get(row, "reason")),
                                         relay ? relay : "");
    }
    json_decref(list);
    return text;
}

static const char *level(apr_time_t now)
{
    static char text[16];
    json_t *list = ss_health_reasons(rig.d.record, now);

    apr_cpystrn(text, json_string_value(json_object_get(json_array_get(list, 0), "level")),
                sizeof(text));
    json_decref(list);
    return text;
}

static ss_mono_t ago(int seconds)
{
    return ss_mono_add(ss_mono_now(), -seconds * APR_USEC_PER_SEC);
}

static void each_relay_is_judged(void)
{
    static const char *const age[] = { "SMTPSendAlertAge 100s", NULL };
    const apr_time_t now = 5000 * APR_USEC_PER_SEC;

    daemon_rig_start(&rig, age);
    CU_ASSERT_STRING_EQUAL(reasons(now), "paused:default paused:other ");
    ss_relay_t *relay = ss_relay_at(rig.d.delivery, 0);
    ss_relay_at(rig.d.delivery, 1)->pause.directive = 0;
    relay->pause.directive = 0;
    CU_ASSERT_STRING_EQUAL(reasons(now), "");
    relay->pause.stored = 1;
    CU_ASSERT_STRING_EQUAL(reasons(now), "paused:default ");
    relay->pause.stored = 0;
    relay->hosts[0].condition = SS_HOST_DOWN;
    relay->hosts[0].since = now - 10 * APR_USEC_PER_SEC;
    CU_ASSERT_STRING_EQUAL(reasons(now), "down:default ");
    CU_ASSERT_STRING_EQUAL(level(now), "warning"); /* it may be back in a moment */
    CU_ASSERT_STRING_EQUAL(level(now + 60 * APR_USEC_PER_SEC), "bad");
    relay->hosts[0].condition = SS_HOST_BLOCKED;
    CU_ASSERT_STRING_EQUAL(reasons(now), "blocked:default ");
    CU_ASSERT_STRING_EQUAL(level(now), "bad");
    relay->hosts[0].condition = SS_HOST_UP;
    relay->progress = (ss_relay_progress_t){ .first = ago(200), .is_general = 1 };
    relay->may_send = ago(300);
    CU_ASSERT_STRING_EQUAL(reasons(now), ""); /* nothing waits any more */
    relay->counts[SS_STATE_DEFERRED] = 1;
    CU_ASSERT_STRING_EQUAL(reasons(now), "stuck:default ");
    relay->may_send = ago(90); /* it was paused until then */
    CU_ASSERT_STRING_EQUAL(reasons(now), "");
    relay->counts[SS_STATE_DEFERRED] = 0;
    ss_settings_t off = *relay->settings;
    const ss_settings_t *on = relay->settings;
    off.engine = 0;
    relay->settings = &off; /* switched off on purpose, and nobody waits for it */
    CU_ASSERT_STRING_EQUAL(reasons(now), "");
    relay->waiting_messages = 1;
    CU_ASSERT_STRING_EQUAL(reasons(now), "off:default ");
    relay->waiting_messages = 0;
    relay->settings = on;
    daemon_rig_end(&rig);
}

static void a_queue_that_cannot_be_used_is_a_reason(void)
{
    daemon_rig_start(&rig, NULL);
    ss_store_t *store = rig.d.queue.store;
    rig.d.queue.store = NULL;
    ss_result_set(&rig.d.queue.result, "queue", "", NULL, "no disk");
    CU_ASSERT_EQUAL(strncmp(reasons(1), "queue: ", 7), 0);
    rig.d.queue.store = store;
    CU_ASSERT_PTR_NULL(strstr(reasons(1), "queue"));
    daemon_rig_end(&rig);
}

void ss_suite_health(void)
{
    CU_pSuite suite = CU_add_suite("health", NULL, NULL);

    CU_ADD_TEST(suite, mail_is_stuck_past_the_alert_age);
    CU_ADD_TEST(suite, the_queue_is_full_by_messages_and_by_bytes);
    CU_ADD_TEST(suite, each_relay_is_judged);
    CU_ADD_TEST(suite, a_queue_that_cannot_be_used_is_a_reason);
}
