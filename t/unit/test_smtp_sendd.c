/* test_smtp_sendd.c: what makes smtp-sendd a program of its own (src/daemon): its log lines, its
 * user, what it reports to other modules and to systemd. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/error_log.h"
#include "daemon/final_states.h"
#include "daemon/notify.h"
#include "daemon/process.h"

void ss_suite_smtp_sendd(void);

static apr_pool_t *pool;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
}

static void end(void)
{
    apr_pool_destroy(pool);
}

/* ---- the log ---- */

static void levels_are_httpd_s(void)
{
    static const struct {
        const char *words;
        ss_log_level_t level;
    } rows[] = { { NULL, SS_LOG_WARN },
                 { "info", SS_LOG_INFO },
                 { "warn smtp_send:info", SS_LOG_INFO },
                 { "smtp_send:debug warn", SS_LOG_DEBUG },
                 { "debug ssl:info smtp_send_module:error", SS_LOG_ERROR },
                 { "crit", SS_LOG_ERROR },
                 { "trace4", SS_LOG_DEBUG },
                 { "warn core:debug", SS_LOG_WARN },
                 { "nonsense", SS_LOG_WARN } };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ss_error_log_level(rows[i].words), rows[i].level);
}

/* What a line is on standard error. */
static void capture(const char *line, char *into, apr_size_t size)
{
    int ends[2], kept = dup(STDERR_FILENO);
    ss_log_t log = ss_error_log_open(NULL, "info");

    CU_ASSERT_FATAL(!pipe(ends) && kept >= 0);
    dup2(ends[1], STDERR_FILENO);
    ss_log(&log, SS_LOG_INFO, 7, "%s", line);
    ss_log(&log, SS_LOG_DEBUG, 8, "not wanted");
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t got = read(ends[0], into, size - 1);
    into[got > 0 ? got : 0] = '\0';
    close(ends[0]);
}

static void lines_are_httpd_s(void)
{
    char *line = malloc(3 * SS_LOG_LINE_MAX), *whole = malloc(SS_LOG_LINE_MAX + 10);
    char expected[100], *rest;

    capture("a \"b\"\n\\c", line, 3 * SS_LOG_LINE_MAX);
    /* "[Mon Nov 30 21:28:26.123456 2026] " */
    CU_ASSERT_EQUAL(line[0], '[');
    CU_ASSERT_EQUAL(line[20], '.');
    CU_ASSERT_FATAL(!strncmp(line + 32, "] ", 2));
    apr_snprintf(expected, sizeof(expected), "[smtp_send:info] [pid %d:tid %d] ", (int)getpid(),
                 (int)getpid());
    rest = line + 34;
    CU_ASSERT_FATAL(!strncmp(rest, expected, strlen(expected)));
    CU_ASSERT_STRING_EQUAL(rest + strlen(expected), "SMTPSend-7: a \"b\"\\\\x0a\\\\c\n");
    memset(whole, '\\', SS_LOG_LINE_MAX + 9);
    whole[SS_LOG_LINE_MAX + 9] = '\0';
    capture(whole, line, 3 * SS_LOG_LINE_MAX);
    CU_ASSERT(strlen(line) > SS_LOG_LINE_MAX && line[strlen(line) - 1] == '\n');
    free(whole);
    free(line);
}

/* ---- its user ---- */

static void it_never_is_root(void)
{
    static const char *const bad[] = { NULL, "root", "#0", "#x", "no such user" };
    ss_process_users_t users;
    ss_settings_globals_t globals = { .daemon_user = NULL };

    if (geteuid()) {
        const ss_config_process_t process = { .user = "root" };
        CU_ASSERT_PTR_NULL(ss_process_users(&users, &process, &globals, pool));
        CU_ASSERT_EQUAL(users.own.uid, geteuid());
        return;
    }
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const ss_config_process_t process = { .user = bad[i], .group = "#7" };
        CU_ASSERT_PTR_NOT_NULL(ss_process_users(&users, &process, &globals, pool));
    }
    const ss_config_process_t process = { .user = "#12345", .group = "#678" };
    CU_ASSERT_PTR_NULL(ss_process_users(&users, &process, &globals, pool));
    CU_ASSERT_EQUAL(users.own.uid, 12345);
    CU_ASSERT_EQUAL(users.own.gid, 678);
    CU_ASSERT_EQUAL(users.web_uid, -1);
    /* SMTPSendUser goes first; the other one is httpd's. */
    globals.daemon_user = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(globals.daemon_user, const char *) = "#54321";
    APR_ARRAY_PUSH(globals.daemon_user, const char *) = "#876";
    CU_ASSERT_PTR_NULL(ss_process_users(&users, &process, &globals, pool));
    CU_ASSERT_EQUAL(users.own.uid, 54321);
    CU_ASSERT_EQUAL(users.own.gid, 876);
    CU_ASSERT_EQUAL(users.web_uid, 12345);
    const ss_config_process_t same_user = { .user = "#54321", .group = "#678" };
    CU_ASSERT_PTR_NULL(ss_process_users(&users, &same_user, &globals, pool));
    CU_ASSERT_EQUAL(users.web_uid, -1);
    globals.daemon_user = NULL;
    const ss_config_process_t without = { .user = "#12345" };
    CU_ASSERT_PTR_NOT_NULL(ss_process_users(&users, &without, &globals, pool));
}

static void a_number_that_was_not_passed_is_no_descriptor(void)
{
    const ss_config_process_t process = { .inherited = "3 4 70" };
    int fd = fcntl(STDERR_FILENO, F_DUPFD, 70);

    CU_ASSERT_EQUAL(ss_process_inherited(&process, fd), fd == 70 ? 70 : -1);
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), fd == 70 ? FD_CLOEXEC : 0);
    int other = fcntl(STDERR_FILENO, F_DUPFD, fd + 1);
    CU_ASSERT_EQUAL(ss_process_inherited(&process, other), -1);
    close(fd);
    close(other);
    CU_ASSERT_EQUAL(ss_process_inherited(&process, 70), -1);
}

/* ---- final states ---- */

static char seen[4096];

static void note(const char *id, const char *from, const char *to, const char *state,
                 const char *reply, const char *metadata)
{
    apr_snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s|%s|%s|%s|%s|%s;", id, from,
                 to, state, reply ? reply : "none", metadata ? metadata : "none");
}

static void final_states_arrive(void)
{
    static char long_reply[2 * SS_FINAL_STATES_RECORD];
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(ss_final_states_pair(ends), 0);
    ss_final_states_open(ends[0], NULL);
    ss_final_states_send("1", "", "b@x", "sent", "250 ok", NULL);
    ss_final_states_send("2", "a@x", "b@x", "failed", NULL, "{\"k\":1}");
    memset(long_reply, 'x', sizeof(long_reply) - 1);
    ss_final_states_send("3", "a@x", "b@x", "sent", long_reply, "{}");
    /* What is no record of ours is passed over. */
    CU_ASSERT_EQUAL(send(ends[0], "\6\1x", 3, 0), 3);
    close(ends[0]);
    *seen = '\0';
    ss_final_states_run(ends[1], note);
    CU_ASSERT_STRING_EQUAL(seen, "1||b@x|sent|250 ok|none;2|a@x|b@x|failed|none|{\"k\":1};"
                                 "3|a@x|b@x|sent|none|none;");
    close(ends[1]);
}

static int warnings;

static void count(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    warnings += strstr(line, "SMTPSend-224") != NULL;
}

/* A process that does not read delays nothing. */
static void what_nobody_takes_is_lost(void)
{
    const ss_log_t log = { .write = count, .level = SS_LOG_WARN };
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(ss_final_states_pair(ends), 0);
    ss_final_states_open(ends[0], &log);
    warnings = 0;
    for (int i = 0; i < 20000; i++) ss_final_states_send("1", "a@x", "b@x", "sent", "250 ok", NULL);
    CU_ASSERT_EQUAL(warnings, 1);
    close(ends[1]);
    ss_final_states_send("1", "a@x", "b@x", "sent", "250 ok", NULL);
    close(ends[0]);
    ss_final_states_open(-1, NULL);
}

/* ---- systemd ---- */

static void systemd_gets_states_if_asked(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[] = "/tmp/smtp-send-notify.XXXXXX", got[32] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", path);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    ss_notify_send("READY=1");
    CU_ASSERT(recv(fd, got, sizeof(got), 0) < 0 && errno == EAGAIN);
    ss_notify_open();
    CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET"));
    ss_notify_send("READY=1");
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got), 0), 7);
    CU_ASSERT_STRING_EQUAL(got, "READY=1");
    ss_notify_open();
    ss_notify_send("STOPPING=1");
    CU_ASSERT(recv(fd, got, sizeof(got), 0) < 0);
    close(fd);
    unlink(address.sun_path);
    rmdir(path);
}

void ss_suite_smtp_sendd(void)
{
    CU_pSuite suite = CU_add_suite_with_setup_and_teardown("smtp_sendd", NULL, NULL, begin, end);

    CU_add_test(suite, "levels are httpd's", levels_are_httpd_s);
    CU_add_test(suite, "lines are httpd's", lines_are_httpd_s);
    CU_add_test(suite, "it never is root", it_never_is_root);
    CU_add_test(suite, "a number that was not passed is no descriptor",
                a_number_that_was_not_passed_is_no_descriptor);
    CU_add_test(suite, "final states arrive", final_states_arrive);
    CU_add_test(suite, "what nobody takes is lost", what_nobody_takes_is_lost);
    CU_add_test(suite, "systemd gets states if asked", systemd_gets_states_if_asked);
}
