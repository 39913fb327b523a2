/* test_failure_causes.c: one cause, one line: failed messages by advice, else by code, else by
 * text. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>

#include "web/status/failure_causes.c"

void ss_suite_failure_causes(void);

static json_t *row(const char *id, const char *reply, const char *code)
{
    return json_pack("{s:s,s:s?,s:o*}", "id", id, "reply", reply, "advice",
                     code ? json_pack("{s:s,s:s,s:s}", "code", code, "title", "t", "text", "x")
                          : NULL);
}

/* "key|count|advice|count reply,newest,newest" for each cause. */
static const char *print(const apr_array_header_t *causes, apr_pool_t *pool)
{
    const char *out = "";

    for (int i = 0; i < causes->nelts; i++) {
        const ss_failure_cause_t *c = &APR_ARRAY_IDX(causes, i, ss_failure_cause_t);
        out = apr_psprintf(pool, "%s%s|%d|%s", out, c->key, c->count, c->advice ? "a" : "");
        for (int k = 0; k < c->replies->nelts; k++) {
            const ss_failure_reply_t *reply = &APR_ARRAY_IDX(c->replies, k, ss_failure_reply_t);
            out = apr_psprintf(pool, "%s|%d %s", out, reply->count, reply->text);
        }
        for (int k = 0; k < SS_FAILURE_CAUSES_SHOWN && c->newest[k]; k++)
            out = apr_pstrcat(pool, out, ",", ss_json_text(c->newest[k], "id"), NULL);
        out = apr_pstrcat(pool, out, "\n", NULL);
    }
    return out;
}

static void one_line_for_each_cause(void)
{
    static const struct {
        const char *id, *reply, *code;
    } rows[] = {
        { "1", "550 5.1.1 <a@example.net> unknown", "mailbox" },
        { "2", "550 5.1.1 <b@example.net> unknown", "mailbox" },
        { "3", "599 5.9.9 <a@example.net> odd", NULL },
        { "4", "599 5.9.9 <b@example.net> odd", NULL },
        { "5", "599-5.9.9 of two lines", NULL },
        { "6", "599 5.9.8 another", NULL },
        { "7", "599 12 is no code", NULL },
        { "8", "599", NULL },
        { "9", "the file is gone", NULL },
        { "10", "the file is gone", NULL },
        { "11", NULL, NULL },
        { "12", "550 5.1.1 <c@example.net> unknown", "mailbox" },
        { "13", "550 5.1.1 <c@example.net> unknown", "mailbox" },
        { "14", "5990 is no reply", NULL },
        { "15", "", NULL },
        { "16", "550 no", "mailbox" },
    };
    apr_pool_t *pool;
    json_t *list = json_array();

    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL(ss_failure_causes(NULL, pool)->nelts, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        json_array_append_new(list, row(rows[i].id, rows[i].reply, rows[i].code));
    CU_ASSERT_STRING_EQUAL(print(ss_failure_causes(list, pool), pool),
                           "mailbox|5|a|4 550 5.1.1 <a@example.net> unknown|1 550 no,1,2,12\n"
                           "599 5.9.9|3||3 599 5.9.9 <a@example.net> odd,3,4,5\n"
                           "599 5.9.8|1||1 599 5.9.8 another,6\n"
                           "599|2||2 599 12 is no code,7,8\n"
                           "the file is gone|2||2 the file is gone,9,10\n"
                           "|2||2 ,11,15\n"
                           "5990 is no reply|1||1 5990 is no reply,14\n");
    json_decref(list);
    apr_pool_destroy(pool);
}

void ss_suite_failure_causes(void)
{
    CU_pSuite suite = CU_add_suite("failure_causes", NULL, NULL);

    CU_add_test(suite, "one_line_for_each_cause", one_line_for_each_cause);
}
