/* mask.h: shortens what tells who somebody is, so that a report can be put into a public issue. */
#pragma once

#include <apr_pools.h>

/* Mail addresses ("j***@e***.com"), host names ("s***.e***.com") and IP addresses ("192.0.*.*") in
 * a text; loopback, paths and numbers stay. */
const char *ss_mask_text(const char *text, apr_pool_t *pool);
