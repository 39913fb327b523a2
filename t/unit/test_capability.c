/* test_capability.c: what EHLO's answer offers (src/smtp/capability.c). */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "smtp/capability.h"
#include "smtp/reply.h"

void ss_suite_capability(void);

static int has_mechanism(const ss_capability_t *c, const char *mechanism)
{
    return ss_text_word_index(c->mechanisms, mechanism) >= 0;
}

static void capability_all_keywords(void)
{
    ss_capability_t c;

    ss_capability_parse(
        &c, "mx.example at your service\nPIPELINING\nsize "
            "35882577\n8bitmime\nSMTPUTF8\nDSN\nEnhancedStatusCodes\nSTARTTLS\nREQUIRETLS\n"
            "CHUNKING\nAUTH PLAIN login\nAUTH=LOGIN CRAM-MD5\nLIMITS MAILMAX=5 RCPTMAX=20 "
            "RCPTDOMAINMAX=1\nXUNKNOWN");
    CU_ASSERT_TRUE(c.is_esmtp && c.pipelining && c.chunking && c.size_known && c.eight_bit_mime &&
                   c.smtputf8 && c.dsn && c.enhanced && c.starttls && c.requiretls &&
                   c.auth_offered);
    CU_ASSERT_EQUAL(c.size, 35882577);
    CU_ASSERT_EQUAL(c.limit_messages, 5);
    CU_ASSERT_EQUAL(c.limit_recipients, 20);
    CU_ASSERT_STRING_EQUAL(c.mechanisms, "PLAIN LOGIN CRAM-MD5");
    CU_ASSERT_STRING_EQUAL(c.name, "mx.example");
    CU_ASSERT_FALSE(c.is_rewritten);
    CU_ASSERT_TRUE(has_mechanism(&c, "CRAM-MD5"));
    CU_ASSERT_FALSE(has_mechanism(&c, "CRAM"));
}

static void capability_first_line_is_no_keyword(void)
{
    ss_capability_t c;

    ss_capability_parse(&c, "PIPELINING");
    CU_ASSERT_FALSE(c.pipelining);
    ss_capability_parse_helo(&c, "old.example\nPIPELINING");
    CU_ASSERT_FALSE(c.pipelining || c.is_esmtp);
    CU_ASSERT_STRING_EQUAL(c.name, "old.example");
}

static void capability_nonsense_counts_as_no_parameter(void)
{
    ss_capability_t c;

    ss_capability_parse(
        &c, "x\nSIZE much\nLIMITS RCPTMAX=-1 MAILMAX=a =5 RCPTMAX\nAUTH\nPIPELININGX\nXPIPELINING");
    CU_ASSERT_TRUE(c.size_known && !c.size && !c.limit_recipients && !c.limit_messages &&
                   c.auth_offered && !c.mechanisms[0] && !c.pipelining);
    ss_capability_parse(&c, "x\nSIZE 99999999999999999999\nSIZE\nSIZE 0");
    CU_ASSERT_TRUE(c.size_known && !c.size);
    ss_capability_parse(&c,
                        "x\n\n \t\nSIZE=\nLIMITS RCPTMAX= MAILMAX=1000001 "
                        "RCPTMAX=1000000\nSMTPUTF8{\nDSN=yes\n\r\nPIPELINING\r\nauth=~x\tPLAIN");
    CU_ASSERT_TRUE(c.size_known && !c.size && !c.limit_messages && !c.smtputf8 && c.dsn &&
                   c.pipelining);
    CU_ASSERT_EQUAL(c.limit_recipients, 1000000);
    CU_ASSERT_STRING_EQUAL(c.mechanisms, "~X PLAIN");
    ss_capability_parse(&c, "");
    CU_ASSERT_STRING_EQUAL(c.name, "");
}

/* An overlong mechanism name is ignored, an overlong server name is cut. */
static void capability_names_are_bounded(void)
{
    char text[SS_REPLY_TEXT_MAX];
    ss_capability_t c;

    snprintf(text, sizeof(text), "%0300d\nAUTH %064d %063d PLAIN", 1, 2, 3);
    ss_capability_parse(&c, text);
    CU_ASSERT_EQUAL(strlen(c.name), sizeof(c.name) - 1);
    CU_ASSERT_EQUAL(strlen(c.mechanisms), 63 + 1 + 5);
    CU_ASSERT_TRUE(has_mechanism(&c, "PLAIN"));
}

static void capability_rewritten_lines_are_seen(void)
{
    static const struct {
        const char *text;
        int want;
    } cases[] = {
        { "x\nXXXXXXXA", 1 }, { "x\nXXXX", 1 }, { "x\nxxxxxxxxa\nSIZE", 1 }, { "************", 1 },
        { "x\nXEXCH50", 0 },  { "x\nXX", 0 },   { "x\nX-LINK2STATE", 0 },    { "", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ss_capability_t c;
        ss_capability_parse(&c, cases[i].text);
        CU_ASSERT_EQUAL(c.is_rewritten, cases[i].want);
    }
}

static void capability_mechanisms_are_bounded(void)
{
    char text[SS_REPLY_TEXT_MAX] = "x\nAUTH";
    ss_capability_t c;

    for (int i = 0; strlen(text) + 24 < sizeof(text); i++)
        snprintf(text + strlen(text), 24, " MECHANISM-%d", i);
    ss_capability_parse(&c, text);
    CU_ASSERT_TRUE(strlen(c.mechanisms) < sizeof(c.mechanisms));
    CU_ASSERT_TRUE(has_mechanism(&c, "MECHANISM-0"));
}

void ss_suite_capability(void)
{
    CU_pSuite suite = CU_add_suite("capability", NULL, NULL);

    CU_add_test(suite, "all keywords", capability_all_keywords);
    CU_add_test(suite, "the first line is no keyword", capability_first_line_is_no_keyword);
    CU_add_test(suite, "nonsense counts as no parameter",
                capability_nonsense_counts_as_no_parameter);
    CU_add_test(suite, "rewritten lines are seen", capability_rewritten_lines_are_seen);
    CU_add_test(suite, "names are bounded", capability_names_are_bounded);
    CU_add_test(suite, "mechanisms are bounded", capability_mechanisms_are_bounded);
}
