/* test_sendmail.c: arguments as programs write them, where a message ends, the question to the
 * daemon. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/patience.h"
#include "cli/sendmail.h"
#include "fill.h"
#include "mail/mail.h"

void ss_suite_sendmail(void);

static ss_sendmail_t read_arguments(const char *line, apr_pool_t *pool)
{
    ss_sendmail_t s = { .socket = "/nowhere" };
    const char *argv[32] = { "sendmail" };
    char *state = NULL, *copy = strdup(line);
    int argc = 1;

    for (char *word = strtok_r(copy, " ", &state); word && argc < 31;
         word = strtok_r(NULL, " ", &state))
        argv[argc++] = apr_pstrdup(pool, word);
    argv[argc] = NULL;
    ss_sendmail_read(&s, argc, argv, pool);
    free(copy);
    return s;
}

static void arguments_of_real_programs(void)
{
    static const struct {
        const char *line;
        ss_sendmail_mode_t mode;
        int takes, dots, to;
        const char *from;
    } table[] = {
        { "-t -i", SS_SENDMAIL_SUBMIT, 1, 1, 0, NULL },
        { "-ti", SS_SENDMAIL_SUBMIT, 1, 1, 0, NULL },
        { "-oi -oem -f a@b.c x@y.z", SS_SENDMAIL_SUBMIT, 0, 1, 1, "a@b.c" },
        { "-fa@b.c -- -x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, "a@b.c" },
        { "-i -r a@b.c x@y.z v@w.x", SS_SENDMAIL_SUBMIT, 0, 1, 2, "a@b.c" },
        { "-FCronDaemon -odi -oem root", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-B8BITMIME -oem -B 8BITMIME x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "x@y.z -f a@b.c", SS_SENDMAIL_SUBMIT, 0, 0, 1, "a@b.c" },
        { "-bm -om -v -G x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-bp", SS_SENDMAIL_LIST, 0, 0, 0, NULL },
        { "-q", SS_SENDMAIL_FLUSH, 0, 0, 0, NULL },
        { "-q30m", SS_SENDMAIL_FLUSH, 0, 0, 0, NULL },
        { "--help", SS_SENDMAIL_HELP, 0, 0, 0, NULL },
        /* values as the next argument */
        { "-e m x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-o i x@y.z", SS_SENDMAIL_SUBMIT, 0, 1, 1, NULL },
        { "-ti -e q -o em", SS_SENDMAIL_SUBMIT, 1, 1, 0, NULL },
        { "-oMs host -oMr smtp x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-oMa 192.0.2.1 -oMas a@b.c -oMai me -oMt id x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-o Ms host x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-oMshost x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-or 5m -os x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-oX 25 -oA /etc/aliases 1@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-d 0.1 x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-d0-99.1 -d 1@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-B 7bit -A c -C /f -D /d -h 30 -L tag -M sname -O x=y -p ESMTP:h -X /log x@y.z",
          SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-Am -Ac -h30 -Ltag -OMaxHop=3 -pSMTP -X/log x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-c x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-cGmnUvx x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-oit x@y.z", SS_SENDMAIL_SUBMIT, 0, 1, 1, NULL },
        { "-o7 -o8 -oQ/q -oL9 x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, NULL },
        { "-tf a@b.c", SS_SENDMAIL_SUBMIT, 1, 0, 0, "a@b.c" },
        { "-f<> x@y.z", SS_SENDMAIL_SUBMIT, 0, 0, 1, "<>" },
        { "-vf a@b.c -- -t", SS_SENDMAIL_SUBMIT, 0, 0, 1, "a@b.c" },
        /* other modes */
        { "-bs", SS_SENDMAIL_SMTP, 0, 0, 0, NULL },
        { "-bs -i", SS_SENDMAIL_SMTP, 0, 1, 0, NULL },
        { "-bs -odb -oem", SS_SENDMAIL_SMTP, 0, 0, 0, NULL },
        { "-b s", SS_SENDMAIL_SMTP, 0, 0, 0, NULL },
        { "-bi", SS_SENDMAIL_NOTHING, 0, 0, 0, NULL },
        { "-I", SS_SENDMAIL_NOTHING, 0, 0, 0, NULL },
        { "-bi -oA/etc/aliases", SS_SENDMAIL_NOTHING, 0, 0, 0, NULL },
        { "-bh", SS_SENDMAIL_NOTHING, 0, 0, 0, NULL },
        { "-bH", SS_SENDMAIL_NOTHING, 0, 0, 0, NULL },
        { "-bp -v", SS_SENDMAIL_LIST, 0, 0, 0, NULL },
        { "-q 30m", SS_SENDMAIL_FLUSH, 0, 0, 0, NULL },
        { "-qf -v", SS_SENDMAIL_FLUSH, 0, 0, 0, NULL },
        { "-qRexample.net", SS_SENDMAIL_FLUSH, 0, 0, 0, NULL },
        { "-qIabc", SS_SENDMAIL_FLUSH, 0, 0, 0, NULL }
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_sendmail_t s = read_arguments(table[i].line, pool);
        CU_ASSERT_EQUAL(s.mode, table[i].mode);
        CU_ASSERT_EQUAL(s.takes_rcpts, table[i].takes);
        CU_ASSERT_EQUAL(s.ignores_dots, table[i].dots);
        CU_ASSERT_EQUAL(s.to->nelts, table[i].to);
        CU_ASSERT(s.from == table[i].from ||
                  (s.from && table[i].from && !strcmp(s.from, table[i].from)));
    }
    ss_sendmail_t dsn = read_arguments("-N success,delay -R hdrs -V id1 x@y.z", pool);
    CU_ASSERT_EQUAL(dsn.notify, SS_NOTIFY_SUCCESS | SS_NOTIFY_DELAY);
    CU_ASSERT_EQUAL(dsn.attr.dsn_options.ret, SS_RET_HDRS);
    CU_ASSERT_STRING_EQUAL(dsn.attr.dsn_options.envid, "id1");
    CU_ASSERT_STRING_EQUAL(read_arguments("-Vid2 x@y.z", pool).attr.dsn_options.envid, "id2");
    CU_ASSERT_STRING_EQUAL(read_arguments("-qIabc", pool).id, "abc");
    CU_ASSERT_PTR_NULL(read_arguments("-qRabc", pool).id);
    apr_pool_destroy(pool);
}

/* What it says goes to standard error, which a test's reader need not see. */
static void wrong_arguments(void)
{
    static const char *const table[] = { "",
                                         "-i",
                                         "-f",
                                         "-Z x@y.z",
                                         "-bd",
                                         "-bl -q30m",
                                         "-bt",
                                         "-bv x@y.z",
                                         "-bS",
                                         "-b",
                                         "-bs x@y.z",
                                         "-bs -t",
                                         "-bp x@y.z",
                                         "-bi x@y.z",
                                         "-q x@y.z",
                                         "-e x@y.z a@b.c",
                                         "-emq x@y.z",
                                         "-B x@y.z a@b.c",
                                         "-h x@y.z a@b.c",
                                         "-o",
                                         "-oMs",
                                         "-XV x@y.z",
                                         "-XV+= x@y.z",
                                         "-s subject x@y.z",
                                         "-Tx x@y.z",
                                         "-t -",
                                         "--to x@y.z",
                                         "-tZ",
                                         "-N never,success x@y.z",
                                         "-N often x@y.z",
                                         "-R some x@y.z",
                                         "-V \x01 x@y.z",
                                         "-: x" };
    apr_pool_t *pool;
    int kept = dup(STDERR_FILENO);

    apr_pool_create(&pool, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen("/dev/null", "w", stderr));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        CU_ASSERT_EQUAL(read_arguments(table[i], pool).mode, SS_SENDMAIL_WRONG);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    apr_pool_destroy(pool);
}

/* What is taken of a text that comes in pieces of a size, as one text in the pool. */
static const char *taken(const char *text, apr_size_t len, apr_size_t piece, int ignores_dots,
                         apr_pool_t *pool)
{
    ss_sendmail_input_t input;

    ss_sendmail_input_init(&input, ignores_dots);
    for (apr_size_t at = 0; at < len; at += piece)
        CU_ASSERT_EQUAL(
            ss_sendmail_input_add(&input, text + at, len - at < piece ? len - at : piece, pool),
            APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_sendmail_input_end(&input, pool), APR_SUCCESS);
    char *out = apr_palloc(pool, input.begin.len + input.rest.len + 1);
    if (input.begin.len) memcpy(out, input.begin.data, input.begin.len);
    if (input.rest.len)
        CU_ASSERT_EQUAL(ss_scratch_read(&input.rest, 0, out + input.begin.len, input.rest.len),
                        APR_SUCCESS);
    out[input.begin.len + input.rest.len] = '\0';
    ss_sendmail_input_free(&input);
    return out;
}

static void lone_dots(void)
{
    static const struct {
        const char *text, *taken;
    } table[] = { { "a\n.\nb\n", "a\n" },     { ".\n", "" },
                  { "a\r\n.\r\nb", "a\r\n" }, { "a\n..\nb\n", NULL },
                  { "a\n.", NULL },           { "a.\n", NULL },
                  { "a\n.b\n", NULL },        { "", NULL },
                  { "a\n.\r", NULL },         { "a\n.\r.\n.\n", "a\n.\r.\n" },
                  { ".\rb\n.\n", ".\rb\n" },  { "\n\n.\n", "\n\n" } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_size_t len = strlen(table[i].text);
        for (apr_size_t piece = 1; piece <= len + 1; piece++) {
            CU_ASSERT_STRING_EQUAL(taken(table[i].text, len, piece, 0, pool),
                                   table[i].taken ? table[i].taken : table[i].text);
            CU_ASSERT_STRING_EQUAL(taken(table[i].text, len, piece, 1, pool), table[i].text);
        }
    }
    apr_pool_destroy(pool);
}

/* What is behind the bound waits in a file; the dot may come there, and be cut by the bound. */
static void large_input(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (apr_size_t before = SS_SENDMAIL_INPUT_FROM - 4; before < SS_SENDMAIL_INPUT_FROM + 4;
         before++) {
        char *text = fill(pool, 'x', before + 200000);
        memcpy(text + before, "\n.\n", 3);
        const char *got = taken(text, before + 200000, 70000, 0, pool);
        CU_ASSERT_EQUAL(strlen(got), before + 1);
        CU_ASSERT(!memcmp(got, text, before + 1));
        got = taken(text, before + 200000, 70000, 1, pool);
        CU_ASSERT_STRING_EQUAL(got, text);
    }
    apr_pool_destroy(pool);
}

/* Past the bound it is the message that is at fault, not the folder. */
static void more_than_the_bound(void)
{
    apr_pool_t *pool;
    ss_sendmail_input_t input;

    apr_pool_create(&pool, NULL);
    ss_sendmail_input_init(&input, 1);
    const char *piece = fill(pool, 'x', SS_SENDMAIL_INPUT_FROM + 10);
    CU_ASSERT_EQUAL(ss_sendmail_input_add(&input, piece, SS_SENDMAIL_INPUT_FROM + 10, pool),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(input.rest.len, 10);
    /* As if so much had come. */
    input.rest.len = SS_SENDMAIL_INPUT_MAX - 10;
    CU_ASSERT_EQUAL(ss_sendmail_input_add(&input, piece, 10, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_sendmail_input_add(&input, piece, 1, pool), SS_SENDMAIL_INPUT_TOO_LARGE);
    ss_sendmail_input_free(&input);
    apr_pool_destroy(pool);
}

/* The folder for temporary files is gone: the input says so, and gives back what it held. */
static void no_room(void)
{
    apr_pool_t *pool;
    ss_scratch_t file;
    char four[4];

    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL(ss_scratch_open(&file, pool), APR_SUCCESS);
    ss_scratch_put(&file, "abcd", 4);
    CU_ASSERT_EQUAL(ss_scratch_flush(&file), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_scratch_read(&file, 1, four, 4), APR_EOF);
    CU_ASSERT_EQUAL(ss_scratch_write(&file, 1, "XY", 2), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_scratch_read(&file, 0, four, 4), APR_SUCCESS);
    CU_ASSERT(!memcmp(four, "aXYd", 4));
    int fd = file.fd, full = open("/dev/full", O_RDWR);
    CU_ASSERT(full >= 0);
    dup2(full, fd);
    close(full);
    ss_scratch_put(&file, "efgh", 4);
    CU_ASSERT_EQUAL(ss_scratch_flush(&file), ENOSPC);
    /* What comes after an error is left out. */
    ss_scratch_put(&file, "ijkl", 4);
    CU_ASSERT_EQUAL(ss_scratch_flush(&file), ENOSPC);
    ss_scratch_close(&file);
    ss_scratch_close(&file);
    apr_pool_destroy(pool);
}

static void the_question(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_sendmail_t s = read_arguments("-t -F x a\"b\\@c \xff\x01@d", pool);
    json_t *header = json_loads(ss_sendmail_header(&s, "alice", "Alice", "key", pool), 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(header);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(header, "from")), "alice");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(header, "to"), 0)),
                           "a\"b\\@c");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(header, "to"), 1)),
                           "\xef\xbf\xbd\x01@d");
    CU_ASSERT_STRING_EQUAL(
        json_string_value(json_object_get(json_object_get(header, "compose"), "fullName")), "x");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(header, "idempotencyKey")), "key");
    CU_ASSERT(json_is_true(json_object_get(json_object_get(header, "compose"), "takesRcpts")));
    json_decref(header);
    apr_pool_destroy(pool);
}

static void a_daemon_that_does_not_react_is_given_up(void)
{
    ss_patience_t patience = ss_patience_begin("/nonexistent/socket", 60 * APR_USEC_PER_SEC);
    ss_result_t why = { 0 };

    CU_ASSERT_TRUE(ss_patience_lasts(&patience));
    CU_ASSERT_FALSE(patience.is_over);
    patience.most = 0;
    CU_ASSERT_FALSE(ss_patience_lasts(&patience));
    CU_ASSERT_TRUE(patience.is_over);
    /* Whatever was found before. */
    ss_result_set(&why, "socket", "", NULL, "the connection was reset");
    ss_patience_explain(&patience, &why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "/nonexistent/socket does not react"));
}

static void a_dry_run_has_no_key(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (int is_dry = 0; is_dry < 2; is_dry++) {
        ss_sendmail_t s =
            read_arguments(is_dry ? "--dry-run -i bob@example.net" : "-i bob@example.net", pool);
        const char *header = ss_sendmail_header(&s, "me", NULL, "0123", pool);
        CU_ASSERT_EQUAL(s.mode, SS_SENDMAIL_SUBMIT);
        CU_ASSERT_EQUAL(strstr(header, "\"dryRun\":true") != NULL, is_dry);
        CU_ASSERT_EQUAL(strstr(header, "\"idempotencyKey\"") == NULL, is_dry);
    }
    apr_pool_destroy(pool);
}

void ss_suite_sendmail(void)
{
    CU_pSuite suite = CU_add_suite("sendmail", NULL, NULL);

    CU_add_test(suite, "arguments of real programs", arguments_of_real_programs);
    CU_add_test(suite, "wrong arguments", wrong_arguments);
    CU_add_test(suite, "lone dots", lone_dots);
    CU_add_test(suite, "large input", large_input);
    CU_add_test(suite, "more than the bound", more_than_the_bound);
    CU_add_test(suite, "no room for it", no_room);
    CU_add_test(suite, "a_daemon_that_does_not_react_is_given_up",
                a_daemon_that_does_not_react_is_given_up);
    CU_add_test(suite, "a_dry_run_has_no_key", a_dry_run_has_no_key);
    CU_add_test(suite, "the question", the_question);
}
