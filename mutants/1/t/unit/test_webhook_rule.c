/* test_webhook_rule.c: which webhook a submission may have. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>

#include "web/submit/webhook_rule.c"

void ss_suite_webhook_rule(void);

static apr_array_header_t *list_of(const char *one, const char *two, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    if (one) APR_ARRAY_PUSH(list, const char *) = one;
    if (two) APR_ARRAY_PUSH(list, const char *) = two;
    return list;
}

static void a_message_may_name_allowed_hosts(void)
{
    static const struct {
        const char *label, *url;
        int status, is_private;
    } rows[] = {
        { "the listed host", "https://app.example/x", 0, 1 },
        { "in any case", "HTTP://APP.EXAMPLE:8080/", 0, 1 },
        { "a host that a pattern matches", "https://a.hooks.example/", 0, 0 },
        { "another host", "https://evil.example/", 403, 0 },
        { "a longer host", "https://app.example.evil/", 403, 0 },
        { "no URL", "app.example", 400, 0 },
        { "a space", "https://app.example/a b", 400, 0 },
        { "a control character", "https://app.example/\n", 400, 0 },
        { "not ASCII", "https://app.example/\xc3\xa4", 400, 0 },
        { "a delete character", "https://app.example/\x7f", 400, 0 },
        { "a tilde", "https://app.example/~x", 0, 1 },
        { "a password alone", "https://:secret@app.example/", 400, 0 },
        { "another scheme", "file://app.example/", 400, 0 },
        { "a user", "https://me@app.example/", 400, 0 },
        { "a password", "https://me:secret@app.example/", 400, 0 },
        { "no host", "https:///x", 400, 0 },
    };
    ss_settings_policy_t policy = { 0 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    policy.webhook_allow = list_of("app.example", "*.hooks.example", pool);
    policy.webhook_events = list_of("sent", "failed", pool);
    policy.webhook_key = "k";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_mail_message_t *m = ss_mail_create(pool);
        ss_mail_problem_t problem = { 0 };
        m->attr.webhook = rows[i].url;
        int failed = ss_webhook_rule_apply(&policy, m, &problem);
        if (problem.status != rows[i].status)
            printf("\n    %s: got %d", rows[i].label, problem.status);
        CU_ASSERT_EQUAL(problem.status, rows[i].status);
        CU_ASSERT_EQUAL(failed, rows[i].status ? -1 : 0);
        if (failed) continue;
        const char *want =
            apr_psprintf(pool, "{\"url\":\"%s\",\"events\":[\"sent\",\"failed\"],\"key\":\"k\"%s}",
                         rows[i].url, rows[i].is_private ? ",\"private\":true" : "");
        CU_ASSERT_STRING_EQUAL(m->attr.webhook, want);
    }
    apr_pool_destroy(pool);
}

static void length_and_the_locations_own(void)
{
    ss_settings_policy_t policy = { 0 };
    ss_mail_problem_t problem = { 0 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    policy.webhook_allow = list_of("h", NULL, pool);
    char *url = apr_psprintf(pool, "http://h/%02001d", 0);
    for (int i = 0; i < 3; i++) {
        ss_mail_message_t *m = ss_mail_create(pool);
        url[1999 + i] = '\0';
        m->attr.webhook = url;
        CU_ASSERT_EQUAL(ss_webhook_rule_apply(&policy, m, &problem), i < 2 ? 0 : -1);
        url[1999 + i] = '0';
    }
    ss_mail_message_t *m = ss_mail_create(pool);
    CU_ASSERT_EQUAL(ss_webhook_rule_apply(&policy, m, &problem), 0);
    CU_ASSERT_PTR_NULL(m->attr.webhook);
    /* The administrator's own URL needs no permission and may be internal. */
    policy.webhook = "http://127.0.0.1/";
    CU_ASSERT_EQUAL(ss_webhook_rule_apply(&policy, m, &problem), 0);
    CU_ASSERT_STRING_EQUAL(m->attr.webhook,
                           "{\"url\":\"http://127.0.0.1/\",\"events\":[],\"private\":true}");
    apr_pool_destroy(pool);
}

void ss_suite_webhook_rule(void)
{
    CU_pSuite suite = CU_add_suite("webhook_rule", NULL, NULL);

    CU_add_test(suite, "a_message_may_name_allowed_hosts", a_message_may_name_allowed_hosts);
    CU_add_test(suite, "length_and_the_locations_own", length_and_the_locations_own);
}
