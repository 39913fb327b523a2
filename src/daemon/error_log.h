/* error_log.h: the daemon's sink: lines on standard error, which is httpd's error log, in httpd's
 * default format; or syslog. */
#pragma once

#include "base/log.h"

/* where: as ErrorLog says it; "syslog[:facility[:tag]]" or anything else: standard error; may be
 * NULL. level: as LogLevel says it, "warn smtp_send:info"; may be NULL: warn. */
ss_log_t ss_error_log_open(const char *where, const char *level);
/* The level that LogLevel's words give this module. Pure. */
ss_log_level_t ss_error_log_level(const char *words);
/* How a level is called there. */
const char *ss_error_log_name(ss_log_level_t level);
