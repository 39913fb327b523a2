#include "intake/local_parse.h"

#define OBJECT 8 /* values that take as much memory */

/* At least as many values as the text has: what JSON does not allow may count, too. */
static apr_size_t values_of(const char *text, apr_size_t len)
{
    apr_size_t count = 1;
    int is_quoted = 0;

    for (apr_size_t i = 0; i < len; i++) {
        if (is_quoted) {
            if (text[i] == '\\')
                i++;
            else
                is_quoted = text[i] != '"';
            continue;
        }
        switch (text[i]) {
        case '"': is_quoted = 1; break;
        case '{': count += OBJECT; break;
        case '[':
        case ',': count++; break;
        default: break;
        }
    }
    return count;
}

json_t *ss_local_parse(const char *text, apr_size_t len, const char **why)
{
    json_error_t error;

    if (values_of(text, len) > SS_LOCAL_PARSE_VALUES) {
        *why = "the request's header has more values than any request needs";
        return NULL;
    }
    json_t *header = json_loadb(text, len, JSON_ALLOW_NUL, &error);
    *why = "the request's header is not a JSON object with \"do\"";
    if (ss_json_text(header, "do")) return header;
    json_decref(header);
    return NULL;
}
