/* json.c: jansson's values. */
#include "base/json.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *ss_json_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

json_int_t ss_json_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

int ss_json_is(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* What jansson's values take in memory, with the allocator's share. A string costs its length, too.
 */
#define COST_OBJECT 240
#define COST_ARRAY 136
#define COST_VALUE 24 /* its place in an array; a number */
#define COST_STRING 64
#define COST_MEMBER 64
#define COST_FREE (8 * 1024 * 1024)

/* About what the document's values take in memory; correct for well-formed documents. */
static apr_uint64_t cost_of(const char *bytes, apr_size_t len)
{
    apr_uint64_t cost = 0;
    int is_text = 0;

    for (const char *p = bytes, *end = bytes + len; p < end; p++) {
        if (is_text) {
            cost++;
            if (*p == '\\')
                p++;
            else
                is_text = *p != '"';
            continue;
        }
        switch (*p) {
        case '"':
            is_text = 1;
            cost += COST_STRING;
            break;
        case '{': cost += COST_OBJECT; break;
        case '[': cost += COST_ARRAY; break;
        case ':': cost += COST_MEMBER; break;
        case ',': cost += COST_VALUE; break;
        default: break;
        }
    }
    return cost;
}

json_t *ss_json_read(const char *bytes, apr_size_t len, size_t flags, json_error_t *error)
{
    if (cost_of(bytes, len) <= COST_FREE + 3 * (apr_uint64_t)len)
        return json_loadb(bytes, len, flags, error);
    *error = (json_error_t){ .line = 1 };
    apr_cpystrn(error->text, "the document has too many values: send several smaller ones",
                sizeof(error->text));
    return NULL;
}

json_t *ss_json_string(const char *text)
{
    json_t *string = text ? json_string(text) : json_null();
    apr_pool_t *pool;

    if (string) return string;
    apr_pool_create(&pool, NULL);
    string = json_string(ss_text_utf8(pool, text, strlen(text)));
    apr_pool_destroy(pool);
    return string;
}

json_t *ss_json_time(apr_time_t time)
{
    char text[SS_TEXT_TIME];

    return time > 0 ? json_string(ss_text_time_write(text, time)) : json_null();
}

void ss_json_put(json_t *object, const char *name, const char *text)
{
    if (text) json_object_set_new(object, name, ss_json_string(text));
}

const char *ss_json_print(json_t *document, apr_pool_t *pool)
{
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    const char *line = text ? apr_pstrdup(pool, text) : NULL;

    free(text);
    json_decref(document);
    return line;
}
