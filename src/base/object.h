/* object.h: a JSON object written as text, member after member: for what is said on the local
 * socket for each message, where a tree of values costs more than the rest of the hand-over.
 * Everything else is jansson's. */
#ifndef SS_BASE_OBJECT_H
#define SS_BASE_OBJECT_H

#include "base/buf.h"

typedef struct {
    ss_buf_t *out;
    apr_status_t rv; /* the first failure: the buffer's maximum, or no memory */
    int has_members;
} ss_object_t;

/* Begins it behind what the buffer holds. */
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
/* Ends it. The first failure of all, or APR_SUCCESS. */
apr_status_t ss_object_end(ss_object_t *object);

#endif
