/* test_report.c: the connection test's text and JSON, and the shortening of names. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/option.h"
#include "net/mask.h"
#include "net/probe_report.h"

void ss_suite_report(void);

static apr_pool_t *pool;
static ss_settings_t settings;

static void set(const char *name, const char *value, const char *source)
{
    CU_ASSERT_PTR_NULL(ss_option_set(ss_option_find(name), &settings, 1, &value, source, pool));
}

static ss_probe_report_t make(const char *failed)
{
    ss_probe_report_t r = { .pool = pool,
                            .settings = &settings,
                            .secret_state = "set (file)",
                            .http_status = failed ? 502 : 200,
                            .failed_step = failed };

    ss_settings_clear(&settings);
    set("SMTPSendHost", "smtp.example.com", "/etc/apache2/mail.conf:12");
    set("SMTPSendUsername", "alice", "/etc/apache2/mail.conf:13");
    set("SMTPSendPassword", "geheim-4711", "/etc/apache2/mail.conf:14");
    ss_settings_finish(&settings, pool);
    r.steps = apr_array_make(pool, 4, sizeof(ss_probe_report_step_t));
    r.dialogue = apr_array_make(pool, 4, sizeof(const char *));
    r.advice = apr_array_make(pool, 4, sizeof(const char *));
    r.works = apr_array_make(pool, 4, sizeof(const char *));
    r.took = 25000;
    APR_ARRAY_PUSH(r.steps, ss_probe_report_step_t) =
        (ss_probe_report_step_t){ "connect", SS_STEP_OK, 12000, "192.0.2.1 port 25 answered",
                                  NULL,      NULL };
    APR_ARRAY_PUSH(r.steps, ss_probe_report_step_t) =
        (ss_probe_report_step_t){ "tls",
                                  failed ? SS_STEP_FAIL : SS_STEP_WARN,
                                  3000,
                                  "first line\nsecond line",
                                  failed ? "cert-name" : NULL,
                                  NULL };
    APR_ARRAY_PUSH(r.dialogue, const char *) = "S: 220 smtp.example.com ESMTP";
    if (failed) APR_ARRAY_PUSH(r.advice, const char *) = "cert-name";
    if (failed) APR_ARRAY_PUSH(r.works, const char *) = "SMTPSendTLS starttls, SMTPSendPort 587";
    return r;
}

static int has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void the_first_line_is_the_outcome(void)
{
    apr_pool_create(&pool, NULL);
    ss_probe_report_t r = make(NULL);
    CU_ASSERT_EQUAL(
        strncmp(ss_probe_report_text(&r, 0, pool), "Connection Test Results: PASSED\n", 32), 0);
    r = make("tls");
    CU_ASSERT_EQUAL(
        strncmp(ss_probe_report_text(&r, 0, pool), "Connection Test Results: FAILED at tls\n", 39),
        0);
    apr_pool_destroy(pool);
}

static void the_text_holds_all_parts(void)
{
    apr_pool_create(&pool, NULL);
    ss_probe_report_t r = make("tls");
    const char *text = ss_probe_report_text(&r, 0, pool);
    CU_ASSERT(has(text, "smtp.example.com   (/etc/apache2/mail.conf:12)"));
    CU_ASSERT(has(text, "(default)"));
    CU_ASSERT(has(text, "set (file)"));
    CU_ASSERT(has(text, "[ ok ] connect      12 ms  192.0.2.1 port 25 answered\n"));
    CU_ASSERT(has(
        text, "[FAIL] tls           3 ms  first line\n                           second line\n"));
    CU_ASSERT(has(text, "S: 220 smtp.example.com ESMTP\n"));
    CU_ASSERT(has(text, "What to do:\n"));
    CU_ASSERT(has(text, "Works: SMTPSendTLS starttls, SMTPSendPort 587\n"));
    CU_ASSERT_FALSE(has(text, "geheim-4711"));
    CU_ASSERT_FALSE(has(ss_probe_report_json(&r, 0, pool), "geheim-4711"));
    apr_pool_destroy(pool);
}

static void a_masked_report_names_nobody(void)
{
    apr_pool_create(&pool, NULL);
    ss_probe_report_t r = make("tls");
    const char *text = ss_probe_report_text(&r, 1, pool), *json = ss_probe_report_json(&r, 1, pool);
    CU_ASSERT_FALSE(has(text, "example"));
    CU_ASSERT_FALSE(has(text, "alice"));
    CU_ASSERT_FALSE(has(text, "192.0.2.1"));
    CU_ASSERT(has(text, "s***.e***.com"));
    CU_ASSERT(has(text, "/etc/apache2/mail.conf:12"));
    CU_ASSERT_FALSE(has(json, "example.com"));
    CU_ASSERT_FALSE(has(json, "alice"));
    apr_pool_destroy(pool);
}

static const struct {
    const char *label, *input, *want;
} masks[] = { { "address", "RCPT TO:<john@example.com>", "RCPT TO:<j***@e***.com>" },
              { "host", "220 mail.example.com ESMTP", "220 m***.e***.com ESMTP" },
              { "host after a reply's code", "250-mx.example.net", "250-m***.e***.net" },
              { "host and port", "mail.example.com:465", "m***.e***.com:465" },
              { "host at a sentence's end", "not for smtp.example.com.", "not for s***.e***.com." },
              { "IPv4", "mail.example.com[192.0.2.77]:25", "m***.e***.com[192.0.*.*]:25" },
              { "IPv6", "2001:db8::7: refused", "2001:***: refused" },
              { "loopback stays", "127.0.0.1 port 25", "127.0.0.1 port 25" },
              { "versions and codes stay", "TLSv1.3 5.7.8 0.1.0", "TLSv1.3 5.7.8 0.1.0" },
              { "times stay", "2026-11-24T16:43:14.054Z 16:43:14",
                "2026-11-24T16:43:14.054Z 16:43:14" },
              { "paths stay", "(/etc/apache2/mail.conf:12)", "(/etc/apache2/mail.conf:12)" },
              { "directives stay", "SMTPSendTLS starttls, SMTPSendPort 587",
                "SMTPSendTLS starttls, SMTPSendPort 587" },
              { "lone @", "a @ b", "a @ b" },
              { "empty", "", "" } };

static void masks_shorten_names_and_nothing_else(void)
{
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        const char *got = ss_mask_text(masks[i].input, pool);
        if (strcmp(got, masks[i].want))
            fprintf(stderr, "mask %s: got \"%s\", want \"%s\"\n", masks[i].label, got,
                    masks[i].want);
        CU_ASSERT_STRING_EQUAL(got, masks[i].want);
    }
    apr_pool_destroy(pool);
}

static void json_has_the_contracts_fields(void)
{
    apr_pool_create(&pool, NULL);
    ss_probe_report_t r = make("tls");
    json_t *root = json_loads(ss_probe_report_json(&r, 0, pool), 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(root, "result")), "failed");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(root, "failedStep")), "tls");
    const json_t *step = json_array_get(json_object_get(root, "steps"), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(step, "step")), "tls");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(step, "result")), "fail");
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(step, "ms")), 3.0, 0.001);
    CU_ASSERT(json_array_size(json_object_get(root, "settings")) > 20);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "dialogue")), 1);
    const json_t *advice = json_array_get(json_object_get(root, "advice"), 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(advice, "code")), "cert-name");
    CU_ASSERT(json_is_string(json_object_get(advice, "title")) &&
              json_is_string(json_object_get(advice, "text")));
    json_decref(root);
    apr_pool_destroy(pool);
}

static void bytes_from_outside_become_valid_json(void)
{
    apr_pool_create(&pool, NULL);
    ss_probe_report_step_t step = { "greeting", SS_STEP_FAIL, 0, "bad \xff\x01 bytes \"quoted\"",
                                    NULL,       NULL };
    json_t *root = json_loads(ss_probe_report_step_json(&step, 0, pool), 0, NULL);
    CU_ASSERT_PTR_NOT_NULL(root);
    json_decref(root);
    apr_pool_destroy(pool);
}

void ss_suite_report(void)
{
    CU_pSuite suite = CU_add_suite("report", NULL, NULL);

    CU_add_test(suite, "the_first_line_is_the_outcome", the_first_line_is_the_outcome);
    CU_add_test(suite, "the_text_holds_all_parts", the_text_holds_all_parts);
    CU_add_test(suite, "a_masked_report_names_nobody", a_masked_report_names_nobody);
    CU_add_test(suite, "masks_shorten_names_and_nothing_else",
                masks_shorten_names_and_nothing_else);
    CU_add_test(suite, "json_has_the_contracts_fields", json_has_the_contracts_fields);
    CU_add_test(suite, "bytes_from_outside_become_valid_json",
                bytes_from_outside_become_valid_json);
}
