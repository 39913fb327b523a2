/* ident.h: message ids, UUID version 7 (RFC 9562 5.7): sortable by time of acceptance. */
#pragma once

#include <apr_time.h>

#define SS_IDENT_TEXT 37    /* 36 characters and the zero byte */
#define SS_IDENT_PART_MIN 4 /* of the characters that people may give instead of a whole id */

/* makes ids that only grow, several in the same millisecond included; one owner, one thread */
typedef struct {
    apr_uint64_t last_ms;
    apr_uint16_t sequence;
} ss_ident_source_t;

/* Writes a new id. Ids of one source grow strictly, also when the clock steps back. */
void ss_ident_make(ss_ident_source_t *source, apr_time_t now, const unsigned char random[8],
                   char out[SS_IDENT_TEXT]);
/* Where ids of this time and later begin, as text that sorts before all of them. Returns out. */
const char *ss_ident_begin(apr_time_t time, char out[SS_IDENT_TEXT]);
/* Whether text is a UUID in its 36-character form (any version, either case). */
int ss_ident_is_valid(const char *text);
/* Whether text can be the beginning or the end of an id: at least SS_IDENT_PART_MIN of its
 * characters. */
int ss_ident_is_part(const char *text);
