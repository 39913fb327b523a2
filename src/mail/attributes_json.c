#include "mail/attributes_json.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

static int read_one(const ss_attributes_row_t *row, ss_attributes_t *attr, const json_t *value,
                    apr_pool_t *pool)
{
    const char *text = json_string_value(value);

    if (row->kind == SS_ATTRIBUTE_FLAG)
        return ss_attributes_set_number(row, attr, json_is_true(value));
    if (!ss_attributes_is_text(row))
        return json_is_integer(value)
                   ? ss_attributes_set_number(row, attr, json_integer_value(value))
                   : -1;
    if (!text || json_string_length(value) > SS_ATTRIBUTES_TEXT_MAX ||
        strlen(text) != json_string_length(value))
        return -1;
    ss_attributes_set_text(row, attr, apr_pstrdup(pool, text));
    return 0;
}

const char *ss_attributes_json_read(ss_attributes_t *attr, const json_t *object, unsigned set_by,
                                    apr_pool_t *pool)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        const json_t *value = row->set_by & set_by ? json_object_get(object, row->name) : NULL;
        if (value && !json_is_null(value) && read_one(row, attr, value, pool)) return row->name;
    }
    return NULL;
}

void ss_attributes_json_put(json_t *object, const ss_attributes_t *attr)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (!ss_attributes_is_set(row, attr)) continue;
        json_object_set_new(
            object, row->name,
            ss_attributes_is_text(row)       ? ss_json_string(ss_attributes_text(row, attr))
            : row->kind == SS_ATTRIBUTE_FLAG ? json_true()
                                             : json_integer(ss_attributes_number(row, attr)));
    }
}

/* NULL: not shown, since it is not set. A text that is not set is shown as null. */
static json_t *shown(const ss_attributes_row_t *row, const ss_attributes_t *attr, apr_pool_t *pool)
{
    if (row->kind == SS_ATTRIBUTE_TEXT) return ss_json_string(ss_attributes_text(row, attr));
    if (!ss_attributes_is_set(row, attr)) return NULL;
    switch (row->kind) {
    case SS_ATTRIBUTE_OBJECT: return json_loads(ss_attributes_text(row, attr), 0, NULL);
    case SS_ATTRIBUTE_WORD: return ss_json_string(ss_attributes_word(row, attr, pool));
    case SS_ATTRIBUTE_TIME: return ss_json_time(ss_attributes_number(row, attr));
    case SS_ATTRIBUTE_FLAG: return json_true();
    default: return json_integer(ss_attributes_number(row, attr));
    }
}

void ss_attributes_json_show(json_t *document, const ss_attributes_t *attr, int is_detail,
                             apr_pool_t *pool)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        if (row->shown != SS_ATTRIBUTE_SHOWN && !(is_detail && row->shown == SS_ATTRIBUTE_DETAIL))
            continue;
        json_t *value = shown(row, attr, pool);
        if (value) json_object_set_new(document, row->name, value);
    }
}
