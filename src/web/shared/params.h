/* params.h: the parameters of a query string or of a small form. Pure but for the pool. */
#ifndef SS_WEB_SHARED_PARAMS_H
#define SS_WEB_SHARED_PARAMS_H

#include <apr_pools.h>
#include <apr_tables.h>

#define SS_PARAMS_MAX 2000 /* a request line holds fewer; a form with more is refused */

typedef struct {
    const char *name, *value;
} ss_param_t;

typedef struct {
    apr_array_header_t *pairs; /* of ss_param_t, in order, decoded */
} ss_params_t;

/* Takes text apart. 0, or -1 and why (from the pool): a broken %-sequence, a zero byte, bytes that
 * are no UTF-8, too many. text NULL: none. */
int ss_params_parse(ss_params_t *query, const char *text, const char **why, apr_pool_t *pool);
/* The value of the first of that name, or NULL. */
const char *ss_params_get(const ss_params_t *query, const char *name);
/* How often the name stands there. */
int ss_params_count(const ss_params_t *query, const char *name);
/* Whether a switch is on: "name", "name=1", "name=on", "name=true", "name=yes". fallback: where it
 * is not named. */
int ss_params_flag(const ss_params_t *query, const char *name, int fallback);
/* The first name that is not in the list (ended by NULL), or NULL. */
const char *ss_params_unknown(const ss_params_t *query, const char *const *known);
/* Writes a value so that it may stand in a query string. */
const char *ss_params_escape(const char *text, apr_pool_t *pool);

#endif
