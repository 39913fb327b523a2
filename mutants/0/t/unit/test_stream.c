/* test_stream.c: the plain stream over a socket pair. */
#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

void ss_suite_stream(void);

static ss_stream_t stream;
static int peer;

static void open_pair(void)
{
    int fds[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    ss_stream_tcp(&stream, fds[0]);
    peer = fds[1];
}

static void pieces_arrive_in_order(void)
{
    char one[] = "MAIL ", two[] = "FROM:<>\r\n", got[32];
    struct iovec pieces[] = { { one, strlen(one) }, { two, strlen(two) } };
    apr_size_t len = 0;

    open_pair();
    CU_ASSERT_EQUAL(ss_stream_write(&stream, pieces, 2, &len), APR_SUCCESS);
    CU_ASSERT_EQUAL(len, 14);
    CU_ASSERT_EQUAL(read(peer, got, sizeof(got)), 14);
    CU_ASSERT_EQUAL(memcmp(got, "MAIL FROM:<>\r\n", 14), 0);
    CU_ASSERT_EQUAL(ss_stream_flush(&stream), APR_SUCCESS);
    ss_stream_close(&stream);
    close(peer);
}

static void reading_says_wait_bytes_and_end(void)
{
    char got[8];
    apr_size_t len = sizeof(got);

    open_pair();
    CU_ASSERT_EQUAL(ss_stream_read(&stream, got, &len), APR_EAGAIN);
    CU_ASSERT_EQUAL(len, 0);
    CU_ASSERT_EQUAL(write(peer, "220", 3), 3);
    len = sizeof(got);
    CU_ASSERT_EQUAL(ss_stream_read(&stream, got, &len), APR_SUCCESS);
    CU_ASSERT_EQUAL(len, 3);
    close(peer);
    len = sizeof(got);
    CU_ASSERT_EQUAL(ss_stream_read(&stream, got, &len), APR_EOF);
    ss_stream_close(&stream);
}

static void a_full_socket_says_wait(void)
{
    static char block[65536];
    struct iovec piece = { block, sizeof(block) };
    apr_status_t rv = APR_SUCCESS;
    apr_size_t len;

    open_pair();
    for (int i = 0; i < 1000 && rv == APR_SUCCESS; i++)
        rv = ss_stream_write(&stream, &piece, 1, &len);
    CU_ASSERT_EQUAL(rv, APR_EAGAIN);
    CU_ASSERT_EQUAL(len, 0);
    ss_stream_close(&stream);
    close(peer);
}

/* Ends the whole test program where the signal is let through. */
static void writing_to_a_peer_that_left_is_an_error_and_no_signal(void)
{
    char byte = 'x';
    struct iovec piece = { &byte, 1 };
    apr_size_t len;

    open_pair();
    close(peer);
    CU_ASSERT_EQUAL(ss_stream_write(&stream, &piece, 1, &len), EPIPE);
    CU_ASSERT_PTR_NULL(ss_stream_why(&stream));
    ss_stream_close(&stream);
    ss_stream_close(&stream);
}

void ss_suite_stream(void)
{
    CU_pSuite suite = CU_add_suite("stream", NULL, NULL);

    CU_add_test(suite, "pieces_arrive_in_order", pieces_arrive_in_order);
    CU_add_test(suite, "reading_says_wait_bytes_and_end", reading_says_wait_bytes_and_end);
    CU_add_test(suite, "a_full_socket_says_wait", a_full_socket_says_wait);
    CU_add_test(suite, "writing_to_a_peer_that_left_is_an_error_and_no_signal",
                writing_to_a_peer_that_left_is_an_error_and_no_signal);
}
