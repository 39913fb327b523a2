#include "base/ident.h"

#include <apr_strings.h>

#include <apr_lib.h>
#include <string.h>

void ss_ident_make(ss_ident_source_t *source, apr_time_t now, const unsigned char random[8],
                   char out[SS_IDENT_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    apr_uint64_t ms = (apr_uint64_t)(now / 1000);
    unsigned char b[16];

    /* 12 bits of sequence in the place of rand_a: ids of one millisecond grow, too; a clock that
     * steps back is ignored. */
    if (ms > source->last_ms) {
        source->last_ms = ms;
        source->sequence = (apr_uint16_t)(random[7] & 0x7f);
    } else if (++source->sequence > 0xfff) {
        source->last_ms++;
        source->sequence = 0;
    }
    ms = source->last_ms;
    for (int i = 0; i < 6; i++) b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | (source->sequence >> 8));
    b[7] = (unsigned char)(source->sequence & 0xff);
    memcpy(b + 8, random, 8);
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
        *p++ = hex[b[i] >> 4];
        *p++ = hex[b[i] & 15];
    }
    *p = '\0';
}

int ss_ident_is_valid(const char *text)
{
    for (int i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return 0;
        } else if (!apr_isxdigit(text[i])) {
            return 0;
        }
    }
    return text[36] == '\0';
}

int ss_ident_is_part(const char *text)
{
    apr_size_t len = strlen(text);

    return len >= SS_IDENT_PART_MIN && len < SS_IDENT_TEXT &&
           strspn(text, "0123456789abcdefABCDEF-") == len;
}

const char *ss_ident_begin(apr_time_t time, char out[SS_IDENT_TEXT])
{
    apr_uint64_t ms = time > 0 ? (apr_uint64_t)apr_time_as_msec(time) : 0;

    apr_snprintf(out, SS_IDENT_TEXT, "%08x-%04x", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff));
    return out;
}
