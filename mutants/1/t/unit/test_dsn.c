/* test_dsn.c: the words of NOTIFY (RFC 3461 4.1). */
#include <CUnit/Basic.h>
#include <string.h>

#include "base/dsn.h"

void ss_suite_dsn(void);

static void lists_of_words(void)
{
    static const struct {
        const char *list;
        int rv;
        unsigned bits;
    } table[] = { { "", 0, SS_NOTIFY_NONE },
                  { "never", 0, SS_NOTIFY_NEVER },
                  { "Success,FAILURE delay", 0,
                    SS_NOTIFY_SUCCESS | SS_NOTIFY_FAILURE | SS_NOTIFY_DELAY },
                  { " delay, ", 0, SS_NOTIFY_DELAY },
                  { "success,never", -1, 0 },
                  { "never,delay", -1, 0 },
                  { "often", -1, 0 },
                  { "success;delay", -1, 0 } };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        unsigned bits = 0;
        CU_ASSERT_EQUAL(ss_dsn_notify(table[i].list, &bits), table[i].rv);
        if (!table[i].rv) CU_ASSERT_EQUAL(bits, table[i].bits);
    }
    /* Bits of several lists are one set. */
    unsigned bits = SS_NOTIFY_NEVER;
    CU_ASSERT_EQUAL(ss_dsn_notify("delay", &bits), -1);
}

static void single_words(void)
{
    CU_ASSERT_EQUAL(ss_dsn_notify_bit("NEVERMORE", 5), SS_NOTIFY_NEVER);
    CU_ASSERT_EQUAL(ss_dsn_notify_bit("NEVERMORE", 9), 0);
    CU_ASSERT_EQUAL(ss_dsn_notify_bit("", 0), 0);
}

void ss_suite_dsn(void)
{
    CU_pSuite suite = CU_add_suite("dsn", NULL, NULL);

    CU_add_test(suite, "lists_of_words", lists_of_words);
    CU_add_test(suite, "single_words", single_words);
}
