/* json_array.h: the elements of a JSON array while it arrives. Only strings, brackets and commas
 * are looked at; whether an element is JSON is left to its reader. Pure. */
#pragma once

#include <apr.h>

typedef struct { /* all zero at the beginning */
    enum {
        SS_JSON_ARRAY_BEFORE, /* the opening bracket */
        SS_JSON_ARRAY_FIRST,  /* an element, or the closing bracket */
        SS_JSON_ARRAY_NEXT,   /* an element */
        SS_JSON_ARRAY_IN,     /* within an element */
        SS_JSON_ARRAY_TEXT,   /* and within a string */
        SS_JSON_ARRAY_ESCAPE,
        SS_JSON_ARRAY_AFTER, /* the closing bracket */
        SS_JSON_ARRAY_BAD
    } state;
    apr_size_t depth; /* of brackets within the element */
} ss_json_array_t;

/* Reads on. Returns how many octets were read, at least one of len; *piece: those of them that
 * belong to the current element, *ends: which is complete with them. */
apr_size_t ss_json_array_read(ss_json_array_t *array, const char *bytes, apr_size_t len,
                              const char **piece, apr_size_t *piece_len, int *ends);
/* Whether the array is complete. */
int ss_json_array_is_whole(const ss_json_array_t *array);
