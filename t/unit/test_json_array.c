/* test_json_array.c: the elements of an array, in pieces of any size. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "mail/json_array.h"

void ss_suite_json_array(void);

/* The elements with a bar after each, read in pieces of so many octets; "-": not whole. */
static const char *elements(const char *text, apr_size_t step)
{
    static char out[256];
    ss_json_array_t array = { .depth = 0 };
    const char *p = text, *end = text + strlen(text), *piece;
    apr_size_t len, out_len = 0;
    int ends;

    out[0] = '\0';
    while (p < end) {
        apr_size_t n = (apr_size_t)(end - p) < step ? (apr_size_t)(end - p) : step;
        apr_size_t used = ss_json_array_read(&array, p, n, &piece, &len, &ends);
        CU_ASSERT_FATAL(used >= 1 && used <= n);
        memcpy(out + out_len, piece, len);
        out_len += len;
        if (ends) out[out_len++] = '|';
        out[out_len] = '\0';
        p += used;
    }
    return ss_json_array_is_whole(&array) ? out : "-";
}

static void elements_are_found(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = { { "[]", "" },
                 { " [ ] \r\n", "" },
                 { "[{},{}]", "{}|{}|" },
                 { "[{\"a\":[1,2,\"],[\"]} , [\"\\\"]\"],3]",
                   "{\"a\":[1,2,\"],[\"]} |[\"\\\"]\"]|3|" },
                 { "[\"\\\\\",\"a\"]", "\"\\\\\"|\"a\"|" },
                 { "[1,]", "-" },
                 { "[,1]", "-" },
                 { "[1", "-" },
                 { "[\"a]", "-" },
                 { "[{]", "-" },
                 { "[1] x", "-" },
                 { "[1}]", "-" },
                 { "[1]]", "-" },
                 { "{}", "-" },
                 { "", "-" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (apr_size_t step = 1; step < 40; step++)
            CU_ASSERT_STRING_EQUAL(elements(rows[i].text, step), rows[i].want);
    }
}

void ss_suite_json_array(void)
{
    CU_pSuite suite = CU_add_suite("json_array", NULL, NULL);

    CU_add_test(suite, "elements are found", elements_are_found);
}
