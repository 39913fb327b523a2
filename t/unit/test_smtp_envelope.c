/* test_smtp_envelope.c: which envelopes are taken, as sendmail -bs asks for it. */
#include <CUnit/Basic.h>
#include <string.h>

#include "daemon_rig.h"

static daemon_rig_t rig;

/* size: or 0; the texts: or NULL. */
static int verify(const char *from, const char *to, int size)
{
    json_t *header = json_pack("{s:s,s:i}", "do", "verify", "size", size);

    if (from) json_object_set_new(header, "from", json_string(from));
    if (to) json_object_set_new(header, "to", json_string(to));
    return daemon_rig_ask(&rig, 0, header, NULL);
}

static int is_field(const char *field, const char *part)
{
    return !strcmp(request_rig_text(&rig.last, "field"), field) &&
           strstr(request_rig_text(&rig.last, "detail"), part);
}

static void name_and_size_for_the_greeting(void)
{
    static const char *const limits[] = { "SMTPSendMaxMessageSize 1024", NULL };

    daemon_rig_start(&rig, limits);
    CU_ASSERT_EQUAL(verify(NULL, NULL, 0), 200);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig.last, "host"), rig.relays[0].helo);
    apr_int64_t size = json_integer_value(json_object_get(rig.last.header, "maxSize"));
    CU_ASSERT(size >= rig.relays[0].max_message_size && size >= rig.relays[1].max_message_size);
    daemon_rig_end(&rig);
}

static void addresses_are_judged(void)
{
    static const char *const limits[] = { "SMTPSendMaxMessageSize 1024", NULL };

    daemon_rig_start(&rig, limits);
    CU_ASSERT_EQUAL(verify("a@example.net", NULL, 0), 200);
    CU_ASSERT_EQUAL(verify("", NULL, 0), 200);
    CU_ASSERT_EQUAL(verify("a@example.net", "b@example.net", 1024), 200);
    CU_ASSERT_EQUAL(verify("", "b@example.net", 0), 200);
    CU_ASSERT_EQUAL(verify("a@-->", NULL, 0), 400);
    CU_ASSERT_TRUE(is_field("from", "<a@-->"));
    CU_ASSERT_EQUAL(verify("a@example.net", "b@@example.net", 0), 400);
    CU_ASSERT_TRUE(is_field("to", "<b@@example.net>"));
    CU_ASSERT_EQUAL(verify("a@example.net", "", 0), 400);
    CU_ASSERT_EQUAL(verify("a@example.net", NULL, 1025), 413);
    CU_ASSERT_PTR_NOT_NULL(strstr(request_rig_text(&rig.last, "detail"), "SMTPSendMaxMessageSize"));
    daemon_rig_end(&rig);
}

static void a_relay_that_takes_no_mail(void)
{
    static const char *const off[] = { "SMTPSendEngine Off", NULL };

    daemon_rig_start(&rig, off);
    CU_ASSERT_EQUAL(verify(NULL, NULL, 0), 200);
    CU_ASSERT_EQUAL(verify("a@example.net", NULL, 0), 503);
    rig.d.intake->is_leaving = 1;
    CU_ASSERT_EQUAL(verify("a@example.net", NULL, 0), 503);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.last.header, "retryAfter")), 5);
    daemon_rig_end(&rig);
}

void ss_suite_smtp_envelope(void)
{
    CU_pSuite suite = CU_add_suite("smtp_envelope", NULL, NULL);

    CU_ADD_TEST(suite, name_and_size_for_the_greeting);
    CU_ADD_TEST(suite, addresses_are_judged);
    CU_ADD_TEST(suite, a_relay_that_takes_no_mail);
}
