/* check.h: smtp-sendd --check: what only OpenSSL or the daemon can know about a configuration is
 * said before it is used. */
#pragma once

#include "base/log.h"
#include "config/config.h"
#include "config/config_process.h"

/* As root where it can be: TLS settings that cannot be used. Returns how many; each is logged as an
 * error with file and line. */
int ss_check_tls(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool);
/* As root: the file or program of SMTPSendEventLog. Returns 1 where it cannot be used, which is
 * logged in the same way. */
int ss_check_event_log(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool);
/* As the user that the daemon becomes: a warning where it could not use the folder of its queue. */
void ss_check_queue(const ss_config_t *config, const ss_log_t *log, apr_pool_t *pool);
