/* test_address.c: mailbox syntax, lists, names. */
#include <CUnit/Basic.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

#include "mail/address.h"

void ss_suite_address(void);

static void syntax_is_checked(void)
{
    static const struct {
        const char *label, *input;
        int want;
    } table[] = { { "plain", "a@example.com", 1 },
                  { "quoted", "\"a b\"@example.com", 1 },
                  { "quoted at", "\"a@b\"@example.com", 1 },
                  { "literal", "a@[192.0.2.1]", 1 },
                  { "literal 6", "a@[IPv6:2001:db8::1]", 1 },
                  { "utf-8",
                    "j\xc3\xb6rg@b\xc3\xbc"
                    "cher.example",
                    1 },
                  { "local only", "root", 0 },
                  { "empty", "", 0 },
                  { "two dots", "a..b@example.com", 1 },
                  { "dot end", "a.@example.com", 1 },
                  { "line end", "a@b\r\nRCPT TO:<x@y>", 0 },
                  { "bracket", "a@b>", 0 },
                  { "blank", "a b@example.com", 0 },
                  { "bad utf-8", "a\xff@example.com", 0 },
                  { "bad literal", "a@[300.1.1.1]", 0 },
                  { "hyphen", "a@-b.com", 0 },
                  { "literal 6 of nothing", "a@[IPv6::::::]", 0 },
                  { "literal 6 too long", "a@[IPv6:1:2:3:4:5:6:7:8:9]", 0 },
                  { "literal of four", "a@[1.2.3]", 0 },
                  { "literal too long",
                    "a@[IPv6:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", 0 },
                  { "literal open", "a@[192.0.2.1", 0 },
                  { "literal empty", "a@[]", 0 },
                  { "literal 6 mixed", "a@[IPv6:::ffff:192.0.2.1]", 1 },
                  { "quoted open", "\"a@b.c", 0 },
                  { "quoted pair at the end", "\"a\\", 0 },
                  { "quoted pair", "\"a\\\"b\"@c.d", 1 },
                  { "quoted and more", "\"a\"b@c.d", 0 },
                  { "quoted control", "\"a\tb\"@c.d", 0 },
                  { "dot first", ".a@b.c", 1 },
                  { "no local", "@b.c", 0 },
                  { "no domain after @", "a@", 0 },
                  { "label ends with hyphen", "a@b-.c", 0 },
                  { "two dots in domain", "a@b..c", 0 },
                  { "domain's dot end", "a@b.c.", 0 },
                  { "underscore", "a@b_c.d", 1 },
                  { "separator", "a\xe2\x80\xa8@b.c", 0 },
                  { "paragraph", "a\xe2\x80\xa9@b.c", 0 },
                  { "dash of three octets", "a\xe2\x80\x94@b.c", 1 },
                  { "local of 64",
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c", 1 },
                  { "label of 64",
                    "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", 0 },
                  { "c1 control", "a\xc2\x85@example.com", 0 },
                  { "only dots of a name", "a..b", 0 },
                  { "no A-label", "a@\xe2\x98\x83.b", 0 },
                  { "no A-label, local part outside ASCII", "\xc3\xb6@-\xc3\xbc.b", 0 },
                  { "encoded word", "=?utf-8?q?a?=@b.c", 0 },
                  { "half of one", "a=?b@c.d", 1 },
                  { "two at", "a@b@c", 0 } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if ((ss_address_normal(table[i].input, 0, NULL, pool) != NULL) != table[i].want)
            CU_FAIL(table[i].label);
    }
    CU_ASSERT_STRING_EQUAL(ss_address_normal("root", 1, NULL, pool), "root");
    apr_pool_destroy(pool);
}

/* The list as "name|address|group;". */
static const char *flat(const char *value, apr_pool_t *pool)
{
    static char out[1000];
    apr_array_header_t *list;

    out[0] = '\0';
    if (ss_address_list(&list, value, strlen(value), NULL, pool)) return "ERROR";
    for (int i = 0; i < list->nelts; i++) {
        const ss_address_t *a = &((ss_address_t *)list->elts)[i];
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s|%s|%s;", a->name ? a->name : "",
                 a->address, a->group ? a->group : "");
    }
    return out;
}

static void lists_are_read(void)
{
    static const struct {
        const char *input, *want;
    } table[] = { { "a@b.c, d@e.f", "|a@b.c|;|d@e.f|;" },
                  { "Joe Q. <a@b.c>", "Joe Q.|a@b.c|;" },
                  { "\"X, Y\" <a@b.c>", "X, Y|a@b.c|;" },
                  { "a@b.c (Joe)", "Joe|a@b.c|;" },
                  { "g: a@b.c, d@e.f;, x@y.z", "|a@b.c|g;|d@e.f|g;|x@y.z|;" },
                  { "undisclosed-recipients:;", "" },
                  { "<@r.x,@s.y:a@b.c>", "|a@b.c|;" },
                  { ",, a@b.c,", "|a@b.c|;" },
                  { "=?utf-8?Q?J=C3=B6rg?= =?utf-8?B?w7Y=?= <a@b.c>",
                    "J\xc3\xb6rg\xc3\xb6|a@b.c|;" },
                  { "root", "|root|;" },
                  { "a @ b . c", "|a@b.c|;" },
                  { "\"a b\"@c.d", "|\"a b\"@c.d|;" },
                  { "Joe Doe", "ERROR" },
                  { "a@b.c>", "ERROR" },
                  { "<a@b.c", "ERROR" },
                  { "\"a", "ERROR" },
                  { "(a", "ERROR" },
                  { "<a@b.c> d@e.f", "ERROR" },
                  { "a@b.c\r\n ,d@e.f", "|a@b.c|;|d@e.f|;" },
                  { "<\"a b\"@[192.0.2.1]>", "|\"a b\"@[192.0.2.1]|;" },
                  { "a@[192.0.2.1], b@c.d", "|a@[192.0.2.1]|;|b@c.d|;" },
                  { "a@[192.0.2.1", "ERROR" },
                  { "<a@[192.0.2.1>", "ERROR" },
                  { "<a@b.c", "ERROR" },
                  { "<a@<b.c>>", "ERROR" },
                  { "<>", "ERROR" },
                  { "Joe <>", "ERROR" },
                  { "<(in (side)) a@b.c (out)> (more)", "|a@b.c|;" },
                  { "a@b.c (J\\)oe)", "J)oe|a@b.c|;" },
                  { "<\"a@b.c>", "ERROR" },
                  { "<a@b.c> (open", "ERROR" },
                  { "<(open a@b.c>", "ERROR" },
                  { "g: h: a@b.c;;", "ERROR" },
                  { "g:, ,a@b.c; d@e.f", "|a@b.c|g;|d@e.f|;" },
                  { ": a@b.c;", "|a@b.c|;" },
                  { "\"g, h\": a@b.c;", "|a@b.c|g, h;" },
                  { "Joe \"X\" Doe <a@b.c>", "Joe X Doe|a@b.c|;" },
                  { "\"X\" <a@b.c>", "X|a@b.c|;" },
                  { "\"a\r\n b\"@c.d", "|\"a b\"@c.d|;" },
                  { "a@b.c g: d@e.f;", "ERROR" },
                  { "a@b.c=?utf-8?q?=0D=0ABcc:_d@e.f?=", "ERROR" },
                  { "\"a@b\": d@e.f;", "|d@e.f|a@b;" },
                  { "g: a@b.c", "ERROR" },
                  { "g: a@b.c, d@e.f", "ERROR" },
                  { "undisclosed-recipients:", "" },
                  { "a@b.c, g:", "|a@b.c|;" },
                  { "g: a@b.c;, h:", "|a@b.c|g;" },
                  { "Joe \"q\"@c.d", "ERROR" },
                  { "\"\" <a@b.c>", "|a@b.c|;" },
                  { "\"a\\\"b\" <a@b.c>", "a\"b|a@b.c|;" },
                  { "a@b..c", "ERROR" },
                  { "@", "ERROR" },
                  { "; ;", "" },
                  { "[", "ERROR" },
                  { "a b <c@d.e", "ERROR" },
                  { "=?utf-8?q?Doe,_Jane?= <a@b.c>, d@e.f", "Doe, Jane|a@b.c|;|d@e.f|;" },
                  { "=?utf-8?q?a?=b, c@d.e", "ERROR" },
                  { "=?utf-8?q?a", "ERROR" },
                  { "Doe, Jane <a@b.c>", "|Doe|;Jane|a@b.c|;" },
                  { "user..name@b.c, .x@y.z", "|\"user..name\"@b.c|;|\".x\"@y.z|;" },
                  { "B <a@b\xc3\xbc.c>", "B|a@xn--b-eha.c|;" },
                  { "a\xe2\x80\x8b@b.c", "ERROR" } };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *got = flat(table[i].input, pool);
        if (strcmp(got, table[i].want)) {
            printf("\n%s: got %s", table[i].input, got);
            CU_FAIL("list");
        }
    }
    /* Comments in comments have a bound, as their ends must come. */
    static const char open[] = "((((((((((((((((((((((((((((((((((((((((",
                      close[] = "))))))))))))))))))))))))))))))))))))))))";
    for (int depth = 1; depth <= 40; depth++) {
        const char *got =
            flat(apr_psprintf(pool, "%.*s%.*s a@b.c", depth, open, depth, close), pool);
        if (depth > 32 ? strcmp(got, "ERROR") : !strstr(got, "|a@b.c|;"))
            CU_FAIL("depth of comments");
    }
    apr_array_header_t *list;
    const char *why = NULL;
    CU_ASSERT_EQUAL(ss_address_list(&list, "a\0b@c.d", 8, &why, pool), -1);
    CU_ASSERT_EQUAL(ss_address_list(&list, "<a\0b@c.d>", 10, &why, pool), -1);
    CU_ASSERT_STRING_EQUAL(why, "there is a zero byte in an address");
    apr_pool_destroy(pool);
}

/* What nobody can see, or takes for another character, is named. */
static void look_alikes_are_named(void)
{
    static const struct {
        const char *bytes, *code;
    } rows[] = { { "\xc2\xa0", "U+00A0" },
                 { "\xc2\xad", "U+00AD" },
                 { "\xc2\x85", "U+0085" },
                 { "\xcd\x8f", "U+034F" },
                 { "\xd8\x9c", "U+061C" },
                 { "\xe1\x85\x9f", "U+115F" },
                 { "\xe1\xa0\x8e", "U+180E" },
                 { "\xe2\x80\x87", "U+2007" },
                 { "\xe2\x80\x8b", "U+200B" },
                 { "\xe2\x80\x8c", "U+200C" },
                 { "\xe2\x80\x8d", "U+200D" },
                 { "\xe2\x80\x8e", "U+200E" },
                 { "\xe2\x80\x8f", "U+200F" },
                 { "\xe2\x80\xa4", "U+2024" },
                 { "\xe2\x80\xa8", "U+2028" },
                 { "\xe2\x80\xaa", "U+202A" },
                 { "\xe2\x80\xae", "U+202E" },
                 { "\xe2\x80\xaf", "U+202F" },
                 { "\xe2\x81\xa0", "U+2060" },
                 { "\xe2\x81\xa4", "U+2064" },
                 { "\xe2\x81\xa6", "U+2066" },
                 { "\xe2\x81\xa9", "U+2069" },
                 { "\xe3\x80\x80", "U+3000" },
                 { "\xe3\x80\x82", "U+3002" },
                 { "\xe3\x85\xa4", "U+3164" },
                 { "\xef\xb8\x8f", "U+FE0F" },
                 { "\xef\xb9\x92", "U+FE52" },
                 { "\xef\xb9\xab", "U+FE6B" },
                 { "\xef\xbb\xbf", "U+FEFF" },
                 { "\xef\xbc\x8e", "U+FF0E, which looks like ." },
                 { "\xef\xbc\xa0", "U+FF20, which looks like @" },
                 { "\xef\xbd\xa1", "U+FF61" },
                 { "\xef\xbd\x81", "U+FF41, which looks like a" },
                 { "\xef\xbf\xbd", "U+FFFD" },
                 { "\xf0\x9d\x90\x9b", "U+1D41B" },
                 { "\xf3\xa0\x80\xa1", "U+E0021" },
                 { "\xf3\xa0\x84\x80", "U+E0100" } };
    /* in the local part, in its quotes, in the domain, between them, alone */
    static const char *const places[] = { "b%sb@example.net",  "\"b%s b\"@example.net",
                                          "bob@exa%smple.net", "bob%sexample.net",
                                          "bob@example%snet",  "%sbob@example.net",
                                          "bob@example.net%s", "\xc3\xb6%s@example.net" };
    const char *why;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++) {
            const char *text = apr_psprintf(pool, places[k], rows[i].bytes);
            CU_ASSERT_PTR_NULL(ss_address_normal(text, 1, &why, pool));
            if (!strstr(why, rows[i].code)) printf("\n%s: %s", rows[i].code, why);
            CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].code));
        }
    }
    /* Letters are letters. */
    static const char *const fine[] = { "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@example.net",
                                        "\xe7\x94\xa8\xe6\x88\xb7@example.net",
                                        "\xf0\x9f\x98\x80@example.net" };
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        CU_ASSERT_STRING_EQUAL(ss_address_normal(fine[i], 0, &why, pool), fine[i]);
    apr_pool_destroy(pool);
}

static void addresses_are_sent_in_one_form(void)
{
    static const struct {
        const char *text, *normal;
    } rows[] = { { "a@b.c", "a@b.c" },
                 { "a@B\xc3\x9c.C", "a@xn--b-eha.c" },
                 { "a@[192.0.2.1]", "a@[192.0.2.1]" },
                 { "\xc3\xb6@b\xc3\xbc.c", "\xc3\xb6@b\xc3\xbc.c" },
                 { "\"a b\"@b\xc3\xbc.c", "\"a b\"@xn--b-eha.c" },
                 { ".a@b.c", "\".a\"@b.c" },
                 { "a.@b.c", "\"a.\"@b.c" },
                 { "a..b@b.c", "\"a..b\"@b.c" },
                 { "\"a\"@b.c", "\"a\"@b.c" } };
    char local[260];
    const char *why;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_STRING_EQUAL(ss_address_normal(rows[i].text, 0, NULL, pool), rows[i].normal);
    memset(local, 'a', sizeof(local));
    CU_ASSERT_PTR_NOT_NULL(
        ss_address_normal(apr_psprintf(pool, "%.256s@b.c", local), 0, &why, pool));
    CU_ASSERT_PTR_NULL(ss_address_normal(apr_psprintf(pool, "%.257s@b.c", local), 0, &why, pool));
    CU_ASSERT_STRING_EQUAL(why, "its local part is longer than 256 octets");
    CU_ASSERT_PTR_NULL(ss_address_normal(apr_psprintf(pool, "%.254s.@b.c", local), 0, &why, pool));
    CU_ASSERT_TRUE(ss_address_fits("*@b\xc3\xbc.c", "a@xn--b-eha.c"));
    CU_ASSERT_TRUE(ss_address_fits("*@*.b\xc3\xbc.c", "\xc3\xb6@d.b\xc3\xbc.c"));
    CU_ASSERT_TRUE(ss_address_fits("*@xn--b-eha.c", "\xc3\xb6@B\xc3\xbc.c"));
    CU_ASSERT_FALSE(ss_address_fits("*@b\xc3\xbc.c", "a@bu.c"));
    apr_pool_destroy(pool);
}

static void one_is_one(void)
{
    static const struct {
        const char *text, *why;
    } table[] = {
        { "", "it is empty" },
        { ";", "it is empty" },
        { "a@b.c, d@e.f", "there is more than one address" },
        { "a@b.c\t", "it has a control character or line end" },
        { "a@b.c\177", "it has a control character or line end" },
        { "Joe Doe",
          "\"Joe Doe\" is not an address; use the form: Name <name@example.com>, with a name that "
          "has a comma in quotes" }
    };
    const char *why;
    ss_address_t out;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        CU_ASSERT_EQUAL(ss_address_one(&out, table[i].text, &why, pool), -1);
        CU_ASSERT_STRING_EQUAL(why, table[i].why);
    }
    CU_ASSERT_EQUAL(ss_address_one(&out, "Joe <a@b.c>", NULL, pool), 0);
    CU_ASSERT_STRING_EQUAL(out.name, "Joe");
    apr_pool_destroy(pool);
}

static void what_is_written_is_read_again(void)
{
    static const char *const names[] = {
        "Joe", "Joe, the \"great\"", "J\xc3\xb6rg", "=?x?=",
        ("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe9\x95\xb7\xe3\x81\x84\xe5\x90\x8d\xe5"
         "\x89\x8d\xe3\x81\xa7\xe3\x81\x99\xe3\x82\x88\xe3\x81\xad\xe6\x97\xa5")
    };
    apr_pool_t *pool;
    ss_address_t out;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ss_address_t a = { .name = names[i], .address = "a@b.c" };
        CU_ASSERT_EQUAL_FATAL(ss_address_one(&out, ss_address_header(&a, pool), NULL, pool), 0);
        CU_ASSERT_STRING_EQUAL(out.name, names[i]);
    }
    CU_ASSERT_NOT_EQUAL(ss_address_one(&out, "a@b.c\r\nBcc: x@y.z", NULL, pool), 0);
    CU_ASSERT_TRUE(ss_address_same("a@B.c", "a@b.C"));
    CU_ASSERT_FALSE(ss_address_same("A@b.c", "a@b.c"));
    CU_ASSERT_STRING_EQUAL(ss_address_with_domain("root", "h.x", pool), "root@h.x");
    apr_pool_destroy(pool);
}

void ss_suite_address(void)
{
    CU_pSuite s = CU_add_suite("address", NULL, NULL);

    CU_add_test(s, "syntax_is_checked", syntax_is_checked);
    CU_add_test(s, "lists_are_read", lists_are_read);
    CU_add_test(s, "look_alikes_are_named", look_alikes_are_named);
    CU_add_test(s, "addresses_are_sent_in_one_form", addresses_are_sent_in_one_form);
    CU_add_test(s, "one_is_one", one_is_one);
    CU_add_test(s, "what_is_written_is_read_again", what_is_written_is_read_again);
}
