/* test_object.c: JSON written without a library says the same as jansson reads; members are read
 * from what jansson writes. */
#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"

void ss_suite_object(void);

static void written_objects_are_json(void)
{
    ss_object_t object;
    ss_buf_t out;

    ss_buf_init(&out, 4096);
    ss_object_begin(&object, &out);
    ss_object_text(&object, "none", NULL);
    ss_object_text(&object, "text", "a\"\\\n\x01\xc3\xa4\xff");
    ss_object_flag(&object, "off", 0);
    ss_object_flag(&object, "on", 1);
    ss_object_open(&object, "inner");
    ss_object_number(&object, "n", -7);
    ss_object_text(&object, "t", "x");
    ss_object_close(&object);
    ss_object_open(&object, "empty");
    ss_object_close(&object);
    ss_object_list(&object, "list");
    ss_object_item(&object, "1");
    ss_object_item(&object, NULL);
    ss_object_item_number(&object, APR_INT64_MAX);
    ss_object_list_end(&object);
    CU_ASSERT_EQUAL(ss_object_end(&object), APR_SUCCESS);
    json_t *is = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_pack("{s:s,s:b,s:{s:i,s:s},s:{},s:[s,n,I]}", "text",
                               "a\"\\\n\x01\xc3\xa4\xef\xbf\xbd", "on", 1, "inner", "n", -7, "t",
                               "x", "empty", "list", "1", (json_int_t)APR_INT64_MAX);
    CU_ASSERT(json_equal(is, wanted));
    json_decref(is);
    json_decref(wanted);
    ss_buf_free(&out);
}

static void a_full_buffer_is_reported(void)
{
    ss_object_t object;
    ss_buf_t out;

    ss_buf_init(&out, 10);
    ss_object_begin(&object, &out);
    ss_object_text(&object, "name", "much too long");
    CU_ASSERT_NOT_EQUAL(ss_object_end(&object), APR_SUCCESS);
    ss_buf_free(&out);
}

static void members_of_the_first_level_are_read(void)
{
    static const struct {
        const char *json;
        int number;
        const char *text;
    } table[] = {
        { "{\"n\":503,\"t\":\"a\"}", 503, "a" },
        { " { \"t\" : \"a\\\"b\\\\\" , \"n\" : 0 } ", 0, "a\"b\\" },
        { "{\"x\":{\"n\":1,\"t\":\"no\"},\"n\":2}", 2, NULL },
        { "{\"x\":\"\\\"n\\\":1\",\"n\":3}", 3, NULL },
        { "{\"x\":[{\"n\":1}],\"n\":\"4\",\"t\":5}", -1, NULL },
        { "{\"x\":\"n\",\"t\":\"n\"}", -1, "n" },
        { "{\"n\":-1,\"t\":null}", -1, NULL },
        { "{\"t\":\"\\u00e4\\n\\ud83d\\ude00\\/\"}", -1, "\xc3\xa4\n\xf0\x9f\x98\x80/" },
        { "", -1, NULL },
        { "{\"n", -1, NULL },
        { "{\"n\":", -1, NULL },
        { "{\"t\":\"a\\", -1, "a" },
        { "{\"t\":\"\\u12", -1, "" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_size_t len = strlen(table[i].json);
        char *json = malloc(len ? len : 1); /* without a zero byte behind it */
        memcpy(json, table[i].json, len);
        const char *text = ss_object_read_text(json, len, "t", pool);
        CU_ASSERT_EQUAL(ss_object_read_number(json, len, "n", -1), table[i].number);
        CU_ASSERT(text && table[i].text ? !strcmp(text, table[i].text) : text == table[i].text);
        free(json);
    }
    apr_pool_destroy(pool);
}

static void what_jansson_writes_is_read(void)
{
    static const char *const texts[] = { "", "plain", "\x01\x1f\x7f\"\\/\b\f\n\r\t",
                                         "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80" };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < 2 * sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *object = json_pack("{s:s}", "t", texts[i / 2]);
        char *json = json_dumps(object, i & 1 ? JSON_ENSURE_ASCII : JSON_COMPACT);
        CU_ASSERT_STRING_EQUAL(ss_object_read_text(json, strlen(json), "t", pool), texts[i / 2]);
        free(json);
        json_decref(object);
    }
    apr_pool_destroy(pool);
}

void ss_suite_object(void)
{
    CU_pSuite suite = CU_add_suite("object", NULL, NULL);

    CU_add_test(suite, "written_objects_are_json", written_objects_are_json);
    CU_add_test(suite, "a_full_buffer_is_reported", a_full_buffer_is_reported);
    CU_add_test(suite, "members_of_the_first_level_are_read", members_of_the_first_level_are_read);
    CU_add_test(suite, "what_jansson_writes_is_read", what_jansson_writes_is_read);
}
