/* config_read.h: the daemon's configuration out of a text: a file of directives as in httpd's
 * (smtp-sendd --config), or what httpd's parent wrote (config_write.h). */
#pragma once

#include <stdio.h>

#include "config/config.h"
#include "config/config_process.h"

/* path: the file's name, for errors; NULL: httpd's parent wrote it. NULL, or what is wrong, with
 * file and line as httpd would say it. What the texts of *process say is the caller's to do. */
const char *ss_config_read(ss_config_t **config, ss_config_process_t *process, FILE *in,
                           const char *path, apr_pool_t *pool);
/* The next word of a directive's line, in quotes or not, as httpd reads it; *line is behind it
 * then. NULL: the line has no more. */
const char *ss_config_read_word(const char **line, apr_pool_t *pool);
