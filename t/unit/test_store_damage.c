/* test_store_damage.c: a part of the queue's file cannot be read: one message affects no other. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/db.h"
#include "store_rig.h"

#define PAGE 8192
#define LARGE 60000 /* octets, on pages of their own */

static store_rig_t rig;
static ss_message_t *bad, *good;

/* The page of the closed file that contains the bytes, without the page's first ones. */
static off_t find_page(const char *bytes, size_t len)
{
    struct stat s;
    off_t page = -1;
    int fd = open(rig.file, O_RDONLY);
    char *all;

    CU_ASSERT_TRUE_FATAL(fd >= 0 && !fstat(fd, &s));
    all = malloc((size_t)s.st_size);
    CU_ASSERT_EQUAL_FATAL(read(fd, all, (size_t)s.st_size), s.st_size);
    char *at = memmem(all, (size_t)s.st_size, bytes, len);
    if (at) page = (at - all) / PAGE * PAGE;
    free(all);
    close(fd);
    CU_ASSERT_TRUE_FATAL(page > 0);
    return page;
}

static void overwrite(off_t at, char with, size_t len)
{
    char bytes[PAGE];
    int fd = open(rig.file, O_WRONLY);

    memset(bytes, with, sizeof(bytes));
    CU_ASSERT_EQUAL(pwrite(fd, bytes, len, at), (ssize_t)len);
    close(fd);
}

/* Two messages; the middle of the first one's content points to a page that is not there. */
static void begin(int recipients)
{
    store_rig_start(&rig);
    bad = store_rig_message(&rig, recipients, LARGE);
    good = store_rig_message(&rig, 1, 10);
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, bad), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, good), APR_SUCCESS);
    store_rig_close(&rig);
    overwrite(find_page(bad->parts[0].bytes + LARGE / 2, 1000), (char)0xff, 4);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
}

static void end(void)
{
    apr_pool_destroy(bad->pool);
    apr_pool_destroy(good->pool);
    store_rig_end(&rig);
}

static apr_status_t load(const char *id)
{
    ss_store_load_t *request = ss_store_load_create(id, APR_UINT64_MAX, store_rig_done, NULL);
    apr_status_t rv = store_rig_ask(&rig, &request->head);

    if (rv == APR_SUCCESS) apr_pool_destroy(request->message->pool);
    apr_pool_destroy(request->head.pool);
    return rv;
}

static apr_status_t act(ss_store_action_t action, const char *id, const char *reason, int *changed)
{
    ss_store_control_t *request =
        ss_store_control_create(action, "somebody", RIG_NOW, store_rig_done, NULL);

    apr_cpystrn(request->id, id, sizeof(request->id));
    request->reason = reason;
    request->keep_history = 1;
    apr_status_t rv = store_rig_ask(&rig, &request->head);
    *changed = rv == APR_SUCCESS && request->rows->nelts == 1
                   ? APR_ARRAY_IDX(request->rows, 0, ss_store_changed_t).recipients
                   : 0;
    apr_pool_destroy(request->head.pool);
    return rv;
}

static ss_store_stats_t stats(void)
{
    ss_store_stats_t now;

    ss_store_stats(rig.store, &now);
    return now;
}

/* By another program, while the queue is closed. */
static void execute(const char *statement)
{
    apr_pool_t *pool = ss_store_pool();
    ss_db_t db;

    store_rig_close(&rig);
    CU_ASSERT_EQUAL_FATAL(ss_db_open(&db, &ss_dialect_sqlite, rig.file, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_db_write(&db, 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(ss_db_do(&db, statement), APR_SUCCESS);
    ss_db_close(&db);
    apr_pool_destroy(pool);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
}

/* The first page of a table or index. */
static int root_of(const char *name)
{
    apr_pool_t *pool = ss_store_pool();
    ss_db_t db;
    int page = 0;

    CU_ASSERT_EQUAL_FATAL(ss_db_open(&db, &ss_dialect_sqlite, rig.file, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL(
        ss_db_ask(&db, apr_pstrcat(pool, "SELECT rootpage FROM sqlite_master WHERE name = '", name,
                                   "'", NULL)),
        APR_SUCCESS);
    while (ss_db_next(&db)) page = (int)ss_db_number(&db, 0);
    ss_db_close(&db);
    apr_pool_destroy(pool);
    CU_ASSERT_TRUE_FATAL(page > 0);
    return page;
}

static apr_status_t set_something(void)
{
    ss_store_set_t *request =
        ss_store_set_create("last/probe", "written", RIG_NOW, store_rig_done, NULL);
    apr_status_t rv = store_rig_ask(&rig, &request->head);

    apr_pool_destroy(request->head.pool);
    return rv;
}

/* A request alone in its batch does not show whether it affects others. */
static void post_accept(ss_message_t *m, int *is_done, ss_store_accept_t **request)
{
    *request = ss_store_accept_create(m, store_rig_done, is_done);
    store_rig_post(&rig, &(*request)->head);
}

static void it_can_be_put_on_hold_and_cancelled(void)
{
    ss_store_lookup_t *lookup;
    int changed;

    begin(2);
    CU_ASSERT_EQUAL(load(bad->id), SS_STORE_UNREADABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, "is damaged"));
    CU_ASSERT_EQUAL(load(good->id), APR_SUCCESS);
    CU_ASSERT_EQUAL(act(SS_ACTION_HOLD, bad->id, "its content is gone", &changed), APR_SUCCESS);
    CU_ASSERT_EQUAL(changed, 2);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, bad->id), "held");
    lookup = ss_store_lookup_create(bad->id, store_rig_done, NULL);
    CU_ASSERT_EQUAL(store_rig_ask(&rig, &lookup->head), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lookup->message->rcpts[0].cause);
    CU_ASSERT_STRING_EQUAL(lookup->message->rcpts[0].cause, "unreadable");
    CU_ASSERT_STRING_EQUAL(lookup->message->rcpts[1].reply, "its content is gone");
    apr_pool_destroy(lookup->head.pool);
    CU_ASSERT_EQUAL(act(SS_ACTION_HOLD, bad->id, "its content is gone", &changed), APR_SUCCESS);
    CU_ASSERT_EQUAL(changed, 0);
    CU_ASSERT_EQUAL(act(SS_ACTION_CANCEL, bad->id, NULL, &changed), APR_SUCCESS);
    CU_ASSERT_EQUAL(changed, 2);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, bad->id), "cancelled");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, good->id), "queued");
    end();
}

/* It was sent from memory before. */
static void its_outcome_is_written_and_the_others_too(int recipients)
{
    ss_message_t *new = NULL;
    ss_store_accept_t *accept;
    int is_done = 0;

    begin(recipients);
    new = store_rig_message(&rig, 1, 10);
    post_accept(new, &is_done, &accept);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, bad, 0, SS_STATE_SENT, "250 ok", 1), APR_SUCCESS);
    store_rig_wait(&rig, &is_done);
    CU_ASSERT_EQUAL(accept->head.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, good, 0, SS_STATE_SENT, "250 ok", 1), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(stats().fault, "");
    store_rig_close(&rig);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, bad->id), recipients > 1 ? "partial" : "sent");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, good->id), "sent");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, new->id), "queued");
    apr_pool_destroy(accept->head.pool);
    apr_pool_destroy(new->pool);
    end();
}

static void an_outcome_is_written(void)
{
    its_outcome_is_written_and_the_others_too(1);
}

static void an_outcome_of_several_recipients_is_written(void)
{
    its_outcome_is_written_and_the_others_too(2);
}

/* Not even the recipient can be written: its outcome is refused, and the rest of the batch is not.
 * (That the file is damaged is found soon after, by the look that follows a start.) */
static void what_cannot_be_written_is_refused_alone(void)
{
    ss_message_t *new;
    ss_store_accept_t *accept;
    int is_done = 0;

    store_rig_start(&rig);
    bad = store_rig_message(&rig, 900, 10);
    good = store_rig_message(&rig, 1, 10);
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, bad), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, good), APR_SUCCESS);
    store_rig_close(&rig);
    overwrite(find_page("r450@example.net", 16), (char)0xff, PAGE);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    new = store_rig_message(&rig, 1, 10);
    post_accept(new, &is_done, &accept);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, bad, 450, SS_STATE_SENT, "250 ok", 1),
                    SS_STORE_UNREADABLE);
    store_rig_wait(&rig, &is_done);
    CU_ASSERT_EQUAL(accept->head.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, good, 0, SS_STATE_SENT, "250 ok", 1), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(stats().fault, "");
    apr_pool_destroy(accept->head.pool);
    apr_pool_destroy(new->pool);
    end();
}

/* ---- the whole file ---- */

static void what_is_unreadable_is_counted_until_it_is_over(void)
{
    int changed;

    begin(1);
    CU_ASSERT_EQUAL(stats().unreadable, 0);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(load(bad->id), SS_STORE_UNREADABLE);
        CU_ASSERT_EQUAL(stats().unreadable, 1);
    }
    CU_ASSERT_EQUAL(act(SS_ACTION_HOLD, bad->id, "gone", &changed), APR_SUCCESS);
    CU_ASSERT_EQUAL(stats().unreadable, 1);
    CU_ASSERT_EQUAL(act(SS_ACTION_CANCEL, bad->id, NULL, &changed), APR_SUCCESS);
    CU_ASSERT_EQUAL(stats().unreadable, 0);
    CU_ASSERT_STRING_EQUAL(stats().damage, "");
    end();
}

/* `count` messages whose content is damaged, in a file that is not otherwise. */
static void many_unreadable(int count, int is_file)
{
    char ids[12][SS_IDENT_TEXT];
    ss_message_t *new;

    store_rig_start(&rig);
    for (int i = 0; i < count; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        apr_cpystrn(ids[i], m->id, SS_IDENT_TEXT);
        CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, m), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    execute("UPDATE message SET body = NULL");
    for (int i = 0; i < count; i++) CU_ASSERT_EQUAL(load(ids[i]), SS_STORE_UNREADABLE);
    CU_ASSERT_EQUAL(stats().unreadable, count);
    CU_ASSERT_EQUAL(*stats().damage != 0, is_file);
    CU_ASSERT_STRING_EQUAL(stats().fault, "");
    new = store_rig_message(&rig, 1, 10);
    CU_ASSERT_EQUAL(store_rig_accept(&rig, new) != APR_SUCCESS, is_file);
    if (is_file) CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, "more than 10 messages"));
    CU_ASSERT_EQUAL(set_something(), APR_SUCCESS);
    apr_pool_destroy(new->pool);
    store_rig_end(&rig);
}

static void ten_unreadable_messages_are_single_ones(void)
{
    many_unreadable(SS_DB_DAMAGED_MAX, 0);
}

static void eleven_unreadable_messages_are_a_damaged_file(void)
{
    many_unreadable(SS_DB_DAMAGED_MAX + 1, 1);
}

/* The index of what is due, whose first page is overwritten. */
static void an_order_that_cannot_be_read_is_a_damaged_file(void)
{
    ss_store_due_t *due;
    ss_message_t *new;

    begin(1);
    store_rig_close(&rig);
    overwrite((off_t)(root_of("message_due") - 1) * PAGE, (char)0xff, PAGE);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    due = ss_store_due_create("default", 0, "", 10, store_rig_done, NULL);
    CU_ASSERT_NOT_EQUAL(store_rig_ask(&rig, &due->head), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(stats().damage, "--recover"));
    new = store_rig_message(&rig, 1, 10);
    CU_ASSERT_NOT_EQUAL(store_rig_accept(&rig, new), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, "--recover"));
    /* What was read before is not lost. */
    CU_ASSERT_EQUAL(load(good->id), APR_SUCCESS);
    apr_pool_destroy(due->head.pool);
    apr_pool_destroy(new->pool);
    end();
}

/* Nobody asks for anything: the store looks by itself. The page of a table's rows is overwritten.
 */
static void a_damaged_page_is_found_soon(const char *bytes, size_t len)
{
    begin(900);
    for (int i = 0; i < 1200; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    store_rig_close(&rig);
    overwrite(find_page(bytes, len), (char)0xff, PAGE);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    for (int i = 0; i < 2000 && !*stats().damage; i++) usleep(5000);
    CU_ASSERT_PTR_NOT_NULL(strstr(stats().damage, "--recover"));
    end();
}

static void damage_is_looked_for_after_the_start(void)
{
    a_damaged_page_is_found_soon("r850@example.net", 16);
    a_damaged_page_is_found_soon("sender@example.com", 18);
}

/* The content of one message is no damage of the file. */
static void a_sound_file_is_not_found_damaged(void)
{
    begin(900);
    usleep(400000);
    CU_ASSERT_STRING_EQUAL(stats().damage, "");
    end();
}

/* ---- what does not fit together ---- */

/* A message whose rows are changed by another program before it is loaded. */
static void after(const char *statement, int parts, const char *words)
{
    char id[SS_IDENT_TEXT];
    ss_message_t *m;

    store_rig_start(&rig);
    m = store_rig_message(&rig, 2, (apr_size_t)(parts - 1) * SS_PART_MAX + 10);
    apr_cpystrn(id, m->id, sizeof(id));
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, m), APR_SUCCESS);
    apr_pool_destroy(m->pool);
    execute(statement);
    CU_ASSERT_EQUAL(load(id), words ? SS_STORE_UNREADABLE : APR_NOTFOUND);
    if (words) CU_ASSERT_PTR_NOT_NULL(strstr(rig.result.text, words));
    store_rig_end(&rig);
}

static void a_content_that_is_missing_is_no_message(void)
{
    after("UPDATE message SET body = NULL", 1, "only 0 of the 1 parts");
    after("DELETE FROM body WHERE number = 1", 3, "only 2 of the 3 parts");
    after("UPDATE message SET body = NULL; UPDATE recipient SET state = 4", 1, NULL);
}

static void recipients_that_are_missing_are_no_message(void)
{
    after("DELETE FROM recipient WHERE number = 1", 1, "only 1 of its 2 recipients");
    after("DELETE FROM recipient", 1, "only 0 of its 2 recipients");
}

/* clang-format moves these rows at each run. */
/* clang-format off */
#define TESTS(X) \
    X(it_can_be_put_on_hold_and_cancelled) X(an_outcome_is_written) \
    X(an_outcome_of_several_recipients_is_written) X(a_content_that_is_missing_is_no_message) \
    X(recipients_that_are_missing_are_no_message) \
    X(what_cannot_be_written_is_refused_alone) \
    X(what_is_unreadable_is_counted_until_it_is_over) \
    X(ten_unreadable_messages_are_single_ones) \
    X(eleven_unreadable_messages_are_a_damaged_file) \
    X(an_order_that_cannot_be_read_is_a_damaged_file) X(damage_is_looked_for_after_the_start) \
    X(a_sound_file_is_not_found_damaged)
/* clang-format on */

void ss_suite_store_damage(void)
{
    CU_pSuite suite = CU_add_suite("store_damage", NULL, NULL);

#define ADD(name) CU_add_test(suite, #name, name);
    TESTS(ADD)
}
