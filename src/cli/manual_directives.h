/* manual_directives.h: the pages of the directives: docs/directives.md and mod_smtp_send(5). Names,
 * contexts, defaults and values come from the option table; what each directive is for comes from
 * docs/directives.in. */
#pragma once

#include <apr_pools.h>

/* Both write to standard output. source: docs/directives.in. markdown gives the number of
 * complaints that it printed to standard error: a directive without a section, an example or
 * "Without it", and what contradicts the table. */
int ss_manual_directives_markdown(const char *source, apr_pool_t *pool);
void ss_manual_directives_man(const char *source, apr_pool_t *pool);
/* Prints the words of a text in lines of at most width columns, the first one behind first, each
 * further one behind next. */
void ss_manual_directives_wrap(const char *first, const char *next, const char *text, int width,
                               apr_pool_t *pool);
