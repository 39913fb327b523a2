/* test_send_buffer.c: output that is not written yet: order, counts, and memory that is
 * used again. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "fill.h"
#include "smtp/send_buffer.h"

void ss_suite_send_buffer(void);

/* All that waits, by pieces of which `some` bytes at a time are written. */
static const char *drained(ss_send_buffer_t *out, apr_size_t some)
{
    char *text = apr_pcalloc(out->pool, (apr_size_t)(out->queued - out->sent) + 1);
    struct iovec pieces[2];
    apr_size_t at = 0;

    for (int count; (count = ss_send_buffer_pieces(out, pieces, 2)) > 0;) {
        apr_size_t len = pieces[0].iov_len < some ? pieces[0].iov_len : some;
        memcpy(text + at, pieces[0].iov_base, len);
        at += len;
        ss_send_buffer_sent(out, len);
    }
    return text;
}

static void pieces_leave_in_order(void)
{
    apr_pool_t *pool;
    ss_send_buffer_t out;

    apr_pool_create(&pool, NULL);
    ss_send_buffer_init(&out, pool);
    const char *big = fill(pool, 'b', SS_SEND_BUFFER_GATHER),
               *block = fill(pool, 'c', SS_SEND_BUFFER_BLOCK + 10);
    const char *want = apr_pstrcat(pool, "one", "two", big, block, "end", NULL);
    for (apr_size_t some = 1; some < 10000; some = some * 3 + 1) {
        ss_send_buffer_text(&out, "one", 3, 0);
        ss_send_buffer_ref(&out, "two", 3);
        ss_send_buffer_ref(&out, big, SS_SEND_BUFFER_GATHER);
        ss_send_buffer_text(&out, block, SS_SEND_BUFFER_BLOCK + 10, 1);
        ss_send_buffer_text(&out, "end", 3, 0);
        CU_ASSERT_STRING_EQUAL(drained(&out, some), want);
        CU_ASSERT_EQUAL(out.sent, out.queued);
    }
    apr_pool_destroy(pool);
}

/* Long content is not copied, short is; a secret's copy is wiped once it is sent. */
static void content_is_referred_to_and_secrets_are_wiped(void)
{
    apr_pool_t *pool;
    ss_send_buffer_t out;
    struct iovec pieces[4];

    apr_pool_create(&pool, NULL);
    ss_send_buffer_init(&out, pool);
    const char *big = fill(pool, 'b', SS_SEND_BUFFER_GATHER), *small = "small";
    ss_send_buffer_ref(&out, small, 5);
    ss_send_buffer_ref(&out, big, SS_SEND_BUFFER_GATHER);
    ss_send_buffer_text(&out, "s3cret", 6, 1);
    CU_ASSERT_EQUAL(ss_send_buffer_pieces(&out, pieces, 4), 3);
    CU_ASSERT_PTR_NOT_EQUAL(pieces[0].iov_base, small);
    CU_ASSERT_PTR_EQUAL(pieces[1].iov_base, big);
    const char *secret = pieces[2].iov_base;
    CU_ASSERT_EQUAL(memcmp(secret, "s3cret", 6), 0);
    ss_send_buffer_sent(&out, 5 + SS_SEND_BUFFER_GATHER + 6);
    CU_ASSERT_EQUAL(memcmp(secret, "\0\0\0\0\0\0", 6), 0);
    apr_pool_destroy(pool);
}

/* A connection that goes while a write is under way: what is said to be written afterwards counts
 * for nothing. */
static void dropped_output_is_never_sent(void)
{
    apr_pool_t *pool;
    ss_send_buffer_t out;
    struct iovec piece;

    apr_pool_create(&pool, NULL);
    ss_send_buffer_init(&out, pool);
    ss_send_buffer_text(&out, "abc", 3, 0);
    ss_send_buffer_sent(&out, 1);
    ss_send_buffer_drop(&out);
    ss_send_buffer_sent(&out, 2);
    CU_ASSERT_EQUAL(out.sent, 1);
    CU_ASSERT_EQUAL(out.queued, 1);
    CU_ASSERT_EQUAL(ss_send_buffer_pieces(&out, &piece, 1), 0);
    apr_pool_destroy(pool);
}

void ss_suite_send_buffer(void)
{
    CU_pSuite suite = CU_add_suite("send_buffer", NULL, NULL);

    CU_add_test(suite, "pieces leave in order", pieces_leave_in_order);
    CU_add_test(suite, "content is referred to and secrets are wiped",
                content_is_referred_to_and_secrets_are_wiped);
    CU_add_test(suite, "dropped output is never sent", dropped_output_is_never_sent);
}
