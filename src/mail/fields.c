/* fields.c: a form becomes the JSON document that form.c reads, so that both have the same names,
 * checks and refusals. See fields.h. */
#include "mail/fields.h"

#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "mail/form.h"

typedef enum { ONE, LIST, SWITCH, OBJECT } shape_t;

/* What a name of the document holds; for attributes the table says it. Unknown names are left to
 * form.c, which refuses them. */
static const struct {
    const char *name;
    shape_t shape;
} shapes[] = { { "to", LIST },        { "cc", LIST },         { "bcc", LIST },
               { "replyTo", LIST },   { "notify", LIST },     { "individually", SWITCH },
               { "headers", OBJECT }, { "envelope", OBJECT }, { "attachments", OBJECT } };

static shape_t shape_of(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (!strcmp(shapes[i].name, name)) return shapes[i].shape;
    }
    const ss_attributes_row_t *row = ss_attributes_find(name, SS_SET_DOCUMENT);
    return row && row->kind == SS_ATTRIBUTE_OBJECT ? OBJECT : ONE;
}

static int refuse(ss_mail_problem_t *problem, const char *field, const char *what)
{
    ss_mail_problem(problem, 400, field, "%s: %s", field, what);
    return -1;
}

/* Adds a value; a second one of the same name makes a list. */
static void put(json_t *object, const char *name, json_t *value)
{
    json_t *there = json_object_get(object, name);

    if (!there) {
        json_object_set_new(object, name, value);
    } else if (json_is_array(there)) {
        json_array_append_new(there, value);
    } else {
        json_object_set_new(object, name, json_pack("[O,o]", there, value));
    }
}

static int put_switch(json_t *document, const char *name, const char *value,
                      ss_mail_problem_t *problem)
{
    static const char *const yes[] = { "1", "on", "true", "yes" }, *const no[] = { "0", "off",
                                                                                   "false", "no" };

    for (apr_size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        int is_yes = ss_text_same(value, yes[i]);
        if (!is_yes && !ss_text_same(value, no[i])) continue;
        json_object_set_new(document, name, json_boolean(is_yes));
        return 0;
    }
    return refuse(problem, name, "must be true or false");
}

static int put_member(json_t *document, const char *name, const char *member, const char *field,
                      const char *value, ss_mail_problem_t *problem)
{
    json_t *object = json_object_get(document, name), *text = json_string(value);

    if (!text) return refuse(problem, field, "not UTF-8");
    if (!object) {
        object = json_object();
        json_object_set_new(document, name, object);
    }
    if (!json_is_object(object)) {
        json_decref(text);
        return refuse(problem, field, "is given as JSON and as single fields");
    }
    put(object, member, text);
    return 0;
}

static int put_json(json_t *document, const char *name, const char *value,
                    ss_mail_problem_t *problem)
{
    json_error_t error;
    json_t *parsed = json_loads(value, JSON_REJECT_DUPLICATES, &error);

    if (!parsed)
        return refuse(problem, name,
                      "in a form this is JSON, or single fields like headers.X-Name");
    if (json_object_get(document, name)) {
        json_decref(parsed);
        return refuse(problem, name, "is given more than once");
    }
    json_object_set_new(document, name, parsed);
    return 0;
}

static int put_field(json_t *document, const ss_fields_field_t *field, ss_mail_problem_t *problem,
                     apr_pool_t *pool)
{
    apr_size_t len = strlen(field->name);
    int is_php_list = len > 2 && !strcmp(field->name + len - 2, "[]");
    const char *name = is_php_list ? apr_pstrmemdup(pool, field->name, len - 2) : field->name;
    const char *dot = strchr(name, '.');
    json_t *text;

    if (!*field->value) return 0;
    if (dot && dot > name && dot[1]) {
        const char *object = apr_pstrmemdup(pool, name, (apr_size_t)(dot - name));
        if (shape_of(object) == OBJECT && strcmp(object, "attachments"))
            return put_member(document, object, dot + 1, name, field->value, problem);
    }
    switch (shape_of(name)) {
    case SWITCH: return put_switch(document, name, field->value, problem);
    case OBJECT: return put_json(document, name, field->value, problem);
    case LIST: break;
    case ONE:
        if (json_object_get(document, name))
            return refuse(problem, name, "is given more than once");
        break;
    }
    text = json_string(field->value);
    if (!text) return refuse(problem, name, "not UTF-8");
    put(document, name, text);
    return 0;
}

int ss_fields_read(ss_mail_message_t *m, const apr_array_header_t *fields,
                   const apr_array_header_t *files, const ss_parse_options_t *options,
                   ss_mail_problem_t *problem)
{
    json_t *document = json_object();
    int failed = 0;

    for (int i = 0; i < fields->nelts && !failed; i++)
        failed =
            put_field(document, &APR_ARRAY_IDX(fields, i, ss_fields_field_t), problem, m->pool);
    if (!failed) failed = ss_form_document(m, document, files, options, problem);
    json_decref(document);
    return failed;
}
