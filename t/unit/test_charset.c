/* test_charset.c: text of other character sets becomes UTF-8, or is refused. */
#include <CUnit/CUnit.h>
#include <string.h>

#include "mail/charset.h"

void ss_suite_charset(void);

static void text_becomes_utf8(void)
{
    static const struct {
        const char *charset, *bytes, *want;
    } rows[] = { { "iso-8859-1", "\xfc\x80", "\xc3\xbc\xe2\x82\xac" }, /* as browsers mean it */
                 { "ISO-8859-15", "\xa4", "\xe2\x82\xac" },
                 { "shift_jis", "\x83\x65", "\xe3\x83\x86" },
                 { "shift_jis", "\x83", NULL },
                 { "iso-2022-jp", "\x1b$B%F\x1b(B", "\xe3\x83\x86" },
                 { "windows-1252", "\x81", NULL },
                 { "utf-8", "\xfc", NULL },
                 { "big5", "", "" },
                 { "x-klingon", "a", NULL },
                 { "utf-8//IGNORE", "a", NULL },
                 { "windows-1252//TRANSLIT", "a", NULL },
                 { "", "a", NULL } };
    apr_pool_t *pool;
    apr_size_t len;

    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got =
            ss_charset_read(pool, rows[i].charset, rows[i].bytes, strlen(rows[i].bytes), &len);
        CU_ASSERT(rows[i].want ? got && !strcmp(got, rows[i].want) && len == strlen(rows[i].want)
                               : !got);
    }
    CU_ASSERT(ss_charset_is_known("koi8-r") && !ss_charset_is_known("koi8-r//IGNORE"));
    CU_ASSERT(ss_charset_is_utf8("UTF-8") && !ss_charset_is_utf8("latin1"));
    /* longer than a piece, and the characters do not end where pieces do */
    char *big = apr_palloc(pool, 30000);
    for (int i = 0; i < 30000; i += 2) memcpy(big + i, "\x83\x65", 2);
    const char *text = ss_charset_read(pool, "shift_jis", big, 30000, &len);
    CU_ASSERT(text && len == 45000 && !memcmp(text + 44997, "\xe3\x83\x86", 3));
    apr_pool_destroy(pool);
}

void ss_suite_charset(void)
{
    CU_pSuite suite = CU_add_suite("charset", NULL, NULL);

    CU_add_test(suite, "text becomes UTF-8", text_becomes_utf8);
}
