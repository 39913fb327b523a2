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

static void put_text(ss_object_t *object, const char *text)
{
    apr_pool_t *pool = NULL;

    put(object, "\"", 1);
    if (ss_text_is_ascii(text, strlen(text))) {
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

static void begin(ss_object_t *object, const char *name, const char *bracket)
{
    put_name(object, name);
    put(object, bracket, 1);
    object->has_members = 0;
}

static void end(ss_object_t *object, const char *bracket)
{
    put(object, bracket, 1);
    object->has_members = 1;
}

void ss_object_list(ss_object_t *object, const char *name)
{
    begin(object, name, "[");
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
    end(object, "]");
}

void ss_object_open(ss_object_t *object, const char *name)
{
    begin(object, name, "{");
}

void ss_object_close(ss_object_t *object)
{
    end(object, "}");
}

apr_status_t ss_object_end(ss_object_t *object)
{
    put(object, "}", 1);
    return object->rv;
}

/* ---- reading ---- */

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) p++;
    return p;
}

/* The quote that ends a string, or end. */
static const char *string_end(const char *p, const char *end)
{
    while (p < end && *p != '"') p += *p == '\\' && p + 1 < end ? 2 : 1;
    return p;
}

/* Where the value of a member begins; NULL: there is no such member. */
static const char *find(const char *p, const char *end, const char *name)
{
    apr_size_t name_len = strlen(name);
    int depth = 0;

    for (; p < end; p++) {
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        if (*p != '"') continue;
        const char *key = p + 1;
        p = string_end(key, end);
        const char *value = p < end ? skip_blanks(p + 1, end) : end;
        if (depth == 1 && value < end && *value == ':' && (apr_size_t)(p - key) == name_len &&
            !memcmp(key, name, name_len))
            return skip_blanks(value + 1, end);
    }
    return NULL;
}

apr_int64_t ss_object_read_number(const char *json, apr_size_t len, const char *name,
                                  apr_int64_t otherwise)
{
    const char *end = json + len, *p = find(json, end, name);
    apr_int64_t value = 0;

    if (!p || p == end || *p < '0' || *p > '9') return otherwise;
    for (; p < end && *p >= '0' && *p <= '9' && value < APR_INT64_MAX / 100; p++)
        value = value * 10 + (*p - '0');
    return value;
}

/* The value of four hexadecimal digits; 0: something else. */
static unsigned read_hex(const char *p, const char *end)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++, p++) {
        int digit = p < end ? ss_text_hex(*p) : -1;
        if (digit < 0) return 0;
        value = value << 4 | (unsigned)digit;
    }
    return value;
}

static char *put_utf8(char *out, unsigned c)
{
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    *out++ = (char)(more ? (0xffu << (7 - more) & 0xff) | c >> 6 * more : c);
    while (more--) *out++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    return out;
}

/* What stands behind a backslash; *p is moved behind it. */
static char *put_escape(char *out, const char **p, const char *end)
{
    static const char names[] = "nrtbf", values[] = "\n\r\t\b\f";
    const char *at = strchr(names, **p);

    if (**p == 'u') {
        unsigned c = read_hex(*p + 1, end), low = 0;
        *p += 5;
        if (c >= 0xd800 && c < 0xdc00 && *p + 1 < end && (*p)[0] == '\\' && (*p)[1] == 'u')
            low = read_hex(*p + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            *p += 6;
        }
        return put_utf8(out, c);
    }
    *out = at && *at ? values[at - names] : **p;
    ++*p;
    return out + 1;
}

const char *ss_object_read_text(const char *json, apr_size_t len, const char *name,
                                apr_pool_t *pool)
{
    const char *end = json + len, *p = find(json, end, name), *to;
    char *text, *out;

    if (!p || p == end || *p != '"') return NULL;
    to = string_end(++p, end);
    out = text = apr_palloc(pool, (apr_size_t)(to - p) + 1);
    while (p < to) {
        if (*p++ != '\\')
            *out++ = p[-1];
        else if (p < to)
            out = put_escape(out, &p, to);
    }
    *out = '\0';
    return text;
}
