#include "base/idn.h"

#include <apr_strings.h>
#include <idn2.h>
#include <string.h>

#include "base/text.h"

#define INPUT_MAX 1000 /* octets of UTF-8 */

int ss_idn_ascii(const char *name, char *ascii, apr_size_t size)
{
    char *label = NULL;
    int failed = 0;

    if (ss_text_has_8bit(name))
        failed = strlen(name) > INPUT_MAX ||
                 idn2_to_ascii_8z(name, &label, IDN2_NONTRANSITIONAL) != IDN2_OK;
    if (failed) label = NULL;
    failed = failed || strlen(label ? label : name) >= size;
    apr_cpystrn(ascii, label ? label : name, size);
    idn2_free(label);
    return failed ? -1 : 0;
}

const char *ss_idn_address(const char *address, apr_pool_t *pool)
{
    const char *at = strrchr(address, '@');
    char ascii[SS_IDN_MAX];

    if (!at || !ss_text_has_8bit(at) || !ss_text_is_ascii(address, (apr_size_t)(at - address)) ||
        ss_idn_ascii(at + 1, ascii, sizeof(ascii)))
        return address;
    return apr_psprintf(pool, "%.*s%s", (int)(at + 1 - address), address, ascii);
}
