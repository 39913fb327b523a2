/* test_local_submit.c: submissions on the local socket, in a daemon in this process. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "daemon_rig.h"
#include "mail/canonical.h"
#include "record/metrics.h"

static daemon_rig_t rig;

static void a_message_is_accepted_and_found(void)
{
    daemon_rig_start(&rig, NULL);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, NULL), 202);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig.last, "state"), "queued");
    CU_ASSERT_TRUE(json_is_true(json_object_get(rig.last.header, "paused")));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "recipients")), 1);
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, rig.id), "queued");
    CU_ASSERT_EQUAL(rig.d.record->metrics.accepted, 1);
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_end(&rig);
}

static void an_idempotency_key_is_used_once(void)
{
    daemon_rig_start(&rig, NULL);
    CU_ASSERT_EQUAL(
        daemon_rig_submit(&rig, json_pack("{s:s,s:s}", "idempotencyKey", "k", "contentHash", "aa")),
        202);
    char first[64];
    apr_cpystrn(first, rig.id, sizeof(first));
    CU_ASSERT_EQUAL(
        daemon_rig_submit(&rig, json_pack("{s:s,s:s}", "idempotencyKey", "k", "contentHash", "aa")),
        200);
    CU_ASSERT_STRING_EQUAL(rig.id, first);
    CU_ASSERT_EQUAL(
        daemon_rig_submit(&rig, json_pack("{s:s,s:s}", "idempotencyKey", "k", "contentHash", "bb")),
        422);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig.last, "field"), "Idempotency-Key");
    /* Another submitter's key is another one. */
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:s,s:s,s:s}", "idempotencyKey", "k",
                                                      "contentHash", "aa", "submitter", "bob")),
                    202);
    CU_ASSERT_EQUAL(rig.d.record->metrics.accepted, 2);
    apr_int64_t messages;
    apr_uint64_t bytes;
    ss_delivery_waiting(rig.d.delivery, &messages, &bytes);
    CU_ASSERT_EQUAL(messages, 2);
    CU_ASSERT_EQUAL(rig.d.record->metrics.repeated, 1);
    CU_ASSERT_EQUAL(rig.d.record->metrics.refused, 1);
    daemon_rig_end(&rig);
}

static void two_equal_ones_at_once_are_not_both_accepted(void)
{
    daemon_rig_start(&rig, NULL);
    json_t *header =
        json_pack("{s:s,s:s,s:[{s:[s],s:i,s:s},{s:[s],s:i,s:s}]}", "do", "submitMany", "from",
                  "a@example.net", "messages", "to", "b@example.net", "size", 2, "idempotencyKey",
                  "k", "to", "b@example.net", "size", 2, "idempotencyKey", "k");
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, "x\nx\n"), 200);
    json_t *answers = json_loads(rig.last.content, 0, NULL);
    CU_ASSERT_EQUAL(json_array_size(answers), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(answers, 0), "status")), 202);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(answers, 1), "status")), 409);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(answers, 1), "retryAfter")),
                    1);
    json_decref(answers);
    daemon_rig_end(&rig);
}

static void many_messages_are_judged_one_by_one(void)
{
    static const char *const limits[] = { "SMTPSendMaxMessageSize 1024", NULL };
    char content[3000];

    memset(content, 'x', sizeof(content));
    memcpy(content + 500, "\r\n", 2);
    memcpy(content + 1500, "\r\n", 2);
    memcpy(content, "\r\n", 2);
    memcpy(content + 2 + 1025 - 2, "\r\n", 2);
    memcpy(content + 2 + 1025 + 1024 - 2, "\r\n", 3);
    daemon_rig_start(&rig, limits);
    json_t *header =
        json_pack("{s:s,s:[{s:b,s:[s],s:i},{s:b,s:[s],s:i},{s:b,s:[s],s:i},{s:b,s:[],s:i}]}", "do",
                  "submitMany", "messages", "asIs", 1, "to", "b@example.net", "size", 2, "asIs", 1,
                  "to", "b@example.net", "size", 1025, "asIs", 1, "to", "b@example.net", "size",
                  1024, "asIs", 1, "to", "size", 0);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, content), 200);
    static const int wanted[] = { 202, 413, 202, 400 };
    json_t *answers = json_loads(rig.last.content, 0, NULL);
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(answers, i), "status")),
                        wanted[i]);
    json_decref(answers);
    CU_ASSERT_EQUAL(
        daemon_rig_ask(&rig, 1, json_pack("{s:s,s:[]}", "do", "submitMany", "messages"), ""), 400);
    header = json_pack("{s:s,s:[{s:[s],s:i}]}", "do", "submitMany", "messages", "to",
                       "b@example.net", "size", 1);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, "xy"), 400); /* more than announced */
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_end(&rig);
}

static void limits_are_kept(void)
{
    static const char *const limits[] = { "SMTPSendMaxMessageSize 1024",
                                          "SMTPSendQueueLimit 1 100m", NULL };
    char content[1026];

    daemon_rig_start(&rig, limits);
    memset(content, 'x', 1025);
    content[1025] = '\0';
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1,
                                   json_pack("{s:s,s:[s]}", "do", "submit", "to", "b@example.net"),
                                   content),
                    413);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1,
                                   json_pack("{s:s,s:[s]}", "do", "submit", "to", "b@example.net"),
                                   ""),
                    400); /* empty */
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, NULL), 202);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, NULL), 503); /* full */
    CU_ASSERT_PTR_NOT_NULL(strstr(request_rig_text(&rig.last, "detail"), "SMTPSendQueueLimit"));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "retryAfter")), 60);
    daemon_rig_end(&rig);
}

static void the_queue_is_full_by_its_bytes(void)
{
    static const char *const limits[] = { "SMTPSendQueueLimit 1000 1m", NULL };
    static char content[600 * 1024 + 1];
    json_t *header = json_pack("{s:s,s:[s]}", "do", "submit", "to", "b@example.net");

    memset(content, 'x', sizeof(content) - 1);
    daemon_rig_start(&rig, limits);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_incref(header), content), 202);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_incref(header), content), 202);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, content), 503);
    daemon_rig_end(&rig);
}

static void a_leaving_daemon_and_a_switched_off_relay_accept_nothing(void)
{
    static const char *const off[] = { "SMTPSendEngine Off", NULL };

    daemon_rig_start(&rig, NULL);
    rig.d.intake->is_leaving = 1;
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, NULL), 503);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "retryAfter")), 5);
    daemon_rig_end(&rig);
    daemon_rig_start(&rig, off);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, NULL), 503);
    CU_ASSERT_PTR_NOT_NULL(strstr(request_rig_text(&rig.last, "detail"), "SMTPSendEngine"));
    /* "other" was configured before. */
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:s}", "relay", "other")), 202);
    daemon_rig_end(&rig);
}

static void the_relay_is_the_named_one_or_the_senders(void)
{
    static const char *const relays[] = { "SMTPSendRelayFor *@other.test other", NULL };
    static const struct {
        const char *name, *value, *from, *relay;
    } rows[] = { { "relay", "other", "a@example.net", "other" },
                 { "server", "other", "a@example.net", "other" },
                 { "server", "default", "a@other.test", "other" },
                 { "relay", "default", "a@other.test", "default" } };

    daemon_rig_start(&rig, relays);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:s,s:s}", rows[i].name, rows[i].value,
                                                          "from", rows[i].from)),
                        202);
        daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "show", "id", rig.id), NULL);
        json_t *document = json_loads(rig.last.content, 0, NULL);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(document, "relayName")),
                               rows[i].relay);
        json_decref(document);
    }
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:s}", "relay", "nosuch")), 422);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:s}", "server", "nosuch")), 503);
    daemon_rig_end(&rig);
}

static void a_submitter_has_a_rate(void)
{
    daemon_rig_start(&rig, NULL);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(
            daemon_rig_submit(&rig, json_pack("{s:s,s:[i,I]}", "submitter", "bob", "rates", 2,
                                              (json_int_t)APR_USEC_PER_SEC * 3600)),
            i < 2 ? 202 : 429);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "retryAfter")), 1800);
    daemon_rig_end(&rig);
}

static void a_dry_run_checks_and_keeps_nothing(void)
{
    daemon_rig_start(&rig, NULL);
    for (int i = 0; i < 3; i++) {
        json_t *more =
            json_pack("{s:b,s:s,s:s,s:[i,I]}", "dryRun", 1, "idempotencyKey", "k", "submitter",
                      "bob", "rates", 1, (json_int_t)APR_USEC_PER_SEC * 3600);
        CU_ASSERT_EQUAL(daemon_rig_submit(&rig, more), 200);
        CU_ASSERT_TRUE(json_is_true(json_object_get(rig.last.header, "dryRun")));
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "recipients")), 1);
        CU_ASSERT_PTR_NULL(json_object_get(rig.last.header, "id"));
    }
    /* The relay is checked, and the rate is still unused. */
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:b,s:s}", "dryRun", 1, "relay", "nosuch")),
                    422);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig.last, "code"), "relay_unknown");
    json_t *more = json_pack("{s:s,s:s,s:[i,I]}", "idempotencyKey", "k", "submitter", "bob",
                             "rates", 1, (json_int_t)APR_USEC_PER_SEC * 3600);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, more), 202);
    daemon_rig_end(&rig);
}

static void an_import_keeps_its_id(void)
{
#define ID "01890a5d-ac96-774b-bcce-b302099a8057"
    daemon_rig_start(&rig, NULL);
    json_t *restore =
        json_pack("{s:{s:s,s:i,s:s,s:[{s:s,s:i}]}}", "restore", "id", ID, "created", 1000, "relay",
                  "other", "recipients", "state", "held", "attempts", 4);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, restore), 202);
    CU_ASSERT_STRING_EQUAL(rig.id, ID);
    CU_ASSERT_STRING_EQUAL(daemon_rig_state(&rig, ID), "held");
    daemon_rig_end(&rig);
}

static void a_message_waits_for_its_time(void)
{
    daemon_rig_start(&rig, NULL);
    CU_ASSERT_EQUAL(daemon_rig_submit(
                        &rig, json_pack("{s:I}", "at", (json_int_t)apr_time_from_sec(4102444800))),
                    202);
    daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "get", "id", rig.id), NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\"nextAttempt\":\"2100-01-01T00:00:00"));
    daemon_rig_end(&rig);
}

/* Octets of the stored content, checked to be the line that it was made of. */
static apr_size_t stored_size(void)
{
    char id[64];
    apr_size_t size = 0;

    apr_cpystrn(id, rig.id, sizeof(id));
    for (int i = 0; i < 20; i++) {
        json_t *header = json_pack("{s:s,s:s,s:i}", "do", "content", "id", id, "part", i);
        if (daemon_rig_ask(&rig, 1, header, NULL) != 200) break;
        size = (apr_size_t)json_integer_value(json_object_get(rig.last.header, "size"));
    }
    return size;
}

static void a_large_message_goes_to_the_queue_in_parts(void)
{
    static const char *const limits[] = { "SMTPSendMaxMessageSize 2m", NULL };
    static char content[3 * 1024 * 1024 + 1];
    json_t *header = json_pack("{s:s,s:b,s:[s]}", "do", "submit", "asIs", 1, "to", "b@example.net");

    for (apr_size_t i = 0; i < sizeof(content) - 1; i += 32)
        memcpy(content + i, "012345678901234567890123456789\r\n", 32);
    daemon_rig_start(&rig, limits);
    content[1500000] = '\0';
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_incref(header), content), 202);
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    CU_ASSERT_EQUAL(stored_size(), 1500000);
    content[1500000] = '0';
    content[2 * 1024 * 1024 + 1] = '\0';
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_incref(header), content), 413);
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    /* A part cannot be stored: nothing is accepted. */
    ss_store_t *store = rig.d.queue.store;
    content[1500000] = '\0';
    rig.d.queue.store = NULL;
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, content), 503);
    rig.d.queue.store = store;
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_end(&rig);
}

/* Of the message rig.id, and its document. */
static const char *stored(const char *verb)
{
    char id[64];

    apr_cpystrn(id, rig.id, sizeof(id));
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", verb, "id", id), NULL),
                    200);
    apr_cpystrn(rig.id, id, sizeof(id));
    return rig.last.content;
}

static void take_id_of_many(void)
{
    json_t *answers = json_loads(rig.last.content, 0, NULL);
    const char *id = json_string_value(json_object_get(json_array_get(answers, 0), "id"));

    CU_ASSERT_PTR_NOT_NULL_FATAL(id);
    apr_cpystrn(rig.id, id, sizeof(rig.id));
    json_decref(answers);
}

/* Whoever submits: no relay sees a bare CR or LF, or a line that is too long; and the message is
 * rewritten. Only httpd may say that it has done all that already. */
static void content_becomes_canonical_whoever_submits(void)
{
    static const char *const settings[] = { "SMTPSendRedirect staging@example.org",
                                            "SMTPSendHeaderFrom relay@example.org", NULL };
    ss_canonical_facts_t facts;
    char given[2600];

    apr_snprintf(given, sizeof(given),
                 "From: a@example.net\nX: 1\rBcc: y@example.net\n\n.\r.\nQUIT\r%02100d\n", 0);
    daemon_rig_start(&rig, settings);
    for (int i = 0; i < 4; i++) {
        int is_root = i & 1, is_many = i & 2;
        json_t *one = json_pack("{s:s,s:s,s:[s],s:i,s:b,s:b}", "do", "submit", "from",
                                "a@example.net", "to", "b@example.net", "size", (int)strlen(given),
                                "asIs", !is_root, "requiresTls", 1);
        if (is_many) one = json_pack("{s:s,s:[o]}", "do", "submitMany", "messages", one);
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, is_root, one, given), is_many ? 200 : 202);
        if (is_many) take_id_of_many();
        const char *content = stored("content");
        ss_canonical_scan(content, strlen(content), &facts);
        CU_ASSERT_TRUE(facts.is_canonical);
        CU_ASSERT_PTR_NOT_NULL(strstr(content, "X-Original-To: b@example.net\r\n"));
        CU_ASSERT_PTR_NOT_NULL(strstr(content, "From: relay@example.org\r\n"));
        CU_ASSERT_PTR_NOT_NULL(strstr(content, "Message-ID: <"));
        CU_ASSERT_PTR_NULL(strstr(content, "\nBcc:"));
        const char *document = stored("show");
        CU_ASSERT_PTR_NOT_NULL(strstr(document, "\"address\":\"staging@example.org\""));
        CU_ASSERT_PTR_NOT_NULL(strstr(document, "\"isRedirected\":true"));
        CU_ASSERT_PTR_NOT_NULL(strstr(stored("export"), "\"requiresTls\":true"));
    }
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_end(&rig);
}

/* What says that it is made already is stored as it comes, or refused. */
static void content_as_it_is_must_be_canonical(void)
{
    static const char *const wrong[] = { "A: b\r\n\r\n.\r.\r\n", "A: b\n\r\n", "A: b\r\n\r\nx" };

    daemon_rig_start(&rig, NULL);
    for (size_t i = 0; i < 3; i++) {
        json_t *header =
            json_pack("{s:s,s:b,s:[s]}", "do", "submit", "asIs", 1, "to", "b@example.net");
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, wrong[i]), 400);
        header = json_pack("{s:s,s:[{s:b,s:[s],s:i}]}", "do", "submitMany", "messages", "asIs", 1,
                           "to", "b@example.net", "size", (int)strlen(wrong[i]));
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, wrong[i]), 200);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "not canonical"));
        /* Nobody else may say so. */
        header = json_pack("{s:s,s:b,s:[s]}", "do", "submit", "asIs", 1, "to", "b@example.net");
        CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, header, wrong[i]), 202);
        CU_ASSERT_PTR_NOT_NULL(strstr(stored("content"), "\r\nMessage-ID: <"));
    }
    daemon_rig_submit(&rig, NULL);
    CU_ASSERT_STRING_EQUAL(stored("content"), "Subject: x\r\n\r\nbody\r\n");
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_end(&rig);
}

/* An imported message keeps its fields and recipients; its form is corrected. */
static void imported_content_becomes_canonical(void)
{
    static const char *const settings[] = { "SMTPSendHeaderFrom relay@example.org", NULL };
    json_t *rcpt = json_pack("{s:s,s:i}", "state", "deferred", "attempts", 2);
    json_t *restore = json_pack("{s:s,s:I,s:[o]}", "id", "01890a5d-ac96-774b-bcce-b302099a8057",
                                "created", (json_int_t)1700000000000000, "recipients", rcpt);

    daemon_rig_start(&rig, settings);
    json_t *header = json_pack("{s:s,s:s,s:[s],s:o}", "do", "submit", "from", "a@example.net", "to",
                               "b@example.net", "restore", restore);
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, header, "From: a@example.net\n\n.\r.\nx"), 202);
    CU_ASSERT_STRING_EQUAL(rig.id, "01890a5d-ac96-774b-bcce-b302099a8057");
    CU_ASSERT_STRING_EQUAL(stored("content"), "From: a@example.net\r\n\r\n.\r\n.\r\nx\r\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(stored("show"), "\"attempts\":2"));
    daemon_rig_end(&rig);
}

/* A relay that is redirected: what httpd made for another one is changed, too, but only once. */
static void a_redirected_relay_redirects_what_is_made(void)
{
    static const char *const settings[] = { "SMTPSendRedirect staging@example.org", NULL };

    daemon_rig_start(&rig, settings);
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, NULL), 202);
    CU_ASSERT_PTR_NOT_NULL(strstr(stored("content"), "X-Original-To: b@example.net\r\n"));
    CU_ASSERT_EQUAL(daemon_rig_submit(&rig, json_pack("{s:b}", "isRedirected", 1)), 202);
    CU_ASSERT_STRING_EQUAL(stored("content"), "Subject: x\r\n\r\nbody\r\n");
    json_t *test = json_pack("{s:s,s:s,s:s}", "do", "testmail", "to", "b@example.net", "redirect",
                             "location@example.org");
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 1, test, NULL), 202);
    CU_ASSERT_PTR_NOT_NULL(strstr(stored("content"), "X-Original-To: b@example.net\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stored("show"), "\"address\":\"location@example.org\""));
    test = json_pack("{s:s,s:s,s:s}", "do", "testmail", "to", "b@example.net", "redirect",
                     "victim@example.com");
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, test, NULL), 202);
    CU_ASSERT_PTR_NOT_NULL(strstr(stored("show"), "\"address\":\"staging@example.org\""));
    daemon_rig_end(&rig);
}

static void a_composed_message_is_made_here(void)
{
    daemon_rig_start(&rig, NULL);
    json_t *header = json_pack("{s:s,s:{s:b},s:s,s:[]}", "do", "submit", "compose", "takesRcpts", 1,
                               "from", "alice", "to");
    CU_ASSERT_EQUAL(
        daemon_rig_ask(&rig, 0, header, "To: bob@example.net\nBcc: carol@example.net\n\nHello\n"),
        202);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "recipients")), 2);
    daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "content", "id", rig.id), NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "To: bob@example.net\r\n"));
    CU_ASSERT_PTR_NULL(strstr(rig.last.content, "carol"));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.last.content, "\r\n\r\nHello\r\n"));
    header = json_pack("{s:s,s:{},s:[]}", "do", "submit", "compose", "to");
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, header, "To: bob@example.net\n\nHello\n"), 400);
    daemon_rig_end(&rig);
}

/* As sendmail -bs says it. */
static void a_composed_message_has_parameters_of_each_recipient(void)
{
    daemon_rig_start(&rig, NULL);
    json_t *header =
        json_pack("{s:s,s:{},s:s,s:[s,s,s],s:[i,i,i],s:[s,n,s]}", "do", "submit", "compose", "from",
                  "", "to", "b@example.net", "c@example.net", "b@example.net", "notifies", 1, 2, 4,
                  "orcpts", "rfc822;first", "rfc822;again");
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, header, "Subject: x\n\nHello\n"), 202);
    CU_ASSERT_EQUAL(
        daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "export", "id", rig.id), NULL), 200);
    json_t *document = json_loads(rig.last.content, 0, NULL);
    const json_t *rows = json_object_get(document, "recipients");
    CU_ASSERT_EQUAL(json_array_size(rows), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(rows, 0), "notify")), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(rows, 0), "orcpt")),
                           "rfc822;first");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(rows, 1), "notify")), 2);
    CU_ASSERT_PTR_NULL(json_string_value(json_object_get(json_array_get(rows, 1), "orcpt")));
    json_decref(document);
    daemon_rig_end(&rig);
}

void ss_suite_local_submit(void)
{
    CU_pSuite suite = CU_add_suite("local_submit", NULL, NULL);

    CU_ADD_TEST(suite, a_message_is_accepted_and_found);
    CU_ADD_TEST(suite, an_idempotency_key_is_used_once);
    CU_ADD_TEST(suite, two_equal_ones_at_once_are_not_both_accepted);
    CU_ADD_TEST(suite, many_messages_are_judged_one_by_one);
    CU_ADD_TEST(suite, limits_are_kept);
    CU_ADD_TEST(suite, the_queue_is_full_by_its_bytes);
    CU_ADD_TEST(suite, a_leaving_daemon_and_a_switched_off_relay_accept_nothing);
    CU_ADD_TEST(suite, the_relay_is_the_named_one_or_the_senders);
    CU_ADD_TEST(suite, a_submitter_has_a_rate);
    CU_ADD_TEST(suite, a_dry_run_checks_and_keeps_nothing);
    CU_ADD_TEST(suite, an_import_keeps_its_id);
    CU_ADD_TEST(suite, a_message_waits_for_its_time);
    CU_ADD_TEST(suite, a_large_message_goes_to_the_queue_in_parts);
    CU_ADD_TEST(suite, content_becomes_canonical_whoever_submits);
    CU_ADD_TEST(suite, content_as_it_is_must_be_canonical);
    CU_ADD_TEST(suite, imported_content_becomes_canonical);
    CU_ADD_TEST(suite, a_redirected_relay_redirects_what_is_made);
    CU_ADD_TEST(suite, a_composed_message_is_made_here);
    CU_ADD_TEST(suite, a_composed_message_has_parameters_of_each_recipient);
}
