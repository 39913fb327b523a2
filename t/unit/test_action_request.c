/* test_action_request.c: what the daemon is asked for by an action of the status page. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>

#include "web/status/action_request.c"

void ss_suite_action_request(void);

#define ID "01890000-0000-7000-8000-000000000000"

/* The request as text, or "STATUS FIELD". */
static const char *request_of(const char *text, apr_pool_t *pool)
{
    ss_mail_problem_t problem = { 0 };
    const char *why;
    ss_params_t form;

    if (ss_params_parse(&form, text, &why, pool)) return why;
    const ss_action_request_t *action = ss_action_request_find(&form);
    if (!action) return "no action";
    json_t *header = ss_action_request_create(action, &form, &problem);
    if (!header) return apr_psprintf(pool, "%d %s", problem.status, problem.field);
    char *json = json_dumps(header, JSON_COMPACT);
    const char *out = apr_pstrdup(pool, json);
    free(json);
    json_decref(header);
    return out;
}

static void each_form(void)
{
    static const struct {
        const char *form, *want;
    } rows[] = {
        { "", "no action" },
        { "action=explode", "no action" },
        { "action=pause&relay=r&reason=why&for=30min",
          "{\"do\":\"pause\",\"relay\":\"r\",\"reason\":\"why\",\"for\":1800000000}" },
        { "action=pause&relay=&reason=&for=", "{\"do\":\"pause\"}" },
        { "action=pause&for=ever", "400 for" },
        { "action=pause&for=0s", "400 for" },
        { "action=resume&id=" ID, "{\"do\":\"resume\"}" },
        { "action=flush&relay=r", "{\"do\":\"flush\",\"relay\":\"r\"}" },
        { "action=retry&id=" ID "&state=held", "{\"do\":\"retry\",\"id\":[\"" ID "\"]}" },
        { "action=hold&id=" ID "&id=" ID, "{\"do\":\"hold\",\"id\":[\"" ID "\",\"" ID "\"]}" },
        { "action=release&id=" ID "&id=x", "400 id" },
        { "action=cancel", "400 id" },
        { "action=cancel&confirm=3", "400 id" },
        { "action=cancel&state=&to=", "400 id" },
        { "action=cancel&which=selected&state=held", "400 id" },
        { "action=cancel&which=selected&state=held&id=" ID,
          "{\"do\":\"cancel\",\"id\":[\"" ID "\"]}" },
        { "action=cancel&which=matching&state=held&id=" ID,
          "{\"do\":\"cancel\",\"filter\":{\"state\":\"held\"}}" },
        { "action=cancel&which=matching", "{\"do\":\"cancel\",\"filter\":{}}" },
        { "action=cancel&which=all", "400 which" },
        { "action=hold&text=a+b&waiting=1",
          "{\"do\":\"hold\",\"filter\":{\"text\":\"a b\",\"waiting\":true}}" },
        { "action=cancel&to=*", "{\"do\":\"cancel\",\"filter\":{\"to\":\"*\"}}" },
        { "action=bounce&state=held&relay=r&from=a&to=b&confirm=3",
          "{\"do\":\"bounce\",\"filter\":{\"state\":\"held\",\"from\":\"a\",\"to\":\"b\","
          "\"relay\":\"r\"},\"confirm\":3}" },
        { "action=bounce&state=held&confirm=many", "400 confirm" },
        { "action=bounce&state=held&confirm=-1", "400 confirm" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = request_of(rows[i].form, pool);
        if (strcmp(got, rows[i].want)) printf("\n    %s: got %s", rows[i].form, got);
        CU_ASSERT_STRING_EQUAL(got, rows[i].want);
    }
    apr_pool_destroy(pool);
}

static void bounds(void)
{
    const char *ids = "action=retry";
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *reason = apr_psprintf(pool, "%0500d", 0);
    CU_ASSERT_EQUAL(*request_of(apr_pstrcat(pool, "action=pause&reason=", reason, NULL), pool),
                    '{');
    CU_ASSERT_STRING_EQUAL(
        request_of(apr_pstrcat(pool, "action=pause&reason=x", reason, NULL), pool), "400 reason");
    for (int i = 0; i < 100; i++) ids = apr_pstrcat(pool, ids, "&id=" ID, NULL);
    const char *thousand = ids;
    for (int i = 0; i < 9; i++) thousand = apr_pstrcat(pool, thousand, ids + 12, NULL);
    CU_ASSERT_EQUAL(*request_of(thousand, pool), '{');
    CU_ASSERT_STRING_EQUAL(request_of(apr_pstrcat(pool, thousand, "&id=" ID, NULL), pool),
                           "422 id");
    apr_pool_destroy(pool);
}

/* What cannot be undone is to be confirmed, and says so. */
static void final_actions(void)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        CU_ASSERT_EQUAL(actions[i].final != NULL,
                        !strcmp(actions[i].name, "cancel") || !strcmp(actions[i].name, "bounce"));
        CU_ASSERT(!actions[i].final || strstr(actions[i].final, "cannot be undone"));
    }
}

static void a_filter_in_words(void)
{
    static const struct {
        const char *form, *want;
    } rows[] = { { "", "none, so all messages" },
                 { "state=&action=hold&id=x", "none, so all messages" },
                 { "state=held", "state held" },
                 { "to=*@a&waiting=1&text=b&relay=r&from=f",
                   "text b, from f, to *@a, relay r, only waiting messages" } };
    apr_pool_t *pool;
    ss_params_t form;
    const char *why;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_FATAL(!ss_params_parse(&form, rows[i].form, &why, pool));
        CU_ASSERT_STRING_EQUAL(ss_action_request_filter(&form, pool), rows[i].want);
    }
    apr_pool_destroy(pool);
}

void ss_suite_action_request(void)
{
    CU_pSuite suite = CU_add_suite("action_request", NULL, NULL);

    CU_add_test(suite, "each_form", each_form);
    CU_add_test(suite, "bounds", bounds);
    CU_add_test(suite, "final_actions", final_actions);
    CU_add_test(suite, "a_filter_in_words", a_filter_in_words);
}
