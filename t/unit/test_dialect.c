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
        { &ss_dialect_pgsql, 7, "FEHLER:  23505: x", SS_FAULT_REQUEST, APR_EGENERAL },
        /* by the SQLSTATE, whatever language the words are in */
        { &ss_dialect_pgsql, 7, "FEHLER:  40001: x", SS_FAULT_CONFLICT, APR_EAGAIN },
        { &ss_dialect_pgsql, 7, "ERROR:  40P01: x", SS_FAULT_CONFLICT, APR_EAGAIN },
        { &ss_dialect_pgsql, 7, "ERROR:  40003: x", SS_FAULT_LOST, APR_EGENERAL },
        { &ss_dialect_pgsql, 7, "FEHLER:  53100: x", SS_FAULT_STORE, APR_ENOSPC },
        { &ss_dialect_pgsql, 7, "FEHLER:  26000: x", SS_FAULT_USELESS, APR_EGENERAL },
        { &ss_dialect_pgsql, 7, "ERROR:  value 40001: too large", SS_FAULT_REQUEST, APR_EGENERAL },
        { &ss_dialect_pgsql, 7, "ERROR:  40001", SS_FAULT_REQUEST, APR_EGENERAL },
        /* by the words */
        { &ss_dialect_pgsql, 7, "ERROR:  deadlock detected", SS_FAULT_CONFLICT, APR_EAGAIN },
        { &ss_dialect_pgsql, 7, "ERROR:  restart transaction: x", SS_FAULT_CONFLICT, APR_EAGAIN },
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

static const char *mark_of(const ss_dialect_engine_t *engine, const char *mark)
{
    const ss_dialect_mark_t *m = engine->marks;

    while (strcmp(m->mark, mark)) m++;
    return m->text;
}

/* How tables and indexes are declared, and what a transaction may write. */
static void servers_are_known_by_what_they_report(void)
{
    static const struct {
        const char *report, *bytewise, *asc, *async, *open;
        int is_ddl_alone, has_no_partial, is_strict, rows_most;
    } table[] = {
        { "PostgreSQL 17.2 on x86_64 PostgreSQL db/mail", "TEXT COLLATE \"C\"", "", "", "", 0, 0, 1,
          10000 },
        { "PostgreSQL 15.2-YB-2.25.1.0-b0 on x86_64", "TEXT COLLATE \"C\"", " ASC", "", "", 1, 0, 0,
          10000 },
        { "CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu)", "TEXT", "", "", "", 1, 0, 0, 10000 },
        { "PostgreSQL 16 (Aurora DSQL)", "TEXT", "", "ASYNC ", "finished, ", 1, 1, 0, 2500 },
        { "PostgreSQL 16 PostgreSQL abc.dsql.eu-west-1.on.aws/postgres", "TEXT", "", "ASYNC ",
          "finished, ", 1, 1, 0, 2500 },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const ss_dialect_engine_t *e = ss_dialect_engine(&ss_dialect_pgsql, table[i].report);
        CU_ASSERT_STRING_EQUAL(mark_of(e, "{bytewise}"), table[i].bytewise);
        CU_ASSERT_STRING_EQUAL(mark_of(e, "{asc}"), table[i].asc);
        CU_ASSERT_STRING_EQUAL(mark_of(e, "{async}"), table[i].async);
        CU_ASSERT_STRING_EQUAL(mark_of(e, "{open}"), table[i].open);
        CU_ASSERT_EQUAL(e->is_ddl_alone, table[i].is_ddl_alone);
        CU_ASSERT_EQUAL(e->has_no_partial, table[i].has_no_partial);
        CU_ASSERT_EQUAL(e->is_strict, table[i].is_strict);
        CU_ASSERT_EQUAL(e->rows_most, table[i].rows_most);
    }
    CU_ASSERT_STRING_EQUAL(mark_of(ss_dialect_pgsql.plain, "{bytewise}"), "TEXT");
    CU_ASSERT_STRING_EQUAL(mark_of(ss_dialect_engine(&ss_dialect_sqlite, "x"), "{bytewise}"),
                           "TEXT");
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
    CU_add_test(suite, "servers_are_known_by_what_they_report",
                servers_are_known_by_what_they_report);
}
