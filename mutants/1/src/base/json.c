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
