#include "base/dsn.h"

#include <string.h>

#include "base/text.h"

unsigned ss_dsn_notify_bit(const char *word, apr_size_t len)
{
    static const struct {
        const char *name;
        unsigned bit;
    } words[] = { { "never", SS_NOTIFY_NEVER },
                  { "success", SS_NOTIFY_SUCCESS },
                  { "failure", SS_NOTIFY_FAILURE },
                  { "delay", SS_NOTIFY_DELAY } };

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (ss_text_is(word, len, words[i].name)) return words[i].bit;
    }
    return 0;
}

int ss_dsn_notify(const char *list, unsigned *bits)
{
    for (const char *p = list + strspn(list, ", "); *p; p += strspn(p, ", ")) {
        apr_size_t len = strcspn(p, ", ");
        unsigned bit = ss_dsn_notify_bit(p, len);
        if (!bit) return -1;
        *bits |= bit;
        p += len;
    }
    return (*bits & SS_NOTIFY_NEVER) && *bits != SS_NOTIFY_NEVER ? -1 : 0;
}
