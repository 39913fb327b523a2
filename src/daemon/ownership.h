/* ownership.h: the queue of httpd's User becomes that of SMTPSendUser, at the first start with that
 * directive. As root, in folders that the former owner may write: no link is followed, and only
 * what belongs to the former owner changes hands. */
#pragma once

#include "base/log.h"
#include "config/account.h"
#include "config/settings.h"

/* Whether something of the queue belongs to the former owner. */
int ss_ownership_is_due(const ss_settings_globals_t *globals, uid_t from, const ss_account_t *to,
                        apr_pool_t *pool);
/* Gives the queue's files, and their folder if it holds nothing else, to the account. First waits
 * for the daemon that still uses them; lifeline: ends that early. NULL, or why it was not done. */
const char *ss_ownership_give(const ss_settings_globals_t *globals, uid_t from,
                              const ss_account_t *to, int lifeline, const ss_log_t *log,
                              apr_pool_t *pool);
