#include "mail/lookalike.h"

#include <apr_strings.h>

#include "base/text.h"

#define FULL_WIDTH 0xFF00 /* U+FF01 to U+FF5E are "!" to "~" */

typedef enum { UNSEEN, BLANK, TURNS, DOT, AT, LOST, OTHER, FULL } kind_t;

static const char *const kinds[] = { [UNSEEN] = "which cannot be seen",
                                     [BLANK] = "a kind of blank",
                                     [TURNS] = "which changes the direction of text",
                                     [DOT] = "which looks like a dot",
                                     [AT] = "which looks like @",
                                     [LOST] = "which stands for one that was lost",
                                     [OTHER] = "which does not belong into an address",
                                     [FULL] = NULL };

/* In order. Most are the ranges of Default_Ignorable_Code_Point, White_Space, Bidi_Control and of
 * what Unicode keeps for compatibility with ASCII. */
static const struct {
    unsigned first, last;
    kind_t kind;
} rows[] = {
    { 0x80, 0x9F, OTHER },       { 0xA0, 0xA0, BLANK },        { 0xAD, 0xAD, UNSEEN },
    { 0x34F, 0x34F, UNSEEN },    { 0x61C, 0x61C, TURNS },      { 0x115F, 0x1160, UNSEEN },
    { 0x1680, 0x1680, BLANK },   { 0x17B4, 0x17B5, UNSEEN },   { 0x180B, 0x180F, UNSEEN },
    { 0x2000, 0x200A, BLANK },   { 0x200B, 0x200D, UNSEEN },   { 0x200E, 0x200F, TURNS },
    { 0x2024, 0x2024, DOT },     { 0x2028, 0x2029, OTHER },    { 0x202A, 0x202E, TURNS },
    { 0x202F, 0x202F, BLANK },   { 0x205F, 0x205F, BLANK },    { 0x2060, 0x2065, UNSEEN },
    { 0x2066, 0x2069, TURNS },   { 0x206A, 0x206F, UNSEEN },   { 0x2460, 0x24FF, OTHER },
    { 0x2800, 0x2800, BLANK },   { 0x3000, 0x3000, BLANK },    { 0x3002, 0x3002, DOT },
    { 0x3164, 0x3164, UNSEEN },  { 0xE000, 0xF8FF, OTHER },    { 0xFB00, 0xFB06, OTHER },
    { 0xFE00, 0xFE0F, UNSEEN },  { 0xFE52, 0xFE52, DOT },      { 0xFE6B, 0xFE6B, AT },
    { 0xFE50, 0xFE6F, OTHER },   { 0xFEFF, 0xFEFF, UNSEEN },   { 0xFF01, 0xFF5E, FULL },
    { 0xFF61, 0xFF61, DOT },     { 0xFFA0, 0xFFA0, UNSEEN },   { 0xFFFD, 0xFFFD, LOST },
    { 0xFFE0, 0xFFFF, OTHER },   { 0x1BCA0, 0x1BCA3, UNSEEN }, { 0x1D173, 0x1D17A, UNSEEN },
    { 0x1D400, 0x1D7FF, OTHER }, { 0x1F100, 0x1F1FF, OTHER },  { 0xE0000, 0x10FFFF, UNSEEN }
};

static void explain(char why[SS_LOOKALIKE_WHY], unsigned c, kind_t kind)
{
    if (kind == FULL)
        apr_snprintf(why, SS_LOOKALIKE_WHY, "it has U+%04X, which looks like %c", c,
                     (int)(c - FULL_WIDTH + ' '));
    else
        apr_snprintf(why, SS_LOOKALIKE_WHY, "it has U+%04X, %s", c, kinds[kind]);
}

int ss_lookalike_find(char why[SS_LOOKALIKE_WHY], const char *text, apr_size_t len)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;

    while (p < end) {
        int n = ss_text_utf8_length(p, (apr_size_t)(end - p));
        unsigned c = n > 1 ? ss_text_code_point(p, n) : 0;
        for (apr_size_t i = 0; c && i < sizeof(rows) / sizeof(rows[0]); i++) {
            if (c < rows[i].first || c > rows[i].last) continue;
            explain(why, c, rows[i].kind);
            return 1;
        }
        p += n > 0 ? n : 1;
    }
    return 0;
}
