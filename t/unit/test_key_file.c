/* test_key_file.c: the file of SMTPSendKeyFile. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <string.h>

#include "config/key_file.h"

void ss_suite_key_file(void);

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const char file[] = "# keys\r\n"
                           "\n"
                           "shop sha256:" A "\n"
                           "news\tsha256:" B " from=*@a.example,b@c.example rate=10/s,1000/h "
                           "priority=bulk relay=second\n"
                           "  indented sha256:" C "\n"
                           "broken sha256:" C " colour=red\n"
                           "bad/name sha256:" C "0\n"
                           "last sha256:0000";

static const ss_key_file_entry_t *find(const char *hash, const char **why, apr_pool_t *pool)
{
    return ss_key_file_find(file, hash, why, pool);
}

static void a_key_is_found_by_its_hash(void)
{
    const ss_key_file_entry_t *entry;
    const char *why;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    entry = find(A, &why, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    CU_ASSERT_STRING_EQUAL(entry->name, "shop");
    CU_ASSERT_PTR_NULL(entry->from);
    CU_ASSERT_EQUAL(entry->priority, SS_UNSET);
    entry = find(B, &why, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    CU_ASSERT_STRING_EQUAL(entry->name, "news");
    CU_ASSERT_EQUAL(entry->from->nelts, 2);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(entry->from, 1, const char *), "b@c.example");
    CU_ASSERT_EQUAL(entry->rates->nelts, 2);
    CU_ASSERT_EQUAL(entry->priority, SS_PRIORITY_BULK);
    CU_ASSERT_STRING_EQUAL(entry->relay, "second");
    apr_pool_destroy(pool);
}

static void no_other_hash_fits(void)
{
    static const char *const others[] = { "", "0000" };
    const char *why;
    apr_pool_t *pool;
    char hash[SS_KEY_FILE_HASH + 1];

    apr_pool_create(&pool, NULL);
    for (int i = 0; i < SS_KEY_FILE_HASH; i++) {
        memcpy(hash, A, sizeof(hash));
        hash[i] = 'b';
        CU_ASSERT_PTR_NULL(find(hash, &why, pool));
        CU_ASSERT_PTR_NULL(why);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        memset(hash, 0, sizeof(hash));
        memcpy(hash, others[i], strlen(others[i]));
        CU_ASSERT_PTR_NULL(find(hash, &why, pool));
    }
    apr_pool_destroy(pool);
}

static void a_line_that_cannot_be_read_gives_no_rights(void)
{
    const char *why;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    CU_ASSERT_PTR_NULL(find(C, &why, pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "\"broken\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "colour=red"));
    apr_pool_destroy(pool);
}

static void names_can_be_users(void)
{
    CU_ASSERT_TRUE(ss_key_file_is_name("shop-1.example_x@y"));
    CU_ASSERT_FALSE(ss_key_file_is_name(""));
    CU_ASSERT_FALSE(ss_key_file_is_name("two words"));
    CU_ASSERT_FALSE(ss_key_file_is_name("a:b"));
    CU_ASSERT_FALSE(ss_key_file_is_name("#x"));
    CU_ASSERT_FALSE(ss_key_file_is_name(A "a"));
}

static void options_have_the_rules_of_the_directives(void)
{
    static const char *const wrong[] = { "rate=ten", "priority=urgent", "from=a@", "relay=", "x",
                                         "from" };
    ss_key_file_entry_t entry = { .name = "x" };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(ss_key_file_options(&entry, wrong[i], pool));
    CU_ASSERT_PTR_NULL(ss_key_file_options(&entry, "", pool));
    apr_pool_destroy(pool);
}

void ss_suite_key_file(void)
{
    CU_pSuite suite = CU_add_suite("key_file", NULL, NULL);

#define ADD(name) CU_add_test(suite, #name, name)
    ADD(a_key_is_found_by_its_hash);
    ADD(no_other_hash_fits);
    ADD(a_line_that_cannot_be_read_gives_no_rights);
    ADD(names_can_be_users);
    ADD(options_have_the_rules_of_the_directives);
}
