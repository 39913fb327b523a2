/* header.h: the fields of a header, one by one, in place. Line ends may be CRLF or LF. */
#ifndef SS_MAIL_HEADER_H
#define SS_MAIL_HEADER_H

#include <apr_pools.h>

typedef struct {
    const char *start; /* the whole field with its continuation lines and line ends */
    apr_size_t len;
    apr_size_t name_len; /* name: at start */
    const char *value;   /* behind the colon and blanks, without the last line end */
    apr_size_t value_len;
} ss_header_field_t;

/* The field at *p, which moves behind it. 1; 0 at the empty line or the end (*p stays); -1 where
 * the line is no field (*p stays). */
int ss_header_next(const char **p, const char *end, ss_header_field_t *field);
/* Whether the field has this name, case ignored. */
int ss_header_is(const ss_header_field_t *field, const char *name);
/* Octets up to the empty line that ends the header (the line itself not counted), or len without
 * one. */
apr_size_t ss_header_len(const char *bytes, apr_size_t len);
/* The first field of that name in len octets of header: 1 found. Lines that are no fields are
 * passed over. */
int ss_header_find(ss_header_field_t *field, const char *header, apr_size_t len, const char *name);

#endif
