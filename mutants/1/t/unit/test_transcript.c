/* test_transcript.c: the dialogue for people: no credential ever shows, however the bytes arrive.
 */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "fill.h"
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
        for (apr_size_t i = 0; text[i]; i += step)
            ss_transcript_add(t, **lines == 'C', text + i, step);
    }
    return joined(t);
}

static void same(const char *secret, const char *const *lines, const char *want)
{
    for (int by_byte = 0; by_byte < 2; by_byte++) {
        const char *got = played(secret, lines, by_byte);
        if (strcmp(got, want)) fprintf(stderr, "\n  %s\n", got);
        CU_ASSERT_STRING_EQUAL(got, want);
    }
}

static void by_place(void)
{
    static const char *const plain[] = { "S220 hi", "CAUTH PLAIN AHUAcA==", "S235 ok",
                                         "CMAIL FROM:<a@b>", NULL };
    same(NULL, plain, "S: 220 hi\nC: AUTH PLAIN [redacted]\nS: 235 ok\nC: MAIL FROM:<a@b>");
    static const char *const login[] = { "CAUTH LOGIN", "S334 VXNlcm5hbWU6",
                                         "CdXNlcg==",   "S334 UGFzc3dvcmQ6",
                                         "CcGFzcw==",   "S535 no",
                                         "CQUIT",       NULL };
    same(NULL, login,
         "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: [redacted]\nS: 334 UGFzc3dvcmQ6\nC: "
         "[redacted]\nS: 535 no\nC: QUIT");
    static const char *const bearer[] = { "Cauth xoauth2 dXNlcj1h",
                                          "S334 eyJzdGF0dXMiOiI0MDEifQ==", "C", "S535 no", NULL };
    same(NULL, bearer, "C: auth xoauth2 [redacted]\nS: 334 [redacted]\nC: \nS: 535 no");
    static const char *const cancel[] = { "CAUTH EXTERNAL =", "S334 ", "C*", "S501 cancelled",
                                          NULL };
    same(NULL, cancel, "C: AUTH EXTERNAL =\nS: 334 \nC: *\nS: 501 cancelled");
    static const char *const letter[] = {
        "CAUTH\tPLAIN \t x", "S235", "CAUTH PLAIN", "S250-more", "S334 ", "CeA==", "S235 in", NULL
    };
    same(NULL, letter,
         "C: AUTH\\x09PLAIN [redacted]\nS: 235\nC: AUTH PLAIN\nS: 250-more\nS: 334 \nC: "
         "[redacted]\nS: 235 in");
    static const char *const one[] = { "CAUTH  X-OAUTH\tx", "S334 eyJhIjoxfQ==", "C*", "S500",
                                       NULL };
    same(NULL, one, "C: AUTH  X-OAUTH [redacted]\nS: 334 eyJhIjoxfQ==\nC: *\nS: 500");
    static const char *const others[] = {
        "CAUTHENTICATE x y", "CAUTH", "CAUTH ", "CRSET", "SOK", "S33", "S", "CMAIL", NULL
    };
    same(NULL, others,
         "C: AUTHENTICATE x y\nC: AUTH\nC: AUTH \nC: RSET\nS: OK\nS: 33\nS: \nC: MAIL");
    static const char *const early[] = {
        "CAUTH OAUTHBEARER", "S33",   "S334",    "Cdg==",   "S334 ", "Cdg==",
        "S334 eyJhIjoxfQ==", "CAQ==", "S535-no", "S535 no", "CNOOP", NULL
    };
    same(NULL, early,
         "C: AUTH OAUTHBEARER\nS: 33\nS: 334\nC: [redacted]\nS: 334 \nC: [redacted]\nS: 334 "
         "[redacted]\nC: [redacted]\nS: 535-no\nS: 535 no\nC: NOOP");
}

static void by_value(void)
{
    static const char *const lines[] = {
        "S250 you are s3cretXY, right", "S250 AHVzZXIAczNjcmV0WFk=",
        "S250 token=czNjcmV0WFk",       "S250 733363726574585A 7333637265745859",
        "CNOOP xxczNjcmV0WFk=",         NULL
    };
    const char *got = played("s3cretXY", lines, 1);
    CU_ASSERT_PTR_NULL(strstr(got, "s3cretXY"));
    CU_ASSERT_PTR_NULL(strstr(got, "czNjcmV0WFk"));
    CU_ASSERT_PTR_NULL(strstr(got, "AHVzZXIAczNjcmV0WFk"));
    CU_ASSERT_PTR_NULL(strstr(got, "7333637265745859"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "733363726574585A")); /* another word in hex stays */
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "you are ********, right"));
    /* three question marks between brackets, in both alphabets */
    static const char *const alphabets[] = { "S250 A/+c5Pz/+_ PDw_Pz8-Pg==, {PDw/Pz8+Pg}", NULL };
    same("<<\?\?\?>>", alphabets, "S: 250 A/+c5Pz/+_ [redacted], {[redacted]}");
    /* forms shorter than the mark */
    static const char *const brief[] = { "S250 616263 YWJj abc x", NULL };
    same("abc", brief, "S: 250 [redac [red *** x");
}

/* What a server says beside the dialogue (an error's text) is blanked by the same rules, in runs
 * longer than any line too. */
static void blanked_in_place(void)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    char *run = apr_pstrcat(pool, "czNjcmV0WFk", fill(pool, 'A', 9000), " s3cretXY", NULL),
         *untouched = apr_pstrdup(pool, "s3cretXY");
    ss_transcript_blank(t, untouched);
    CU_ASSERT_STRING_EQUAL(untouched, "s3cretXY");
    ss_transcript_secret(t, "s3cretXY", 8);
    ss_transcript_blank(t, run);
    CU_ASSERT_PTR_NULL(strstr(run, "czNjcmV0WFk"));
    CU_ASSERT_PTR_NULL(strstr(run, "s3cretXY"));
    CU_ASSERT_EQUAL(strncmp(run, "[redacted]AAAA", 14), 0);
}

static void collect(void *self, const char *text)
{
    char **all = self;
    *all = apr_pstrcat(pool, *all, text, "|", NULL);
}

/* For a log: each line is handed on as it ends, blanked like those that are kept. */
static void handed_on(void)
{
    char *all = apr_pstrdup(pool, "");
    ss_transcript_t *t = ss_transcript_stream(collect, &all, pool);
    ss_transcript_secret(t, "s3cretXY", 8);
    ss_transcript_add(t, 0, "220 hi s3cretXY\r\n\n250", 22);
    ss_transcript_add(t, 1, "AUTH PLAIN x\r\n", 14);
    ss_transcript_note(t, "%s", "over");
    CU_ASSERT_STRING_EQUAL(all, "S: 220 hi ********|S: |C: AUTH PLAIN [redacted]|-- over|");
    CU_ASSERT_EQUAL(ss_transcript_lines(t)->nelts, 0);
}

/* A secret that is part of the mark must not loop, a short one is blanked where AUTH puts it and
 * nowhere else. */
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
    ss_transcript_add(t, 0, "220 \033[31m\001\n", 11);
    CU_ASSERT_PTR_NOT_NULL(strstr(joined(t), "S: 220 \\x1b[31m\\x01"));
    memset(big, 'a', sizeof(big));
    ss_transcript_add(t, 0, big, sizeof(big));
    ss_transcript_add(t, 0, "\r\n", 2);
    const char *line = APR_ARRAY_IDX(ss_transcript_lines(t), 1, const char *);
    CU_ASSERT_EQUAL(strlen(line), SS_TRANSCRIPT_LINE_MAX + 6);
    CU_ASSERT_STRING_EQUAL(line + strlen(line) - 3, "...");
    for (int i = 0; i < SS_TRANSCRIPT_LINES_MAX + 5; i++) ss_transcript_add(t, 0, "250 x\n", 6);
    const apr_array_header_t *lines = ss_transcript_lines(t);
    CU_ASSERT_EQUAL(lines->nelts, SS_TRANSCRIPT_LINES_MAX);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(lines, lines->nelts - 1, const char *),
                           "-- 8 more lines are not shown");
    ss_transcript_add(t, 0, "unfinished", 10); /* finds no place and takes nobody's */
    CU_ASSERT_PTR_EQUAL(ss_transcript_lines(t), lines);
}

static void notes_and_unfinished(void)
{
    ss_transcript_t *t = ss_transcript_create(pool);
    ss_transcript_secret(t, "s3cretXY", 8);
    ss_transcript_note(t, "(%s) %s", "TLSv1.3", "s3cretXY");
    ss_transcript_add(t, 0, "220 unfin", 9);
    CU_ASSERT_STRING_EQUAL(joined(t), "-- (TLSv1.3) ********\nS: 220 unfin");
    ss_transcript_add(t, 0, "ished\r\n", 7);
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
    ss_transcript_add(t, 0, big, sizeof(big));
    ss_transcript_add(t, 0, "\n", 1);
    CU_ASSERT_PTR_NULL(strstr(joined(t), "s3c"));
    /* and a cut line without it stays whole up to the bound */
    memset(big, '.', sizeof(big));
    ss_transcript_add(t, 0, big, sizeof(big));
    ss_transcript_add(t, 0, "\r\n", 2);
    const char *line = APR_ARRAY_IDX(ss_transcript_lines(t), 1, const char *);
    CU_ASSERT_EQUAL(strlen(line), 3 + SS_TRANSCRIPT_LINE_MAX + 3);
}

void ss_suite_transcript(void)
{
    CU_pSuite suite = CU_add_suite("transcript", setup, teardown);
    CU_add_test(suite, "credentials by place", by_place);
    CU_add_test(suite, "credentials by value", by_value);
    CU_add_test(suite, "blanked in place", blanked_in_place);
    CU_add_test(suite, "handed on", handed_on);
    CU_add_test(suite, "odd secrets", odd_secrets);
    CU_add_test(suite, "escapes and bounds", escapes_and_bounds);
    CU_add_test(suite, "notes and unfinished lines", notes_and_unfinished);
    CU_add_test(suite, "a secret cut at the bound", cut_secret);
}
