/* test_action.c: requests of operators, in a daemon in this process. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "daemon_rig.h"

static daemon_rig_t rig;

static int act(int is_root, const char *verb, const char *id)
{
    return daemon_rig_ask(&rig, is_root, json_pack("{s:s,s:s}", "do", verb, "id", id), NULL);
}

static json_int_t number(const char *name)
{
    json_t *document = json_loads(rig.last.content, 0, NULL);
    json_int_t value = json_integer_value(json_object_get(document, name));

    json_decref(document);
    return value;
}

static json_t *by_filter(const char *verb, int confirm)
{
    return json_pack("{s:s,s:{s:s},s:i}", "do", verb, "filter", "to", "b@example.net", "confirm",
                     confirm);
}

static void a_message_is_held_released_retried_and_cancelled(void)
{
    char id[64];

    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, NULL);
    apr_cpystrn(id, rig.id, sizeof(id));
    CU_ASSERT_EQUAL(act(1, "hold", id), 200);
    CU_ASSERT_EQUAL(number("done"), 1);
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, id), "held");
    CU_ASSERT_EQUAL(act(1, "release", id), 200);
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, id), "queued");
    CU_ASSERT_EQUAL(act(1, "retry", id), 200);
    CU_ASSERT_EQUAL(act(1, "cancel", id), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"state\":\"cancelled\""));
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, id), "cancelled");
    CU_ASSERT_EQUAL(act(1, "hold", id), 409);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig.last, "state"), "cancelled");
    CU_ASSERT_EQUAL(act(1, "cancel", "01890a5d-ac96-774b-bcce-b302099a8057"), 404);
    CU_ASSERT_EQUAL(rig.d.record->metrics.cancelled, 1);
    daemon_rig_end(&rig);
}

static void a_user_acts_on_own_messages_alone(void)
{
    char own[64], other[64];

    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, NULL);
    apr_cpystrn(other, rig.id, sizeof(other));
    daemon_rig_ask(&rig, 0, json_pack("{s:s,s:[s]}", "do", "submit", "to", "b@example.net"), "x");
    apr_cpystrn(own, rig.id, sizeof(own));
    static const char *const verbs[] = { "get", "show", "retry", "hold", "release" };
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(act(0, verbs[i], other), 404);
        CU_ASSERT_EQUAL(act(0, verbs[i], own), 200);
    }
    CU_ASSERT_EQUAL(act(0, "bounce", other), 404);
    CU_ASSERT_EQUAL(act(0, "cancel", other), 404);
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, other), "queued");
    daemon_rig_ask(&rig, 0, json_pack("{s:s}", "do", "queue"), NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, own));
    CU_ASSERT_PTR_NULL(strstr(rig.last.content, other));
    daemon_rig_ask(&rig, 0, by_filter("cancel", 0), NULL);
    CU_ASSERT_EQUAL(number("matched"), 1);
    CU_ASSERT_EQUAL(act(0, "cancel", own), 200);
    daemon_rig_end(&rig);
}

/* What httpd asks on behalf of a submitter (GET and DELETE of an id). */
static void a_submitter_acts_on_own_messages_alone(void)
{
    static const char *const verbs[] = { "get", "cancel" };
    char id[64];

    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, json_pack("{s:s}", "submitter", "web:x /mail alice"));
    apr_cpystrn(id, rig.id, sizeof(id));
    for (size_t i = 0; i < 2; i++) {
        json_t *header = json_pack("{s:s,s:s,s:[s,s]}", "do", verbs[i], "id", id, "submitters",
                                   "web:x /mail bob", "bob");
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, NULL), 404);
    }
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, id), "queued");
    for (size_t i = 0; i < 2; i++) {
        json_t *header = json_pack("{s:s,s:s,s:[s,s]}", "do", verbs[i], "id", id, "submitters",
                                   "web:x /mail alice", "alice");
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, NULL), 200);
    }
    daemon_rig_end(&rig);
}

static void a_filter_acts_only_on_the_confirmed_number(void)
{
    static const char *const verbs[] = { "hold", "bounce" };

    daemon_rig_start(&rig, NULL);
    for (int i = 0; i < 3; i++) daemon_rig_submit(&rig, NULL);
    for (size_t i = 0; i < 2; i++) {
        for (int confirm = 0; confirm <= 4; confirm++) {
            if (confirm == 3) continue;
            CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, by_filter(verbs[i], confirm), NULL), 200);
            CU_ASSERT_EQUAL(number("matched"), 3);
            CU_ASSERT_EQUAL(number("done"), 0);
        }
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, by_filter(verbs[i], 3), NULL), 200);
        CU_ASSERT_EQUAL(number("done"), 3);
    }
    daemon_rig_ask(&rig, 1, by_filter("hold", 0), NULL);
    CU_ASSERT_EQUAL(number("matched"), 0);
    daemon_rig_end(&rig);
}

static void a_bounced_message_has_failed(void)
{
    char id[64];

    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, NULL);
    apr_cpystrn(id, rig.id, sizeof(id));
    CU_ASSERT_EQUAL(act(1, "bounce", id), 200);
    CU_ASSERT_EQUAL(number("done"), 1);
    for (int i = 0; i < 100 && strcmp(daemon_rig_state(&rig, id), "failed"); i++) {
    }
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, id), "failed");
    CU_ASSERT_EQUAL(act(1, "bounce", id), 409);
    /* Its sender gets a bounce. */
    daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "queue", "to", "a@example.net"), NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "a@example.net"));
    daemon_rig_end(&rig);
}

static void relays_are_paused_and_resumed(void)
{
    daemon_rig_start(&rig, NULL);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1,
                                   json_pack("{s:s,s:s,s:s}", "do", "pause", "relay", "other",
                                             "reason", "test"),
                                   NULL),
                    200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"other\""));
    CU_ASSERT_PTR_NULL(strstr(rig.last.content, "\"default\""));
    /* The configuration pauses both. */
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_pack("{s:s}", "do", "resume"), NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "SMTPSendPause"));
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_pack("{s:s}", "do", "flush"), NULL), 200);
    CU_ASSERT_EQUAL(
        daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "pause", "relay", "nosuch"), NULL),
        404);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, json_pack("{s:s}", "do", "pause"), NULL), 403);
    daemon_rig_ask(&rig, 1, json_pack("{s:s}", "do", "activity"), NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "pause of relay other: test"));
    daemon_rig_end(&rig);
}

static void the_status_counts_and_says_why_mail_does_not_flow(void)
{
    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, NULL);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, json_pack("{s:s}", "do", "status"), NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"messages\":1"));
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, json_pack("{s:s}", "do", "metrics"), NULL), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "smtp_send_healthy{relay=\"default\"} 0"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(rig.last.content, "smtp_send_queue_messages{relay=\"default\",state=\"queued\"} 1"));
    daemon_rig_end(&rig);
}

static void content_is_read_by_trusted_clients(void)
{
    char id[64];

    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, NULL);
    apr_cpystrn(id, rig.id, sizeof(id));
    CU_ASSERT_EQUAL(act(1, "content", id), 200);
    CU_ASSERT_STRING_EQUAL(rig.last.content, "Subject: x\r\n\r\nbody\r\n");
    CU_ASSERT_EQUAL(act(0, "content", id), 403);
    CU_ASSERT_EQUAL(act(1, "export", id), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"state\":\"queued\""));
    CU_ASSERT_EQUAL(act(0, "export", id), 403);
    daemon_rig_end(&rig);
}

static void connection_tests_are_bounded(void)
{
    daemon_rig_start(&rig, NULL);
    rig.d.operators->tests = 4;
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_pack("{s:s}", "do", "test"), NULL), 429);
    rig.d.operators->tests = 3;
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_pack("{s:s}", "do", "test"), NULL), 502);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig.last, "failedStep"), "connect");
    CU_ASSERT_EQUAL(rig.d.operators->tests, 3);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "test", "to", "x"), NULL),
                    400);
    CU_ASSERT_EQUAL(
        daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "test", "server", "nosuch"), NULL),
        404);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, json_pack("{s:s}", "do", "test"), NULL), 403);
    daemon_rig_end(&rig);
}

static void a_wait_ends_when_the_message_does(void)
{
    char id[64];

    daemon_rig_start(&rig, NULL);
    daemon_rig_submit(&rig, NULL);
    apr_cpystrn(id, rig.id, sizeof(id));
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1,
                                   json_pack("{s:s,s:s,s:i}", "do", "get", "id", id, "wait", 50000),
                                   NULL),
                    200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"state\":\"queued\""));
    act(1, "cancel", id);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1,
                                   json_pack("{s:s,s:s,s:I}", "do", "get", "id", id, "wait",
                                             (json_int_t)100 * APR_USEC_PER_SEC),
                                   NULL),
                    200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"state\":\"cancelled\""));
    daemon_rig_end(&rig);
}

void ss_suite_action(void)
{
    CU_pSuite suite = CU_add_suite("action", NULL, NULL);

    CU_ADD_TEST(suite, a_message_is_held_released_retried_and_cancelled);
    CU_ADD_TEST(suite, a_user_acts_on_own_messages_alone);
    CU_ADD_TEST(suite, a_submitter_acts_on_own_messages_alone);
    CU_ADD_TEST(suite, a_filter_acts_only_on_the_confirmed_number);
    CU_ADD_TEST(suite, a_bounced_message_has_failed);
    CU_ADD_TEST(suite, relays_are_paused_and_resumed);
    CU_ADD_TEST(suite, the_status_counts_and_says_why_mail_does_not_flow);
    CU_ADD_TEST(suite, content_is_read_by_trusted_clients);
    CU_ADD_TEST(suite, connection_tests_are_bounded);
    CU_ADD_TEST(suite, a_wait_ends_when_the_message_does);
}
