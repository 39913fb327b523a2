/* local_parse.h: the header of a request on the local socket becomes JSON, if it is not more than a
 * request can need. Pure. */
#pragma once

#include "base/json.h"

/* A header up to this is read at once, which takes less than a millisecond; a larger one by a
 * computing thread. */
#define SS_LOCAL_PARSE_AT_ONCE 32768
/* Values of one header, an object counting as eight: 50,000 recipients with all that is said about
 * them, or 10,000 messages. Each takes some 40 octets of memory, however short it is written; a
 * header with more is refused. */
#define SS_LOCAL_PARSE_VALUES 400000

/* NULL: *why says what is wrong with it. */
json_t *ss_local_parse(const char *text, apr_size_t len, const char **why);
