/* object.c: a JSON object written as text. See object.h. */
#include "base/object.h"

#include <apr_pools.h>
#include <string.h>

#include "base/text.h"

static void put(ss_object_t *object, const char *bytes, apr_size_t len)
{
    if (object->rv == APR_SUCCESS) object->rv = ss_buf_append(object->out, bytes, len);
}

static void next(ss_object_t *object)
{
    if (object->has_members) put(object, ",", 1);
    object->has_members = 1;
}

static void put_name(ss_object_t *object, const char *name)
{
    next(object);
    put(object, "\"", 1);
    put(object, name, strlen(name));
    put(object, "\":", 2);
}

/* RFC 8259 section 7: quote, backslash and controls are escaped. */
static void put_escaped(ss_object_t *object, const char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (const char *from = text;; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        put(object, from, (apr_size_t)(text - from));
        if (!c) return;
        char escape[6] = { '\\', (char)c, '0', '0', digits[c >> 4], digits[c & 15] };
        if (c < 0x20) escape[1] = 'u';
        put(object, escape, c < 0x20 ? 6 : 2);
        from = text + 1;
    }
}

static int is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80) return 0;
    }
    return 1;
}

static void put_text(ss_object_t *object, const char *text)
{
    apr_pool_t *pool = NULL;

    put(object, "\"", 1);
    if (is_ascii(text)) {
        put_escaped(object, text);
    } else if (apr_pool_create(&pool, NULL) == APR_SUCCESS) {
        put_escaped(object, ss_text_utf8(pool, text, strlen(text)));
        apr_pool_destroy(pool);
    } else {
        object->rv = APR_ENOMEM;
    }
    put(object, "\"", 1);
}

static void put_number(ss_object_t *object, apr_int64_t value)
{
    if (object->rv == APR_SUCCESS)
        object->rv = ss_buf_printf(object->out, "%" APR_INT64_T_FMT, value);
}

void ss_object_begin(ss_object_t *object, ss_buf_t *out)
{
    *object = (ss_object_t){ .out = out };
    put(object, "{", 1);
}

void ss_object_text(ss_object_t *object, const char *name, const char *value)
{
    if (!value) return;
    put_name(object, name);
    put_text(object, value);
}

void ss_object_number(ss_object_t *object, const char *name, apr_int64_t value)
{
    put_name(object, name);
    put_number(object, value);
}

void ss_object_flag(ss_object_t *object, const char *name, int value)
{
    if (!value) return;
    put_name(object, name);
    put(object, "true", 4);
}

void ss_object_list(ss_object_t *object, const char *name)
{
    put_name(object, name);
    put(object, "[", 1);
    object->has_members = 0;
}

void ss_object_item(ss_object_t *object, const char *value)
{
    next(object);
    if (value)
        put_text(object, value);
    else
        put(object, "null", 4);
}

void ss_object_item_number(ss_object_t *object, apr_int64_t value)
{
    next(object);
    put_number(object, value);
}

void ss_object_list_end(ss_object_t *object)
{
    put(object, "]", 1);
    object->has_members = 1;
}

apr_status_t ss_object_end(ss_object_t *object)
{
    put(object, "}", 1);
    return object->rv;
}
