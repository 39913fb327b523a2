/* test_dialect.c: what differs between databases, as far as it needs none: what a server is called,
 * what is asked of its connection, how its bytes come, what its errors mean. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "queue/dialect.h"

static apr_pool_t *pool;

static int begin(void)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int end(void)
{
    apr_pool_destroy(pool);
    return 0;
}

static void drivers_are_found_by_name(void)
{
    CU_ASSERT_TRUE(ss_dialect_find("sqlite3") == &ss_dialect_sqlite);
    CU_ASSERT_TRUE(ss_dialect_find("pgsql") == &ss_dialect_pgsql);
    CU_ASSERT_PTR_NULL(ss_dialect_find("mysql"));
}

/* The log and the pages show it. */
static void a_server_is_called_without_its_password(void)
{
    static const char *const table[][2] = {
        { "host=db.example port=5433 dbname=mail user=u password=secret",
          "PostgreSQL db.example:5433/mail" },
        { "dbname=mail", "PostgreSQL on this machine/mail" },
        { "password=secret", "PostgreSQL on this machine" },
        { "postgresql://u:secret@db.example/mail?sslmode=require", "PostgreSQL db.example/mail" },
        { "postgres://db.example/mail", "PostgreSQL db.example/mail" },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        CU_ASSERT_STRING_EQUAL(ss_dialect_pgsql.name(table[i][0], pool), table[i][1]);
}

static void a_server_gets_time_limits(void)
{
    const char *given = "dbname=mail connect_timeout=30";
    const char *text = ss_dialect_pgsql.params(given, pool);

    CU_ASSERT_TRUE(!strncmp(text, given, strlen(given)) && !strstr(text, "connect_timeout=5"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " tcp_user_timeout=20000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " keepalives_idle=10"));
    text = ss_dialect_pgsql.params("postgresql://db/mail", pool);
    CU_ASSERT_TRUE(!strncmp(text, "postgresql://db/mail?connect_timeout=5&", 39));
    text = ss_dialect_pgsql.params("postgresql://db/mail?sslmode=require", pool);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "?sslmode=require&connect_timeout=5&"));
}

static void bytes_come_in_hex(void)
{
    static const struct {
        const char *text;
        apr_size_t len;
        const char *bytes;
    } table[] = {
        { "\\x410042", 3, "A\0B" }, { "\\x", 0, "" },       { "\\x4100", 3, NULL },
        { "\\x41004g", 3, NULL },   { "4100420", 3, NULL }, { "\\x41004200", 3, NULL },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *got = ss_dialect_pgsql.bytes(table[i].text, table[i].len, pool);
        CU_ASSERT_EQUAL(!got, !table[i].bytes);
        CU_ASSERT_TRUE(!got || !memcmp(got, table[i].bytes, table[i].len));
    }
}

static void errors_mean(void)
{
    static const struct {
        const ss_dialect_t *dialect;
        int code;
        const char *words;
        ss_dialect_fault_t fault;
        apr_status_t rv;
    } table[] = {
        { &ss_dialect_sqlite, 0, "", SS_FAULT_NONE, APR_SUCCESS },
        { &ss_dialect_sqlite, 13, "", SS_FAULT_STORE, APR_ENOSPC },
        { &ss_dialect_sqlite, 1, "database or disk is full", SS_FAULT_STORE, APR_ENOSPC },
        { &ss_dialect_sqlite, 266, "", SS_FAULT_STORE, APR_EGENERAL }, /* IOERR_READ */
        { &ss_dialect_sqlite, 5, "", SS_FAULT_STORE, APR_EBUSY },
        { &ss_dialect_sqlite, 8, "", SS_FAULT_STORE, APR_EACCES },
        { &ss_dialect_sqlite, 17, "", SS_FAULT_STALE, APR_EGENERAL },
        { &ss_dialect_sqlite, 19, "UNIQUE constraint failed", SS_FAULT_REQUEST, APR_EGENERAL },
        { &ss_dialect_pgsql, 0, "", SS_FAULT_NONE, APR_SUCCESS },
        { &ss_dialect_pgsql, 7, "ERROR:  could not extend file", SS_FAULT_STORE, APR_ENOSPC },
        { &ss_dialect_pgsql, 7, "ERROR:  cannot execute INSERT in a read-only transaction",
          SS_FAULT_STORE, APR_EACCES },
        { &ss_dialect_pgsql, 7, "canceling statement due to lock timeout", SS_FAULT_STORE,
          APR_EBUSY },
        { &ss_dialect_pgsql, 7, "duplicate key value", SS_FAULT_REQUEST, APR_EGENERAL },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_status_t rv = APR_SUCCESS;
        ss_result_t result;
        ss_result_clear(&result);
        CU_ASSERT_EQUAL(ss_dialect_explain(table[i].dialect, table[i].code, table[i].words,
                                           "the queue", &rv, &result),
                        table[i].fault);
        CU_ASSERT_EQUAL(rv, table[i].rv);
        CU_ASSERT_EQUAL(ss_result_is_set(&result), table[i].code != 0);
    }
}

void ss_suite_dialect(void)
{
    CU_pSuite suite = CU_add_suite("dialect", begin, end);

    CU_add_test(suite, "drivers_are_found_by_name", drivers_are_found_by_name);
    CU_add_test(suite, "a_server_is_called_without_its_password",
                a_server_is_called_without_its_password);
    CU_add_test(suite, "a_server_gets_time_limits", a_server_gets_time_limits);
    CU_add_test(suite, "bytes_come_in_hex", bytes_come_in_hex);
    CU_add_test(suite, "errors_mean", errors_mean);
}
