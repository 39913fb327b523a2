/* config_define.h: Define and ${NAME} in a file of directives, as httpd has them. Pure, but for the
 * environment. */
#pragma once

#include <apr_hash.h>

/* the most that a line with ${NAME} may become */
#define SS_CONFIG_DEFINE_LINE 65536

/* Define NAME [VALUE], UnDefine NAME. NULL, or what is wrong. */
const char *ss_config_define_set(apr_hash_t *defined, const char *name, const char *value,
                                 apr_pool_t *pool);
/* The line with each ${NAME} replaced by what is defined or in the environment; one with a colon in
 * its name stays as it is, as in httpd. NULL: *bad says what is wrong. */
const char *ss_config_define_resolve(apr_hash_t *defined, const char *line, const char **bad,
                                     apr_pool_t *pool);
