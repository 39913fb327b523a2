/* test_negotiate.c: which form of an answer a client gets. */
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "web/shared/negotiate.c"

void ss_suite_negotiate(void);

static void the_best_offer_is_chosen(void)
{
    static const char *const offers[] = { "text/plain", "application/json", "text/html" };
    static const struct {
        const char *label, *accept;
        int want;
    } rows[] = {
        { "no header", NULL, 0 },
        { "curl", "*/*", 0 },
        { "empty", "", 0 },
        { "Firefox", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 2 },
        { "Chromium",
          "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/"
          "*;q=0.8,application/signed-exchange;v=b3;q=0.7",
          2 },
        { "the type itself", "application/json", 1 },
        { "upper case", "APPLICATION/JSON", 1 },
        { "with a parameter", "application/json; charset=utf-8", 1 },
        { "main type", "application/*", 1 },
        { "weights", "text/plain;q=0.2, application/json;q=0.5, text/html;q=0.4", 1 },
        { "three digits", "text/plain;q=0.499, application/json;q=0.500", 1 },
        { "the closer range counts", "text/*, text/plain;q=0.1, application/json;q=0.3", 2 },
        { "forbidden", "text/plain;q=0, */*", 1 },
        { "blanks", "  text/html ; q=0.9 ,\tapplication/json ; q=1.0", 1 },
        { "nothing fits", "image/png", 0 },
        { "equal: the first offer", "text/html, application/json", 1 },
        { "nonsense", ",,;;q=,=/", 0 },
        { "no weight after q", "application/json;q", 1 },
        { "other parameter with q in it", "application/json;xq=0, text/html;q=0.5", 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int got = ss_negotiate(rows[i].accept, offers, 3);
        if (got != rows[i].want)
            printf("\n    %s: got %s, want %s", rows[i].label, offers[got], offers[rows[i].want]);
        CU_ASSERT_EQUAL(got, rows[i].want);
    }
}

void ss_suite_negotiate(void)
{
    CU_add_test(CU_add_suite("negotiate", NULL, NULL), "the_best_offer_is_chosen",
                the_best_offer_is_chosen);
}
