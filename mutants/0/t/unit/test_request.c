/* test_request.c: answers of the local socket. */
#include "request_rig.h"

#include <CUnit/Basic.h>
#include <string.h>

static void a_refusal_says_what_where_and_when(void)
{
    request_rig_t rig;

    request_rig_init(&rig, 1000, 0);
    ss_request_refuse(&rig.request, 503, 5, "to", "no %s \xff", "room");
    CU_ASSERT_EQUAL(request_rig_status(&rig), 503);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig, "field"), "to");
    CU_ASSERT_EQUAL(strncmp(request_rig_text(&rig, "detail"), "no room ", 8), 0);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.header, "retryAfter")), 5);
    ss_request_refuse(&rig.request, 404, 0, NULL, "unknown");
    CU_ASSERT_EQUAL(request_rig_status(&rig), 404);
    CU_ASSERT_PTR_NULL(json_object_get(rig.header, "retryAfter"));
    CU_ASSERT_PTR_NULL(json_object_get(rig.header, "field"));
    request_rig_free(&rig);
}

static void a_document_is_the_content(void)
{
    request_rig_t rig;

    request_rig_init(&rig, 1000, 0);
    ss_request_document(&rig.request, 200, json_pack("{s:i}", "matched", 3));
    CU_ASSERT_EQUAL(request_rig_status(&rig), 200);
    CU_ASSERT_STRING_EQUAL(rig.content, "{\"matched\":3}");
    CU_ASSERT_EQUAL(rig.answers, 1);
    request_rig_free(&rig);
}

void ss_suite_request(void)
{
    CU_pSuite suite = CU_add_suite("request", NULL, NULL);

    CU_ADD_TEST(suite, a_refusal_says_what_where_and_when);
    CU_ADD_TEST(suite, a_document_is_the_content);
}
