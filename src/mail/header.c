#include "mail/header.h"

#include <string.h>

#include "base/text.h"

static const char *line_end(const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (apr_size_t)(end - p));

    return lf ? lf + 1 : end;
}

static int is_empty_line(const char *p, const char *end)
{
    return p == end || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
}

static const char *unfolded_end(const char *p, const char *end)
{
    p = line_end(p, end);
    while (p < end && (*p == ' ' || *p == '\t')) p = line_end(p, end);
    return p;
}

int ss_header_next(const char **p, const char *end, ss_header_field_t *field)
{
    const char *c = *p, *value, *stop;

    if (is_empty_line(c, end)) return 0;
    while (c<end && * c> 32 && *c < 127 && *c != ':') c++;
    field->name_len = (apr_size_t)(c - *p);
    while (c < end && (*c == ' ' || *c == '\t')) c++;
    if (!field->name_len || c == end || *c != ':') return -1;
    value = c + 1;
    field->start = *p;
    stop = unfolded_end(c, end);
    field->len = (apr_size_t)(stop - *p);
    *p = stop;
    if (stop > value && stop[-1] == '\n') stop--;
    if (stop > value && stop[-1] == '\r') stop--;
    while (value < stop && (*value == ' ' || *value == '\t')) value++;
    field->value = value;
    field->value_len = (apr_size_t)(stop - value);
    return 1;
}

int ss_header_is(const ss_header_field_t *field, const char *name)
{
    return ss_text_is(field->start, field->name_len, name);
}

apr_size_t ss_header_len(const char *bytes, apr_size_t len)
{
    const char *p = bytes, *end = bytes + len;

    while (p < end && !is_empty_line(p, end)) p = line_end(p, end);
    return (apr_size_t)(p - bytes);
}

int ss_header_find(ss_header_field_t *field, const char *header, apr_size_t len, const char *name)
{
    const char *p = header, *end = header + len;
    int got;

    while ((got = ss_header_next(&p, end, field)) != 0) {
        if (got < 0)
            p = line_end(p, end);
        else if (ss_header_is(field, name))
            return 1;
    }
    return 0;
}
