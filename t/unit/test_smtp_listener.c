/* test_smtp_listener.c: the bounds of the SMTP listener. */
#include <CUnit/Basic.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intake/local_share.h"
#include "intake/smtp_listener.h"
#include "intake/smtp_transaction.h"
#include "net/tcp_owner.h"

#define SECOND APR_USEC_PER_SEC

static void content_has_five_minutes_and_then_a_pace(void)
{
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(0), 300 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(1023), 300 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(102400), 400 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(1500 * 1024), 1800 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_content_time(1ULL << 30), 1800 * SECOND);
}

static void content_may_not_trickle(void)
{
    const ss_mono_t none = { 0 }, began = { 1000 * SECOND }, now = { 1200 * SECOND };

    CU_ASSERT_EQUAL(ss_smtp_listener_deadline(none, 0, now).us, 1500 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_deadline(began, 0, now).us, 1300 * SECOND);
    CU_ASSERT_EQUAL(ss_smtp_listener_deadline(began, 102400, now).us, 1400 * SECOND);
}

static void clients_are_bounded(void)
{
    CU_ASSERT_FALSE(ss_smtp_listener_is_full(511, 8192));
    CU_ASSERT_TRUE(ss_smtp_listener_is_full(512, 8192));
    CU_ASSERT_FALSE(ss_smtp_listener_is_full(63, 256));
    CU_ASSERT_TRUE(ss_smtp_listener_is_full(64, 256));
}

/* Where all places are taken, each uid has as many of them as the others, if it wants them. */
static void whoever_has_the_most_clients_makes_room(void)
{
    ss_local_shares_t shares = { 0 };
    ss_local_share_t *many = ss_local_share_of(&shares, 1000, 0), *few;

    for (int i = 0; i < 5; i++) ss_local_share_enter(&shares, many);
    few = ss_local_share_of(&shares, 1001, 0);
    CU_ASSERT_PTR_EQUAL(ss_local_share_most(&shares), many);
    CU_ASSERT_FALSE(ss_local_share_displaces(many, many));
    for (int i = 0; i < 3; i++) ss_local_share_enter(&shares, few);
    CU_ASSERT_TRUE(ss_local_share_displaces(few, many));
    ss_local_share_enter(&shares, few);
    CU_ASSERT_FALSE(ss_local_share_displaces(few, many));
    while (shares.first) ss_local_share_leave(&shares, shares.first);
}

static void the_content_of_one_uid_waits_for_its_own(void)
{
    const apr_size_t mib = 1 << 20;

    CU_ASSERT_TRUE(ss_smtp_listener_may_read(16 * mib, 0, mib));
    CU_ASSERT_FALSE(ss_smtp_listener_may_read(16 * mib + 1, 0, mib));
    CU_ASSERT_TRUE(ss_smtp_listener_may_read(32 * mib, 1, mib));
    CU_ASSERT_FALSE(ss_smtp_listener_may_read(32 * mib + 1, 1, mib));
    CU_ASSERT_TRUE(ss_smtp_listener_may_read(40 * mib, mib, mib));
}

/* A connection from this process to itself, with either family, and one to an IPv4 address through
 * a socket of IPv6. */
static void the_user_of_a_client_is_known(void)
{
    const struct {
        int server, client;
        unsigned char address[16];
    } cases[] = { { AF_INET, AF_INET, { 127, 0, 0, 1 } },
                  { AF_INET6, AF_INET6, { [15] = 1 } },
                  { AF_INET6, AF_INET, { 127, 0, 0, 2 } },
                  { AF_INET, AF_INET6, { [10] = 0xff, 0xff, 127, 0, 0, 1 } } };
    int diag = ss_tcp_owner_open();

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        int is_4 = cases[i].server == AF_INET, off = 0;
        int server = socket(cases[i].server, SOCK_STREAM, 0);
        int client = socket(cases[i].client, SOCK_STREAM, 0);
        void *address = is_4 ? (void *)&v4 : (void *)&v6;
        socklen_t len = is_4 ? sizeof(v4) : sizeof(v6);

        if (!is_4) setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
        CU_ASSERT_EQUAL(bind(server, address, len), 0);
        CU_ASSERT_EQUAL(listen(server, 1), 0);
        CU_ASSERT_EQUAL(getsockname(server, address, &len), 0);
        in_port_t port = is_4 ? v4.sin_port : v6.sin6_port;
        v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
        v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
        memcpy(&v4.sin_addr, cases[i].address, 4);
        memcpy(&v6.sin6_addr, cases[i].address, 16);
        is_4 = cases[i].client == AF_INET;
        CU_ASSERT_EQUAL(
            connect(client, is_4 ? (void *)&v4 : (void *)&v6, is_4 ? sizeof(v4) : sizeof(v6)), 0);
        int accepted = accept(server, NULL, NULL);
        CU_ASSERT_EQUAL(ss_tcp_owner_uid(diag, accepted), (int)geteuid());
        CU_ASSERT_EQUAL(ss_tcp_owner_uid(-1, accepted), -1);
        close(accepted);
        close(client);
        close(server);
    }
    int pair[2];
    CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CU_ASSERT_EQUAL(ss_tcp_owner_uid(diag, pair[0]), -1);
    close(pair[0]);
    close(pair[1]);
    close(diag);
}

static void new_content_waits_before_running_content_is_refused(void)
{
    const apr_size_t most = 128 * 1024 * 1024;

    CU_ASSERT_TRUE(ss_smtp_listener_has_room(most / 2));
    CU_ASSERT_FALSE(ss_smtp_listener_has_room(most / 2 + 1));
    CU_ASSERT_TRUE(ss_smtp_transaction_has_room(most - 10, 10));
    CU_ASSERT_FALSE(ss_smtp_transaction_has_room(most - 10, 11));
}

void ss_suite_smtp_listener(void)
{
    CU_pSuite suite = CU_add_suite("smtp_listener", NULL, NULL);

    CU_ADD_TEST(suite, content_has_five_minutes_and_then_a_pace);
    CU_ADD_TEST(suite, content_may_not_trickle);
    CU_ADD_TEST(suite, clients_are_bounded);
    CU_ADD_TEST(suite, whoever_has_the_most_clients_makes_room);
    CU_ADD_TEST(suite, the_content_of_one_uid_waits_for_its_own);
    CU_ADD_TEST(suite, the_user_of_a_client_is_known);
    CU_ADD_TEST(suite, new_content_waits_before_running_content_is_refused);
}
