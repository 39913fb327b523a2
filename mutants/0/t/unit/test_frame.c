/* test_frame.c: the head of the local socket's frames: what is read is what was written, bounds,
 * strangers and other versions. */
#include <CUnit/Basic.h>
#include <string.h>

#include "wire/frame.h"

void ss_suite_frame(void);

static void what_is_written_is_read(void)
{
    static const ss_frame_t frames[] = {
        { SS_FRAME_VERSION, SS_FRAME_REQUEST, SS_FRAME_LAST, 1, 2, 0 },
        { SS_FRAME_VERSION, SS_FRAME_PART, 0, 0, SS_FRAME_CONTENT_MAX, 1 },
        { SS_FRAME_VERSION, SS_FRAME_ANSWER, 0, SS_FRAME_HEADER_MAX, 0, 0x0123456789abcdef },
        { SS_FRAME_VERSION, SS_FRAME_STEP, 0, 0x00010203, 0x00030201, (apr_uint64_t)-1 },
        { SS_FRAME_VERSION, SS_FRAME_BYE, 0, 0, 0, 0 },
    };

    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        char bytes[SS_FRAME_HEAD];
        ss_frame_t frame;
        ss_frame_write(&frames[i], bytes);
        CU_ASSERT_EQUAL(ss_frame_read(&frame, bytes, sizeof(bytes)), APR_SUCCESS);
        CU_ASSERT_EQUAL(frame.version, frames[i].version);
        CU_ASSERT_EQUAL(frame.type, frames[i].type);
        CU_ASSERT_EQUAL(frame.flags, frames[i].flags);
        CU_ASSERT_EQUAL(frame.header_len, frames[i].header_len);
        CU_ASSERT_EQUAL(frame.content_len, frames[i].content_len);
        CU_ASSERT_EQUAL(frame.instance, frames[i].instance);
    }
}

/* The bytes of a head, one by one; each value that a byte may not have is refused. */
static void a_stranger_is_refused_at_the_first_byte(void)
{
    static const struct {
        const char *label;
        int at;
        char value;
        apr_status_t want;
    } table[] = { { "first letter", 0, 'E', APR_EINVAL },
                  { "second letter", 1, 'S', APR_EINVAL },
                  { "third letter", 2, 's', APR_EINVAL },
                  { "an older version", 3, SS_FRAME_VERSION - 1, APR_ENOTIMPL },
                  { "a newer version", 3, SS_FRAME_VERSION + 1, APR_ENOTIMPL },
                  { "no type", 4, 0, APR_EINVAL },
                  { "a type past the last", 4, SS_FRAME_BYE + 1, APR_EINVAL },
                  { "reserved", 6, 1, APR_EINVAL },
                  { "reserved too", 7, 1, APR_EINVAL } };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_frame_t frame = { .version = SS_FRAME_VERSION, .type = SS_FRAME_REQUEST };
        char bytes[SS_FRAME_HEAD];
        ss_frame_write(&frame, bytes);
        bytes[table[i].at] = table[i].value;
        if (ss_frame_read(&frame, bytes, sizeof(bytes)) != table[i].want) CU_FAIL(table[i].label);
        /* Letters and version are judged as soon as they are there. */
        if (table[i].at <= 3)
            CU_ASSERT_EQUAL(ss_frame_read(&frame, bytes, (apr_size_t)table[i].at + 1),
                            table[i].want);
    }
}

static void a_part_of_a_head_is_incomplete(void)
{
    ss_frame_t frame = { .version = SS_FRAME_VERSION, .type = SS_FRAME_REQUEST };
    char bytes[SS_FRAME_HEAD];

    ss_frame_write(&frame, bytes);
    for (apr_size_t len = 0; len < SS_FRAME_HEAD; len++)
        CU_ASSERT_EQUAL(ss_frame_read(&frame, bytes, len), APR_INCOMPLETE);
}

/* Whoever writes to the socket cannot make the daemon keep more than these. */
static void lengths_are_bounded(void)
{
    static const struct {
        apr_uint32_t header, content;
        apr_status_t want;
    } table[] = { { 8388608, 262144, APR_SUCCESS },
                  { 8388609, 0, APR_EINVAL },
                  { 0, 262145, APR_EINVAL },
                  { 0xffffffffu, 0, APR_EINVAL },
                  { 0, 0xffffffffu, APR_EINVAL } };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_frame_t frame = { .version = SS_FRAME_VERSION,
                             .type = SS_FRAME_REQUEST,
                             .header_len = table[i].header,
                             .content_len = table[i].content };
        char bytes[SS_FRAME_HEAD];
        ss_frame_write(&frame, bytes);
        CU_ASSERT_EQUAL(ss_frame_read(&frame, bytes, sizeof(bytes)), table[i].want);
    }
}

void ss_suite_frame(void)
{
    CU_pSuite suite = CU_add_suite("frame", NULL, NULL);

    CU_ADD_TEST(suite, what_is_written_is_read);
    CU_ADD_TEST(suite, a_stranger_is_refused_at_the_first_byte);
    CU_ADD_TEST(suite, a_part_of_a_head_is_incomplete);
    CU_ADD_TEST(suite, lengths_are_bounded);
}
