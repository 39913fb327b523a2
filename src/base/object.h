/* object.h: a JSON object written as text, member after member, and single members read from one:
 * for what goes over the local socket with each message, where a tree of values would cost more
 * than the rest of the work, and for sendmail, whose process must start fast. Everything else uses
 * jansson. */
#pragma once

#include <apr_pools.h>

#include "base/buf.h"

typedef struct {
    ss_buf_t *out;
    apr_status_t rv; /* the first failure: the buffer's maximum, or no memory */
    int has_members;
} ss_object_t;

/* Appends to what the buffer holds. */
void ss_object_begin(ss_object_t *object, ss_buf_t *out);
/* A member. Names are ours: they are written as they are. value NULL: nothing is written. Bytes
 * that are no UTF-8 become U+FFFD. */
void ss_object_text(ss_object_t *object, const char *name, const char *value);
void ss_object_number(ss_object_t *object, const char *name, apr_int64_t value);
/* true, or nothing. */
void ss_object_flag(ss_object_t *object, const char *name, int value);
/* A list: begin, its items, end. */
void ss_object_list(ss_object_t *object, const char *name);
void ss_object_item(ss_object_t *object, const char *value); /* NULL: null */
void ss_object_item_number(ss_object_t *object, apr_int64_t value);
void ss_object_list_end(ss_object_t *object);
/* A member that is an object: open, its members, close. */
void ss_object_open(ss_object_t *object, const char *name);
void ss_object_close(ss_object_t *object);
/* Ends it. The first failure of all, or APR_SUCCESS. */
apr_status_t ss_object_end(ss_object_t *object);

/* Members of the first level of len bytes of JSON that our own daemon wrote; what is no JSON gives
 * a wrong answer and no worse. */
/* A number, whole and not negative; none: otherwise. */
apr_int64_t ss_object_read_number(const char *json, apr_size_t len, const char *name,
                                  apr_int64_t otherwise);
/* A text, decoded, from the pool; NULL: none. */
const char *ss_object_read_text(const char *json, apr_size_t len, const char *name,
                                apr_pool_t *pool);
