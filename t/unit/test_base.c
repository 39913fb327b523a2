/* test_base.c: the ground: buffers, durations, sizes, times, patterns, escaping, ids, heap, jitter,
 * log lines (src/base). */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/heap.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/problem_kind.h"
#include "base/random.h"
#include "base/result.h"
#include "base/suggest.h"
#include "base/text.h"

void ss_suite_base(void);

static apr_pool_t *pool;

static int begin(void)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int end(void)
{
    apr_pool_destroy(pool);
    return 0;
}

/* ---- buf ---- */

static void buffer_keeps_its_maximum(void)
{
    ss_buf_t b;

    ss_buf_init(&b, 10);
    CU_ASSERT_EQUAL(ss_buf_append(&b, "12345", 5), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_buf_append(&b, "123456", 6), APR_ENOSPC);
    CU_ASSERT_EQUAL(b.len, 5);
    CU_ASSERT_EQUAL(ss_buf_printf(&b, "%d", 123456), APR_ENOSPC);
    CU_ASSERT_STRING_EQUAL(ss_buf_text(&b), "12345");
    CU_ASSERT_EQUAL(ss_buf_append(&b, "67890", 5), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ss_buf_text(&b), "1234567890");
    ss_buf_free(&b);
}

static void buffer_taken_space_is_used_again(void)
{
    ss_buf_t b;
    char *place;

    ss_buf_init(&b, 64);
    for (int i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL_FATAL(ss_buf_append(&b, "0123456789", 10), APR_SUCCESS);
        if (i) ss_buf_take(&b, 10);
    }
    CU_ASSERT_EQUAL(b.len, 10);
    CU_ASSERT(b.size <= 1024);
    ss_buf_take(&b, 1000);
    CU_ASSERT_EQUAL(b.len, 0);
    CU_ASSERT_EQUAL(ss_buf_room(&b, 3, &place), APR_SUCCESS);
    memcpy(place, "abc", 3);
    ss_buf_added(&b, 3);
    CU_ASSERT_STRING_EQUAL(ss_buf_text(&b), "abc");
    ss_buf_free(&b);
}

/* ---- text ---- */

static void durations_read_and_print(void)
{
    static const struct {
        const char *text;
        apr_interval_time_t want;
        const char *print;
    } rows[] = { { "30s", 30000000, "30s" },
                 { "5min", 300000000, "5min" },
                 { "2h", APR_INT64_C(7200000000), "2h" },
                 { "5d", APR_INT64_C(432000000000), "5d" },
                 { "250ms", 250000, "250ms" },
                 { "10", 10000000, "10s" },
                 { "0", 0, "0" },
                 { "90s", 90000000, "90s" },
                 { "120s", 120000000, "2min" },
                 { "", -1, NULL },
                 { "-1s", -1, NULL },
                 { "5 min", -1, NULL },
                 { "1w", -1, NULL },
                 { "1e3", -1, NULL },
                 { "s", -1, NULL },
                 { "40000d", -1, NULL },
                 { "99999999999999999999d", -1, NULL } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_interval_time_t got = -1;
        int bad = ss_text_duration(rows[i].text, &got);
        CU_ASSERT_EQUAL(bad ? -1 : got, rows[i].want);
        if (!bad) CU_ASSERT_STRING_EQUAL(ss_text_duration_print(pool, got), rows[i].print);
    }
}

static void sizes_read_and_print(void)
{
    static const struct {
        const char *text;
        apr_int64_t want;
        const char *print;
    } rows[] = { { "25M", 25 << 20, "25M" },
                 { "4G", APR_INT64_C(4) << 30, "4G" },
                 { "512k", 512 << 10, "512K" },
                 { "1000", 1000, "1000" },
                 { "2048K", 2 << 20, "2M" },
                 { "", -1, NULL },
                 { "M", -1, NULL },
                 { "5MB", -1, NULL },
                 { "-5", -1, NULL },
                 { "5T", -1, NULL },
                 { "9999999999999999G", -1, NULL } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_uint64_t got = 0;
        int bad = ss_text_size(rows[i].text, &got);
        CU_ASSERT_EQUAL(bad ? -1 : (apr_int64_t)got, rows[i].want);
        if (!bad) CU_ASSERT_STRING_EQUAL(ss_text_size_print(pool, got), rows[i].print);
    }
}

static void times_read_and_print(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = { { "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z" },
                 { "2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.500Z" },
                 { "2024-02-29t00:00:00-01:30", "2024-02-29T01:30:00.000Z" },
                 { "2025-02-29T00:00:00Z", NULL },
                 { "2026-13-01T00:00:00Z", NULL },
                 { "2026-01-31T12:00:00", NULL },
                 { "2026-01-31", NULL },
                 { "2026-01-31T25:00:00Z", NULL },
                 { "2026-01-31T12:00:00.Z", NULL },
                 { "2026-01-31T12:00:00+2:00", NULL },
                 { "", NULL } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_time_t got;
        int bad = ss_text_time_parse(rows[i].text, &got);
        CU_ASSERT_EQUAL(bad, rows[i].want ? 0 : -1);
        if (!bad && rows[i].want) CU_ASSERT_STRING_EQUAL(ss_text_time(pool, got), rows[i].want);
    }
    apr_time_t noon;
    CU_ASSERT_EQUAL(ss_text_time_parse("2026-01-31T12:00:00Z", &noon), 0);
    CU_ASSERT_STRING_EQUAL(ss_text_time_mail(pool, noon), "Sat, 31 Jan 2026 12:00:00 +0000");
}

static void patterns_match(void)
{
    static const struct {
        const char *pattern, *text;
        int want;
    } rows[] = { { "*@example.com", "Bob@EXAMPLE.com", 1 },
                 { "*@example.com", "bob@example.com.evil.net", 0 },
                 { "*", "", 1 },
                 { "a*b*c", "aXbYbZc", 1 },
                 { "a*b*c", "aXbYbZ", 0 },
                 { "bob", "bobby", 0 },
                 { "", "", 1 },
                 { "", "x", 0 },
                 { "**a", "bba", 1 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ss_text_matches(rows[i].pattern, rows[i].text), rows[i].want);
    CU_ASSERT_TRUE(ss_text_contains("Only ONE mail per message", "one MAIL"));
    CU_ASSERT_FALSE(ss_text_contains("only", "only one"));
    CU_ASSERT_TRUE(ss_text_same("Abc", "aBC"));
    CU_ASSERT_FALSE(ss_text_same("Abc", "Abcd"));
}

static void a_pattern_of_many_stars_ends_soon(void)
{
    char pattern[201], text[2001];

    for (int i = 0; i < 200; i++) pattern[i] = i % 2 ? 'a' : '*';
    pattern[200] = '\0';
    memset(text, 'a', 2000);
    text[2000] = '\0';
    text[1999] = 'b';
    CU_ASSERT_FALSE(ss_text_matches(pattern, text));
}

static void bytes_from_outside_are_escaped(void)
{
    CU_ASSERT_STRING_EQUAL(ss_text_escape_log(pool, "a\r\nb\\\x7f\xc3\x9f", 8),
                           "a\\x0d\\x0ab\\x5c\\x7f\\xc3\\x9f");
    CU_ASSERT_STRING_EQUAL(ss_text_escape_html(pool, "<a href=\"x\">&'\xff</a>"),
                           "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\xef\xbf\xbd&lt;/a&gt;");
    CU_ASSERT_STRING_EQUAL(ss_text_utf8(pool, "gr\xc3\xbc\xc3", 5), "gr\xc3\xbc\xef\xbf\xbd");
    /* Surrogates and overlong forms are no UTF-8. */
    CU_ASSERT_PTR_NULL(strstr(ss_text_utf8(pool, "\xed\xa0\x80", 3), "\xed\xa0\x80"));
    CU_ASSERT_PTR_NULL(strstr(ss_text_utf8(pool, "\xc0\xaf", 2), "\xc0\xaf"));
}

static void nothing_moves_the_cursor(void)
{
    static const struct {
        const char *bytes;
        ss_text_form_t form;
        const char *want;
    } rows[] = {
        { "a\033[31mb\a\b\x7f", SS_TEXT_ONE_LINE, "a\\x1b[31mb\\x07\\x08\\x7f" },
        { "a\r\n\tb", SS_TEXT_ONE_LINE, "a   b" },
        { "a\r\n\tb\n", SS_TEXT_LINES, "a\\x0d\n b\n" },
        /* C1: as UTF-8, and as it is */
        { "\xc2\x9b"
          "31m\xc2\x80\xc2\x9f\xc2\xa0",
          SS_TEXT_LINES,
          "\\x9b"
          "31m\\x80\\x9f\xc2\xa0" },
        { "\x9b"
          "31m",
          SS_TEXT_LINES,
          "\xef\xbf\xbd"
          "31m" },
        /* right-to-left override, isolates, marks, line separator */
        { "\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8f|\xd8\x9c|\xe2\x80\xa8", SS_TEXT_ONE_LINE,
          "\\u202e|\\u2066|\\u200f|\\u061c|\\u2028" },
        { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", SS_TEXT_ONE_LINE,
          "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80" },
        { "{\n \"a\": \"\xc2\x9b\x7f\xe2\x80\xae\\u001b\"\n}", SS_TEXT_JSON,
          "{\n \"a\": \"\\u009b\\u007f\\u202e\\u001b\"\n}" },
        { "", SS_TEXT_LINES, "" },
    };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_STRING_EQUAL(
            ss_text_visible(pool, rows[i].bytes, strlen(rows[i].bytes), rows[i].form),
            rows[i].want);
    CU_ASSERT_STRING_EQUAL(ss_text_visible(pool, "a\0b", 3, SS_TEXT_LINES), "a\xef\xbf\xbd"
                                                                            "b");
}

/* ---- ids ---- */

static void ids_only_grow(void)
{
    ss_ident_source_t source = { 0 };
    unsigned char random[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    char before[SS_IDENT_TEXT] = "", id[SS_IDENT_TEXT];
    apr_time_t now = APR_INT64_C(1700000000000000);

    for (int i = 0; i < 20000; i++) {
        if (i == 9000) now -= 5000000;
        if (i == 15000) now += 90000000;
        random[0] = (unsigned char)(255 - i);
        ss_ident_make(&source, now, random, id);
        CU_ASSERT_FATAL(strcmp(before, id) < 0);
        memcpy(before, id, sizeof(id));
    }
    CU_ASSERT_TRUE(ss_ident_is_valid(id));
    CU_ASSERT_EQUAL(id[14], '7');
    CU_ASSERT_FALSE(ss_ident_is_valid("0123"));
    CU_ASSERT_TRUE(ss_ident_is_part(id) && ss_ident_is_part("0123") && ss_ident_is_part("-7aB"));
    CU_ASSERT_FALSE(ss_ident_is_part("012") || ss_ident_is_part("") || ss_ident_is_part("012g"));
    CU_ASSERT_FALSE(ss_ident_is_part("0123%") || ss_ident_is_part("019_ab"));
    CU_ASSERT_FALSE(ss_ident_is_part("019ab000-0000-7000-8000-0000000000000"));
    CU_ASSERT_FALSE(ss_ident_is_valid("019ab00-00000-7000-8000-000000000000"));
    CU_ASSERT_FALSE(ss_ident_is_valid("019ab000-0000-7000-8000-00000000000g"));
}

/* ---- heap ---- */

typedef struct {
    ss_heap_node_t node;
    int number;
} item_t;

static void heap_gives_by_time_then_by_order(void)
{
    static item_t items[500];
    ss_heap_t heap;
    apr_time_t last = -1;
    apr_uint64_t last_order = 0;
    int count = 0;

    ss_heap_init(&heap, 500);
    for (int i = 0; i < 500; i++)
        CU_ASSERT_EQUAL_FATAL(ss_heap_insert(&heap, &items[i].node, (i * 7919) % 50), APR_SUCCESS);
    item_t more = { .number = 0 };
    CU_ASSERT_EQUAL(ss_heap_insert(&heap, &more.node, 0), APR_ENOSPC);
    for (int i = 0; i < 500; i += 3) ss_heap_remove(&heap, &items[i].node);
    ss_heap_remove(&heap, &items[0].node);
    for (ss_heap_node_t *node = ss_heap_first(&heap); node; node = ss_heap_first(&heap)) {
        CU_ASSERT_FATAL(node->key > last || (node->key == last && node->order > last_order));
        last = node->key;
        last_order = node->order;
        ss_heap_remove(&heap, node);
        count++;
    }
    CU_ASSERT_EQUAL(count, 500 - 167);
    ss_heap_free(&heap);
}

/* ---- log, result ---- */

static char written[SS_LOG_LINE_MAX * 2];

static void keep(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    apr_cpystrn(written, line, sizeof(written));
}

static void log_lines_are_escaped_numbered_and_cut(void)
{
    ss_log_t log = { keep, NULL, SS_LOG_WARN };
    char big[SS_LOG_LINE_MAX * 2];

    *written = '\0';
    ss_log(&log, SS_LOG_INFO, 0, "hidden");
    CU_ASSERT_STRING_EQUAL(written, "");
    ss_log(&log, SS_LOG_WARN, 402, "from %s", "a\nb");
    CU_ASSERT_STRING_EQUAL(written, "SMTPSend-402: from a\\x0ab");
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    ss_log(&log, SS_LOG_ERROR, 0, "%s", big);
    CU_ASSERT(strlen(written) <= SS_LOG_LINE_MAX);
    CU_ASSERT_STRING_EQUAL(written + strlen(written) - 3, "...");
    ss_log(NULL, SS_LOG_ERROR, 0, "nowhere");
}

static void the_first_result_is_kept(void)
{
    ss_result_t result;

    ss_result_clear(&result);
    CU_ASSERT_FALSE(ss_result_is_set(&result));
    ss_result_set(&result, "auth", "535", "auth-rejected", "rejected %s", "once");
    ss_result_set(&result, "quit", "421", NULL, "later");
    CU_ASSERT_STRING_EQUAL(result.step, "auth");
    CU_ASSERT_STRING_EQUAL(result.text, "rejected once");
    CU_ASSERT_STRING_EQUAL(result.code, "535");
}

static void a_fork_draws_other_numbers(void)
{
    unsigned char first[16], parent[600], child[600];
    int ends[2], status = -1;

    CU_ASSERT(ss_random_bytes(first, sizeof(first)));
    CU_ASSERT_FATAL(!pipe(ends));
    pid_t pid = fork();
    if (!pid) _exit(!ss_random_bytes(child, sizeof(child)) || write(ends[1], child, 600) != 600);
    CU_ASSERT(ss_random_bytes(parent, sizeof(parent)));
    CU_ASSERT_EQUAL(read(ends[0], child, sizeof(child)), 600);
    waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    for (int i = 0; i + 16 <= 600; i += 16) {
        CU_ASSERT(memcmp(parent + i, child + i, 16));
        CU_ASSERT(memcmp(parent + i, first, 16));
    }
    close(ends[0]);
    close(ends[1]);
}

static void kinds_of_problems_have_names(void)
{
    CU_ASSERT_EQUAL(ss_problem_kind_status(SS_PROBLEM_ADDRESS), 400);
    CU_ASSERT_STRING_EQUAL(ss_problem_kind_code(SS_PROBLEM_ADDRESS), "address_invalid");
    CU_ASSERT_EQUAL(ss_problem_kind_find("address_invalid", 400), SS_PROBLEM_ADDRESS);
    /* a status alone is its general kind */
    CU_ASSERT_EQUAL(ss_problem_kind_status(503), 503);
    CU_ASSERT_STRING_EQUAL(ss_problem_kind_code(503), "unavailable");
    CU_ASSERT_STRING_EQUAL(ss_problem_kind_code(SS_PROBLEM_UNAVAILABLE), "unavailable");
    CU_ASSERT_EQUAL(ss_problem_kind_find(NULL, 503), 503);
    CU_ASSERT_EQUAL(ss_problem_kind_find("address_invalid", 503), 503);
    CU_ASSERT_STRING_EQUAL(ss_problem_kind_code(418), "error");
    CU_ASSERT_PTR_NULL(ss_problem_kind_title(418));
}

static void a_misspelled_name_is_recognised(void)
{
    static const char names[] = "from to cc bcc replyTo subject text html body>text sender>from";
    static const struct {
        const char *written, *meant;
    } rows[] = { { "reply_to", "replyTo" },
                 { "Reply-To", "replyTo" },
                 { "repylTo", "replyTo" },
                 { "subjct", "subject" },
                 { "form", "from" },
                 { "body", "text" },
                 { "Sender", "from" },
                 { "To", "to" },
                 { "colour", NULL },
                 { "", NULL },
                 { "x", NULL },
                 { "tt", NULL } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *meant = ss_suggest(rows[i].written, names, pool);
        CU_ASSERT(meant && rows[i].meant ? !strcmp(meant, rows[i].meant) : meant == rows[i].meant);
    }
    char *big = apr_palloc(pool, 100001);
    memset(big, 'a', 100000);
    big[100000] = '\0';
    CU_ASSERT_PTR_NULL(ss_suggest(big, names, pool));
}

void ss_suite_base(void)
{
    CU_pSuite suite = CU_add_suite("base", begin, end);

    CU_add_test(suite, "buffer keeps its maximum", buffer_keeps_its_maximum);
    CU_add_test(suite, "buffer's taken space is used again", buffer_taken_space_is_used_again);
    CU_add_test(suite, "durations read and print", durations_read_and_print);
    CU_add_test(suite, "sizes read and print", sizes_read_and_print);
    CU_add_test(suite, "times read and print", times_read_and_print);
    CU_add_test(suite, "patterns match", patterns_match);
    CU_add_test(suite, "a pattern of many stars ends soon", a_pattern_of_many_stars_ends_soon);
    CU_add_test(suite, "bytes from outside are escaped", bytes_from_outside_are_escaped);
    CU_add_test(suite, "nothing moves the cursor", nothing_moves_the_cursor);
    CU_add_test(suite, "ids only grow", ids_only_grow);
    CU_add_test(suite, "a fork draws other numbers", a_fork_draws_other_numbers);
    CU_add_test(suite, "heap gives by time, then by order", heap_gives_by_time_then_by_order);
    CU_add_test(suite, "log lines are escaped, numbered and cut",
                log_lines_are_escaped_numbered_and_cut);
    CU_add_test(suite, "the first result is kept", the_first_result_is_kept);
    CU_add_test(suite, "kinds of problems have names", kinds_of_problems_have_names);
    CU_add_test(suite, "a misspelled name is recognised", a_misspelled_name_is_recognised);
}
