/* test_login.c: when the relay's secret is read, and what a rejected login does
 * (src/delivery/login.c), over the real SMTP client, in virtual time. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/kept.h"
#include "sending_rig.h"

void ss_suite_login(void);

/* "\0user\0old" and "\0user\0new" in base64 */
#define OLD "AUTH PLAIN AHVzZXIAb2xk"
#define NEW "AUTH PLAIN AHVzZXIAbmV3"

static sending_rig_t rig;
static char path[] = "/tmp/smtp-send-login.XXXXXX";
static const char *accepted; /* the AUTH command that the server takes */
static int logins;           /* AUTH commands that it got */
static const char *changes;  /* what the file says from the next login on; NULL: no change */

static void put(const char *secret)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(secret, file);
    fclose(file);
}

static const char *scripted(sending_rig_t *r, const char *command)
{
    (void)r;
    if (!strncmp(command, "EHLO", 4)) return "250-relay\r\n250 AUTH PLAIN";
    if (strncmp(command, "AUTH", 4)) return NULL;
    logins++;
    if (changes) put(changes);
    return strcmp(command, accepted) ? "535 5.7.8 bad credentials" : "235 2.7.0 welcome";
}

static void start(const char *secret)
{
    const ss_secret_source_t source = { SS_SECRET_FILE, path };
    int fd = mkstemp(path);
    ss_result_t result;

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    put(secret);
    sending_rig_begin(&rig);
    rig.reply = scripted;
    rig.user = "user";
    rig.secret = ss_secret_create(&source);
    accepted = OLD;
    changes = NULL;
    logins = 0;
    ss_result_clear(&result);
    CU_ASSERT_EQUAL_FATAL(ss_secret_load(rig.secret, &result), APR_SUCCESS);
    sending_rig_start(&rig);
}

static void end(void)
{
    sending_rig_end(&rig);
    ss_secret_destroy(rig.secret);
    unlink(path);
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
}

static void a_secret_that_did_not_change_is_not_read_again(void)
{
    start("old");
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(logins, 1);
    CU_ASSERT_EQUAL(rig.loads, 0);
    end();
}

static void a_changed_secret_is_read_before_the_next_login(void)
{
    start("old");
    accepted = NEW;
    put("new");
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.loads, 1);
    CU_ASSERT_EQUAL(logins, 1);
    end();
}

/* The password was changed while it was being used: tried at once, without the breaker's wait. */
static void a_secret_that_changed_during_the_login_is_tried_at_once(void)
{
    start("old");
    accepted = NEW;
    changes = "new";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(logins, 2);
    CU_ASSERT_EQUAL(rig.loads, 1);
    /* The login that worked gives the next rejection its one attempt again. */
    accepted = OLD;
    changes = "old";
    sending_rig_run(&rig, 3600 * RIG_SECOND);
    m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    end();
}

/* One further attempt at once, then a minute of waiting: accounts get locked. */
static void a_second_rejection_waits(void)
{
    start("bad");
    changes = "also bad";
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(logins, 2);
    changes = "still bad";
    sending_rig_run(&rig, 50 * RIG_SECOND);
    CU_ASSERT_EQUAL(logins, 2);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    changes = "old";
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
    end();
}

/* The one that was read before is used: the mail may still go. */
static void a_secret_that_cannot_be_read_is_logged(void)
{
    start("wrong");
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSendPassword cannot be read"));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, path));
    CU_ASSERT_PTR_NULL(strstr(rig.said, "wrong"));
    rmdir(path);
    end();
}

/* This machine has no descriptor to read it with: the relay is neither down nor does it refuse us,
 * and no login is tried without a secret. */
static void a_secret_that_a_shortage_hides_is_read_again_soon(void)
{
    struct rlimit before, none;

    start("old");
    ss_secret_wipe(rig.secret);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 3 * RIG_SECOND);
    setrlimit(RLIMIT_NOFILE, &before);
    CU_ASSERT_EQUAL(logins, 0);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "Too many open files"));
    CU_ASSERT_PTR_NULL(strstr(rig.said, "cannot be read"));
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    end();
}

/* ---- several mechanisms ---- */

static char tried[64];               /* "C" CRAM-MD5, "P" PLAIN, "L" LOGIN, in order */
static const char *taken, *hangs_up; /* the mechanisms that work, and that end the connection */

static const char *several(sending_rig_t *r, const char *command)
{
    static char last;

    (void)r;
    if (!strncmp(command, "EHLO", 4)) return "250-relay\r\n250 AUTH CRAM-MD5 LOGIN PLAIN";
    if (!strncmp(command, "AUTH ", 5)) {
        last = command[5];
        size_t n = strlen(tried);
        if (n + 1 < sizeof(tried)) snprintf(tried + n, 2, "%c", last);
        if (strchr(hangs_up, last)) return "drop";
        if (last == 'C') return "334 PDFAcj4=";
        if (last == 'L') return "334 Username:";
    } else if (last == 'L' && !strcmp(command, "dXNlcg==")) {
        return "334 Password:";
    } else if (!last || !*command || !strcmp(command, ".") || !strcmp(command, "QUIT") ||
               strchr(command, ' ')) {
        return NULL;
    }
    char mechanism = last;
    last = '\0';
    return strchr(taken, mechanism) ? "235 2.7.0 welcome" : "535 5.7.8 bad credentials";
}

static void start_several(const char *works, const char *cuts)
{
    start("old");
    rig.reply = several;
    tried[0] = '\0';
    taken = works;
    hangs_up = cuts;
}

static void the_next_mechanism_is_tried_and_remembered(void)
{
    start_several("P", "");
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_STRING_EQUAL(tried, "CP");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(rig.said, "refuses the login mechanism CRAM-MD5 and takes PLAIN"));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSendAuth PLAIN"));
    /* On the next connection it goes first; after a day the strongest does again. */
    sending_rig_run(&rig, 600 * RIG_SECOND);
    m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_STRING_EQUAL(tried, "CPP");
    sending_rig_run(&rig, 24 * 3600 * RIG_SECOND);
    m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_STRING_EQUAL(tried, "CPPCP");
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    end();
}

/* A day in all, however often the daemon starts; another user's login is not judged by it. */
static void the_mechanism_that_worked_outlasts_restarts(void)
{
    start_several("P", "");
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    sending_rig_restart(&rig, 12 * 3600 * RIG_SECOND);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_STRING_EQUAL(tried, "CPP");
    sending_rig_restart(&rig, 13 * 3600 * RIG_SECOND);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_STRING_EQUAL(tried, "CPPCP");
    static const char row[] = "{\"user\":\"%s\",\"hosts\":{\"relay.example:25\":{\"mechanism\":"
                              "\"LOGIN\",\"learned\":1800000000000000}}}";
    char text[200];
    snprintf(text, sizeof(text), row, "another");
    ss_kept_restore(rig.relay, text);
    CU_ASSERT_STRING_EQUAL(rig.relay->logins[0].mechanism, "PLAIN");
    snprintf(text, sizeof(text), row, "");
    ss_kept_restore(rig.relay, text);
    CU_ASSERT_STRING_EQUAL(rig.relay->logins[0].mechanism, "LOGIN");
    end();
}

static void a_wrong_password_is_not_tried_more_than_three_times_in_a_row(void)
{
    start_several("", "");
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 30 * RIG_SECOND);
    CU_ASSERT_STRING_EQUAL(tried, "CPL");
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
    /* Within the hour the probes try one mechanism each. */
    sending_rig_run(&rig, 600 * RIG_SECOND);
    CU_ASSERT(strlen(tried) > 3);
    CU_ASSERT_EQUAL(strspn(tried + 3, "C"), strlen(tried) - 3);
    CU_ASSERT(rig.opened >= (int)strlen(tried) - 2);
    /* The password is right after all, for the last mechanism: found an hour later. */
    taken = "L";
    sending_rig_run(&rig, 2 * 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    end();
}

static void where_a_mechanism_ends_the_connection_the_next_one_tries_another(void)
{
    start_several("P", "C");
    int m = sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 10 * RIG_SECOND);
    CU_ASSERT_STRING_EQUAL(tried, "CP");
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    end();
}

void ss_suite_login(void)
{
    CU_pSuite suite = CU_add_suite("login", NULL, NULL);

#define ADD(test) CU_add_test(suite, #test, test)
    ADD(a_secret_that_did_not_change_is_not_read_again);
    ADD(a_changed_secret_is_read_before_the_next_login);
    ADD(a_secret_that_changed_during_the_login_is_tried_at_once);
    ADD(a_second_rejection_waits);
    ADD(a_secret_that_cannot_be_read_is_logged);
    ADD(the_next_mechanism_is_tried_and_remembered);
    ADD(the_mechanism_that_worked_outlasts_restarts);
    ADD(a_wrong_password_is_not_tried_more_than_three_times_in_a_row);
    ADD(where_a_mechanism_ends_the_connection_the_next_one_tries_another);
    ADD(a_secret_that_a_shortage_hides_is_read_again_soon);
}
