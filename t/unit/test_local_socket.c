/* test_local_socket.c: who is trusted, the bounds of memory, clients and descriptors, and what
 * becomes of idle clients. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon_rig.h"
#include "base/descriptors.h"
#include "operator/verb.h"
#include "wire/frame.h"

void ss_suite_local_socket(void);

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

static void idle_clients_are_closed_after_a_minute(void)
{
    const ss_mono_t t0 = { 5000 * APR_USEC_PER_SEC };

    CU_ASSERT_EQUAL(SS_LOCAL_SOCKET_IDLE, 60 * APR_USEC_PER_SEC);
    CU_ASSERT_FALSE(ss_local_socket_is_idle_over(t0, SS_LOCAL_SOCKET_IDLE,
                                                 ss_mono_add(t0, SS_LOCAL_SOCKET_IDLE - 1)));
    CU_ASSERT_TRUE(ss_local_socket_is_idle_over(t0, SS_LOCAL_SOCKET_IDLE,
                                                ss_mono_add(t0, SS_LOCAL_SOCKET_IDLE)));
}

static void a_reserve_is_kept_from_clients(void)
{
    CU_ASSERT_TRUE(ss_descriptors_allow(991, 1024));
    CU_ASSERT_FALSE(ss_descriptors_allow(992, 1024));
    CU_ASSERT_FALSE(ss_descriptors_allow(INT_MAX, 1024));
    /* A small limit is shared half and half. */
    CU_ASSERT_TRUE(ss_descriptors_allow(19, 40));
    CU_ASSERT_FALSE(ss_descriptors_allow(20, 40));
    CU_ASSERT_TRUE(ss_descriptors_are_short(EMFILE) && ss_descriptors_are_short(ENFILE));
    CU_ASSERT_FALSE(ss_descriptors_are_short(ECONNREFUSED) || ss_descriptors_are_short(0));
}

/* ---- clients of a socket that is served by the daemon ---- */

#define CLIENTS_MAX 8

static daemon_rig_t rig;
static int clients[CLIENTS_MAX], client_count;

static void turn(int times)
{
    while (times--) ss_loop_turn(rig.d.loop, 0);
}

/* room: so many clients are all that there is a budget for. */
static void serve(apr_interval_time_t idle, int room)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    daemon_rig_start(&rig, NULL);
    client_count = 0;
    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", rig.folder);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 16), 0);
    /* A client has two descriptors in this process, its own and the daemon's; the half of a small
     * limit is the reserve. */
    int lowest = ss_descriptors_lowest(fd);
    const ss_local_socket_options_t options = { .fd = fd,
                                                .command = ss_verb_dispatch,
                                                .self = rig.d.operators,
                                                .idle = idle,
                                                .descriptors =
                                                    (apr_uint64_t)(2 * (lowest + 2 * room)) };
    CU_ASSERT_EQUAL_FATAL(ss_local_socket_start(&rig.d.local_socket, rig.d.intake, &options),
                          APR_SUCCESS);
}

static void close_served(void)
{
    while (client_count) close(clients[--client_count]);
    turn(3);
    /* Requests that wait for a message end with their client, at the next look at the store. */
    for (int i = 0; i < 100 && ss_local_socket_is_busy(rig.d.local_socket); i++)
        ss_loop_turn(rig.d.loop, APR_USEC_PER_SEC / 10);
    CU_ASSERT_FALSE(ss_local_socket_is_busy(rig.d.local_socket));
    ss_local_socket_stop(rig.d.local_socket);
    daemon_rig_end(&rig);
}

/* The number of a new client. */
static int come(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", rig.folder);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    clients[client_count] = fd;
    turn(3);
    return client_count++;
}

/* The type of the next frame that a client has; 0: nothing has come; -1: its connection is
 * closed. */
static int hear(int client)
{
    static char bytes[65536];
    ss_frame_t frame;
    ssize_t got = recv(clients[client], bytes, SS_FRAME_HEAD, 0);

    if (got < 0) return errno == EAGAIN ? 0 : -1;
    if (!got) return -1;
    CU_ASSERT_EQUAL_FATAL(ss_frame_read(&frame, bytes, (apr_size_t)got), APR_SUCCESS);
    got = recv(clients[client], bytes, frame.header_len + frame.content_len, 0);
    return (int)frame.type;
}

static void say(int client, int version, unsigned flags, const char *header)
{
    ss_frame_t frame = { .version = version,
                         .type = SS_FRAME_REQUEST,
                         .flags = flags,
                         .header_len = (apr_uint32_t)strlen(header) };
    char head[SS_FRAME_HEAD];

    ss_frame_write(&frame, head);
    CU_ASSERT_EQUAL(send(clients[client], head, sizeof(head), 0), (ssize_t)sizeof(head));
    CU_ASSERT_EQUAL(send(clients[client], header, strlen(header), 0), (ssize_t)strlen(header));
}

static void ask(int client, const char *header)
{
    say(client, SS_FRAME_VERSION, SS_FRAME_LAST, header);
}

static void hear_nothing(int client)
{
    turn(6);
    CU_ASSERT_EQUAL(hear(client), 0);
}

/* Waits for a frame. */
static int hear_soon(int client)
{
    int heard = hear(client);

    for (int turns = 0; !heard && turns < 500; turns++) {
        ss_loop_turn(rig.d.loop, APR_USEC_PER_SEC / 50);
        heard = hear(client);
    }
    return heard;
}

static void an_idle_client_gets_a_bye_and_is_closed(void)
{
    serve(APR_USEC_PER_SEC / 50, 100);
    int quiet = come(), asking = come();
    ask(asking, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(hear_soon(asking), SS_FRAME_ANSWER);
    CU_ASSERT_EQUAL(hear_soon(quiet), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear_soon(quiet), -1);
    CU_ASSERT_EQUAL(hear_soon(asking), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear_soon(asking), -1);
    close_served();
}

static void room_is_made_by_the_one_that_was_idle_for_longest(void)
{
    serve(60 * APR_USEC_PER_SEC, 100);
    int first = come(), second = come(), third = come();
    /* Half a request: it is no idleness either. */
    CU_ASSERT_EQUAL(send(clients[second], "SsS", 3, 0), 3);
    ask(first, "{\"do\":\"nothing\"}");
    turn(3);
    CU_ASSERT_EQUAL(hear(first), SS_FRAME_ANSWER);
    CU_ASSERT_EQUAL(ss_local_socket_make_room(rig.d.local_socket, 1), 1);
    CU_ASSERT_EQUAL(hear(third), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear(first), 0);
    /* A request that has come and was not read yet is no idleness. */
    ask(first, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(ss_local_socket_make_room(rig.d.local_socket, 8), 0);
    turn(3);
    CU_ASSERT_EQUAL(hear(first), SS_FRAME_ANSWER);
    close_served();
}

static void clients_beyond_the_budget_take_the_place_of_idle_ones(void)
{
    serve(60 * APR_USEC_PER_SEC, 3);
    int lowest = ss_descriptors_lowest(0);
    int first = come(), second = come(), third = come(), fourth = come();
    CU_ASSERT_EQUAL(hear(first), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear(second), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear(third), 0);
    CU_ASSERT_EQUAL(hear(fourth), 0);
    /* Those that were let go are closed on this side, too: the daemon has no more than it may. */
    close(clients[first]);
    close(clients[second]);
    clients[first] = clients[second] = -1;
    CU_ASSERT(ss_descriptors_lowest(0) <= lowest + 2 * 3);
    close_served();
}

static void where_nobody_is_idle_further_clients_wait(void)
{
    char wait[200];

    serve(60 * APR_USEC_PER_SEC, 2);
    daemon_rig_submit(&rig, NULL);
    apr_snprintf(wait, sizeof(wait), "{\"do\":\"get\",\"id\":\"%s\",\"wait\":60000000}", rig.id);
    int first = come();
    ask(first, wait);
    hear_nothing(first);
    int second = come(), third = come();
    ask(second, wait);
    ask(third, "{\"do\":\"nothing\"}");
    hear_nothing(third);
    /* The one that leaves makes room. */
    shutdown(clients[first], SHUT_RDWR);
    CU_ASSERT_EQUAL(hear_soon(third), SS_FRAME_ANSWER);
    close_served();
}

static void one_that_becomes_idle_makes_room_for_those_that_wait(void)
{
    char wait[200];

    serve(60 * APR_USEC_PER_SEC, 2);
    daemon_rig_submit(&rig, NULL);
    apr_snprintf(wait, sizeof(wait), "{\"do\":\"get\",\"id\":\"%s\",\"wait\":60000000}", rig.id);
    int first = come();
    ask(first, wait);
    hear_nothing(first);
    int second = come(), third = come();
    ask(third, "{\"do\":\"nothing\"}");
    hear_nothing(third);
    ask(second, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(hear_soon(second), SS_FRAME_ANSWER);
    CU_ASSERT_EQUAL(hear_soon(second), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear_soon(third), SS_FRAME_ANSWER);
    close_served();
}

/* ---- clients that leave, or that the daemon leaves ---- */

static void a_refused_request_of_a_client_that_has_left_is_forgotten(void)
{
    static const char *const headers[] = { "{\"do\":\"submitMany\",\"messages\":[]}",
                                           "{\"do\":\"submit\",\"to\":[]}",
                                           "{\"do\":\"submit\",\"to\":[\"x\"],\"compose\":{}}",
                                           "{\"do\":\"nothing\"}", "{}" };

    serve(60 * APR_USEC_PER_SEC, 100);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        int client = come();
        ask(client, headers[i]);
        close(clients[client]);
        client_count--;
        turn(3);
        CU_ASSERT_EQUAL(ss_local_socket_make_room(rig.d.local_socket, 1), 0);
    }
    close_served();
}

static void a_connection_test_ends_with_its_client(void)
{
    serve(60 * APR_USEC_PER_SEC, 100);
    int client = come();
    ask(client, "{\"do\":\"test\",\"stream\":true,\"page\":true,\"format\":\"json\"}");
    close(clients[client]);
    client_count--;
    for (int i = 0; i < 100 && (ss_local_socket_is_busy(rig.d.local_socket) || !i); i++) turn(1);
    CU_ASSERT_EQUAL(rig.d.operators->tests, 0);
    close_served();
}

/* ... although its next request was not read yet: it keeps no place until the message is final. */
static void a_client_that_waits_is_missed_when_it_leaves(void)
{
    char wait[200];

    serve(60 * APR_USEC_PER_SEC, 100);
    daemon_rig_submit(&rig, NULL);
    apr_snprintf(wait, sizeof(wait), "{\"do\":\"get\",\"id\":\"%s\",\"wait\":60000000}", rig.id);
    int client = come();
    ask(client, wait);
    hear_nothing(client);
    ask(client, "{\"do\":\"nothing\"}");
    hear_nothing(client);
    close_served();
}

/* In the middle of a submission another version's frame is no question of an older client: the
 * submission is dropped with its client. */
static void a_frame_of_another_version_ends_a_submission(void)
{
    serve(60 * APR_USEC_PER_SEC, 100);
    int client = come();
    say(client, SS_FRAME_VERSION, 0, "{\"do\":\"submit\",\"to\":[\"b@example.net\"]}");
    turn(3);
    say(client, SS_FRAME_VERSION + 1, 0, "{}");
    CU_ASSERT_EQUAL(hear_soon(client), -1);
    close_served();
}

static void a_leaving_daemon_lets_a_client_go_when_it_has_its_answer(void)
{
    serve(60 * APR_USEC_PER_SEC, 100);
    int whole = come(), half = come();
    ask(whole, "{\"do\":\"test\"}");
    say(half, SS_FRAME_VERSION, 0, "{\"do\":\"submit\",\"to\":[\"b@example.net\"]}");
    turn(3);
    rig.d.intake->is_leaving = 1;
    ss_local_socket_stop(rig.d.local_socket);
    CU_ASSERT_EQUAL(hear_soon(half), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear_soon(half), -1);
    CU_ASSERT_EQUAL(hear_soon(whole), SS_FRAME_ANSWER);
    CU_ASSERT_EQUAL(hear_soon(whole), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(hear_soon(whole), -1);
    close_served();
}

void ss_suite_local_socket(void)
{
    CU_pSuite suite = CU_add_suite("local_socket", NULL, NULL);

    CU_ADD_TEST(suite, root_and_the_owner_are_trusted);
    CU_ADD_TEST(suite, clients_are_bounded);
    CU_ADD_TEST(suite, content_in_memory_is_bounded);
    CU_ADD_TEST(suite, idle_clients_are_closed_after_a_minute);
    CU_ADD_TEST(suite, a_reserve_is_kept_from_clients);
    CU_ADD_TEST(suite, an_idle_client_gets_a_bye_and_is_closed);
    CU_ADD_TEST(suite, room_is_made_by_the_one_that_was_idle_for_longest);
    CU_ADD_TEST(suite, clients_beyond_the_budget_take_the_place_of_idle_ones);
    CU_ADD_TEST(suite, where_nobody_is_idle_further_clients_wait);
    CU_ADD_TEST(suite, one_that_becomes_idle_makes_room_for_those_that_wait);
    CU_ADD_TEST(suite, a_refused_request_of_a_client_that_has_left_is_forgotten);
    CU_ADD_TEST(suite, a_connection_test_ends_with_its_client);
    CU_ADD_TEST(suite, a_client_that_waits_is_missed_when_it_leaves);
    CU_ADD_TEST(suite, a_frame_of_another_version_ends_a_submission);
    CU_ADD_TEST(suite, a_leaving_daemon_lets_a_client_go_when_it_has_its_answer);
}
