/* test_event_privacy.c: what SMTPSendEventLogAddresses leaves of addresses. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "record/event_privacy.h"

void ss_suite_event_privacy(void);

static apr_pool_t *pool;

static void expect(const char *got, const char *want, const char *label)
{
    if (strcmp(got, want)) printf("\n    %s: got %s, not %s", label, got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void an_address_is_shortened(void)
{
    static const struct {
        const char *address, *want;
    } rows[] = {
        { "bob@example.com", "b***@e***.com" },
        { "a@mail.example.co.uk", "a***@m***.e***.c***.uk" },
        { "\"john doe\"@example.com", "j***@e***.com" },
        { "\"@\"@example.com", "***@e***.com" },
        { "o'brien/sales+x=y@example.com", "o***@e***.com" },
        { "\xc3\xbcnal@example.com", "\xc3\xbc***@e***.com" },
        { "bob@m\xc3\xbcnchen.example", "b***@m***.example" },
        { "bob@\xc3\xa4.example", "b***@\xc3\xa4***.example" },
        { "bob@[192.0.2.1]", "b***@[***]" },
        { "bob@localhost", "b***@localhost" },
        { "bob", "b***" },
        { "*@example.com", "***@e***.com" },
        { "", "" },
    };
    const ss_event_privacy_t p = { .mode = SS_EVENT_MASKED };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(ss_event_privacy_address(&p, rows[i].address, pool), rows[i].want, rows[i].address);
    CU_ASSERT_PTR_NULL(ss_event_privacy_address(&p, NULL, pool));
}

static void all_forms_of_an_address_have_one_hash(void)
{
    static const char *const forms[] = { "Bob@Example.COM", "\"bob\"@example.com",
                                         "\"b\\ob\"@example.com" };
    static const char *const others[] = { "bob@example.org", "rob@example.com", "bob", "" };
    ss_event_privacy_t p = { .mode = SS_EVENT_HASHED, .key = "one" };
    const char *one = ss_event_privacy_address(&p, "bob@example.com", pool);

    CU_ASSERT_EQUAL(strlen(one), 5 + 32);
    CU_ASSERT_EQUAL(strncmp(one, "hmac:", 5), 0);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        expect(ss_event_privacy_address(&p, forms[i], pool), one, forms[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_STRING_NOT_EQUAL(ss_event_privacy_address(&p, others[i], pool), one);
    expect(ss_event_privacy_address(&p, "a@M\xc3\x9cNCHEN.example", pool),
           ss_event_privacy_address(&p, "a@xn--mnchen-3ya.example", pool), "IDN");
    p.key[0] = 'x';
    CU_ASSERT_STRING_NOT_EQUAL(ss_event_privacy_address(&p, "bob@example.com", pool), one);
}

static void texts_are_shortened_wherever_an_address_may_be(void)
{
    static const char *const known[] = { "bob@example.com", "\"john doe\"@example.org",
                                         "ann@m\xc3\xbcnchen.example", NULL };
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "550 5.1.1 <bob@example.com>: unknown", "550 5.1.1 <b***@e***.com>: unknown" },
        { "550 BOB@EXAMPLE.COM unknown", "550 B***@E***.COM unknown" },
        { "550 bob@example.com.", "550 b***@e***.com." },
        { "550 to=bob@example.com,x", "550 to=b***@e***.com,x" },
        { "no mailbox bob here", "no mailbox b*** here" },
        { "Bob", "b***" },
        { "bobby is no bob_x or kebob", "bobby is no b***_x or kebob" },
        { "bounce-bob=example.com@list.example", "b***@l***.example" },
        { "bob%example.com", "b***%e***.com" },
        { "bob+40example.com", "b***+40example.com" },
        { "bob at example.com", "b*** at e***.com" },
        { "relay mail.example.com", "relay mail.example.com" },
        { "\"john doe\"@example.org is full", "j***@e***.org is full" },
        { "'John Doe' is full", "'j***' is full" },
        { "\"john doe\" is full", "\"j***\" is full" },
        { "ann@xn--mnchen-3ya.example", "a***@x***.example" },
        { "other@unknown.example, <third@x.example>", "o***@u***.example, <t***@x***.example>" },
        { "x@[192.0.2.7] y", "x***@[***] y" },
        { "a @ b, c@ d, @e", "a @ b, c@ d, @e" },
        { "queued as 9F2C", "queued as 9F2C" },
        { "", "" },
    };
    ss_event_privacy_t p = { .mode = SS_EVENT_MASKED };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(ss_event_privacy_text(&p, rows[i].text, known, pool), rows[i].want, rows[i].text);
    expect(ss_event_privacy_text(&p, "a bob@b.example", NULL, pool), "a b***@b***.example",
           "nobody is known");
    p.mode = SS_EVENT_WHOLE;
    expect(ss_event_privacy_text(&p, rows[0].text, known, pool), rows[0].text, "whole");
}

static void hashed_texts_have_the_hash_of_the_address(void)
{
    static const char *const known[] = { "Bob@example.com", NULL };
    static const char *const texts[] = { "<bob@EXAMPLE.com>", "<Bob@example.com>", "<bob>",
                                         "<\"bob\"@example.com>" };
    ss_event_privacy_t p = { .mode = SS_EVENT_HASHED, .key = "one" };
    const char *want =
        apr_pstrcat(pool, "<", ss_event_privacy_address(&p, known[0], pool), ">", NULL);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect(ss_event_privacy_text(&p, texts[i], known, pool), want, texts[i]);
    CU_ASSERT_PTR_NULL(strstr(ss_event_privacy_text(&p, "at example.com", known, pool), "example"));
}

/* A reply of a stranger takes no more than its length. */
static void long_texts_are_quick(void)
{
    static const char *const bits[] = { "a", "\"", "\\\"", "@", "a@", "\"@", "=", "a@[", "bob" };
    static const char *const known[] = { "bob@example.com", NULL };
    const ss_event_privacy_t p = { .mode = SS_EVENT_MASKED };
    apr_pool_t *own;

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        apr_pool_create(&own, pool);
        apr_size_t len = strlen(bits[i]), count = 2000 / len;
        char *text = apr_pcalloc(own, 2001);
        for (apr_size_t k = 0; k < count; k++) memcpy(text + k * len, bits[i], len);
        CU_ASSERT_PTR_NOT_NULL(ss_event_privacy_text(&p, text, known, own));
        apr_pool_destroy(own);
    }
}

void ss_suite_event_privacy(void)
{
    CU_pSuite suite = CU_add_suite("event_privacy", NULL, NULL);

    apr_pool_create(&pool, NULL);
    CU_add_test(suite, "an_address_is_shortened", an_address_is_shortened);
    CU_add_test(suite, "all_forms_of_an_address_have_one_hash",
                all_forms_of_an_address_have_one_hash);
    CU_add_test(suite, "texts_are_shortened_wherever_an_address_may_be",
                texts_are_shortened_wherever_an_address_may_be);
    CU_add_test(suite, "hashed_texts_have_the_hash_of_the_address",
                hashed_texts_have_the_hash_of_the_address);
    CU_add_test(suite, "long_texts_are_quick", long_texts_are_quick);
}
