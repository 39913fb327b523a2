/* test_transcript.c: the dialogue for people: no credential ever shows, however the bytes arrive. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "smtp/transcript.h"

void ss_suite_transcript(void);

static apr_pool_t *pool;

static int setup(void)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void)
{
    apr_pool_destroy(pool);
    return 0;
}

static const char *joined(const ss_transcript_t *t)
{
    return apr_array_pstrcat(pool, ss_transcript_lines(t), '\n');
}

/* Each line begins with C or S, a dialogue's end with NULL; fed whole and byte by byte. */
static const char *played(const char *secret, const char *const *lines, int by_byte)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    if (secret) ss_transcript_secret(t, secret, strlen(secret));
    for (; *lines; lines++) {
        const char *text = apr_pstrcat(pool, *lines + 1, "\r\n", NULL);
        apr_size_t step = by_byte ? 1 : strlen(text);
        for (apr_size_t i = 0; text[i]; i += step) ss_transcript_add(t, **lines == 'C', text + i, step, 0);
    }
    return joined(t);
}

static void same(const char *secret, const char *const *lines, const char *want)
{
    CU_ASSERT_STRING_EQUAL(played(secret, lines, 0), want);
    CU_ASSERT_STRING_EQUAL(played(secret, lines, 1), want);
}

static void by_place(void)
{
    static const char *const plain[] = { "S220 hi", "CAUTH PLAIN AHUAcA==", "S235 ok", "CMAIL FROM:<a@b>", NULL };
    same(NULL, plain, "S: 220 hi\nC: AUTH PLAIN [redacted]\nS: 235 ok\nC: MAIL FROM:<a@b>");
    static const char *const login[] = { "CAUTH LOGIN", "S334 VXNlcm5hbWU6", "CdXNlcg==", "S334 UGFzc3dvcmQ6", "CcGFzcw==", "S535 no", "CQUIT", NULL };
    same(NULL, login, "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: [redacted]\nS: 334 UGFzc3dvcmQ6\nC: [redacted]\nS: 535 no\nC: QUIT");
    static const char *const bearer[] = { "Cauth xoauth2 dXNlcj1h", "S334 eyJzdGF0dXMiOiI0MDEifQ==", "C", "S535 no", NULL };
    same(NULL, bearer, "C: auth xoauth2 [redacted]\nS: 334 [redacted]\nC: \nS: 535 no");
    static const char *const cancel[] = { "CAUTH EXTERNAL =", "S334 ", "C*", "S501 cancelled", NULL };
    same(NULL, cancel, "C: AUTH EXTERNAL =\nS: 334 \nC: *\nS: 501 cancelled");
}

static void by_value(void)
{
    static const char *const lines[] = { "S250 you are s3cretXY, right", "S250 AHVzZXIAczNjcmV0WFk=", "S250 token=czNjcmV0WFk", "S250 733363726574585A 7333637265745859",
                                         "CNOOP xxczNjcmV0WFk=", NULL };
    const char *got = played("s3cretXY", lines, 1);
    CU_ASSERT_PTR_NULL(strstr(got, "s3cretXY"));
    CU_ASSERT_PTR_NULL(strstr(got, "czNjcmV0WFk"));
    CU_ASSERT_PTR_NULL(strstr(got, "AHVzZXIAczNjcmV0WFk"));
    CU_ASSERT_PTR_NULL(strstr(got, "7333637265745859"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "733363726574585A"));   /* another word in hex stays */
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "you are ********, right"));
}

/* A secret that is part of the mark must not loop, a short one is blanked where AUTH puts it and nowhere else. */
static void odd_secrets(void)
{
    static const char *const lines[] = { "S250 hidden things hid", "S250 a*** b", NULL };
    CU_ASSERT_PTR_NULL(strstr(played("things", lines, 0), "things"));
    CU_ASSERT_PTR_NOT_NULL(played("hidden", lines, 0));
    CU_ASSERT_PTR_NOT_NULL(played("***", lines, 0));
    CU_ASSERT_PTR_NOT_NULL(strstr(played("a", lines, 0), "things"));
    static const char *const padded[] = { "C[redacted] [redacted][redacted]", NULL };
    CU_ASSERT_PTR_NOT_NULL(played("[redacted]", padded, 0));
}

static void escapes_and_bounds(void)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    char big[SS_TRANSCRIPT_LINE_MAX * 2];
    ss_transcript_add(t, 0, "220 \033[31m\001\n", 11, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(joined(t), "S: 220 \\x1b[31m\\x01"));
    memset(big, 'a', sizeof(big));
    ss_transcript_add(t, 0, big, sizeof(big), 0);
    ss_transcript_add(t, 0, "\r\n", 2, 0);
    const char *line = APR_ARRAY_IDX(ss_transcript_lines(t), 1, const char *);
    CU_ASSERT_EQUAL(strlen(line), SS_TRANSCRIPT_LINE_MAX + 6);
    CU_ASSERT_STRING_EQUAL(line + strlen(line) - 3, "...");
    for (int i = 0; i < SS_TRANSCRIPT_LINES_MAX + 5; i++) ss_transcript_add(t, 0, "250 x\n", 6, 0);
    const apr_array_header_t *lines = ss_transcript_lines(t);
    CU_ASSERT_EQUAL(lines->nelts, SS_TRANSCRIPT_LINES_MAX);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(lines, lines->nelts - 1, const char *), "-- 8 more lines are not shown");
}

static void notes_and_unfinished(void)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    ss_transcript_secret(t, "s3cretXY", 8);
    ss_transcript_note(t, "(%s) %s", "TLSv1.3", "s3cretXY");
    ss_transcript_add(t, 0, "220 unfin", 9, 0);
    CU_ASSERT_STRING_EQUAL(joined(t), "-- (TLSv1.3) ********\nS: 220 unfin");
    ss_transcript_add(t, 0, "ished\r\n", 7, 0);
    CU_ASSERT_STRING_EQUAL(joined(t), "-- (TLSv1.3) ********\nS: 220 unfinished");
}

/* The bound on a line may cut the secret in two: its first half must not show. */
static void cut_secret(void)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    char big[SS_TRANSCRIPT_LINE_MAX + 4];
    memset(big, ' ', sizeof(big));
    memcpy(big + SS_TRANSCRIPT_LINE_MAX - 4, "s3cretXY", 8);
    ss_transcript_secret(t, "s3cretXY", 8);
    ss_transcript_add(t, 0, big, sizeof(big), 0);
    ss_transcript_add(t, 0, "\n", 1, 0);
    CU_ASSERT_PTR_NULL(strstr(joined(t), "s3c"));
}

void ss_suite_transcript(void)
{
    CU_pSuite suite = CU_add_suite("transcript", setup, teardown);
    CU_add_test(suite, "credentials by place", by_place);
    CU_add_test(suite, "credentials by value", by_value);
    CU_add_test(suite, "odd secrets", odd_secrets);
    CU_add_test(suite, "escapes and bounds", escapes_and_bounds);
    CU_add_test(suite, "notes and unfinished lines", notes_and_unfinished);
    CU_add_test(suite, "a secret cut at the bound", cut_secret);
}
