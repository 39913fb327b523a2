/* test_operator.c: who may see and change what; how actions are read and answered. */
#include <CUnit/Basic.h>
#include <string.h>

#include "operator/verb.h"
#include "operator/operator.h"
#include "operator/selection.h"
#include "request_rig.h"

#define ID "01890a5d-ac96-774b-bcce-b302099a8057"

static void a_user_sees_own_messages_and_root_all(void)
{
    request_rig_t user, root;
    ss_message_t m = { .attr = { .uid = 1000 } };

    request_rig_init(&user, 1000, 0);
    request_rig_init(&root, 0, 1);
    CU_ASSERT_TRUE(ss_operator_may(&user.request, &m));
    m.attr.uid = 1001;
    CU_ASSERT_FALSE(ss_operator_may(&user.request, &m));
    CU_ASSERT_TRUE(ss_operator_may(&root.request, &m));
    /* Nobody's message is not that of a client whose uid is unknown. */
    user.request.uid = m.attr.uid = -1;
    CU_ASSERT_FALSE(ss_operator_may(&user.request, &m));
    user.request.uid = 1000;
    CU_ASSERT_EQUAL(ss_operator_filter_uid(&user.request), 1000);
    CU_ASSERT_EQUAL(ss_operator_filter_uid(&root.request), -1);
}

/* httpd's children are trusted, but what they ask for a submitter is only about its messages. */
static void a_request_for_a_submitter_is_about_its_messages(void)
{
    json_t *header = json_pack("{s:[s,s]}", "submitters", "web:x /mail alice", "alice");
    ss_message_t m = { .attr = { .submitter = "alice" } };
    request_rig_t root;

    apr_pool_create(&m.pool, NULL);
    request_rig_init(&root, 0, 1);
    root.request.header = header;
    CU_ASSERT_TRUE(ss_operator_may(&root.request, &m));
    m.attr.submitter = "web:x /mail alice";
    CU_ASSERT_TRUE(ss_operator_may(&root.request, &m));
    m.attr.submitter = "web:x /mail bob";
    CU_ASSERT_FALSE(ss_operator_may(&root.request, &m));
    m.attr.submitter = NULL;
    CU_ASSERT_FALSE(ss_operator_may(&root.request, &m));
    json_decref(header);
    header = json_pack("{s:n}", "submitters"); /* a list without names: nobody's */
    root.request.header = header;
    CU_ASSERT_FALSE(ss_operator_may(&root.request, &m));
    json_decref(header);
    apr_pool_destroy(m.pool);
}

static void only_a_trusted_client_acts_in_another_name(void)
{
    json_t *header = json_pack("{s:s}", "who", "alice");
    request_rig_t user, root;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    request_rig_init(&user, 1000, 0);
    request_rig_init(&root, 0, 1);
    CU_ASSERT_STRING_EQUAL(ss_operator_who(&user.request, header, pool), "uid 1000");
    CU_ASSERT_STRING_EQUAL(ss_operator_who(&root.request, header, pool), "alice");
    CU_ASSERT_STRING_EQUAL(ss_operator_who(&root.request, NULL, pool), "uid 0");
    json_decref(header);
    apr_pool_destroy(pool);
}

static void a_filter_is_read_and_limited_to_the_client(void)
{
    json_t *from =
        json_pack("{s:s,s:s,s:s,s:b}", "state", "held", "relay", "r", "to", "*@x", "waiting", 1);
    ss_store_filter_t filter;
    request_rig_t user;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    request_rig_init(&user, 1000, 0);
    CU_ASSERT_TRUE(ss_operator_filter(&user.request, from, &filter, pool));
    CU_ASSERT_EQUAL(filter.state, SS_STATE_HELD);
    CU_ASSERT_STRING_EQUAL(filter.relay, "r");
    CU_ASSERT_STRING_EQUAL(filter.to, "*@x");
    CU_ASSERT_PTR_NULL(filter.from);
    CU_ASSERT_TRUE(filter.is_waiting);
    CU_ASSERT_EQUAL(filter.uid, 1000);
    json_object_set_new(from, "state", json_string("queued"));
    CU_ASSERT_TRUE(ss_operator_filter(&user.request, from, &filter, pool));
    CU_ASSERT_EQUAL(filter.state, SS_STATE_QUEUED);
    json_object_set_new(from, "state", json_string("lost"));
    CU_ASSERT_FALSE(ss_operator_filter(&user.request, from, &filter, pool));
    CU_ASSERT_EQUAL(request_rig_status(&user), 400);
    json_object_del(from, "state");
    json_object_set_new(from, "after", json_string("x"));
    CU_ASSERT_FALSE(ss_operator_filter(&user.request, from, &filter, pool));
    CU_ASSERT_STRING_EQUAL(request_rig_text(&user, "field"), "after");
    CU_ASSERT_EQUAL(user.answers, 2);
    request_rig_free(&user);
    json_decref(from);
    apr_pool_destroy(pool);
}

/* ---- selections ---- */

/* The status with which a selection is refused; 0: it was read. */
static int read_selection(json_t *header, int *is_one)
{
    ss_operator_t o = { .pool = NULL };
    request_rig_t rig;

    apr_pool_create(&o.pool, NULL);
    request_rig_init(&rig, 1000, 0);
    ss_selection_t *s = ss_selection_create(&o, &rig.request, "hold", sizeof(*s));
    if (ss_selection_read(s, header)) {
        *is_one = ss_selection_is_one(s);
        CU_ASSERT_EQUAL(s->filter.uid, 1000);
        ss_selection_end(s);
    }
    int status = request_rig_status(&rig);
    request_rig_free(&rig);
    json_decref(header);
    apr_pool_destroy(o.pool);
    return status;
}

static void an_action_needs_messages_by_id_or_by_filter(void)
{
    int is_one = 0;

    CU_ASSERT_EQUAL(read_selection(json_pack("{s:s}", "id", ID), &is_one), 0);
    CU_ASSERT_TRUE(is_one);
    CU_ASSERT_EQUAL(read_selection(json_pack("{s:[s,s]}", "id", ID, ID), &is_one), 0);
    CU_ASSERT_FALSE(is_one);
    CU_ASSERT_EQUAL(read_selection(json_pack("{s:{}}", "filter"), &is_one), 0);
    CU_ASSERT_FALSE(is_one);
    CU_ASSERT_EQUAL(read_selection(json_pack("{s:s}", "id", "x"), &is_one), 404);
    CU_ASSERT_EQUAL(read_selection(json_pack("{s:[s,i]}", "id", ID, 1), &is_one), 404);
    CU_ASSERT_EQUAL(read_selection(json_object(), &is_one), 400);
    CU_ASSERT_EQUAL(read_selection(json_pack("{s:{s:s}}", "filter", "state", "x"), &is_one), 400);
}

static void ids_of_one_request_are_bounded(void)
{
    ss_operator_t o = { .pool = NULL };
    json_t *ids = json_array(), *header = json_pack("{s:o}", "id", ids);
    request_rig_t rig;

    for (int i = 0; i < 1001; i++) json_array_append_new(ids, json_string(ID));
    apr_pool_create(&o.pool, NULL);
    request_rig_init(&rig, 0, 1);
    ss_selection_t *s = ss_selection_create(&o, &rig.request, "hold", sizeof(*s));
    CU_ASSERT_TRUE(ss_selection_read(s, header));
    CU_ASSERT_EQUAL(s->ids->nelts, 1000);
    json_decref(header);
    apr_pool_destroy(o.pool);
}

static void an_answer_counts_what_was_done(void)
{
    ss_operator_t o = { .pool = NULL };
    request_rig_t rig;

    apr_pool_create(&o.pool, NULL);
    request_rig_init(&rig, 0, 1);
    ss_selection_t *s = ss_selection_create(&o, &rig.request, "hold", sizeof(*s));
    APR_ARRAY_PUSH(s->ids, const char *) = ID;
    ss_selection_finish(s, "held");
    CU_ASSERT_STRING_EQUAL(rig.content,
                           "{\"matched\":1,\"done\":0,\"id\":\"" ID "\",\"state\":\"held\"}");
    s = ss_selection_create(&o, &rig.request, "hold", sizeof(*s));
    s->is_filtered = 1;
    s->matched = 7;
    ss_selection_finish(s, NULL);
    CU_ASSERT_STRING_EQUAL(rig.content, "{\"matched\":7,\"done\":0}");
    s = ss_selection_create(&o, &rig.request, "hold", sizeof(*s));
    ss_selection_conflict(s, "sent", "too late");
    CU_ASSERT_EQUAL(request_rig_status(&rig), 409);
    CU_ASSERT_STRING_EQUAL(request_rig_text(&rig, "state"), "sent");
    CU_ASSERT_EQUAL(rig.answers, 3);
    request_rig_free(&rig);
    apr_pool_destroy(o.pool);
}

/* ---- look-ups ---- */

static void lists_and_waits_are_bounded(void)
{
    const ss_mono_t now = { 5000 };

    CU_ASSERT_EQUAL(ss_verb_lookup_limit(0), 100);
    CU_ASSERT_EQUAL(ss_verb_lookup_limit(-1), 100);
    CU_ASSERT_EQUAL(ss_verb_lookup_limit(1), 1);
    CU_ASSERT_EQUAL(ss_verb_lookup_limit(1000), 1000);
    CU_ASSERT_EQUAL(ss_verb_lookup_limit(1001), 100);
    CU_ASSERT_FALSE(ss_mono_is_set(ss_verb_lookup_until(0, now)));
    CU_ASSERT_EQUAL(ss_verb_lookup_until(7, now).us, 5007);
    CU_ASSERT_EQUAL(ss_verb_lookup_until(120 * APR_USEC_PER_SEC + 1, now).us,
                    5000 + 120 * APR_USEC_PER_SEC);
}

void ss_suite_operator(void)
{
    CU_pSuite suite = CU_add_suite("operator", NULL, NULL);

    CU_ADD_TEST(suite, a_user_sees_own_messages_and_root_all);
    CU_ADD_TEST(suite, a_request_for_a_submitter_is_about_its_messages);
    CU_ADD_TEST(suite, only_a_trusted_client_acts_in_another_name);
    CU_ADD_TEST(suite, a_filter_is_read_and_limited_to_the_client);
    CU_ADD_TEST(suite, an_action_needs_messages_by_id_or_by_filter);
    CU_ADD_TEST(suite, ids_of_one_request_are_bounded);
    CU_ADD_TEST(suite, an_answer_counts_what_was_done);
    CU_ADD_TEST(suite, lists_and_waits_are_bounded);
}
