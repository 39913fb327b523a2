/* suggest.h: "did you mean": the name that a misspelled one was probably meant to be. Pure. */
#pragma once

#include <apr_pools.h>

/* The name in `names` (separated by blanks) that is most like what was written, or NULL. Case and
 * "-_." are ignored, and one wrong letter in four. "body>text" in names: who writes body means
 * text. */
const char *ss_suggest(const char *written, const char *names, apr_pool_t *pool);
