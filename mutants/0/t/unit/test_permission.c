/* test_permission.c: who may submit what at a location: SMTPSendAllowFrom, SMTPSendAllowTo,
 * SMTPSendAllowRelay, and what becomes of the priority. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "web/submit/permission.c"

void ss_suite_permission(void);

/* "a b" as a list; NULL: not configured. */
static apr_array_header_t *words(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *list = text ? apr_array_make(pool, 2, sizeof(const char *)) : NULL;
    char *state, *copy = text ? apr_pstrdup(pool, text) : NULL;

    for (char *word = copy ? apr_strtok(copy, " ", &state) : NULL; word;
         word = apr_strtok(NULL, " ", &state))
        APR_ARRAY_PUSH(list, const char *) = word;
    return list;
}

static void each_rule(void)
{
    static const struct {
        const char *label, *allow_from, *allow_to, *allow_relay; /* the location's */
        const char *from, *header_from, *to, *relay;             /* the message's */
        const char *field;                                       /* that is refused, or NULL */
    } rows[] = {
        { "no rules", NULL, NULL, NULL, "a@b.c", "x@y.z", "q@r.s", NULL, NULL },
        { "sender fits", "*@b.c", NULL, NULL, "a@b.c", "A@b.c", "q@r.s", NULL, NULL },
        { "second pattern", "*@x.y *@b.c", NULL, NULL, "a@b.c", NULL, "q@r.s", NULL, NULL },
        { "sender", "*@b.c", NULL, NULL, "a@x.c", NULL, "q@r.s", NULL, "from" },
        { "From field alone", "*@b.c", NULL, NULL, "a@b.c", "boss@x.c", "q@r.s", NULL, "from" },
        { "sender alone", "*@b.c", NULL, NULL, "a@x.c", "a@b.c", "q@r.s", NULL, "from" },
        { "empty From field", "*@b.c", NULL, NULL, "a@b.c", "", "q@r.s", NULL, NULL },
        { "null sender", "*@b.c", NULL, NULL, "", NULL, "q@r.s", NULL, "from" },
        { "null sender allowed", "<>", NULL, NULL, "", NULL, "q@r.s", NULL, NULL },
        { "recipients fit", NULL, "*@r.s", NULL, "a@b.c", NULL, "q@r.s t@r.s", NULL, NULL },
        { "first recipient", NULL, "*@r.s", NULL, "a@b.c", NULL, "q@x.s t@r.s", NULL, "to" },
        { "last recipient", NULL, "*@r.s", NULL, "a@b.c", NULL, "q@r.s t@r.s u@x.s", NULL, "to" },
        { "relay without a list", NULL, NULL, NULL, "a@b.c", NULL, "q@r.s", "bulk", "relay" },
        { "relay of an empty list", NULL, NULL, "", "a@b.c", NULL, "q@r.s", "bulk", "relay" },
        { "another relay", NULL, NULL, "main fast", "a@b.c", NULL, "q@r.s", "bulk", "relay" },
        { "part of a name", NULL, NULL, "bulky", "a@b.c", NULL, "q@r.s", "bulk", "relay" },
        { "last of the list", NULL, NULL, "main bulk", "a@b.c", NULL, "q@r.s", "bulk", NULL },
        { "no relay wanted", NULL, NULL, "main", "a@b.c", NULL, "q@r.s", NULL, NULL },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_settings_policy_t policy;
        ss_mail_problem_t problem = { 0 };
        ss_mail_message_t *m = ss_mail_create(pool);
        ss_settings_policy_clear(&policy);
        policy.allow_from = words(rows[i].allow_from, pool);
        policy.allow_to = words(rows[i].allow_to, pool);
        policy.allow_relay = words(rows[i].allow_relay, pool);
        m->from = rows[i].from;
        m->attr.header_from = rows[i].header_from;
        m->attr.relay = rows[i].relay;
        apr_array_header_t *to = words(rows[i].to, pool);
        for (int k = 0; k < to->nelts; k++) {
            ss_mail_rcpt_t *rcpt = apr_array_push(m->rcpts);
            *rcpt = (ss_mail_rcpt_t){ .address = APR_ARRAY_IDX(to, k, const char *) };
        }
        int rv = ss_permission_check(&policy, m, &problem);
        int is_right = rows[i].field ? rv == -1 && problem.status == 403 && problem.field &&
                                           !strcmp(problem.field, rows[i].field)
                                     : rv == 0 && !problem.status;
        if (!is_right) printf("\n  %s: %d %s", rows[i].label, problem.status, problem.detail);
        CU_ASSERT_TRUE(is_right);
    }
    apr_pool_destroy(pool);
}

/* Less haste than the location gives may be asked for, more may not. */
static void the_priority(void)
{
    static const struct {
        int location, asked, is_bulk, want;
    } rows[] = {
        { SS_UNSET, -1, 0, SS_PRIORITY_NORMAL },
        { SS_UNSET, -1, 1, SS_PRIORITY_BULK },
        { SS_UNSET, SS_PRIORITY_HIGH, 1, SS_PRIORITY_HIGH },
        { SS_UNSET, SS_PRIORITY_BULK, 0, SS_PRIORITY_BULK },
        { SS_PRIORITY_NORMAL, -1, 1, SS_PRIORITY_NORMAL },
        { SS_PRIORITY_NORMAL, SS_PRIORITY_HIGH, 0, SS_PRIORITY_NORMAL },
        { SS_PRIORITY_NORMAL, SS_PRIORITY_BULK, 0, SS_PRIORITY_BULK },
        { SS_PRIORITY_BULK, SS_PRIORITY_HIGH, 0, SS_PRIORITY_BULK },
        { SS_PRIORITY_HIGH, -1, 0, SS_PRIORITY_HIGH },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_settings_policy_t policy;
        ss_mail_problem_t problem = { 0 };
        ss_mail_message_t *m = ss_mail_create(pool);
        ss_settings_policy_clear(&policy);
        policy.priority = rows[i].location;
        m->from = "a@b.c";
        m->is_bulk = rows[i].is_bulk;
        m->attr.priority = rows[i].asked;
        CU_ASSERT_EQUAL(ss_permission_check(&policy, m, &problem), 0);
        CU_ASSERT_EQUAL(m->attr.priority, rows[i].want);
    }
    apr_pool_destroy(pool);
}

void ss_suite_permission(void)
{
    CU_pSuite suite = CU_add_suite("permission", NULL, NULL);

    CU_ADD_TEST(suite, each_rule);
    CU_ADD_TEST(suite, the_priority);
}
