/* params.h: parameters of a query string or a small form. Pure. */
#pragma once

#include <apr_pools.h>
#include <apr_tables.h>

#define SS_PARAMS_MAX 2000 /* more than fit in a request line; a form with more is refused */

typedef struct {
    const char *name, *value;
} ss_params_pair_t;

typedef struct {
    apr_array_header_t *pairs; /* of ss_params_pair_t, in order, decoded */
} ss_params_t;

/* Parses text (NULL: no parameters). 0, or -1 and the reason: an invalid %-sequence, a zero byte,
 * invalid UTF-8, too many parameters. */
int ss_params_parse(ss_params_t *query, const char *text, const char **why, apr_pool_t *pool);
/* The same, but the octets need not be UTF-8. */
int ss_params_parse_octets(ss_params_t *query, const char *text, const char **why,
                           apr_pool_t *pool);
/* The value of the first parameter with that name, or NULL. */
const char *ss_params_get(const ss_params_t *query, const char *name);
/* How often the name occurs. */
int ss_params_count(const ss_params_t *query, const char *name);
/* Whether a switch is on: "name", "name=1", "name=on", "name=true", "name=yes". fallback: the value
 * if it is missing. */
int ss_params_flag(const ss_params_t *query, const char *name, int fallback);
/* The first name that is not in known, a list ended by NULL; NULL: all are known. */
const char *ss_params_unknown(const ss_params_t *query, const char *const *known);
/* Escapes a value for a query string. */
const char *ss_params_escape(const char *text, apr_pool_t *pool);
