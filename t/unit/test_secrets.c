/* test_secrets.c: where SMTPSendPassword comes from, when it is read again, and that a failure
 * never shows it (src/config/secret.c). */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "config/environment.h"
#include "config/secret.h"

void ss_suite_secrets(void);

static char folder[] = "/tmp/smtp-send-secrets.XXXXXX";
static char path[200], program[200];

static int begin(void)
{
    if (!mkdtemp(folder)) return 1;
    apr_snprintf(path, sizeof(path), "%s/secret", folder);
    apr_snprintf(program, sizeof(program), "%s/program", folder);
    return 0;
}

static int end(void)
{
    unlink(path);
    unlink(program);
    return rmdir(folder);
}

static void put(const char *where, const char *text, apr_size_t len, int mode)
{
    FILE *file = fopen(where, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(text, 1, len, file);
    fclose(file);
    chmod(where, (mode_t)mode);
}

static ss_secret_t *make(ss_secret_kind_t kind, const char *source)
{
    ss_secret_source_t s = { kind, source };

    return ss_secret_create(&s);
}

static void is(const ss_secret_t *secret, const char *want)
{
    apr_size_t len;
    const char *bytes = ss_secret_bytes(secret, &len);

    CU_ASSERT_EQUAL(len, strlen(want));
    CU_ASSERT_STRING_EQUAL(bytes, want);
}

static void one_line_end_is_cut_off(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = { { "geheim\n", "geheim" },
                 { "geheim\r\n", "geheim" },
                 { "geheim\n\n", "geheim\n" },
                 { " a b ", " a b " },
                 { "\n", "" },
                 { "", "" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_result_t result;
        ss_secret_t *secret = make(SS_SECRET_FILE, path);
        ss_result_clear(&result);
        put(path, rows[i].text, strlen(rows[i].text), 0600);
        CU_ASSERT_EQUAL(ss_secret_load(secret, &result), APR_SUCCESS);
        is(secret, rows[i].want);
        ss_secret_destroy(secret);
    }
}

static void a_changed_file_is_read_again(void)
{
    ss_result_t result;
    ss_secret_t *secret = make(SS_SECRET_FILE, path);

    ss_result_clear(&result);
    put(path, "first", 5, 0600);
    CU_ASSERT_EQUAL(ss_secret_load(secret, &result), APR_SUCCESS);
    CU_ASSERT_FALSE(ss_secret_can_reload(secret, 1));
    put(path, "second", 6, 0600);
    CU_ASSERT_TRUE(ss_secret_can_reload(secret, 0));
    CU_ASSERT_EQUAL(ss_secret_reload(secret, APR_USEC_PER_SEC, &result), APR_SUCCESS);
    is(secret, "second");
    unlink(path);
    CU_ASSERT_NOT_EQUAL(ss_secret_reload(secret, APR_USEC_PER_SEC, &result), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, path));
    is(secret, "second");
    ss_secret_wipe(secret);
    CU_ASSERT_FALSE(ss_secret_is_ready(secret));
    ss_secret_destroy(secret);
}

static void what_is_too_large_is_refused(void)
{
    static char big[SS_SECRET_MAX + 10];
    ss_result_t result;
    ss_secret_t *secret = make(SS_SECRET_FILE, path);

    ss_result_clear(&result);
    memset(big, 'x', sizeof(big));
    put(path, big, sizeof(big), 0600);
    CU_ASSERT_NOT_EQUAL(ss_secret_load(secret, &result), APR_SUCCESS);
    CU_ASSERT_FALSE(ss_secret_is_ready(secret));
    ss_result_clear(&result);
    put(path, big, 60000, 0600);
    CU_ASSERT_EQUAL(ss_secret_load(secret, &result), APR_SUCCESS);
    ss_secret_destroy(secret);
}

static void a_program_is_run(void)
{
    static const struct {
        const char *script;
        const char *want;
        const char *words;
    } rows[] = { { "#!/bin/sh\necho token-$1\n", "token-x", NULL },
                 { "#!/bin/sh\necho secret; exit 3\n", NULL, "status 3" },
                 { "#!/bin/sh\n:\n", NULL, "nothing" },
                 { "#!/bin/sh\nexec sleep 60\n", NULL, "no secret within" },
                 { "#!/bin/sh\nexec yes\n", NULL, "large" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_result_t result;
        char line[300];
        apr_snprintf(line, sizeof(line), "%s\nx", program);
        ss_secret_t *secret = make(SS_SECRET_EXEC, line);
        put(program, rows[i].script, strlen(rows[i].script), 0700);
        CU_ASSERT_TRUE(ss_secret_can_reload(secret, 0));
        apr_status_t rv = ss_secret_reload(secret, APR_USEC_PER_SEC, &result);
        if (rows[i].want) {
            CU_ASSERT_EQUAL(rv, APR_SUCCESS);
            is(secret, rows[i].want);
            CU_ASSERT_FALSE(ss_secret_can_reload(secret, 0));
            CU_ASSERT_TRUE(ss_secret_can_reload(secret, 1));
        } else {
            CU_ASSERT_NOT_EQUAL(rv, APR_SUCCESS);
            CU_ASSERT_PTR_NOT_NULL(strstr(result.text, rows[i].words));
            if (!strstr(result.text, rows[i].words)) printf("said: %s\n", result.text);
            CU_ASSERT_PTR_NULL(strstr(result.text, "secret;"));
        }
        ss_secret_destroy(secret);
    }
}

static void a_shortage_is_no_fault_of_the_secret(void)
{
    static const ss_secret_kind_t kinds[] = { SS_SECRET_FILE, SS_SECRET_EXEC };
    struct rlimit before, none;

    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    for (size_t i = 0; i < 2; i++) {
        ss_secret_t *secret = make(kinds[i], "/bin/true");
        ss_result_t result;
        setrlimit(RLIMIT_NOFILE, &none);
        apr_status_t rv = ss_secret_reload(secret, APR_USEC_PER_SEC, &result);
        setrlimit(RLIMIT_NOFILE, &before);
        CU_ASSERT_NOT_EQUAL(rv, APR_SUCCESS);
        CU_ASSERT_TRUE(ss_descriptors_is_shortage(&result));
        CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "/bin/true: Too many open files"));
        ss_secret_destroy(secret);
    }
}

static void the_environment_and_text(void)
{
    ss_result_t result;
    ss_secret_t *text = make(SS_SECRET_TEXT, "geheim"),
                *env = make(SS_SECRET_ENV, "SS_TEST_SECRET"),
                *none = make(SS_SECRET_ENV, "SS_TEST_NOT_THERE");

    ss_result_clear(&result);
    setenv("SS_TEST_SECRET", "aus der Umgebung", 1);
    CU_ASSERT_EQUAL(ss_secret_load(text, &result), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_secret_load(env, &result), APR_SUCCESS);
    CU_ASSERT_NOT_EQUAL(ss_secret_load(none, &result), APR_SUCCESS);
    is(text, "geheim");
    is(env, "aus der Umgebung");
    CU_ASSERT_PTR_NOT_NULL(strstr(result.text, "SS_TEST_NOT_THERE"));
    ss_secret_destroy(text);
    ss_secret_destroy(env);
    ss_secret_destroy(none);
    ss_secret_t *empty = ss_secret_create(NULL);
    CU_ASSERT_FALSE(ss_secret_is_ready(empty));
    ss_secret_destroy(empty);
}

/* What a process that is forked finds where the kept value lies. */
static int child_finds(const char *kept)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) _exit(*kept ? 1 : 0);
    waitpid(pid, &status, 0);
    return status;
}

static void a_variable_is_taken_out_of_the_environment(void)
{
    apr_pool_t *pool;
    const char *kept, *entry = NULL;

    apr_pool_create(&pool, NULL);
    setenv("SS_TEST_SECRET", "aus der Umgebung", 1);
    setenv("SS_TEST_SECRET_TOO", "bleibt", 1);
    for (char **e = environ; *e; e++)
        if (!strncmp(*e, "SS_TEST_SECRET=", 15)) entry = *e;
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    ss_environment_take("SS_TEST_SECRET", pool);
    CU_ASSERT_PTR_NULL(getenv("SS_TEST_SECRET"));
    CU_ASSERT_EQUAL(memcmp(entry, "SS_TEST_SECRET=\0\0", 17), 0);
    CU_ASSERT_STRING_EQUAL(getenv("SS_TEST_SECRET_TOO"), "bleibt");
    kept = ss_environment_get("SS_TEST_SECRET");
    CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
    CU_ASSERT_STRING_EQUAL(kept, "aus der Umgebung");
    CU_ASSERT_EQUAL(child_finds(kept), 0);
    /* After a restart, and another directive with the same variable. */
    ss_environment_take("SS_TEST_SECRET", pool);
    CU_ASSERT_STRING_EQUAL(ss_environment_get("SS_TEST_SECRET"), "aus der Umgebung");
    CU_ASSERT_STRING_EQUAL(ss_environment_get("SS_TEST_SECRET_TOO"), "bleibt");
    CU_ASSERT_PTR_NULL(ss_environment_get("SS_TEST_NOT_THERE"));
    unsetenv("SS_TEST_SECRET_TOO");
    ss_environment_take("SS_TEST_NOT_THERE", NULL);
    apr_pool_destroy(pool);
}

void ss_suite_secrets(void)
{
    CU_pSuite suite = CU_add_suite("secrets", begin, end);

    CU_add_test(suite, "one line end is cut off", one_line_end_is_cut_off);
    CU_add_test(suite, "a changed file is read again", a_changed_file_is_read_again);
    CU_add_test(suite, "what is too large is refused", what_is_too_large_is_refused);
    CU_add_test(suite, "a program is run", a_program_is_run);
    CU_add_test(suite, "a shortage is no fault of the secret",
                a_shortage_is_no_fault_of_the_secret);
    CU_add_test(suite, "the environment and text", the_environment_and_text);
    CU_add_test(suite, "a variable is taken out of the environment",
                a_variable_is_taken_out_of_the_environment);
}
