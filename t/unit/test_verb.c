/* test_verb.c: who may use which request. */
#include <CUnit/Basic.h>

#include "operator/verb.h"
#include "request_rig.h"

static void what_concerns_all_users_needs_trust(void)
{
    static const char
        *const trusted[] = { "export", "content", "pause", "resume", "flush", "test" },
               *const everybody[] = { "get",    "show",   "queue",  "retry",   "hold",    "release",
                                      "cancel", "bounce", "status", "metrics", "activity" };

    for (int i = 0; i < 6; i++) {
        CU_ASSERT_FALSE(ss_verb_may(trusted[i], 0));
        CU_ASSERT_TRUE(ss_verb_may(trusted[i], SS_REQUEST_ALL));
        /* httpd's User beside SMTPSendUser: everything but contents. */
        CU_ASSERT_EQUAL(ss_verb_may(trusted[i], SS_REQUEST_WEB), i >= 2);
    }
    for (int i = 0; i < 11; i++) CU_ASSERT_TRUE(ss_verb_may(everybody[i], 0));
}

static int status_of(const char *verb, int is_trusted)
{
    ss_store_port_t closed = { .store = NULL };
    ss_operator_t o = { .queue = &closed };
    request_rig_t rig;

    request_rig_init(&rig, 1000, is_trusted);
    rig.request.verb = verb;
    ss_verb_dispatch(&o, &rig.request);
    CU_ASSERT_EQUAL(rig.answers, 1);
    int status = request_rig_status(&rig);
    request_rig_free(&rig);
    return status;
}

static void a_verb_is_refused_before_it_runs(void)
{
    CU_ASSERT_EQUAL(status_of("nonsense", SS_REQUEST_ALL), 501);
    CU_ASSERT_EQUAL(status_of("content", 0), 403);
    CU_ASSERT_EQUAL(status_of("flush", 0), 403);
    CU_ASSERT_EQUAL(status_of("content", SS_REQUEST_ALL), 503); /* no store */
    CU_ASSERT_EQUAL(status_of("content", SS_REQUEST_WEB), 403);
    CU_ASSERT_EQUAL(status_of("get", 0), 503);
}

void ss_suite_verb(void)
{
    CU_pSuite suite = CU_add_suite("verb", NULL, NULL);

    CU_ADD_TEST(suite, what_concerns_all_users_needs_trust);
    CU_ADD_TEST(suite, a_verb_is_refused_before_it_runs);
}
