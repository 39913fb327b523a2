/* test_limit.c: limits of a submission over HTTP. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>

#include "web/submit/limit.c"

void ss_suite_limit(void);

static void the_location_decides_before_the_relay(void)
{
    ss_settings_policy_t policy = { .max_message_size = SS_UNSET };
    ss_settings_t relay = { .max_message_size = 500 };

    CU_ASSERT_EQUAL(ss_limit_message(&policy, &relay), 500);
    policy.max_message_size = 1;
    CU_ASSERT_EQUAL(ss_limit_message(&policy, &relay), 1);
    policy.max_message_size = 900;
    CU_ASSERT_EQUAL(ss_limit_message(&policy, &relay), 900);
    CU_ASSERT_EQUAL(ss_limit_document(1000), 3000);
    CU_ASSERT_EQUAL(ss_limit_multipart(1000), 66536);
}

static void a_key_is_printable_and_short(void)
{
    char text[SS_LIMIT_KEY_MAX + 2];

    memset(text, 'k', sizeof(text));
    text[SS_LIMIT_KEY_MAX + 1] = '\0';
    CU_ASSERT_FALSE(ss_limit_is_key(text));
    text[255] = '\0';
    CU_ASSERT_TRUE(ss_limit_is_key(text));
    text[254] = '\x7f';
    CU_ASSERT_FALSE(ss_limit_is_key(text));
    text[254] = '\n';
    CU_ASSERT_FALSE(ss_limit_is_key(text));
    CU_ASSERT_FALSE(ss_limit_is_key(""));
    CU_ASSERT_TRUE(ss_limit_is_key(" "));
    CU_ASSERT_TRUE(ss_limit_is_key("~"));
    CU_ASSERT_FALSE(ss_limit_is_key("\xc3\xa4"));
}

static void an_added_field_is_one_line(void)
{
    char text[1001];
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_STRING_EQUAL(ss_limit_field("a\r\nBcc: x\t\x7f~ \xc3\xa4", pool),
                           "a  Bcc: x  ~ \xc3\xa4");
    memset(text, 'x', 1000);
    text[1000] = '\0';
    CU_ASSERT_EQUAL(strlen(ss_limit_field(text, pool)), 998);
    text[998] = '\0';
    CU_ASSERT_EQUAL(strlen(ss_limit_field(text, pool)), 998);
    apr_pool_destroy(pool);
}

static void waiting_ends_after_two_minutes(void)
{
    static const struct {
        const char *text;
        int want;
        apr_interval_time_t wait;
    } rows[] = { { NULL, 1, 0 },
                 { "0s", 1, 0 },
                 { "10s", 1, APR_TIME_C(10000000) },
                 { "2min", 1, APR_TIME_C(120000000) },
                 { "120001ms", 0, 0 },
                 { "1h", 0, 0 },
                 { "", 0, 0 },
                 { "soon", 0, 0 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_interval_time_t wait = -1;
        int got = ss_limit_wait(rows[i].text, &wait);
        if (got != rows[i].want) printf("\n    %s", rows[i].text ? rows[i].text : "(none)");
        CU_ASSERT_EQUAL(got, rows[i].want);
        if (rows[i].want) CU_ASSERT_EQUAL(wait, rows[i].wait);
    }
}

void ss_suite_limit(void)
{
    CU_pSuite suite = CU_add_suite("limit", NULL, NULL);

    CU_add_test(suite, "the_location_decides_before_the_relay",
                the_location_decides_before_the_relay);
    CU_add_test(suite, "a_key_is_printable_and_short", a_key_is_printable_and_short);
    CU_add_test(suite, "an_added_field_is_one_line", an_added_field_is_one_line);
    CU_add_test(suite, "waiting_ends_after_two_minutes", waiting_ends_after_two_minutes);
}
