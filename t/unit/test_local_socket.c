/* test_local_socket.c: who is trusted, the bounds of memory, clients and descriptors, and what
 * becomes of idle clients. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon_rig.h"
#include "base/descriptors.h"
#include "intake/local_many.h"
#include "intake/local_parse.h"
#include "intake/local_share.h"
#include "operator/verb.h"
#include "wire/frame.h"

void ss_suite_local_socket(void);

static void root_and_the_owner_are_trusted(void)
{
    ss_local_socket_options_t options = { .owner_uid = 33, .web_uid = -1 };

    CU_ASSERT_EQUAL(ss_local_socket_trust(0, &options), SS_REQUEST_ALL);
    CU_ASSERT_EQUAL(ss_local_socket_trust(33, &options), SS_REQUEST_ALL);
    CU_ASSERT_EQUAL(ss_local_socket_trust(1000, &options), SS_REQUEST_OWN);
    CU_ASSERT_EQUAL(ss_local_socket_trust(-1, &options), SS_REQUEST_OWN);
    /* SMTPSendUser: httpd's User is another one. */
    options = (ss_local_socket_options_t){ .owner_uid = 105, .web_uid = 33 };
    CU_ASSERT_EQUAL(ss_local_socket_trust(0, &options), SS_REQUEST_ALL);
    CU_ASSERT_EQUAL(ss_local_socket_trust(105, &options), SS_REQUEST_ALL);
    CU_ASSERT_EQUAL(ss_local_socket_trust(33, &options), SS_REQUEST_WEB);
    CU_ASSERT_EQUAL(ss_local_socket_trust(1000, &options), SS_REQUEST_OWN);
    CU_ASSERT_EQUAL(ss_local_socket_trust(-1, &options), SS_REQUEST_OWN);
    options.web_reads = 1;
    CU_ASSERT_EQUAL(ss_local_socket_trust(33, &options), SS_REQUEST_ALL);
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

static void a_uid_has_its_share_of_clients(void)
{
    ss_local_shares_t shares = { 0 };
    ss_local_share_t *one = ss_local_share_of(&shares, 1000, 0), *web;

    for (int i = 0; i < 127; i++) ss_local_share_enter(&shares, one);
    CU_ASSERT_TRUE(ss_local_share_may_come(&shares, one, 8192));
    CU_ASSERT_FALSE(ss_local_share_may_come(&shares, one, 8 * 127));
    ss_local_share_enter(&shares, one);
    CU_ASSERT_FALSE(ss_local_share_may_come(&shares, one, 8192));
    CU_ASSERT_PTR_EQUAL(ss_local_share_of(&shares, 1000, 0), one);
    web = ss_local_share_of(&shares, 33, 1);
    for (int i = 0; i < 1000; i++) ss_local_share_enter(&shares, web);
    CU_ASSERT_TRUE(ss_local_share_may_come(&shares, web, 1024));
    for (int uid = 1001; uid < 1004; uid++) {
        ss_local_share_t *next = ss_local_share_of(&shares, uid, 0);
        CU_ASSERT_TRUE(ss_local_share_may_come(&shares, next, 8192));
        for (int i = 0; i < 128; i++) ss_local_share_enter(&shares, next);
    }
    /* All that are not trusted together have half of the places. */
    CU_ASSERT_EQUAL(shares.others, 512);
    CU_ASSERT_FALSE(ss_local_share_may_come(&shares, ss_local_share_of(&shares, 1005, 0), 8192));
    while (shares.first) ss_local_share_leave(&shares, shares.first);
    CU_ASSERT_EQUAL(shares.others, 0);
}

static void a_uid_has_its_share_of_memory(void)
{
    const apr_size_t mib = 1 << 20;
    ss_local_share_t one = { .in = 15 * mib, .out = 31 * mib };

    CU_ASSERT_TRUE(ss_local_share_may_read(&one, mib));
    CU_ASSERT_FALSE(ss_local_share_may_read(&one, mib + 1));
    CU_ASSERT_TRUE(ss_local_share_may_answer(&one, mib));
    CU_ASSERT_FALSE(ss_local_share_may_answer(&one, mib + 1));
    CU_ASSERT_TRUE(ss_local_share_may_head(&one, 4 * mib));
    CU_ASSERT_FALSE(ss_local_share_may_head(&one, 4 * mib + 1));
    one.is_trusted = 1;
    CU_ASSERT_TRUE(ss_local_share_may_read(&one, 49 * mib));
    CU_ASSERT_FALSE(ss_local_share_may_read(&one, 49 * mib + 1));
    CU_ASSERT_FALSE(ss_local_share_may_answer(&one, 97 * mib + 1));
    CU_ASSERT_TRUE(ss_local_share_may_head(&one, 8 * mib));
    CU_ASSERT_TRUE(ss_local_share_may_content(16 * mib, 48 * mib, 0));
    CU_ASSERT_FALSE(ss_local_share_may_content(16 * mib + 1, 17 * mib, 0));
    CU_ASSERT_FALSE(ss_local_share_may_content(mib, 48 * mib + 1, 0));
    CU_ASSERT_TRUE(ss_local_share_may_content(32 * mib, 96 * mib, 1));
    CU_ASSERT_FALSE(ss_local_share_may_content(32 * mib + 1, 33 * mib, 1));
}

static const char *parse_error(const char *text, apr_size_t len)
{
    const char *why = NULL;
    json_t *header = ss_local_parse(text, len, &why);

    if (header) why = "";
    json_decref(header);
    return why;
}

static void a_header_has_no_more_values_than_a_request_needs(void)
{
    static const char list[] = "{\"do\":\"x\",\"a\":[";
    const apr_size_t len = 1 << 20;
    char *text = malloc(len + 1);

    CU_ASSERT_STRING_EQUAL(parse_error("{\"do\":\"x\",\"a\":[1,{}]}", 21), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(parse_error("{\"do\":1}", 8), "not a JSON object"));
    CU_ASSERT_PTR_NOT_NULL(strstr(parse_error("{", 1), "not a JSON object"));
    /* Commas in texts are no values. */
    memset(text, ',', len);
    memcpy(text, "{\"do\":\"", 7);
    memcpy(text + len - 2, "\"}", 2);
    CU_ASSERT_STRING_EQUAL(parse_error(text, len), "");
    apr_size_t begin = strlen(list);
    memcpy(text, list, begin);
    for (apr_size_t i = begin; i < len; i++) text[i] = (i - begin) % 2 ? ',' : '1';
    memcpy(text + len - 2, "]}", 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(parse_error(text, len), "more values"));
    memcpy(text + begin + 300001, "]}", 2);
    CU_ASSERT_STRING_EQUAL(parse_error(text, begin + 300003), "");
    for (apr_size_t i = begin; i + 3 < len; i += 3) memcpy(text + i, "{},", 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(parse_error(text, 200000), "more values"));
    free(text);
}

/* ---- clients of a socket that is served by the daemon ---- */

#define CLIENTS_MAX 16
#define PLACES 64 /* of a test that needs more, whatever this process has open */

static daemon_rig_t rig;
static int clients[PLACES], client_count;

static void turn(int times)
{
    while (times--) ss_loop_turn(rig.d.loop, 0);
}

static int most_of_one; /* clients of a uid, as the budget has it (local_share.c) */

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
    chmod(rig.folder, 0711);
    chmod(address.sun_path, 0666);
    /* A client has two descriptors in this process, its own and the daemon's; the half of a small
     * limit is the reserve. */
    int lowest = ss_descriptors_lowest(fd);
    const ss_local_socket_options_t options = { .fd = fd,
                                                .command = ss_verb_dispatch,
                                                .self = rig.d.operators,
                                                .idle = idle,
                                                .descriptors =
                                                    (apr_uint64_t)(2 * (lowest + 2 * room)) };
    most_of_one = (int)(options.descriptors / 8);
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

/* The number of a new client, of this user or, where this is root, of another one. */
/* A client that waits to be accepted. */
static int knock_as(int uid)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", rig.folder);
    /* Of this thread alone. */
    if (uid) CU_ASSERT_EQUAL(syscall(SYS_setresuid, -1, uid, -1), 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    if (uid) CU_ASSERT_EQUAL(syscall(SYS_setresuid, -1, 0, -1), 0);
    clients[client_count] = fd;
    return client_count++;
}

static int come_as(int uid)
{
    int client = knock_as(uid);

    turn(3);
    return client;
}

static int come(void)
{
    return come_as(0);
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

/* One that says that it sends nothing more is there until it closes. */
static void a_client_that_sends_nothing_more_has_its_answer(void)
{
    char wait[200];

    serve(60 * APR_USEC_PER_SEC, 8);
    daemon_rig_submit(&rig, NULL);
    apr_snprintf(wait, sizeof(wait), "{\"do\":\"get\",\"id\":\"%s\",\"wait\":100000}", rig.id);
    int first = come(), second = come(), third = come();
    ask(first, wait);
    shutdown(clients[first], SHUT_WR);
    apr_snprintf(wait, sizeof(wait), "{\"do\":\"get\",\"id\":\"%s\",\"wait\":60000000}", rig.id);
    ask(second, wait);
    shutdown(clients[second], SHUT_WR);
    CU_ASSERT_EQUAL(hear_soon(first), SS_FRAME_ANSWER);
    CU_ASSERT_EQUAL(hear_soon(first), -1);
    /* The second one is still waited for, until it closes. */
    hear_nothing(second);
    ask(third, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(hear_soon(third), SS_FRAME_ANSWER);
    CU_ASSERT_TRUE(ss_local_socket_is_busy(rig.d.local_socket));
    shutdown(clients[second], SHUT_RDWR);
    for (int turns = 0; turns < 500 && ss_local_socket_is_busy(rig.d.local_socket); turns++)
        ss_loop_turn(rig.d.loop, APR_USEC_PER_SEC / 50);
    CU_ASSERT_FALSE(ss_local_socket_is_busy(rig.d.local_socket));
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

/* ---- shares ---- */

/* With room for 12 clients there are some 70 files, of which an eighth is one user's. */
static void a_uid_beyond_its_share_is_refused_and_nobody_else(void)
{
    int refused = 0;

    if (geteuid()) return; /* clients of other users need root */
    serve(60 * APR_USEC_PER_SEC, 12);
    for (int i = 0; i < CLIENTS_MAX - 2; i++) {
        int one = come_as(1000);
        if (send(clients[one], "SsS", 3, MSG_NOSIGNAL) < 0) CU_ASSERT_EQUAL(errno, EPIPE);
        turn(3);
        refused += hear(one) == SS_FRAME_ANSWER && hear(one) == -1;
    }
    CU_ASSERT(refused > 0 && refused < CLIENTS_MAX - 2);
    int web = come(), other = come_as(1001);
    ask(web, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(hear_soon(web), SS_FRAME_ANSWER);
    ask(other, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(hear_soon(other), SS_FRAME_ANSWER);
    close_served();
}

static void a_further_client_takes_the_place_of_an_idle_one_of_the_same_uid(void)
{
    if (geteuid()) return;
    serve(60 * APR_USEC_PER_SEC, 40);
    int web = come(), heard[PLACES] = { 0 };
    for (int i = 0; i <= most_of_one; i++) come_as(1000);
    for (int i = 0; i < client_count; i++) heard[i] = hear(i);
    CU_ASSERT_EQUAL(heard[web], 0);
    CU_ASSERT_EQUAL(heard[1] ? heard[1] : hear_soon(1), SS_FRAME_BYE);
    CU_ASSERT_EQUAL(heard[client_count - 1], 0);
    close_served();
}

static void a_large_header_is_read_by_a_thread(void)
{
    const size_t len = 4 * SS_LOCAL_PARSE_AT_ONCE;
    char *header = calloc(1, len + 1);

    memset(header, ' ', len);
    memcpy(header, "{\"do\":\"nothing\"", 15);
    header[14] = '"';
    header[len - 1] = '}';
    serve(60 * APR_USEC_PER_SEC, 100);
    int client = come(), leaving = come();
    ask(client, header);
    CU_ASSERT_EQUAL(hear_soon(client), SS_FRAME_ANSWER);
    ask(client, "{\"do\":\"nothing\"}");
    CU_ASSERT_EQUAL(hear_soon(client), SS_FRAME_ANSWER);
    ask(leaving, header);
    turn(4);
    close_served();
    free(header);
}

static void a_header_that_no_request_needs_is_refused(void)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = SS_FRAME_REQUEST,
                         .header_len = SS_LOCAL_SHARE_HEADER + 1 };
    char head[SS_FRAME_HEAD];

    if (geteuid()) return;
    serve(60 * APR_USEC_PER_SEC, 100);
    int other = come_as(1000), root = come();
    ss_frame_write(&frame, head);
    CU_ASSERT_EQUAL(send(clients[other], head, sizeof(head), 0), (ssize_t)sizeof(head));
    CU_ASSERT_EQUAL(hear_soon(other), SS_FRAME_ANSWER);
    CU_ASSERT_EQUAL(hear_soon(other), -1);
    CU_ASSERT_EQUAL(send(clients[root], head, sizeof(head), 0), (ssize_t)sizeof(head));
    hear_nothing(root);
    close_served();
}

/* Answers that fill the socket: the next request is not read before they are. */
static void from_a_client_that_does_not_read_nothing_is_read(void)
{
    int small = 1, answers = 0, asked = 0, heard;

    serve(60 * APR_USEC_PER_SEC, 100);
    int client = come();
    setsockopt(clients[client], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    while (asked < 400 && rig.d.record) {
        ss_frame_t frame = { .version = SS_FRAME_VERSION,
                             .type = SS_FRAME_REQUEST,
                             .flags = SS_FRAME_LAST,
                             .header_len = 15 };
        char bytes[SS_FRAME_HEAD + 15];
        ss_frame_write(&frame, bytes);
        memcpy(bytes + SS_FRAME_HEAD, "{\"do\":\"status\"}", 15);
        if (send(clients[client], bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) break;
        asked++;
        turn(1);
    }
    /* Had all been read, all answers would be in memory. */
    CU_ASSERT(asked > 0 && asked < 400);
    while ((heard = hear_soon(client)) == SS_FRAME_ANSWER && ++answers < asked) turn(1);
    CU_ASSERT_EQUAL(answers, asked);
    close_served();
}

/* ---- how long a turn takes ---- */

/* of processor time; a sanitizer takes more than that */
#define TURN_MOST (20 * 1000)

#ifdef __SANITIZE_ADDRESS__
static const int is_measured = 0;
#else
static const int is_measured = 1;
#endif
static char last_id[64];
static double longest; /* turn so far, in microseconds of this thread */

static double thread_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void measured_turn(void)
{
    double began = thread_time();

    ss_loop_turn(rig.d.loop, 1000);
    if (thread_time() - began > longest) longest = thread_time() - began;
}

static void send_slowly(int client, const char *bytes, size_t len)
{
    while (len) {
        ssize_t sent = send(clients[client], bytes, len, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        }
        CU_ASSERT_TRUE_FATAL(sent > 0 || errno == EAGAIN);
        measured_turn();
    }
}

/* Sends a request with its content and reads the answer; its status. */
static int exchange(int client, const char *header, const char *content, size_t len)
{
    static char bytes[16384];
    size_t piece = len < SS_FRAME_CONTENT_MAX ? len : SS_FRAME_CONTENT_MAX, got = 0, most;
    ss_frame_t frame = { .version = SS_FRAME_VERSION,
                         .type = SS_FRAME_REQUEST,
                         .flags = piece == len ? SS_FRAME_LAST : 0,
                         .header_len = (apr_uint32_t)strlen(header),
                         .content_len = (apr_uint32_t)piece };
    char head[SS_FRAME_HEAD];
    int status = 0;

    ss_frame_write(&frame, head);
    send_slowly(client, head, sizeof(head));
    send_slowly(client, header, strlen(header));
    send_slowly(client, content, piece);
    for (; piece < len; piece += frame.content_len) {
        size_t next = len - piece < SS_FRAME_CONTENT_MAX ? len - piece : SS_FRAME_CONTENT_MAX;
        frame = (ss_frame_t){ .version = SS_FRAME_VERSION,
                              .type = SS_FRAME_PART,
                              .flags = piece + next == len ? SS_FRAME_LAST : 0,
                              .content_len = (apr_uint32_t)next };
        ss_frame_write(&frame, head);
        send_slowly(client, head, sizeof(head));
        send_slowly(client, content + piece, next);
    }
    most = SS_FRAME_HEAD;
    for (int turns = 0; !status && turns < 20000; turns++) {
        ssize_t n = recv(clients[client], bytes + got, most - got, 0);
        if (n <= 0) measured_turn();
        if (n > 0) got += (size_t)n;
        if (got == SS_FRAME_HEAD) {
            CU_ASSERT_EQUAL_FATAL(ss_frame_read(&frame, bytes, got), APR_SUCCESS);
            most = got + frame.header_len;
        } else if (got == most) {
            bytes[got] = '\0';
            const char *id = strstr(bytes + SS_FRAME_HEAD, "\"id\":\"");
            if (id) apr_cpystrn(last_id, id + 6, SS_IDENT_TEXT);
            status = (int)strtol(strstr(bytes + SS_FRAME_HEAD, "\"status\":") + 9, NULL, 10);
        }
    }
    /* The document is read to its end, too. */
    for (size_t left = frame.content_len; left;) {
        ssize_t n = recv(clients[client], bytes, left < sizeof(bytes) ? left : sizeof(bytes), 0);
        if (n > 0) left -= (size_t)n;
        if (n <= 0) measured_turn();
        if (left || (frame.flags & SS_FRAME_LAST)) continue;
        while ((n = recv(clients[client], head, sizeof(head), MSG_WAITALL)) < (ssize_t)sizeof(head))
            measured_turn();
        CU_ASSERT_EQUAL_FATAL(ss_frame_read(&frame, head, sizeof(head)), APR_SUCCESS);
        left = frame.content_len;
    }
    return status;
}

/* One request, and how long the longest turn was. On a busy machine the same takes longer at times:
 * at the third time at the latest it must be quick. */
static void is_quick(const char *what, int client, int status, const char *header,
                     const char *content, size_t len)
{
    int tries = 0;

    do {
        longest = 0;
        CU_ASSERT_EQUAL(exchange(client, header, content, len), status);
    } while (longest > TURN_MOST && ++tries < 3);
    if (longest > TURN_MOST) fprintf(stderr, "\n%s: a turn of %.0f us\n", what, longest);
    if (is_measured) CU_ASSERT(longest <= TURN_MOST);
}

static size_t repeat(char *out, const char *format, int times)
{
    size_t used = 0;

    for (int i = 0; i < times; i++) used += (size_t)apr_snprintf(out + used, 200, format, i, i);
    return used;
}

static void no_request_holds_up_the_others(void)
{
    const size_t size = 12 << 20;
    char *header = calloc(1, size), *content = calloc(1, size), get[100];
    size_t used, len;

    serve(60 * APR_USEC_PER_SEC, 100);
    int client = come();
    used = (size_t)apr_snprintf(header, 100, "{\"do\":\"submit\",\"to\":[\"a@example.net\"");
    used += repeat(header + used, ",\"recipient-number-%05d@example.net\"", 49999);
    memcpy(header + used, "]}", 3);
    is_quick("50,000 recipients", client, 202, header, "Subject: x\r\n\r\nbody\r\n", 20);
    memcpy(header + used, "],\"from\":\"a@example.net\",\"compose\":{}}", 39);
    is_quick("50,000 typed recipients", client, 202, header, "Subject: x\r\n\r\nbody\r\n", 20);
    is_quick("the list", client, 200, "{\"do\":\"queue\"}", "", 0);
    apr_snprintf(get, sizeof(get), "{\"do\":\"get\",\"id\":\"%s\"}", last_id);
    is_quick("looking at 50,000", client, 200, get, "", 0);
    used = (size_t)apr_snprintf(header, 100, "{\"do\":\"submitMany\",\"messages\":[{\"size\":0}");
    used += repeat(header + used, ",{\"size\":23,\"to\":[\"r%d@example.net\"]}", 9999);
    memcpy(header + used, "]}", 3);
    len = repeat(content, "Subject: %04d\r\n\r\nb %04d", 9999);
    is_quick("10,000 messages", client, 200, header, content, len);
    used = (size_t)apr_snprintf(
        header, 200,
        "{\"do\":\"submit\",\"to\":[\"a@example.net\"],\"compose\":{\"takesRcpts\":true}}");
    is_quick("no sender", client, 400, header, "Subject: x\r\n\r\n", 14);
    len = (size_t)apr_snprintf(content, 100, "From: <a@example.net>\r\nCc:");
    len += repeat(content + len, " =?iso-8859-%d?Q?x?=\r\n (=?koi8-r?Q?x?=)\r\n", 75000);
    len += (size_t)apr_snprintf(content + len, 100, " <c@example.net>\r\n\r\nbody\r\n");
    is_quick("150,000 encoded words", client, 202, header, content, len);
    close_served();
    free(header);
    free(content);
}

/* ---- clients that leave, or that the daemon leaves ---- */

static void a_refused_request_of_a_client_that_has_left_is_forgotten(void)
{
    static const char *const headers[] = {
        "{\"do\":\"submitMany\",\"messages\":[]}", "{\"do\":\"submit\",\"to\":[]}",
        "{\"do\":\"submit\",\"to\":[\"x\"],\"compose\":{\"takesRcpts\":true}}",
        "{\"do\":\"nothing\"}", "{}"
    };

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

static void submit_small(int client)
{
    static const char content[] = "Subject: x\r\n\r\nx\r\n";
    ss_frame_t part = { .version = SS_FRAME_VERSION,
                        .type = SS_FRAME_PART,
                        .flags = SS_FRAME_LAST,
                        .content_len = sizeof(content) - 1 };
    char head[SS_FRAME_HEAD];

    say(client, SS_FRAME_VERSION, 0,
        "{\"do\":\"submit\",\"from\":\"a@x.test\",\"to\":[\"b@x.test\"],\"relay\":\"default\"}");
    ss_frame_write(&part, head);
    CU_ASSERT_EQUAL(send(clients[client], head, sizeof(head), 0), (ssize_t)sizeof(head));
    CU_ASSERT_EQUAL(send(clients[client], content, sizeof(content) - 1, 0),
                    (ssize_t)sizeof(content) - 1);
}

/* A web process gives up while no daemon is there, and says that nothing was done. */
static void who_left_before_a_daemon_came_gets_nothing_done(void)
{
    apr_int64_t messages = 0;
    apr_uint64_t bytes;

    serve(60 * APR_USEC_PER_SEC, 100);
    int left = knock_as(0), stays = knock_as(0);
    submit_small(left);
    submit_small(stays);
    close(clients[left]);
    CU_ASSERT_EQUAL(hear_soon(stays), SS_FRAME_ANSWER);
    ss_delivery_waiting(rig.d.delivery, &messages, &bytes);
    CU_ASSERT_EQUAL(messages, 1);
    clients[left] = clients[stays];
    client_count--;
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
    CU_ADD_TEST(suite, a_client_that_sends_nothing_more_has_its_answer);
    CU_ADD_TEST(suite, one_that_becomes_idle_makes_room_for_those_that_wait);
    CU_ADD_TEST(suite, a_uid_has_its_share_of_clients);
    CU_ADD_TEST(suite, a_uid_has_its_share_of_memory);
    CU_ADD_TEST(suite, a_header_has_no_more_values_than_a_request_needs);
    CU_ADD_TEST(suite, a_uid_beyond_its_share_is_refused_and_nobody_else);
    CU_ADD_TEST(suite, a_further_client_takes_the_place_of_an_idle_one_of_the_same_uid);
    CU_ADD_TEST(suite, a_large_header_is_read_by_a_thread);
    CU_ADD_TEST(suite, a_header_that_no_request_needs_is_refused);
    CU_ADD_TEST(suite, from_a_client_that_does_not_read_nothing_is_read);
    CU_ADD_TEST(suite, no_request_holds_up_the_others);
    CU_ADD_TEST(suite, a_refused_request_of_a_client_that_has_left_is_forgotten);
    CU_ADD_TEST(suite, who_left_before_a_daemon_came_gets_nothing_done);
    CU_ADD_TEST(suite, a_connection_test_ends_with_its_client);
    CU_ADD_TEST(suite, a_client_that_waits_is_missed_when_it_leaves);
    CU_ADD_TEST(suite, a_frame_of_another_version_ends_a_submission);
    CU_ADD_TEST(suite, a_leaving_daemon_lets_a_client_go_when_it_has_its_answer);
}
