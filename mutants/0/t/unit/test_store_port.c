/* test_store_port.c: what the store does not take is answered, later, with the reason. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "queue/store_port.h"
#include "store_rig.h"

typedef struct {
    ss_store_port_t port;
    int deferred, answered, posts_again;
    apr_status_t rv;
    ss_result_t result;
} world_t;

static void defer(void *self)
{
    ((world_t *)self)->deferred++;
}

static void post(world_t *w);

static void answered(ss_store_request_t *request)
{
    world_t *w = request->baton;

    w->answered++;
    w->rv = request->rv;
    w->result = request->result;
    apr_pool_destroy(request->pool);
    if (w->posts_again-- > 0) post(w);
}

static void post(world_t *w)
{
    ss_store_port_post(&w->port, &ss_store_settings_create(answered, w)->head);
}

static void a_queue_that_is_not_open_answers_with_the_reason(void)
{
    world_t w = { .posts_again = 1 };

    ss_store_port_init(&w.port, defer, &w);
    ss_result_set(&w.port.result, "queue", "", NULL, "the queue is being opened");
    post(&w);
    CU_ASSERT_TRUE(w.deferred == 1 && !w.answered && ss_store_port_waiting(&w.port) == 1);
    ss_store_port_answer(&w.port);
    CU_ASSERT_TRUE(w.answered == 1 && APR_STATUS_IS_EOF(w.rv));
    CU_ASSERT_STRING_EQUAL(w.result.text, "the queue is being opened");
    /* What the answer posted waits for the next call: the loop's turn ends. */
    CU_ASSERT_TRUE(w.deferred == 2 && ss_store_port_waiting(&w.port) == 1);
    ss_store_port_answer(&w.port);
    CU_ASSERT_TRUE(w.answered == 2 && ss_store_port_waiting(&w.port) == 0);
}

static void an_open_queue_answers_itself(void)
{
    store_rig_t rig;
    world_t w = { .posts_again = 0 };

    store_rig_start(&rig);
    ss_store_port_init(&w.port, defer, &w);
    w.port.store = rig.store;
    post(&w);
    CU_ASSERT_TRUE(!w.deferred && ss_store_port_waiting(&w.port) == 1);
    store_rig_wait(&rig, &w.answered);
    CU_ASSERT_TRUE(w.rv == APR_SUCCESS && ss_store_port_waiting(&w.port) == 0);
    store_rig_end(&rig);
}

static void there_is_always_room_for_an_outcome(void)
{
    CU_ASSERT_TRUE(ss_store_has_room(SS_STORE_REQUESTS_MAX - 1, SS_STORE_ACCEPT));
    CU_ASSERT_FALSE(ss_store_has_room(SS_STORE_REQUESTS_MAX, SS_STORE_ACCEPT));
    CU_ASSERT_FALSE(ss_store_has_room(SS_STORE_REQUESTS_MAX, SS_STORE_LOAD));
    CU_ASSERT_TRUE(ss_store_has_room(SS_STORE_REQUESTS_MAX, SS_STORE_OUTCOME));
    CU_ASSERT_EQUAL(SS_STORE_REQUESTS_MAX, 20000);
}

void ss_suite_store_port(void)
{
    CU_pSuite suite = CU_add_suite("store_port", NULL, NULL);

    CU_add_test(suite, "a_queue_that_is_not_open_answers_with_the_reason",
                a_queue_that_is_not_open_answers_with_the_reason);
    CU_add_test(suite, "an_open_queue_answers_itself", an_open_queue_answers_itself);
    CU_add_test(suite, "there_is_always_room_for_an_outcome", there_is_always_room_for_an_outcome);
}
