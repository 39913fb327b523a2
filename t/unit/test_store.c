/* test_store.c: what the store does for each verb: nothing of a message changes on its way through,
 * and each question is answered from what is there. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "disk.h"
#include "store_rig.h"

static store_rig_t rig;

static void begin(void)
{
    store_rig_start(&rig);
}

static void end(void)
{
    store_rig_end(&rig);
}

static ss_store_load_t *load(const char *id, apr_uint64_t whole_max)
{
    ss_store_load_t *request = ss_store_load_create(id, whole_max, store_rig_done, NULL);

    store_rig_ask(&rig, &request->head);
    return request;
}

static void forget(ss_store_load_t *request)
{
    if (request->message) apr_pool_destroy(request->message->pool);
    apr_pool_destroy(request->head.pool);
}

/* Asks, and needs no more of the answer. */
static apr_status_t ask(ss_store_request_t *request)
{
    apr_status_t rv = store_rig_ask(&rig, request);

    apr_pool_destroy(request->pool);
    return rv;
}

static int is_content(const char *bytes, apr_size_t from, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (bytes[i] != store_rig_byte(from + i)) return 0;
    }
    return 1;
}

/* ---- a message there and back ---- */

static void a_message_comes_back_whole(void)
{
    ss_message_t *m = store_rig_message(&rig, 2, 1234);

    m->relay = "second";
    m->attr.is_8bit = m->attr.requires_tls = 1;
    m->attr.dsn_options.ret = 2;
    m->attr.dsn_options.envid = "QQ314";
    m->attr.priority = 2;
    m->attr.subject = "Gr\xc3\xbc\xc3\x9f"
                      "e % _ ' \" \\";
    m->attr.message_id = "<1@example.com>";
    m->attr.header_from = "from@example.com";
    m->attr.submitter = "alice";
    m->attr.via = "http";
    m->attr.uid = 1000;
    m->attr.metadata = "{\"a\":1}";
    m->attr.webhook = "https://example.com/";
    m->attr.idempotency_key = "k";
    m->attr.content_hash = "abcd";
    m->attr.at = RIG_NOW + 5;
    m->attr.expire = 77;
    m->paused_base = 88;
    m->attr.created_by = "0192";
    m->rcpts[1].orcpt = "rfc822;x@example.net";
    m->rcpts[1].notify = 3;
    m->rcpts[0].next = m->rcpts[1].next = RIG_NOW + 5;
    CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
    ss_store_load_t *request = load(m->id, 1000000);
    CU_ASSERT_EQUAL_FATAL(request->head.rv, APR_SUCCESS);
    const ss_message_t *got = request->message;
    CU_ASSERT_STRING_EQUAL(got->id, m->id);
    CU_ASSERT_STRING_EQUAL(got->relay, "second");
    CU_ASSERT_STRING_EQUAL(got->from, m->from);
    CU_ASSERT_STRING_EQUAL(got->attr.subject, m->attr.subject);
    CU_ASSERT_STRING_EQUAL(got->attr.metadata, m->attr.metadata);
    CU_ASSERT_STRING_EQUAL(got->attr.webhook, m->attr.webhook);
    CU_ASSERT_STRING_EQUAL(got->attr.dsn_options.envid, m->attr.dsn_options.envid);
    CU_ASSERT_STRING_EQUAL(got->attr.submitter, "alice");
    CU_ASSERT_STRING_EQUAL(got->attr.created_by, "0192");
    CU_ASSERT_TRUE(got->attr.is_8bit && got->attr.requires_tls && !got->attr.is_utf8 &&
                   !got->attr.is_auto);
    CU_ASSERT_TRUE(got->attr.dsn_options.ret == 2 && got->attr.priority == 2 &&
                   got->attr.uid == 1000 && got->attr.expire == 77 && got->paused_base == 88);
    CU_ASSERT_TRUE(got->created == RIG_NOW && got->attr.at == RIG_NOW + 5 && got->size == 1234);
    CU_ASSERT_EQUAL_FATAL(got->rcpt_count, 2);
    CU_ASSERT_STRING_EQUAL(got->rcpts[1].address, "r1@example.net");
    CU_ASSERT_STRING_EQUAL(got->rcpts[1].orcpt, "rfc822;x@example.net");
    CU_ASSERT_TRUE(got->rcpts[1].notify == 3 && got->rcpts[1].next == RIG_NOW + 5 &&
                   got->rcpts[1].number == 1);
    CU_ASSERT_EQUAL_FATAL(got->part_count, 1);
    CU_ASSERT_TRUE(got->parts[0].len == 1234 && is_content(got->parts[0].bytes, 0, 1234));
    forget(request);
    apr_pool_destroy(m->pool);
    request = load("0192aaaa-0000-7000-8000-000000000000", 1);
    CU_ASSERT_TRUE(APR_STATUS_IS_NOTFOUND(request->head.rv));
    forget(request);
}

static void a_large_message_lies_in_parts(void)
{
    apr_size_t size = 2 * SS_PART_MAX + 1000;
    ss_message_t *m = store_rig_message(&rig, 1, size);

    CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
    /* Larger than the limit: the first part, and how long the others are. */
    ss_store_load_t *request = load(m->id, size - 1);
    CU_ASSERT_EQUAL_FATAL(request->head.rv, APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(request->message->part_count, 3);
    CU_ASSERT_TRUE(is_content(request->message->parts[0].bytes, 0, SS_PART_MAX));
    CU_ASSERT_TRUE(!request->message->parts[1].bytes &&
                   request->message->parts[1].len == SS_PART_MAX);
    CU_ASSERT_TRUE(!request->message->parts[2].bytes && request->message->parts[2].len == 1000);
    CU_ASSERT_EQUAL(ss_message_resident(request->message), SS_PART_MAX);
    forget(request);
    request = load(m->id, size);
    CU_ASSERT_EQUAL_FATAL(request->head.rv, APR_SUCCESS);
    CU_ASSERT_TRUE(is_content(request->message->parts[2].bytes, 2 * SS_PART_MAX, 1000));
    CU_ASSERT_EQUAL(ss_message_resident(request->message), size);
    forget(request);
    ss_store_part_t *part = ss_store_part_create(m->id, 2, store_rig_done, NULL);
    CU_ASSERT_EQUAL(store_rig_ask(&rig, &part->head), APR_SUCCESS);
    CU_ASSERT_TRUE(part->len == 1000 && part->size == size);
    CU_ASSERT_TRUE(is_content(part->bytes, 2 * SS_PART_MAX, 1000));
    apr_pool_destroy(part->head.pool);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 2.0.0 Ok", 1), APR_SUCCESS);
    for (int number = 0; number < 3; number++) {
        part = ss_store_part_create(m->id, number, store_rig_done, NULL);
        CU_ASSERT_TRUE(APR_STATUS_IS_NOTFOUND(ask(&part->head)));
    }
    apr_pool_destroy(m->pool);
}

static apr_status_t stage(const ss_message_t *m, int number)
{
    return ask(&ss_store_stage_create(m->id, number, m->parts[number].bytes, m->parts[number].len,
                                      store_rig_done, NULL)
                    ->head);
}

static apr_status_t unstage(const ss_message_t *m)
{
    return ask(&ss_store_unstage_create(m->id, store_rig_done, NULL)->head);
}

static apr_status_t purge(apr_time_t before, apr_time_t now)
{
    return ask(&ss_store_purge_create(before, 10, now, store_rig_done, NULL)->head);
}

static apr_status_t part_of(const char *id, int number)
{
    return ask(&ss_store_part_create(id, number, store_rig_done, NULL)->head);
}

/* Parts may be in the store before their message is. What nobody accepts goes: at once when
 * somebody says so, else after an hour. */
static void parts_come_before_their_message(void)
{
    ss_message_t *taken = store_rig_message(&rig, 1, 2 * SS_PART_MAX + 5),
                 *left = store_rig_message(&rig, 1, SS_PART_MAX + 5),
                 *lost = store_rig_message(&rig, 1, SS_PART_MAX + 5);

    CU_ASSERT_EQUAL(stage(taken, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(stage(taken, 2), APR_SUCCESS);
    CU_ASSERT_EQUAL(stage(left, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(stage(lost, 1), APR_SUCCESS);
    taken->is_staged = 1;
    CU_ASSERT_EQUAL(store_rig_accept(&rig, taken), APR_SUCCESS);
    ss_store_load_t *request = load(taken->id, 1 << 30);
    CU_ASSERT_EQUAL_FATAL(request->head.rv, APR_SUCCESS);
    CU_ASSERT_TRUE(is_content(request->message->parts[0].bytes, 0, SS_PART_MAX) &&
                   is_content(request->message->parts[2].bytes, 2 * SS_PART_MAX, 5));
    forget(request);
    CU_ASSERT_EQUAL(unstage(taken), APR_SUCCESS);
    CU_ASSERT_EQUAL(unstage(left), APR_SUCCESS);
    /* accepted: not to be forgotten any more */
    CU_ASSERT_EQUAL(part_of(taken->id, 1), APR_SUCCESS);
    /* Another with the id of one that was lost: its part would still be there. */
    CU_ASSERT_EQUAL(stage(left, 1), APR_SUCCESS);
    for (int later = 0; later < 2; later++) {
        /* ids tell the millisecond */
        CU_ASSERT_EQUAL(purge(0, RIG_NOW + 3600 * APR_USEC_PER_SEC + later * 1000), APR_SUCCESS);
        CU_ASSERT_EQUAL(stage(lost, 1) == APR_SUCCESS, later);
    }
    CU_ASSERT_EQUAL(part_of(taken->id, 1), APR_SUCCESS);
    /* Accepting what is not all there any more: refused, and nothing is in the queue. */
    CU_ASSERT_EQUAL(unstage(lost), APR_SUCCESS);
    lost->is_staged = 1;
    CU_ASSERT_TRUE(store_rig_accept(&rig, lost) == APR_EINCOMPLETE);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, lost->id), "none");
    apr_pool_destroy(taken->pool);
    apr_pool_destroy(left->pool);
    apr_pool_destroy(lost->pool);
}

static void recipients_end_one_by_one(void)
{
    ss_message_t *m = store_rig_message(&rig, 3, 10);

    CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 1, SS_STATE_SENT, "250 2.0.0 Ok", 1), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "partial");
    m->rcpts[0].next = RIG_NOW + 60;
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_DEFERRED, "450 4.2.0 later", 1),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 2, SS_STATE_FAILED, "550 5.1.1 unknown", 1),
                    APR_SUCCESS);
    ss_store_load_t *request = load(m->id, 1000);
    CU_ASSERT_EQUAL_FATAL(request->head.rv, APR_SUCCESS);
    const ss_recipient_t *r = request->message->rcpts;
    CU_ASSERT_TRUE(r[0].state == SS_STATE_DEFERRED && r[1].state == SS_STATE_SENT &&
                   r[2].state == SS_STATE_FAILED);
    CU_ASSERT_TRUE(r[0].next == RIG_NOW + 60 && r[0].attempts == 1);
    CU_ASSERT_STRING_EQUAL(r[2].reply, "550 5.1.1 unknown");
    CU_ASSERT_PTR_NOT_NULL(request->message->parts[0].bytes);
    forget(request);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 2.0.0 Ok", 1), APR_SUCCESS);
    request = load(m->id, 1000);
    CU_ASSERT_TRUE(APR_STATUS_IS_NOTFOUND(request->head.rv));
    forget(request);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "partial");
    apr_pool_destroy(m->pool);
}

/* All that an attempt leaves with a recipient, and its two marks one by one. */
static void a_recipient_comes_back_whole(void)
{
    for (int marks = 0; marks < 4; marks++) {
        ss_message_t *m = store_rig_message(&rig, 2, 10);
        ss_recipient_t *rcpt = &m->rcpts[1];
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        rcpt->dsn = "4.2.0";
        rcpt->host = "h[192.0.2.1]:25";
        rcpt->advice = "greylisted";
        rcpt->next = RIG_NOW + 60;
        rcpt->last_attempt = RIG_NOW + 1;
        rcpt->delivered_at = RIG_NOW + 2;
        rcpt->is_uncertain = marks & 1;
        rcpt->is_delay_reported = marks >> 1;
        CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 1, SS_STATE_DEFERRED, "450 4.2.0 later", 1),
                        APR_SUCCESS);
        ss_store_load_t *request = load(m->id, 1000);
        CU_ASSERT_EQUAL_FATAL(request->head.rv, APR_SUCCESS);
        const ss_recipient_t *got = &request->message->rcpts[1];
        CU_ASSERT_TRUE(got->state == SS_STATE_DEFERRED && got->attempts == 1);
        CU_ASSERT_TRUE(got->next == RIG_NOW + 60 && got->last_attempt == RIG_NOW + 1 &&
                       got->delivered_at == RIG_NOW + 2);
        CU_ASSERT_STRING_EQUAL(got->reply, "450 4.2.0 later");
        CU_ASSERT_STRING_EQUAL(got->dsn, "4.2.0");
        CU_ASSERT_STRING_EQUAL(got->host, "h[192.0.2.1]:25");
        CU_ASSERT_STRING_EQUAL(got->advice, "greylisted");
        CU_ASSERT_TRUE(got->is_uncertain == (marks & 1) && got->is_delay_reported == marks >> 1);
        CU_ASSERT_FALSE(request->message->rcpts[0].is_uncertain);
        forget(request);
        apr_pool_destroy(m->pool);
    }
}

static void history_is_kept_or_not(void)
{
    ss_message_t *m = store_rig_message(&rig, 1, 10);
    ss_store_outcome_t *outcome = ss_store_outcome_create(m, 0, RIG_NOW, store_rig_done, NULL);
    int zero = 0;

    CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
    m->rcpts[0].state = SS_STATE_DEFERRED;
    m->rcpts[0].next = RIG_NOW + 9;
    outcome->changed = &zero;
    outcome->changed_count = 1;
    outcome->history = apr_array_make(outcome->head.pool, 2, sizeof(ss_message_history_t));
    APR_ARRAY_PUSH(outcome->history, ss_message_history_t) =
        (ss_message_history_t){ RIG_NOW, 0, "deferred", "450 later", "h[1]:25" };
    CU_ASSERT_EQUAL(ask(&outcome->head), APR_SUCCESS);
    ss_store_lookup_t *request = ss_store_lookup_create(m->id, store_rig_done, NULL);
    CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(request->history->nelts, 1);
    const ss_message_history_t *h = &APR_ARRAY_IDX(request->history, 0, ss_message_history_t);
    CU_ASSERT_TRUE(h->time == RIG_NOW && h->recipient == 0 && !strcmp(h->what, "deferred") &&
                   !strcmp(h->text, "450 later") && !strcmp(h->host, "h[1]:25"));
    apr_pool_destroy(request->head.pool);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 Ok", 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), "none");
    apr_pool_destroy(m->pool);
}

/* ---- the order of waiting messages ---- */

static void due_comes_in_order_and_pages(void)
{
    static const int later[] = { 30, 10, 20, 10, 0, 50, 40 };
    char ids[7][SS_IDENT_TEXT], after[SS_IDENT_TEXT] = "";
    char seen[8] = "";
    apr_time_t after_time = -1;

    for (int i = 0; i < 7; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        m->rcpts[0].next = RIG_NOW + later[i];
        if (i == 6) m->relay = "other";
        apr_cpystrn(ids[i], m->id, sizeof(ids[i]));
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        if (i == 5)
            CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 Ok", 1), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    for (int page = 0; page < 4; page++) {
        ss_store_due_t *request =
            ss_store_due_create("default", after_time, after, 2, store_rig_done, NULL);
        CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
        for (int i = 0; i < request->rows->nelts; i++) {
            const ss_store_due_row_t *due = &APR_ARRAY_IDX(request->rows, i, ss_store_due_row_t);
            CU_ASSERT_EQUAL(due->queued, 1);
            for (int n = 0; n < 7; n++) {
                if (!strcmp(ids[n], due->id)) seen[strlen(seen)] = (char)('0' + n);
            }
            after_time = due->due;
            apr_cpystrn(after, due->id, sizeof(after));
        }
        apr_pool_destroy(request->head.pool);
    }
    CU_ASSERT_STRING_EQUAL(seen, "41320");
}

/* ---- equal submissions ---- */

static ss_store_accept_t *keyed(const char *submitter, const char *hash, int *is_done)
{
    ss_store_accept_t *request =
        ss_store_accept_create(store_rig_message(&rig, 1, 10), store_rig_done, is_done);

    *is_done = 0;
    request->message->attr.submitter = submitter;
    request->message->attr.idempotency_key = "key";
    request->message->attr.content_hash = hash;
    return request;
}

static void equal_keys_are_one_message(void)
{
    static const struct {
        const char *submitter, *hash;
        int is_existing, is_same;
    } table[] = {
        { "alice", "aa", 0, 0 }, { "alice", "aa", 1, 1 }, { "alice", "bb", 1, 0 },
        { "bob", "aa", 0, 0 },   { "bob", "aa", 1, 1 },
    };
    ss_store_accept_t *all[5];
    int is_done[5];

    /* Once in one batch, behind a commit that does not return; then one by one. */
    for (int round = 0; round < 2; round++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        int first_done = 0;
        ss_store_accept_t *first = ss_store_accept_create(m, store_rig_done, &first_done);
        if (!round) disk_set(DISK_STUCK);
        store_rig_post(&rig, &first->head);
        if (!round) CU_ASSERT_TRUE_FATAL(disk_wait_stuck());
        for (int i = 0; i < 5; i++) {
            all[i] = keyed(table[i].submitter, table[i].hash, &is_done[i]);
            store_rig_post(&rig, &all[i]->head);
        }
        disk_set(DISK_WELL);
        for (int i = 0; i < 5; i++) store_rig_wait(&rig, &is_done[i]);
        store_rig_wait(&rig, &first_done);
        apr_pool_destroy(first->head.pool);
        apr_pool_destroy(m->pool);
        for (int i = 0; i < 5; i++) {
            CU_ASSERT_EQUAL(all[i]->head.rv, APR_SUCCESS);
            CU_ASSERT_EQUAL(*all[i]->existing_id != '\0', round || table[i].is_existing);
            if (*all[i]->existing_id)
                CU_ASSERT_EQUAL(all[i]->existing_same,
                                table[i].is_same || (round && strcmp(table[i].hash, "bb")));
            if (!round && table[i].is_existing)
                CU_ASSERT_STRING_EQUAL(all[i]->existing_id, all[i < 3 ? 0 : 3]->message->id);
            CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, all[i]->message->id),
                                   *all[i]->existing_id ? "none" : "queued");
        }
        for (int i = 0; i < 5; i++) {
            apr_pool_destroy(all[i]->message->pool);
            apr_pool_destroy(all[i]->head.pool);
        }
    }
    ss_store_stats_t stats;
    ss_store_stats(rig.store, &stats);
    CU_ASSERT_TRUE(stats.requests == 12 && stats.commits <= 8);
}

static void one_bad_request_spoils_no_other(void)
{
    ss_message_t *m[4];
    ss_store_accept_t *all[4];
    int is_done[4] = { 0 };

    disk_set(DISK_STUCK);
    for (int i = 0; i < 4; i++) {
        m[i] = store_rig_message(&rig, 1, 10);
        all[i] = ss_store_accept_create(m[i], store_rig_done, &is_done[i]);
    }
    memcpy(m[2]->id, m[1]->id, sizeof(m[2]->id));
    store_rig_post(&rig, &all[0]->head);
    CU_ASSERT_TRUE_FATAL(disk_wait_stuck());
    for (int i = 1; i < 4; i++) store_rig_post(&rig, &all[i]->head);
    disk_set(DISK_WELL);
    for (int i = 0; i < 4; i++) {
        store_rig_wait(&rig, &is_done[i]);
        CU_ASSERT_EQUAL(all[i]->head.rv == APR_SUCCESS, i != 2);
        CU_ASSERT_EQUAL(*all[i]->head.result.text != '\0', i == 2);
        CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m[i]->id), "queued");
        apr_pool_destroy(all[i]->head.pool);
    }
    for (int i = 0; i < 4; i++) apr_pool_destroy(m[i]->pool);
}

/* ---- settings, purge, counts ---- */

static void set(const char *key, const char *value)
{
    CU_ASSERT_EQUAL(ask(&ss_store_set_create(key, value, RIG_NOW, store_rig_done, NULL)->head),
                    APR_SUCCESS);
}

static void settings_are_kept(void)
{
    set("b", "2");
    set("a", "1");
    set("c", "3");
    set("a", "one");
    set("b", NULL);
    store_rig_close(&rig);
    CU_ASSERT_EQUAL_FATAL(store_rig_open(&rig, 0), APR_SUCCESS);
    ss_store_settings_t *request = ss_store_settings_create(store_rig_done, NULL);
    CU_ASSERT_EQUAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(request->rows->nelts, 2);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(request->rows, 0, ss_store_setting_t).value, "one");
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(request->rows, 1, ss_store_setting_t).key, "c");
    apr_pool_destroy(request->head.pool);
}

static void purge_takes_what_is_old_and_finished(void)
{
    char ids[5][SS_IDENT_TEXT];
    int calls = 0, more = 1;
    apr_int64_t counted = 0;

    for (int i = 0; i < 5; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, i == 0 ? SS_PART_MAX + 1 : 10);
        apr_cpystrn(ids[i], m->id, sizeof(ids[i]));
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        if (i != 3)
            CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 Ok", 1), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    for (; more && calls < 5; calls++) {
        ss_store_purge_t *request =
            ss_store_purge_create(RIG_NOW + 1, 3, RIG_NOW, store_rig_done, NULL);
        CU_ASSERT_EQUAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
        more = request->more;
        for (int i = 0; i < request->rows->nelts; i++) {
            CU_ASSERT_EQUAL(APR_ARRAY_IDX(request->rows, i, ss_store_count_t).state, SS_STATE_SENT);
            counted += APR_ARRAY_IDX(request->rows, i, ss_store_count_t).recipients;
        }
        apr_pool_destroy(request->head.pool);
    }
    CU_ASSERT_TRUE(calls == 2 && counted == 4);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, ids[i]), i == 3 ? "queued" : "none");
}

/* A message that finished at the horizon itself stays, with its history; a waiting one always. */
static void purge_keeps_what_is_younger_than_the_horizon(void)
{
    ss_message_t *done = store_rig_message(&rig, 1, 10), *waits = store_rig_message(&rig, 1, 10);

    CU_ASSERT_EQUAL(store_rig_accept(&rig, done), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_accept(&rig, waits), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, done, 0, SS_STATE_SENT, "250 Ok", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(purge(RIG_NOW, RIG_NOW), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, done->id), "sent");
    CU_ASSERT_EQUAL(purge(RIG_NOW + 1, RIG_NOW), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, done->id), "none");
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, waits->id), "queued");
    apr_pool_destroy(done->pool);
    apr_pool_destroy(waits->pool);
}

static void counts_by_relay_and_state(void)
{
    static const struct {
        const char *relay;
        ss_state_t to;
    } table[] = {
        { "a", SS_STATE_QUEUED }, { "a", SS_STATE_QUEUED }, { "a", SS_STATE_DEFERRED },
        { "b", SS_STATE_HELD },   { "b", SS_STATE_SENT },   { "b", SS_STATE_FAILED },
    };
    int found = 0;

    for (int i = 0; i < 6; i++) {
        ss_message_t *m = store_rig_message(&rig, 2, 100);
        m->relay = table[i].relay;
        m->created = RIG_NOW + i;
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        for (int r = 0; r < 2 && table[i].to; r++)
            CU_ASSERT_EQUAL(store_rig_finish(&rig, m, r, table[i].to, "words", 1), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    ss_store_counts_t *request = ss_store_counts_create(store_rig_done, NULL);
    CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
    CU_ASSERT_EQUAL(request->rows->nelts, 5);
    for (int i = 0; i < request->rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(request->rows, i, ss_store_count_t);
        int messages = !strcmp(row->relay, "a") && row->state == SS_STATE_QUEUED ? 2 : 1;
        CU_ASSERT_TRUE(row->messages == messages && row->recipients == messages * 2 &&
                       row->bytes == (apr_uint64_t)messages * 100);
        for (int t = 0; t < 6; t++) {
            if (strcmp(table[t].relay, row->relay) || table[t].to != row->state) continue;
            CU_ASSERT_EQUAL(row->oldest, RIG_NOW + t);
            found++;
            break;
        }
    }
    apr_pool_destroy(request->head.pool);
    CU_ASSERT_EQUAL(found, 5);
}

/* A message counts once, its recipients each under their own state. */
static void counts_of_a_message_in_two_states(void)
{
    ss_message_t *m = store_rig_message(&rig, 3, 100);
    int found = 0;

    CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 1, SS_STATE_DEFERRED, "450 later", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 2, SS_STATE_HELD, "held", 1), APR_SUCCESS);
    ss_store_counts_t *request = ss_store_counts_create(store_rig_done, NULL);
    CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
    for (int i = 0; i < request->rows->nelts; i++) {
        const ss_store_count_t *row = &APR_ARRAY_IDX(request->rows, i, ss_store_count_t);
        int is_own = row->state == SS_STATE_QUEUED;
        found |= 1 << row->state;
        CU_ASSERT_TRUE(row->recipients == 1 && row->messages == is_own);
        CU_ASSERT_TRUE(row->bytes == (is_own ? 100 : 0) && row->oldest == (is_own ? RIG_NOW : 0));
    }
    CU_ASSERT_EQUAL(found, 1 << SS_STATE_QUEUED | 1 << SS_STATE_DEFERRED | 1 << SS_STATE_HELD);
    apr_pool_destroy(request->head.pool);
    apr_pool_destroy(m->pool);
}

/* Of few a relay the smallest time is looked up; of many the messages are gone through in their
 * order. 20 of "a" stand before those of "b". */
static void the_oldest_of_each_relay(void)
{
    static const apr_int64_t hints[] = { 1, 1000000 };

    for (int i = 0; i < 23; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        m->relay = i < 21 ? "a" : "b";
        m->created = RIG_NOW + i;
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        if (!i)
            CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, SS_STATE_SENT, "250 Ok", 1), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    for (int h = 0; h < 2; h++) {
        ss_store_oldest_t *request = ss_store_oldest_create(store_rig_done, NULL);
        for (int i = 0; i < 3; i++)
            APR_ARRAY_PUSH(request->rows, ss_store_count_t) =
                (ss_store_count_t){ .relay = i == 0   ? "none"
                                             : i == 1 ? "b"
                                                      : "a",
                                    .messages = hints[h] };
        CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
        CU_ASSERT_EQUAL(APR_ARRAY_IDX(request->rows, 0, ss_store_count_t).oldest, 0);
        CU_ASSERT_EQUAL(APR_ARRAY_IDX(request->rows, 1, ss_store_count_t).oldest, RIG_NOW + 21);
        CU_ASSERT_EQUAL(APR_ARRAY_IDX(request->rows, 2, ss_store_count_t).oldest, RIG_NOW + 1);
        apr_pool_destroy(request->head.pool);
    }
}

static void run(void (*test)(void))
{
    begin();
    test();
    end();
}

/* clang-format moves these rows at each run. */
/* clang-format off */
#define TESTS(X) \
    X(a_message_comes_back_whole) X(a_large_message_lies_in_parts) \
    X(parts_come_before_their_message) X(recipients_end_one_by_one) X(history_is_kept_or_not) \
    X(due_comes_in_order_and_pages) X(equal_keys_are_one_message) \
    X(one_bad_request_spoils_no_other) X(settings_are_kept) \
    X(purge_takes_what_is_old_and_finished) X(purge_keeps_what_is_younger_than_the_horizon) \
    X(counts_by_relay_and_state) X(counts_of_a_message_in_two_states) \
    X(a_recipient_comes_back_whole) \
    X(the_oldest_of_each_relay)
/* clang-format on */
#define RUN(name)                                                                                  \
    static void run_##name(void)                                                                   \
    {                                                                                              \
        run(name);                                                                                 \
    }
TESTS(RUN)

void ss_suite_store(void)
{
    CU_pSuite suite = CU_add_suite("store", NULL, NULL);

#define ADD(name) CU_add_test(suite, #name, run_##name);
    TESTS(ADD)
}
