#include "base/dsn.h"

#include <string.h>

#include "base/text.h"

unsigned ss_dsn_notify_bit(const char *word, apr_size_t len)
{
    static const char *const words[] = { "never", "success", "failure", "delay" }; /* as the bits */

    for (int i = 0; i < 4; i++) {
        if (ss_text_is(word, len, words[i])) return 1u << i;
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
