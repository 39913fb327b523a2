/* test_store_control.c: what people do to stored messages and how they find them: actions by state,
 * their meeting with an outcome that comes late, filters, pages. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "queue/store_page.h"
#include "store_rig.h"

static store_rig_t rig;

static ss_message_t *in_state(ss_state_t state)
{
    ss_message_t *m = store_rig_message(&rig, 1, 10);

    m->rcpts[0].next = state == SS_STATE_DEFERRED ? RIG_NOW + 1000 : 0;
    CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, m), APR_SUCCESS);
    if (state != SS_STATE_QUEUED) {
        if (state == SS_STATE_HELD) m->rcpts[0].cause = "uncertain";
        CU_ASSERT_EQUAL_FATAL(store_rig_finish(&rig, m, 0, state, "words", 1), APR_SUCCESS);
    }
    return m;
}

static ss_store_control_t *act(ss_store_action_t control, const char *id, apr_time_t now)
{
    ss_store_control_t *request =
        ss_store_control_create(control, "tester", now, store_rig_done, NULL);

    request->keep_history = 1;
    apr_cpystrn(request->id, id, sizeof(request->id));
    store_rig_ask(&rig, &request->head);
    return request;
}

static ss_store_lookup_t *look(const char *id)
{
    ss_store_lookup_t *request = ss_store_lookup_create(id, store_rig_done, NULL);

    CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
    return request;
}

static void actions_by_state(void)
{
    static const struct {
        ss_store_action_t control;
        ss_state_t from, to;
        int touched;
    } table[] = {
        { SS_ACTION_RETRY, SS_STATE_QUEUED, SS_STATE_QUEUED, 1 },
        { SS_ACTION_RETRY, SS_STATE_DEFERRED, SS_STATE_QUEUED, 1 },
        { SS_ACTION_RETRY, SS_STATE_HELD, SS_STATE_HELD, 0 },
        { SS_ACTION_RETRY, SS_STATE_SENT, SS_STATE_SENT, 0 },
        { SS_ACTION_HOLD, SS_STATE_QUEUED, SS_STATE_HELD, 1 },
        { SS_ACTION_HOLD, SS_STATE_DEFERRED, SS_STATE_HELD, 1 },
        { SS_ACTION_HOLD, SS_STATE_HELD, SS_STATE_HELD, 0 },
        { SS_ACTION_HOLD, SS_STATE_EXPIRED, SS_STATE_EXPIRED, 0 },
        { SS_ACTION_RELEASE, SS_STATE_HELD, SS_STATE_QUEUED, 1 },
        { SS_ACTION_RELEASE, SS_STATE_QUEUED, SS_STATE_QUEUED, 0 },
        { SS_ACTION_CANCEL, SS_STATE_QUEUED, SS_STATE_CANCELLED, 1 },
        { SS_ACTION_CANCEL, SS_STATE_DEFERRED, SS_STATE_CANCELLED, 1 },
        { SS_ACTION_CANCEL, SS_STATE_HELD, SS_STATE_CANCELLED, 1 },
        { SS_ACTION_CANCEL, SS_STATE_FAILED, SS_STATE_FAILED, 0 },
        { SS_ACTION_CANCEL, SS_STATE_CANCELLED, SS_STATE_CANCELLED, 0 },
    };

    store_rig_start(&rig);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_message_t *m = in_state(table[i].from);
        ss_store_control_t *request = act(table[i].control, m->id, RIG_NOW);
        CU_ASSERT_EQUAL(request->head.rv, APR_SUCCESS);
        CU_ASSERT_EQUAL(request->messages, table[i].touched);
        CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, m->id), ss_state_name(table[i].to));
        if (table[i].touched) {
            const ss_store_changed_t *t = &APR_ARRAY_IDX(request->rows, 0, ss_store_changed_t);
            CU_ASSERT_TRUE(t->recipients == 1 && t->from_state == table[i].from &&
                           t->is_finished == ss_state_is_final(table[i].to) && t->size == 10);
            CU_ASSERT_STRING_EQUAL(t->id, m->id);
        } else {
            CU_ASSERT_STRING_EQUAL(request->state, ss_state_name(table[i].from));
        }
        apr_pool_destroy(request->head.pool);
        apr_pool_destroy(m->pool);
    }
    ss_store_control_t *request =
        act(SS_ACTION_HOLD, "0192aaaa-0000-7000-8000-000000000000", RIG_NOW);
    CU_ASSERT_TRUE(APR_STATUS_IS_NOTFOUND(request->head.rv));
    apr_pool_destroy(request->head.pool);
    store_rig_end(&rig);
}

/* The message was on its way when a person acted: what the relay took is sent, what it did not take
 * stays as the person wants it. */
static void late_outcomes_meet_actions(void)
{
    static const struct {
        ss_store_action_t control;
        ss_state_t outcome, end;
        const char *cause;
    } table[] = {
        { SS_ACTION_HOLD, SS_STATE_DEFERRED, SS_STATE_HELD, "person" },
        { SS_ACTION_HOLD, SS_STATE_SENT, SS_STATE_SENT, NULL },
        { SS_ACTION_HOLD, SS_STATE_FAILED, SS_STATE_FAILED, NULL },
        { SS_ACTION_CANCEL, SS_STATE_DEFERRED, SS_STATE_CANCELLED, NULL },
        { SS_ACTION_CANCEL, SS_STATE_FAILED, SS_STATE_CANCELLED, NULL },
        { SS_ACTION_CANCEL, SS_STATE_SENT, SS_STATE_SENT, NULL },
        { SS_ACTION_RETRY, SS_STATE_DEFERRED, SS_STATE_DEFERRED, NULL },
    };

    store_rig_start(&rig);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ss_message_t *m = in_state(SS_STATE_QUEUED);
        apr_pool_destroy(act(table[i].control, m->id, RIG_NOW)->head.pool);
        m->rcpts[0].next = RIG_NOW + 7;
        CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, table[i].outcome, "late", 1), APR_SUCCESS);
        ss_store_lookup_t *request = look(m->id);
        const ss_recipient_t *rcpt = &request->message->rcpts[0];
        CU_ASSERT_EQUAL(rcpt->state, table[i].end);
        CU_ASSERT_TRUE(table[i].cause ? rcpt->cause && !strcmp(rcpt->cause, table[i].cause)
                                      : !rcpt->cause);
        apr_pool_destroy(request->head.pool);
        apr_pool_destroy(m->pool);
    }
    store_rig_end(&rig);
}

static void time_on_hold_is_kept(void)
{
    store_rig_start(&rig);
    ss_message_t *m = in_state(SS_STATE_QUEUED);
    apr_pool_destroy(act(SS_ACTION_HOLD, m->id, RIG_NOW)->head.pool);
    apr_pool_destroy(act(SS_ACTION_RELEASE, m->id, RIG_NOW + 5000)->head.pool);
    ss_store_lookup_t *request = look(m->id);
    CU_ASSERT_TRUE(request->message->held == 5000 && request->message->held_since == 0);
    CU_ASSERT_EQUAL_FATAL(request->history->nelts, 2);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(request->history, 0, ss_message_history_t).what,
                           "released");
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(request->history, 1, ss_message_history_t).text, "tester");
    apr_pool_destroy(request->head.pool);
    apr_pool_destroy(m->pool);
    store_rig_end(&rig);
}

/* ---- filters: five messages, a to e; each filter finds these, newest first ---- */

static const struct {
    const char *relay, *from, *to, *subject;
    int uid;
    ss_state_t state;
} stored[] = {
    { "one", "alice@example.com", "x@example.net", "An invoice 100%", 1000, SS_STATE_QUEUED },
    { "one", "bob@example.com", "y_z@example.net", "Hello", 1001, SS_STATE_DEFERRED },
    { "two", "alice@example.org", "x@example.org", "invoice_2", -1, SS_STATE_HELD },
    { "two", "carol@example.com", "yaz@example.net", "Re: hello", 1000, SS_STATE_SENT },
    { "two", "", "alice@example.com", "Undelivered", -1, SS_STATE_FAILED },
};
#define STORED (int)(sizeof(stored) / sizeof(stored[0]))
static char ids[STORED][SS_IDENT_TEXT];

static void store_them(void)
{
    for (int i = 0; i < STORED; i++) {
        ss_message_t *m = store_rig_message(&rig, 1, 10);
        m->relay = stored[i].relay;
        m->from = stored[i].from;
        m->rcpts[0].address = stored[i].to;
        m->attr.subject = stored[i].subject;
        m->attr.uid = stored[i].uid;
        m->created = RIG_NOW + i;
        m->attr.expire = i == 2 ? 60 * APR_USEC_PER_SEC : 0;
        memcpy(ids[i], m->id, sizeof(ids[i]));
        CU_ASSERT_EQUAL_FATAL(store_rig_accept(&rig, m), APR_SUCCESS);
        if (i == 1) m->rcpts[0].next = RIG_NOW + 1000;
        if (stored[i].state != SS_STATE_QUEUED)
            CU_ASSERT_EQUAL(store_rig_finish(&rig, m, 0, stored[i].state, "words", 1), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
}

/* Which of them are listed, page by page, as letters. */
static const char *found(const ss_store_filter_t *filter, int limit)
{
    static char letters[STORED * 2 + 1];
    char after[SS_IDENT_TEXT] = "";
    int more = 1;

    *letters = '\0';
    for (int page = 0; more && page < STORED + 1; page++) {
        ss_store_list_t *request = ss_store_list_create(filter, limit, store_rig_done, NULL);
        memcpy(request->filter.after, after, sizeof(after));
        CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
        more = request->more;
        for (int n = 0; n < request->rows->nelts; n++) {
            const ss_message_t *m = APR_ARRAY_IDX(request->rows, n, ss_message_t *);
            memcpy(after, m->id, sizeof(after));
            for (int i = 0; i < STORED; i++) {
                if (!strcmp(ids[i], m->id))
                    apr_snprintf(letters + strlen(letters), 2, "%c", 'a' + i);
            }
        }
        apr_pool_destroy(request->head.pool);
    }
    return letters;
}

static void filters_find(void)
{
#define ANY .state = -1, .uid = -1
    static const struct {
        ss_store_filter_t filter;
        const char *want;
    } table[] = {
        { { ANY }, "edcba" },
        { { .state = SS_STATE_QUEUED, .uid = -1 }, "a" },
        { { .state = SS_STATE_DEFERRED, .uid = -1 }, "b" },
        { { .state = SS_STATE_HELD, .uid = -1 }, "c" },
        { { .state = SS_STATE_SENT, .uid = -1 }, "d" },
        { { .state = SS_STATE_FAILED, .uid = -1 }, "e" },
        { { .state = SS_STATE_EXPIRED, .uid = -1 }, "" },
        { { ANY, .relay = "two" }, "edc" },
        { { ANY, .from = "alice@*" }, "ca" },
        { { ANY, .from = "*@example.com" }, "dba" },
        { { ANY, .from = "*_*" }, "" },
        { { ANY, .to = "y_z@example.net" }, "b" },
        { { ANY, .to = "y*z@example.net" }, "db" },
        { { ANY, .text = "invoice" }, "ca" },
        { { ANY, .text = "100%" }, "a" },
        { { ANY, .text = "in%ice" }, "" },
        { { ANY, .from = "%" }, "" },
        { { ANY, .text = "alice" }, "eca" },
        { { ANY, .text = "words" }, "edcb" },
        { { ANY, .text = "*" }, "" },
        { { .state = -1, .uid = 1000 }, "da" },
        { { ANY, .is_waiting = 1 }, "cba" },
        { { ANY, .created_before = RIG_NOW + 2 }, "ba" },
        { { ANY, .created_before = RIG_NOW + 2, .overdue_at = RIG_NOW + 10 * APR_USEC_PER_SEC },
          "ba" },
        { { ANY, .created_before = RIG_NOW + 1, .overdue_at = RIG_NOW + 3600 * APR_USEC_PER_SEC },
          "ca" },
        { { .state = -1, .uid = 1000, .relay = "one", .text = "invoice", .is_waiting = 1 }, "a" },
    };

    store_rig_start(&rig);
    store_them();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int limit = 1; limit <= 100; limit = limit == 1 ? 2 : limit * 50) {
            const char *got = found(&table[i].filter, limit);
            if (strcmp(got, table[i].want))
                fprintf(stderr, "\n  filter %d, pages of %d: %s, not %s\n", (int)i, limit, got,
                        table[i].want);
            CU_ASSERT_STRING_EQUAL(got, table[i].want);
        }
    }
    store_rig_end(&rig);
}

/* By the beginning or end of the id alone, a user only the own ones. */
static void ids_are_found_by_their_beginning_or_end(void)
{
    store_rig_start(&rig);
    store_them();
    for (int i = 0; i < STORED; i++) {
        const char letter[] = { (char)('a' + i), '\0' };
        ss_store_filter_t filter = { ANY, .ident = ids[i] + 14, .text = "nothing has this" };
        CU_ASSERT_STRING_EQUAL(found(&filter, 1), letter);
        filter.ident = ids[i];
        CU_ASSERT_STRING_EQUAL(found(&filter, 1), letter);
        filter.uid = 1000;
        CU_ASSERT_STRING_EQUAL(found(&filter, 1), stored[i].uid == 1000 ? letter : "");
    }
    char part[13] = "";
    ss_store_filter_t all = { ANY, .ident = memcpy(part, ids[0], 4) };
    CU_ASSERT_STRING_EQUAL(found(&all, 2), "edcba");
    memcpy(part, ids[0] + 1, 12); /* neither of the two */
    CU_ASSERT_STRING_EQUAL(found(&all, 2), "");
    store_rig_end(&rig);
}

/* A list reads the first twenty recipients of each message, and tells how many there are. */
static void lists_show_some_recipients(void)
{
    store_rig_start(&rig);
    for (int recipients = 20; recipients <= 21; recipients++) {
        ss_message_t *m = store_rig_message(&rig, recipients, 10);
        CU_ASSERT_EQUAL(store_rig_accept(&rig, m), APR_SUCCESS);
        apr_pool_destroy(m->pool);
    }
    ss_store_filter_t filter = { ANY };
    ss_store_list_t *request = ss_store_list_create(&filter, 10, store_rig_done, NULL);
    CU_ASSERT_EQUAL_FATAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(request->rows->nelts, 2);
    const ss_message_t *many = APR_ARRAY_IDX(request->rows, 0, ss_message_t *);
    const ss_message_t *few = APR_ARRAY_IDX(request->rows, 1, ss_message_t *);
    CU_ASSERT_TRUE(many->rcpt_count == 20 && many->rcpt_total == 21);
    CU_ASSERT_TRUE(few->rcpt_count == 20 && few->rcpt_total == 0);
    apr_pool_destroy(request->head.pool);
    store_rig_end(&rig);
}

static void actions_on_filters(void)
{
    static const struct {
        ss_store_action_t control;
        const char *relay;
        int counted;
    } table[] = {
        { SS_ACTION_RETRY, NULL, 1 }, /* only what is due later */
        { SS_ACTION_HOLD, "one", 2 },   { SS_ACTION_RELEASE, NULL, 3 },
        { SS_ACTION_CANCEL, "two", 1 }, { SS_ACTION_CANCEL, NULL, 2 },
        { SS_ACTION_CANCEL, NULL, 0 },
    };

    store_rig_start(&rig);
    store_them();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_int64_t touched = 0;
        ss_store_filter_t filter = { .state = -1, .uid = -1, .relay = table[i].relay };
        ss_store_matches_t *matches =
            ss_store_matches_create(table[i].control, &filter, RIG_NOW, store_rig_done, NULL);
        CU_ASSERT_EQUAL(store_rig_ask(&rig, &matches->head), APR_SUCCESS);
        CU_ASSERT_EQUAL(matches->messages, table[i].counted);
        apr_pool_destroy(matches->head.pool);
        for (int more = 1, steps = 0; more && steps < 5; steps++) {
            ss_store_control_t *request =
                ss_store_control_create(table[i].control, "tester", RIG_NOW, store_rig_done, NULL);
            request->filter = filter;
            request->limit = 2;
            request->keep_history = 1;
            CU_ASSERT_EQUAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
            touched += request->messages;
            more = request->more;
            apr_pool_destroy(request->head.pool);
        }
        CU_ASSERT_EQUAL(touched, table[i].counted);
    }
    store_rig_end(&rig);
}

/* An action by filter stops no delivery: each step looks at a bounded number of messages, also
 * where nearly none matches. */
static void an_action_on_a_filter_goes_in_steps(void)
{
    ss_store_filter_t filter = { .state = -1, .uid = -1, .to = "oldest@example.net" };
    static ss_store_accept_t *accepts[SS_STORE_PAGE_STEP + 1];
    static ss_message_t *messages[SS_STORE_PAGE_STEP + 1];
    static int is_done[SS_STORE_PAGE_STEP + 1];
    int touched = 0, steps = 0;

    store_rig_start(&rig);
    for (int i = 0; i < SS_STORE_PAGE_STEP + 1; i++) {
        messages[i] = store_rig_message(&rig, 1, 10);
        if (!i) messages[i]->rcpts[0].address = "oldest@example.net";
        accepts[i] = ss_store_accept_create(messages[i], store_rig_done, &is_done[i]);
        store_rig_post(&rig, &accepts[i]->head);
    }
    for (int i = 0; i < SS_STORE_PAGE_STEP + 1; i++) {
        store_rig_wait(&rig, &is_done[i]);
        CU_ASSERT_EQUAL_FATAL(accepts[i]->head.rv, APR_SUCCESS);
        apr_pool_destroy(accepts[i]->head.pool);
        apr_pool_destroy(messages[i]->pool);
    }
    for (int more = 1; more && steps < 5; steps++) {
        ss_store_control_t *request =
            ss_store_control_create(SS_ACTION_HOLD, "tester", RIG_NOW, store_rig_done, NULL);
        request->filter = filter;
        request->limit = 500;
        CU_ASSERT_EQUAL(store_rig_ask(&rig, &request->head), APR_SUCCESS);
        CU_ASSERT_EQUAL(request->messages, steps);
        touched += (int)request->messages;
        more = request->more;
        apr_cpystrn(filter.after, request->next, sizeof(filter.after));
        apr_pool_destroy(request->head.pool);
    }
    CU_ASSERT_EQUAL(touched, 1);
    CU_ASSERT_EQUAL(steps, 2);
    store_rig_end(&rig);
}

static void others_messages_are_not_touched(void)
{
    store_rig_start(&rig);
    store_them();
    ss_store_control_t *request =
        ss_store_control_create(SS_ACTION_CANCEL, "tester", RIG_NOW, store_rig_done, NULL);
    request->filter.uid = 1001;
    memcpy(request->id, ids[0], sizeof(request->id));
    CU_ASSERT_TRUE(APR_STATUS_IS_NOTFOUND(store_rig_ask(&rig, &request->head)));
    apr_pool_destroy(request->head.pool);
    CU_ASSERT_STRING_EQUAL(store_rig_state(&rig, ids[0]), "queued");
    store_rig_end(&rig);
}

void ss_suite_store_control(void)
{
    CU_pSuite suite = CU_add_suite("store_control", NULL, NULL);

    CU_add_test(suite, "actions_by_state", actions_by_state);
    CU_add_test(suite, "late_outcomes_meet_actions", late_outcomes_meet_actions);
    CU_add_test(suite, "time_on_hold_is_kept", time_on_hold_is_kept);
    CU_add_test(suite, "filters_find", filters_find);
    CU_add_test(suite, "ids_are_found_by_their_beginning_or_end",
                ids_are_found_by_their_beginning_or_end);
    CU_add_test(suite, "lists_show_some_recipients", lists_show_some_recipients);
    CU_add_test(suite, "actions_on_filters", actions_on_filters);
    CU_add_test(suite, "an_action_on_a_filter_goes_in_steps", an_action_on_a_filter_goes_in_steps);
    CU_add_test(suite, "others_messages_are_not_touched", others_messages_are_not_touched);
}
