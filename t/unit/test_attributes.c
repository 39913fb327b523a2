/* test_attributes.c: who may set which attribute, what people may write, and that everything that
 * the table drives keeps every attribute. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"
#include "mail/attributes.h"
#include "mail/attributes_json.h"
#include "queue/sql.h"

void ss_suite_attributes(void);

/* Every attribute has a value of its own. */
static void fill_all(ss_attributes_t *attr, apr_pool_t *pool)
{
    int number = 0;

    ss_attributes_init(attr);
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++, number++) {
        if (row->kind == SS_ATTRIBUTE_OBJECT)
            ss_attributes_set_text(row, attr, apr_psprintf(pool, "{\"a\":%d}", number));
        else if (ss_attributes_is_text(row))
            ss_attributes_set_text(row, attr, apr_psprintf(pool, "text %d", number));
        else
            CU_ASSERT_EQUAL(ss_attributes_set_number(row, attr,
                                                     row->kind == SS_ATTRIBUTE_FLAG ? 1
                                                     : row->kind == SS_ATTRIBUTE_WORD
                                                         ? row->first + 1
                                                         : number),
                            0);
        CU_ASSERT(ss_attributes_is_set(row, attr));
    }
}

/* Those that one of set_by may set are equal, the others are not set. */
static int has_only(const ss_attributes_t *is, const ss_attributes_t *all, unsigned set_by)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        int ok = !(row->set_by & set_by) ? !ss_attributes_is_set(row, is)
                 : ss_attributes_is_text(row)
                     ? ss_attributes_is_set(row, is) &&
                           !strcmp(ss_attributes_text(row, is), ss_attributes_text(row, all))
                     : ss_attributes_number(row, is) == ss_attributes_number(row, all);
        if (!ok) return 0;
    }
    return 1;
}

static void who_may_set_what(void)
{
    static const struct {
        const char *name, *set_by; /* letters as below */
    } table[] = {
        { "subject", "cl" },     { "messageId", "cl" },    { "headerFrom", "cl" },
        { "is8bit", "cl" },      { "isUtf8", "cl" },       { "is8bitHeader", "cl" },
        { "requiresTls", "cl" }, { "isAuto", "cl" },       { "relay", "dql" },
        { "ret", "dqsl" },       { "envid", "dqsl" },      { "priority", "dql" },
        { "at", "dql" },         { "expire", "dql" },      { "metadata", "dl" },
        { "webhook", "dt" },     { "submitter", "t" },     { "door", "l" },
        { "uid", "r" },          { "createdBy", "r" },     { "idempotencyKey", "l" },
        { "contentHash", "l" },  { "isRedirected", "ct" }, { "traceparent", "dql" },
    };
    static const struct {
        char letter;
        unsigned bit;
    } paths[] = { { 'c', SS_SET_CONTENT }, { 'd', SS_SET_DOCUMENT }, { 'q', SS_SET_QUERY },
                  { 's', SS_SET_SMTP },    { 'l', SS_SET_SOCKET },   { 't', SS_SET_TRUSTED },
                  { 'r', SS_SET_RESTORE } };
    size_t count = 0;

    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) count++;
    CU_ASSERT_EQUAL(count, sizeof(table) / sizeof(table[0]));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
            CU_ASSERT_EQUAL(ss_attributes_find(table[i].name, paths[k].bit) != NULL,
                            strchr(table[i].set_by, paths[k].letter) != NULL);
    }
    CU_ASSERT_PTR_NULL(ss_attributes_find("Subject", ~0u));
    CU_ASSERT_STRING_EQUAL(ss_attributes_option('R')->name, "ret");
    CU_ASSERT_STRING_EQUAL(ss_attributes_option('V')->name, "envid");
    CU_ASSERT_PTR_NULL(ss_attributes_option('x'));
}

/* What a client of the local socket says reaches the daemon, but for what only a trusted one may
 * say. */
static void the_local_socket_keeps_what_its_client_may_set(void)
{
    static const unsigned all[] = { SS_SET_SOCKET, SS_SET_SOCKET | SS_SET_TRUSTED };
    ss_attributes_t from, to;
    ss_object_t object;
    apr_pool_t *pool;
    ss_buf_t out;

    apr_pool_create(&pool, NULL);
    fill_all(&from, pool);
    ss_buf_init(&out, 65536);
    ss_object_begin(&object, &out);
    ss_attributes_put(&object, &from);
    CU_ASSERT_EQUAL(ss_object_end(&object), APR_SUCCESS);
    json_t *json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        ss_attributes_init(&to);
        CU_ASSERT_PTR_NULL(ss_attributes_json_read(&to, json, all[i], pool));
        CU_ASSERT(has_only(&to, &from, all[i]));
    }
    CU_ASSERT_PTR_NULL(json_object_get(json, "uid"));
    CU_ASSERT_PTR_NULL(json_object_get(json, "createdBy"));
    json_decref(json);
    ss_buf_free(&out);
    apr_pool_destroy(pool);
}

static void export_and_import_keep_everything(void)
{
    json_t *json = json_object();
    ss_attributes_t from, to;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    fill_all(&from, pool);
    ss_attributes_json_put(json, &from);
    ss_attributes_init(&to);
    CU_ASSERT_PTR_NULL(ss_attributes_json_read(&to, json, ~0u, pool));
    CU_ASSERT(has_only(&to, &from, ~0u));
    /* Nothing is set: nothing is said. */
    ss_attributes_init(&from);
    json_object_clear(json);
    ss_attributes_json_put(json, &from);
    CU_ASSERT_EQUAL(json_object_size(json), 0);
    json_decref(json);
    apr_pool_destroy(pool);
}

static void copies_are_of_one_path(void)
{
    static const unsigned paths[] = { SS_SET_CONTENT, SS_SET_SMTP, SS_SET_TRUSTED };
    ss_attributes_t from, to;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    fill_all(&from, pool);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ss_attributes_init(&to);
        ss_attributes_copy(&to, &from, paths[i], i ? pool : NULL);
        CU_ASSERT(has_only(&to, &from, paths[i]));
    }
    CU_ASSERT_EQUAL(ss_attributes_flags(&from), 63);
    ss_attributes_set_flags(&from, 4);
    CU_ASSERT(from.requires_tls && !from.is_8bit && !from.is_utf8 && !from.is_auto);
    CU_ASSERT_EQUAL(ss_attributes_flags(&from), 4);
    apr_pool_destroy(pool);
}

/* The local socket is open to everybody: what it says is checked. */
static void values_out_of_range_are_refused(void)
{
    static const struct {
        const char *json, *refused;
    } table[] = {
        { "{\"priority\":0,\"ret\":0,\"at\":0,\"expire\":0,\"envid\":null}", NULL },
        { "{\"priority\":2,\"ret\":2,\"is8bit\":false}", NULL },
        { "{\"priority\":3}", "priority" },
        { "{\"priority\":-1}", "priority" },
        { "{\"priority\":\"high\"}", "priority" },
        { "{\"ret\":3}", "ret" },
        { "{\"at\":-1}", "at" },
        { "{\"expire\":-1}", "expire" },
        { "{\"expire\":1.5}", "expire" },
        { "{\"envid\":7}", "envid" },
        { "{\"subject\":\"a\\u0000b\"}", "subject" },
        { "{\"uid\":-1}", NULL },
        { "{\"uid\":-2}", "uid" },
        { "{\"uid\":4294967296}", "uid" },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        json_t *json = json_loads(table[i].json, JSON_ALLOW_NUL, NULL);
        ss_attributes_t attr;
        ss_attributes_init(&attr);
        const char *refused = ss_attributes_json_read(&attr, json, ~0u, pool);
        CU_ASSERT(refused && table[i].refused ? !strcmp(refused, table[i].refused)
                                              : refused == table[i].refused);
        json_decref(json);
    }
    for (int more = 0; more < 2; more++) {
        char text[SS_ATTRIBUTES_TEXT_MAX + 2];
        ss_attributes_t attr;
        memset(text, 'x', sizeof(text));
        text[SS_ATTRIBUTES_TEXT_MAX + more] = '\0';
        json_t *json = json_pack("{s:s}", "metadata", text);
        ss_attributes_init(&attr);
        CU_ASSERT_EQUAL(ss_attributes_json_read(&attr, json, ~0u, pool) != NULL, more);
        json_decref(json);
    }
    apr_pool_destroy(pool);
}

static void what_people_write(void)
{
    static const struct {
        const char *name, *text;
        apr_int64_t number; /* -2: refused; -3: a text that is taken */
    } table[] = {
        { "priority", "HIGH", SS_PRIORITY_HIGH },
        { "priority", "bulk", SS_PRIORITY_BULK },
        { "priority", "bul", -2 },
        { "priority", "", -2 },
        { "priority", "high normal", -2 },
        { "ret", "full", SS_RET_FULL },
        { "ret", "Hdrs", SS_RET_HDRS },
        { "ret", "none", -2 },
        { "expire", "2h", 7200 * APR_USEC_PER_SEC },
        { "expire", "0", -2 },
        { "expire", "-1", -2 },
        { "at", "1970-01-01T00:00:01Z", APR_USEC_PER_SEC },
        { "at", "tomorrow", -2 },
        { "envid", "a b~", -3 },
        { "envid", "\x7f", -2 },
        { "envid", "a\n", -2 },
        { "relay", "", -2 },
        { "relay", "one", -3 },
    };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const ss_attributes_row_t *row = ss_attributes_find(table[i].name, SS_SET_QUERY);
        ss_attributes_t attr;
        ss_attributes_init(&attr);
        const char *wrong = ss_attributes_read(row, &attr, table[i].text, pool);
        CU_ASSERT_EQUAL(wrong != NULL, table[i].number == -2);
        CU_ASSERT_EQUAL(ss_attributes_is_set(row, &attr), !wrong);
        if (table[i].number == -3)
            CU_ASSERT_STRING_EQUAL(ss_attributes_text(row, &attr), table[i].text);
        if (table[i].number >= 0)
            CU_ASSERT_EQUAL(ss_attributes_number(row, &attr), table[i].number);
    }
    ss_attributes_t attr = { .priority = SS_PRIORITY_NORMAL };
    const ss_attributes_row_t *priority = ss_attributes_find("priority", SS_SET_QUERY);
    CU_ASSERT_STRING_EQUAL(ss_attributes_word(priority, &attr, pool), "normal");
    CU_ASSERT_STRING_EQUAL(ss_attributes_read(priority, &attr, "x", pool),
                           "must be high, normal or bulk");
    attr.priority = -1;
    CU_ASSERT_PTR_NULL(ss_attributes_word(priority, &attr, pool));
    for (int more = 0; more < 2; more++) {
        char text[102];
        memset(text, 'x', sizeof(text));
        text[100 + more] = '\0';
        CU_ASSERT_EQUAL(ss_attributes_find("envid", SS_SET_QUERY)->check(text) != NULL, more);
        CU_ASSERT_EQUAL(ss_attributes_find("relay", SS_SET_QUERY)->check(text) != NULL, more);
    }
    apr_pool_destroy(pool);
}

static void what_the_status_document_shows(void)
{
    apr_pool_t *pool;
    ss_attributes_t attr;

    apr_pool_create(&pool, NULL);
    ss_attributes_init(&attr);
    attr.priority = SS_PRIORITY_BULK;
    attr.at = APR_USEC_PER_SEC;
    attr.metadata = "{\"a\":1}";
    attr.via = "http";
    attr.webhook = "https://secret.example/";
    for (int is_detail = 0; is_detail < 2; is_detail++) {
        json_t *is = json_object(),
               *wanted =
                   json_pack("{s:n,s:n,s:n,s:s,s:{s:i}}", "subject", "messageId", "traceparent",
                             "at", "1970-01-01T00:00:01.000Z", "metadata", "a", 1);
        json_t *detail = json_pack("{s:n,s:n,s:s,s:s}", "headerFrom", "submitter", "door", "http",
                                   "priority", "bulk");
        ss_attributes_json_show(is, &attr, is_detail, pool);
        if (is_detail) json_object_update(wanted, detail);
        CU_ASSERT(json_equal(is, wanted));
        json_decref(is);
        json_decref(wanted);
        json_decref(detail);
    }
    apr_pool_destroy(pool);
}

static void columns_of_attributes_in_sql(void)
{
    static const ss_sql_types_t types = { .text = "T", .number = "N", .key = "K" };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *names = ss_sql_expand("(a, {attributes})", &types, pool),
               *m_names = ss_sql_expand("a, {m.attributes}", &types, pool),
               *values = ss_sql_expand("{attribute_values}", &types, pool),
               *columns = ss_sql_expand("x, {attribute_columns}, y", &types, pool);
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "(a, subject, message_id, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(m_names, "a, m.subject, m.message_id, "));
    CU_ASSERT(!strncmp(values, "%s, %s, %s, %lld, %s, %lld, ", 28));
    CU_ASSERT_PTR_NOT_NULL(strstr(columns, "x, subject T, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(columns, ", submitter K, "));
    CU_ASSERT_PTR_NOT_NULL(strstr(columns, ", expire N, "));
    CU_ASSERT_PTR_NULL(strstr(columns, "relay"));
    CU_ASSERT_STRING_EQUAL(ss_sql_expand("none", &types, pool), "none");
    /* What an older queue gets is what a new one has. */
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        const char *prefix = "ALTER TABLE message ADD COLUMN ";
        const char *add = row->column ? ss_sql_add_column(row, &types, pool) : prefix;
        CU_ASSERT(!strncmp(add, prefix, strlen(prefix)));
        const char *column = add + strlen(prefix), *number = strstr(column, " DEFAULT ");
        CU_ASSERT_EQUAL(number != NULL, row->column && !ss_attributes_is_text(row));
        if (number)
            CU_ASSERT_EQUAL(strtol(number + strlen(" DEFAULT "), NULL, 10),
                            ss_attributes_unset(row));
        if (number) column = apr_pstrmemdup(pool, column, (apr_size_t)(number - column));
        CU_ASSERT_PTR_NOT_NULL(strstr(columns, column));
    }
    apr_pool_destroy(pool);
}

void ss_suite_attributes(void)
{
    CU_pSuite suite = CU_add_suite("attributes", NULL, NULL);

    CU_add_test(suite, "who_may_set_what", who_may_set_what);
    CU_add_test(suite, "the_local_socket_keeps_what_its_client_may_set",
                the_local_socket_keeps_what_its_client_may_set);
    CU_add_test(suite, "export_and_import_keep_everything", export_and_import_keep_everything);
    CU_add_test(suite, "copies_are_of_one_path", copies_are_of_one_path);
    CU_add_test(suite, "values_out_of_range_are_refused", values_out_of_range_are_refused);
    CU_add_test(suite, "what_people_write", what_people_write);
    CU_add_test(suite, "what_the_status_document_shows", what_the_status_document_shows);
    CU_add_test(suite, "columns_of_attributes_in_sql", columns_of_attributes_in_sql);
}
