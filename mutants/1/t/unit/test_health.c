/* test_health.c: when mail does not flow. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "daemon_rig.h"
#include "delivery/relay.h"
#include "record/health.h"

static void mail_is_stuck_past_the_alert_age(void)
{
    CU_ASSERT_FALSE(ss_health_is_stuck(1000, 50, 1050));
    CU_ASSERT_TRUE(ss_health_is_stuck(1000, 50, 1051));
    CU_ASSERT_FALSE(ss_health_is_stuck(1000, 0, 999999)); /* off */
    CU_ASSERT_FALSE(ss_health_is_stuck(0, 50, 999999));   /* nothing waits */
    CU_ASSERT_FALSE(ss_health_is_stuck(1000, 50, 900));   /* the clock was set back */
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

static void each_relay_is_judged(void)
{
    static const char *const age[] = { "SMTPSendAlertAge 100s", NULL };
    const apr_time_t now = 5000 * APR_USEC_PER_SEC, old = now - 200 * APR_USEC_PER_SEC;

    daemon_rig_start(&rig, age);
    CU_ASSERT_STRING_EQUAL(reasons(now), "paused:default paused:other ");
    ss_relay_t *relay = ss_relay_at(rig.d.delivery, 0);
    ss_relay_at(rig.d.delivery, 1)->pause.directive = 0;
    relay->pause.directive = 0;
    CU_ASSERT_STRING_EQUAL(reasons(now), "");
    relay->pause.stored = 1;
    CU_ASSERT_STRING_EQUAL(reasons(now), "paused:default ");
    relay->pause.stored = 0;
    relay->hosts[0].condition = SS_HOST_DOWN; /* retried; not an alarm before the alert age */
    CU_ASSERT_STRING_EQUAL(reasons(now), "");
    relay->hosts[0].condition = SS_HOST_BLOCKED;
    CU_ASSERT_STRING_EQUAL(reasons(now), "blocked:default ");
    relay->hosts[0].condition = SS_HOST_UP;
    relay->oldest = old;
    CU_ASSERT_STRING_EQUAL(reasons(now), ""); /* nothing waits any more */
    relay->waiting_messages = 1;
    CU_ASSERT_STRING_EQUAL(reasons(now), "stuck:default ");
    relay->waiting_messages = 0;
    relay->pause.directive = 1;
    ss_settings_t off = *relay->settings;
    const ss_settings_t *on = relay->settings;
    off.engine = 0;
    relay->settings = &off; /* switched off on purpose: healthy */
    CU_ASSERT_STRING_EQUAL(reasons(now), "");
    relay->settings = on;
    daemon_rig_end(&rig);
}

static void a_queue_that_cannot_be_used_is_a_reason(void)
{
    daemon_rig_start(&rig, NULL);
    ss_store_t *store = rig.d.queue.store;
    rig.d.queue.store = NULL;
    ss_result_set(&rig.d.queue.result, "queue", "", NULL, "no disk");
    CU_ASSERT_EQUAL(strncmp(reasons(1), "disk: ", 6), 0);
    rig.d.queue.store = store;
    CU_ASSERT_PTR_NULL(strstr(reasons(1), "disk"));
    CU_ASSERT_FALSE(rig.d.record->is_probing_store); /* a sound queue is not written to */
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
