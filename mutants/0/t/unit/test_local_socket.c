/* test_local_socket.c: who is trusted, and the bound of memory. */
#include <CUnit/Basic.h>

#include "intake/local_socket.h"

static void root_and_the_owner_are_trusted(void)
{
    CU_ASSERT_TRUE(ss_local_socket_is_trusted(0, 33));
    CU_ASSERT_TRUE(ss_local_socket_is_trusted(33, 33));
    CU_ASSERT_FALSE(ss_local_socket_is_trusted(1000, 33));
    CU_ASSERT_FALSE(ss_local_socket_is_trusted(-1, 33));
}

static void clients_are_bounded(void)
{
    CU_ASSERT_FALSE(ss_local_socket_is_full(1023));
    CU_ASSERT_TRUE(ss_local_socket_is_full(1024));
}

static void content_in_memory_is_bounded(void)
{
    const apr_size_t most = 128 * 1024 * 1024;

    CU_ASSERT_TRUE(ss_local_socket_has_room(most, 0));
    CU_ASSERT_FALSE(ss_local_socket_has_room(most + 1, 0));
    CU_ASSERT_TRUE(ss_local_socket_has_room(2 * most, 1));
    CU_ASSERT_FALSE(ss_local_socket_has_room(2 * most + 1, 1));
}

void ss_suite_local_socket(void)
{
    CU_pSuite suite = CU_add_suite("local_socket", NULL, NULL);

    CU_ADD_TEST(suite, root_and_the_owner_are_trusted);
    CU_ADD_TEST(suite, clients_are_bounded);
    CU_ADD_TEST(suite, content_in_memory_is_bounded);
}
