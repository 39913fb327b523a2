/* json.h: jansson's values, read and made the way most of the code does. */
#pragma once

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

/* A member of an object (NULL: it has none): its text, or NULL; its integer, or 0; whether it is
 * true. */
const char *ss_json_text(const json_t *object, const char *name);
json_int_t ss_json_number(const json_t *object, const char *name);
int ss_json_is(const json_t *object, const char *name);
/* Reads a document of a stranger: as json_loadb, but one whose values would need more than 8 MiB
 * and three times its own size is refused: an empty object takes 3 octets, and 240 in memory. */
json_t *ss_json_read(const char *bytes, apr_size_t len, size_t flags, json_error_t *error);
/* A string; bytes that are no UTF-8 become U+FFFD. NULL: null. */
json_t *ss_json_string(const char *text);
/* A time in RFC 3339; not after 1970: null. */
json_t *ss_json_time(apr_time_t time);
/* Sets a member as ss_json_string does; NULL: sets nothing. */
void ss_json_put(json_t *object, const char *name, const char *text);
/* The document as one line from the pool, and drops the reference. NULL: no document or memory. */
const char *ss_json_print(json_t *document, apr_pool_t *pool);
