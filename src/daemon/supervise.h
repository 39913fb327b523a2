/* supervise.h: httpd's parent and the delivery daemon: starts it, sees it die, starts it again,
 * hands over at restarts. Parent process only, but for ss_supervise_child_init. */
#pragma once

#include <httpd.h>

#include "base/log.h"
#include "base/trouble.h"
#include "config/config.h"
#include "config/settings.h"

/* In the real post_config, as root: opens (or keeps) the local socket and SMTPSendListen's, asks
 * an old daemon to leave, starts a new one. process_pool: the pool that outlives restarts.
 * The server starts in any case: what is wrong with mail
 * is logged and answered with 503, and does not take a web site down. */
void ss_supervise_start(const ss_config_t *config, const ss_log_t *log, server_rec *main_server,
                        apr_pool_t *pconf, apr_pool_t *process_pool);
/* What takes each final state, in the daemon; before ss_supervise_start. NULL: nothing. */
void ss_supervise_tell(void (*finished)(const char *id, const char *from, const char *to,
                                        const char *state, const char *reply,
                                        const char *metadata));
/* In the parent, every few seconds (httpd's monitor hook): a daemon that could not be started and a
 * socket that could not be opened are tried again; where the local socket's file is gone it is made
 * again. A new socket goes to a new daemon, as at a graceful restart. */
void ss_supervise_monitor(void);
/* In each web process: lets go of what only the parent may hold (sockets, lifeline). */
void ss_supervise_child_init(void);
/* The number that marks this httpd's frames; made once, kept over restarts. */
apr_uint64_t ss_supervise_instance(apr_pool_t *process_pool);
/* Why the daemon cannot be reached. */
const ss_trouble_t *ss_supervise_trouble(apr_pool_t *process_pool);
