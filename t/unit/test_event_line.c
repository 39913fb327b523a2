/* test_event_line.c: the lines of SMTPSendEventLog. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "record/event_line.h"

void ss_suite_event_line(void);

#define ID "019ab000-0000-7000-8000-000000000000"
#define NOW APR_TIME_C(1767225600123456) /* 2026-01-01T00:00:00.123 */

static apr_pool_t *pool;
static ss_event_privacy_t privacy;
static ss_message_t message;
static ss_recipient_t rcpts[101];

static void begin(int mode)
{
    apr_pool_create(&pool, NULL);
    privacy = (ss_event_privacy_t){ .mode = mode, .key = "one" };
    memset(rcpts, 0, sizeof(rcpts));
    for (int i = 0; i < 101; i++)
        rcpts[i] = (ss_recipient_t){ .number = i, .address = "bob@example.net" };
    message = (ss_message_t){ .id = ID,
                              .relay = "default",
                              .from = "ann@example.com",
                              .rcpts = rcpts,
                              .rcpt_count = 1,
                              .size = 123,
                              .created = NOW - 420000 };
    ss_attributes_init(&message.attr);
    message.attr.via = "http";
    message.attr.submitter = "web:h /mail joe@corp.example";
    message.attr.message_id = "<1.bob@example.com>";
    message.attr.subject = "private";
    message.attr.metadata = "{\"order\":7,\"of bob@example.net\":\"bob\"}";
}

static void end(void)
{
    apr_pool_destroy(pool);
}

static void expect(const char *line, const char *want)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    if (strcmp(line, want)) printf("\n    got  %s    want %s", line, want);
    CU_ASSERT_STRING_EQUAL(line, want);
}

#define HEAD(event)                                                                                \
    "{\"time\":\"2026-01-01T00:00:00.123Z\",\"event\":\"" event "\",\"id\":\"" ID                  \
    "\",\"relay\":\"default\",\"from\":\"ann@example.com\","
#define TAIL                                                                                       \
    "\"messageId\":\"<1.bob@example.com>\",\"size\":123,\"submitter\":\"web:h /mail "              \
    "joe@corp.example\",\"metadata\":{\"order\":7,\"of bob@example.net\":\"bob\"}}\n"

static void a_message_that_is_accepted(void)
{
    begin(SS_EVENT_WHOLE);
    expect(
        ss_event_line_accepted(&privacy, &message, NOW, pool),
        HEAD("accepted") "\"to\":[\"bob@example.net\"],\"recipients\":1,\"door\":\"http\"," TAIL);
    message.attr.created_by = "x";
    message.attr.metadata = NULL;
    CU_ASSERT_PTR_NOT_NULL(
        strstr(ss_event_line_accepted(&privacy, &message, NOW, pool), "\"createdBy\":\"x\"}"));
    end();
}

static void many_recipients_are_counted(void)
{
    begin(SS_EVENT_WHOLE);
    message.rcpt_count = 101;
    json_t *json = json_loads(ss_event_line_accepted(&privacy, &message, NOW, pool), 0, NULL);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "to")), 100);
    CU_ASSERT_EQUAL(ss_json_number(json, "recipients"), 101);
    json_decref(json);
    end();
}

static void an_attempt_and_the_end(void)
{
    const ss_ports_attempt_t attempt = { 10000, 1000, 200000, 209000 };

    begin(SS_EVENT_WHOLE);
    rcpts[0].state = SS_STATE_DEFERRED;
    rcpts[0].reply = "450 4.2.1 busy";
    rcpts[0].dsn = "4.2.1";
    rcpts[0].host = "mx[192.0.2.1]:25";
    rcpts[0].attempts = 2;
    rcpts[0].next = NOW + APR_USEC_PER_SEC;
    expect(ss_event_line_attempt(&privacy, &message, rcpts, &attempt, NOW, pool),
           HEAD("attempt") "\"to\":\"bob@example.net\",\"state\":\"deferred\",\"code\":450,\"dsn\":"
                           "\"4.2.1\",\"reply\":\"450 4.2.1 busy\",\"host\":\"mx[192.0.2.1]:25\","
                           "\"attempts\":2,\"delay\":0.42,\"delays\":{\"store\":0.01,\"queue\":"
                           "0.001,\"connect\":0.2,\"transfer\":0.209},\"nextAttempt\":"
                           "\"2026-01-01T00:00:01.123Z\"," TAIL);
    rcpts[0] = (ss_recipient_t){ .address = "bob@example.net",
                                 .state = SS_STATE_EXPIRED,
                                 .reply = "gave up",
                                 .dsn = "4.4.7",
                                 .is_uncertain = 1 };
    expect(ss_event_line_final(&privacy, &message, rcpts, NOW, pool),
           HEAD("final") "\"to\":\"bob@example.net\",\"state\":\"expired\",\"uncertain\":true,"
                         "\"dsn\":\"4.4.7\",\"reply\":\"gave up\",\"attempts\":0,\"delay\":"
                         "0.42," TAIL);
    end();
}

static void what_an_operator_did(void)
{
    begin(SS_EVENT_WHOLE);
    json_t *filter = json_pack("{s:s,s:s,s:s}", "state", "held", "to", "b*", "uid", "no");
    const ss_event_line_action_t one = { .action = "hold", .who = "joe", .id = ID, .count = -1 };
    const ss_event_line_action_t all = {
        .action = "cancel", .who = "joe", .reason = "the night", .filter = filter, .count = 0
    };
    const ss_event_line_action_t pause = {
        .action = "pause", .who = "joe", .relay = "r", .count = -1, .until = NOW
    };
    expect(ss_event_line_action(&privacy, &one, NOW, pool),
           "{\"time\":\"2026-01-01T00:00:00.123Z\",\"event\":\"action\",\"action\":\"hold\","
           "\"who\":\"joe\",\"id\":\"" ID "\"}\n");
    expect(ss_event_line_action(&privacy, &all, NOW, pool),
           "{\"time\":\"2026-01-01T00:00:00.123Z\",\"event\":\"action\",\"action\":\"cancel\","
           "\"who\":\"joe\",\"reason\":\"the night\",\"filter\":{\"state\":\"held\",\"to\":\"b*\"},"
           "\"count\":0}\n");
    expect(ss_event_line_action(&privacy, &pause, NOW, pool),
           "{\"time\":\"2026-01-01T00:00:00.123Z\",\"event\":\"action\",\"action\":\"pause\","
           "\"who\":\"joe\",\"relay\":\"r\",\"until\":\"2026-01-01T00:00:00.123Z\"}\n");
    json_decref(filter);
    end();
}

/* No line has an address, in whatever member. */
static void addresses_are_nowhere(void)
{
    static const char *const secrets[] = { "bob", "ann", "joe", "example.net", "corp.example" };
    const ss_ports_attempt_t attempt = { 0 };

    for (int mode = SS_EVENT_MASKED; mode <= SS_EVENT_HASHED; mode++) {
        begin(mode);
        rcpts[0].reply = "550 5.1.1 <BOB@Example.NET>: bob unknown at example.net";
        json_t *filter =
            json_pack("{s:s,s:s,s:s}", "from", "ann*", "to", "*@example.net", "text", "bob");
        const ss_event_line_action_t action = { .action = "cancel",
                                                .who = "joe@corp.example",
                                                .reason = "for ann@example.com",
                                                .filter = filter,
                                                .count = 1 };
        const char *lines[] = {
            ss_event_line_accepted(&privacy, &message, NOW, pool),
            ss_event_line_attempt(&privacy, &message, rcpts, &attempt, NOW, pool),
            ss_event_line_final(&privacy, &message, rcpts, NOW, pool),
            ss_event_line_action(&privacy, &action, NOW, pool),
        };
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
            char *lower = apr_pstrdup(pool, lines[i]);
            for (char *p = lower; *p; p++) *p |= *p >= 'A' && *p <= 'Z' ? 0x20 : 0;
            for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++) {
                if (strstr(lower, secrets[k])) printf("\n    %s is in %s", secrets[k], lines[i]);
                CU_ASSERT_PTR_NULL(strstr(lower, secrets[k]));
            }
        }
        json_decref(filter);
        end();
    }
}

/* Octets that are no UTF-8, and a reply of any length. */
static void a_line_is_json_whatever_the_relay_says(void)
{
    char reply[5000];

    begin(SS_EVENT_MASKED);
    memset(reply, '\xe4', sizeof(reply));
    reply[sizeof(reply) - 1] = '\0';
    rcpts[0].reply = reply;
    const char *line = ss_event_line_final(&privacy, &message, rcpts, NOW, pool);
    json_t *json = json_loads(line, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL(json);
    CU_ASSERT(strlen(line) < 8000);
    CU_ASSERT_PTR_NULL(json_object_get(json, "code"));
    json_decref(json);
    end();
}

void ss_suite_event_line(void)
{
    CU_pSuite suite = CU_add_suite("event_line", NULL, NULL);

    CU_add_test(suite, "a_message_that_is_accepted", a_message_that_is_accepted);
    CU_add_test(suite, "many_recipients_are_counted", many_recipients_are_counted);
    CU_add_test(suite, "an_attempt_and_the_end", an_attempt_and_the_end);
    CU_add_test(suite, "what_an_operator_did", what_an_operator_did);
    CU_add_test(suite, "addresses_are_nowhere", addresses_are_nowhere);
    CU_add_test(suite, "a_line_is_json_whatever_the_relay_says",
                a_line_is_json_whatever_the_relay_says);
}
