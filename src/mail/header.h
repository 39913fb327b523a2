/* header.h: reads the fields of a header in place. Line ends may be CRLF or LF. */
#pragma once

#include <apr_pools.h>

typedef struct {
    const char *start; /* the whole field with its continuation lines and line ends */
    apr_size_t len;
    apr_size_t name_len; /* the name begins at start */
    const char *value;   /* after the colon and blanks, without the last line end */
    apr_size_t value_len;
} ss_header_field_t;

/* Reads the field at *p and moves *p after it: 1. 0: the empty line, or the end; -1: the line is
 * not a field; *p stays. */
int ss_header_next(const char **p, const char *end, ss_header_field_t *field);
int ss_header_is(const ss_header_field_t *field, const char *name);
/* Octets before the empty line that ends the header, or len without one. */
apr_size_t ss_header_len(const char *bytes, apr_size_t len);
/* Finds the first field of that name in len octets of header: 1, or 0. Lines that are not fields
 * are ignored. */
int ss_header_find(ss_header_field_t *field, const char *header, apr_size_t len, const char *name);
