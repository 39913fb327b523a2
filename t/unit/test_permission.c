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
        { "null sender", "*@b.c", NULL, NULL, "", NULL, "q@r.s", NULL, "from" },
        { "null sender allowed", "<> *@b.c", NULL, NULL, "", NULL, "q@r.s", NULL, NULL },
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
        m->content = apr_psprintf(pool, "From: <%s>\r\n\r\n",
                                  rows[i].header_from ? rows[i].header_from
                                  : *rows[i].from     ? rows[i].from
                                                      : "a@b.c");
        m->content_len = strlen(m->content);
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

/* The fields of messages, where SMTPSendAllowFrom is *@ok.example. */
static void who_a_message_says_it_is_from(void)
{
    static const struct {
        int status;
        const char *header;
    } rows[] = {
        { 0, "From: a@ok.example" },
        { 0, "from: A@OK.EXAMPLE" },
        { 0, "From : a@ok.example" },
        { 0, "From: Jane (x <ceo@victim.example>) Doe <a@ok.example>" },
        { 0, "From: \"ceo@victim.example\" <a@ok.example>" },
        { 0, "From: a@ok.example <a@ok.example>" },
        { 0, "From: =?utf-8?q?J=C3=BC?= <a@ok.example>" },
        { 0, "From: J\xc3\xbc <a@ok.example>" },
        { 0, "From: a..b@ok.example" },
        { 0, "From: a@ok.example,\r\n b@ok.example" },
        { 400, "From: Doe, Jane <a@ok.example>" },
        { 400, "From: =?utf-8?q?x,ceo@victim.example,?= <a@ok.example>" },
        { 0, "From: us: a@ok.example, b@ok.example;" },
        { 0, "From: <@victim.example:a@ok.example>" },
        { 0, "From: ceo%victim.example@ok.example" },
        { 0, "From: \"ceo@victim.example\"@ok.example" },
        { 0, "From: a@ok.example\r\nSender: b@ok.example\r\nReply-To: ceo@victim.example" },
        { 0, "From: a@ok.example\r\nX-From: ceo@victim.example" },
        { 0, "From: a@ok.example\r\nX-Ours: 1\r\nResent-From: b@ok.example" },
        /* another author */
        { 403, "From: ceo@victim.example" },
        { 403, "From : ceo@victim.example" },
        { 403, "From: a@ok.example, ceo@victim.example" },
        { 403, "From: a@ok.example,\r\n\tceo@victim.example" },
        { 403, "From: a@ok.example; ceo@victim.example" },
        { 403, "From: us: a@ok.example, ceo@victim.example;" },
        { 403, "From: us: a@ok.example;, ceo@victim.example" },
        { 403, "From: (a@ok.example) ceo@victim.example" },
        { 403, "From: \"a@ok.example\" <ceo@victim.example>" },
        { 403, "From: <@ok.example:ceo@victim.example>" },
        { 403, "From: ceo(@ok.example)@victim.example" },
        { 403, "From: a@ok.example.victim.example" },
        { 400, "From: a@\xef\xbd\x8f\xef\xbd\x8b.example" },
        { 400, "From: a@ok\xe3\x80\x82"
               "example" },
        { 403, "From: a@ok.example\r\nSender: ceo@victim.example" },
        { 403, "From: a@ok.example\r\nSender : ceo@victim.example" },
        { 403, "From: a@ok.example\r\nSender: a@ok.example\r\nSENDER: ceo@victim.example" },
        { 403, "From: a@ok.example\r\nResent-From: ceo@victim.example" },
        { 403, "From: a@ok.example\r\nResent-Sender: ceo@victim.example" },
        /* not clear */
        { 400, "Subject: x" },
        { 400, "From:" },
        { 400, "From: " },
        { 400, "From: <>" },
        { 400, "From: us:;" },
        { 400, "From: undisclosed:" },
        { 400, "From: ()" },
        { 400, "From: a" },
        { 400, "From: us: a;" },
        { 400, "From: a@ok.example\r\nFrom: ceo@victim.example" },
        { 400, "From: a@ok.example\r\nFROM : a@ok.example" },
        { 400, "From: <ceo@victim.example> x" },
        { 400, "From: <ceo@victim.example" },
        { 400, "From: ceo@victim.example>" },
        { 400, "From: <ceo@victim.example>(" },
        { 400, "From: <a@ok.example> <ceo@victim.example>" },
        { 400, "From: <<ceo@victim.example>@ok.example>" },
        { 400, "From: a@ok.example ceo@victim.example" },
        { 400, "From: <a@ok.example ceo@victim.example>" },
        { 400, "From: ceo@victim.example <a@ok.example>" },
        { 400, "From: Boss ceo@victim.example , x <a@ok.example>" },
        { 400, "From: ceo@victim.example: a@ok.example;" },
        { 400, "From: us: a@ok.example" },
        { 400, "From: ceo@victim.example@ok.example" },
        { 400, "From: a@ok.example." },
        { 400, "From: a@.ok.example" },
        { 400, "From: \"ceo@ok.example" },
        { 400, "From: =?utf-8?q?ceo=40victim.example=3E?=@ok.example" },
        { 400, "From: =?utf-8?q?ceo@victim.example=2C_?= a@ok.example" },
        { 400, "From: c\xe9o@ok.example" },
        { 400, "From: ceo\x01@ok.example" },
        { 400, "From: a@ok.example\r\nSender:" },
        { 400, "From: a@ok.example\r\nSender: <ceo@victim.example" },
        { 400, "From: a@ok.example\r\nResent-From: ceo@victim.example ceo" },
        { 400, "From: a@ok.example\r\nno field" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_settings_policy_t policy;
        ss_mail_problem_t problem = { 0 };
        ss_mail_message_t *m = ss_mail_create(pool);
        ss_settings_policy_clear(&policy);
        policy.allow_from = words("*@ok.example", pool);
        m->from = "a@ok.example";
        m->content =
            apr_pstrcat(pool, rows[i].header, "\r\n\r\nFrom: ceo@victim.example\r\n", NULL);
        m->content_len = strlen(m->content);
        ss_permission_check(&policy, m, &problem);
        if (problem.status != rows[i].status)
            printf("\n  %s: %d %s", rows[i].header, problem.status, problem.detail);
        CU_ASSERT_EQUAL(problem.status, rows[i].status);
    }
    apr_pool_destroy(pool);
}

/* What SMTPSendAddHeader set is the administrator's, whoever it names. */
static void added_fields_are_not_checked(void)
{
    ss_settings_pair_t pair = { "Sender", "x", NULL, NULL };
    ss_mail_problem_t problem = { 0 };
    ss_settings_policy_t policy;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_settings_policy_clear(&policy);
    policy.allow_from = words("*@ok.example", pool);
    policy.add_headers = apr_array_make(pool, 1, sizeof(pair));
    APR_ARRAY_PUSH(policy.add_headers, ss_settings_pair_t) = pair;
    ss_mail_message_t *m = ss_mail_create(pool);
    m->from = "a@ok.example";
    m->content = "Sender: list@host.example\r\nFrom: a@ok.example\r\n\r\n";
    m->content_len = strlen(m->content);
    CU_ASSERT_EQUAL(ss_permission_check(&policy, m, &problem), 0);
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
    CU_ADD_TEST(suite, who_a_message_says_it_is_from);
    CU_ADD_TEST(suite, added_fields_are_not_checked);
    CU_ADD_TEST(suite, the_priority);
}
