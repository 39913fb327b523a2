/* test_event_writer.c: the thread that writes SMTPSendEventLog. */
#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/event_writer.h"

void ss_suite_event_writer(void);

#define SECOND APR_USEC_PER_SEC

static char folder[64], path[80];

static void note(void *self, ss_log_level_t level, const char *line)
{
    (void)level;
    snprintf(self, 400, "%s", line);
}

static ss_event_writer_t *start(const ss_log_t *log, int fd, const char *name, apr_size_t most)
{
    return ss_event_writer_start(&(ss_event_writer_options_t){
        .log = log, .fd = fd, .name = "log", .path = name, .most = most });
}

static const char *content(const char *name)
{
    static char text[4000];
    FILE *file = fopen(name, "r");
    size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    text[len] = '\0';
    if (file) fclose(file);
    return text;
}

static int open_log(void)
{
    snprintf(folder, sizeof(folder), "/tmp/smtp-send-unit.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
    return open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
}

static void clean(void)
{
    unlink(path);
    rmdir(folder);
}

static void lines_arrive_in_order(void)
{
    ss_event_writer_t *w = start(NULL, open_log(), path, 1000);

    CU_ASSERT_EQUAL(ss_event_writer_put(w, "one\n", 4), 1);
    CU_ASSERT_EQUAL(ss_event_writer_put(w, "two\n", 4), 1);
    ss_event_writer_stop(w, SECOND);
    CU_ASSERT_STRING_EQUAL(content(path), "one\ntwo\n");
    clean();
}

/* It could not be opened at the start. */
static void a_file_that_was_not_there_is_opened_later(void)
{
    close(open_log());
    ss_event_writer_t *w = start(NULL, -1, path, 1000);

    ss_event_writer_put(w, "one\n", 4);
    ss_event_writer_stop(w, SECOND);
    CU_ASSERT_STRING_EQUAL(content(path), "one\n");
    clean();
}

/* Nobody reads: what is beyond the bound is lost at once, what is left at the end then. */
static void what_exceeds_the_bound_is_lost_and_counted(void)
{
    char said[400] = "", fill[65536];
    const ss_log_t log = { .write = note, .self = said, .level = SS_LOG_INFO };
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK), 0);
    memset(fill, 'x', sizeof(fill));
    while (write(ends[1], fill, sizeof(fill)) > 0) continue;
    ss_event_writer_t *w = start(&log, ends[1], NULL, 8);
    CU_ASSERT_EQUAL(ss_event_writer_put(w, "one\n", 4), 1);
    CU_ASSERT_EQUAL(ss_event_writer_put(w, "two\n", 4), 1);
    CU_ASSERT_EQUAL(ss_event_writer_dropped(w), 0);
    CU_ASSERT_EQUAL(ss_event_writer_put(w, "3\n", 2), 0);
    CU_ASSERT_EQUAL(ss_event_writer_dropped(w), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "SMTPSend-239"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, " 1 events"));
    *said = '\0';
    ss_event_writer_stop(w, SECOND / 10);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, " 2 events"));
    close(ends[0]);
}

/* A line that fitted into a pipe in part only. */
static void a_line_is_never_torn(void)
{
    char line[3000], got[3000] = "", fill[4096];
    int ends[2];
    size_t len = 0;

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK), 0);
    CU_ASSERT_FATAL(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
    memset(fill, 'x', sizeof(fill));
    CU_ASSERT_EQUAL(write(ends[1], fill, 2000), 2000);
    memset(line, 'a', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    ss_event_writer_t *w = start(NULL, ends[1], NULL, 100000);
    for (int i = 0; i < 5; i++) ss_event_writer_put(w, line, sizeof(line));
    CU_ASSERT_EQUAL(read(ends[0], fill, 2000), 2000);
    for (int i = 0; i < 5; i++) {
        for (len = 0; len < sizeof(got);) {
            struct pollfd ready = { .fd = ends[0], .events = POLLIN };
            CU_ASSERT_EQUAL_FATAL(poll(&ready, 1, 10000), 1);
            ssize_t some = read(ends[0], got + len, sizeof(got) - len);
            CU_ASSERT_FATAL(some > 0);
            len += (size_t)some;
        }
        CU_ASSERT_EQUAL(memcmp(got, line, sizeof(line)), 0);
    }
    ss_event_writer_stop(w, SECOND);
    close(ends[0]);
}

static void a_renamed_file_is_made_again(void)
{
    char other[90];
    ss_event_writer_t *w = start(NULL, open_log(), path, 1000);

    snprintf(other, sizeof(other), "%s.1", path);
    CU_ASSERT_EQUAL(rename(path, other), 0);
    ss_event_writer_put(w, "one\n", 4);
    ss_event_writer_stop(w, SECOND);
    CU_ASSERT_STRING_EQUAL(content(other), "");
    CU_ASSERT_STRING_EQUAL(content(path), "one\n");
    unlink(other);
    clean();
}

static void a_full_disk_is_in_the_log(void)
{
    char said[400] = "";
    const ss_log_t log = { .write = note, .self = said, .level = SS_LOG_INFO };
    ss_event_writer_t *w = start(&log, open("/dev/full", O_WRONLY), "/dev/full", 100);

    ss_event_writer_put(w, "one\n", 4);
    ss_event_writer_stop(w, SECOND / 10);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "SMTPSend-239"));
}

void ss_suite_event_writer(void)
{
    CU_pSuite suite = CU_add_suite("event_writer", NULL, NULL);

    CU_add_test(suite, "lines_arrive_in_order", lines_arrive_in_order);
    CU_add_test(suite, "a_file_that_was_not_there_is_opened_later",
                a_file_that_was_not_there_is_opened_later);
    CU_add_test(suite, "what_exceeds_the_bound_is_lost_and_counted",
                what_exceeds_the_bound_is_lost_and_counted);
    CU_add_test(suite, "a_line_is_never_torn", a_line_is_never_torn);
    CU_add_test(suite, "a_renamed_file_is_made_again", a_renamed_file_is_made_again);
    CU_add_test(suite, "a_full_disk_is_in_the_log", a_full_disk_is_in_the_log);
}
