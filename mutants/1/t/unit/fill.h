/* fill.h: long texts for tests of bounds. */
#ifndef T_UNIT_FILL_H
#define T_UNIT_FILL_H

#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

/* n times c, zero-terminated, in the pool. */
static inline char *fill(apr_pool_t *pool, char c, apr_size_t n)
{
    char *text = apr_palloc(pool, n + 1);

    memset(text, c, n);
    text[n] = '\0';
    return text;
}

#endif
