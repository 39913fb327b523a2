#include "mail/charset.h"

#include <iconv.h>
#include <string.h>

#include "base/text.h"

#define NAME_LEN_MAX 40
#define PIECE 4096

static iconv_t open_charset(const char *charset)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_.:+";
    apr_size_t len = strlen(charset);

    if (!len || len > NAME_LEN_MAX || strspn(charset, letters) != len) return (iconv_t)-1;
    if (ss_text_word_index("iso-8859-1 iso8859-1 iso_8859-1 latin1 l1", charset) >= 0)
        charset = "WINDOWS-1252";
    return iconv_open("UTF-8", charset);
}

int ss_charset_is_known(const char *charset)
{
    iconv_t cd = open_charset(charset);

    if (cd == (iconv_t)-1) return 0;
    iconv_close(cd);
    return 1;
}

int ss_charset_is_utf8(const char *charset)
{
    return ss_text_word_index("utf-8 utf8 us-ascii ascii", charset) >= 0;
}

/* Converts into place, or only counts (NULL). 0, or -1: invalid. */
static int convert(iconv_t cd, const char *bytes, apr_size_t len, char *place, apr_size_t *out_len)
{
    char piece[PIECE], *in = (char *)(apr_uintptr_t)bytes;

    *out_len = 0;
    iconv(cd, NULL, NULL, NULL, NULL);
    for (;;) {
        char *out = piece;
        size_t room = sizeof(piece);
        int is_end = !len; /* then: what the set's state still holds */
        size_t rv = is_end ? iconv(cd, NULL, NULL, &out, &room) : iconv(cd, &in, &len, &out, &room);
        apr_size_t more = (apr_size_t)(out - piece);
        if (rv == (size_t)-1 && !more) return -1;
        if (place) memcpy(place + *out_len, piece, more);
        *out_len += more;
        if (is_end && rv != (size_t)-1) return 0;
    }
}

char *ss_charset_read(apr_pool_t *pool, const char *charset, const char *bytes, apr_size_t len,
                      apr_size_t *out_len)
{
    iconv_t cd = open_charset(charset);
    char *text = NULL;

    if (cd == (iconv_t)-1) return NULL;
    if (!convert(cd, bytes, len, NULL, out_len)) {
        text = apr_palloc(pool, *out_len + 1);
        if (convert(cd, bytes, len, text, out_len)) text = NULL;
    }
    iconv_close(cd);
    if (text) text[*out_len] = '\0';
    return text;
}
