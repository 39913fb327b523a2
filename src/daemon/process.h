/* process.h: smtp-sendd as a process: signals, the files that only root can read, the user that it
 * becomes. No httpd here. */
#pragma once

#include "config/account.h"
#include "config/config.h"
#include "config/config_process.h"
#include "daemon/inherited.h"

/* A descriptor of those that httpd's parent may pass (inherited.h), which programs of this process
 * do not get; -1: it was not passed. */
int ss_process_inherited(const ss_config_process_t *process, int fd);
/* SIGTERM is the same as a byte on the lifeline; what httpd's parent means for its own processes is
 * ignored. has_terminal: so is what its user's Ctrl-C sends, SIGINT. Gives the descriptor that
 * becomes readable at SIGTERM; 0: none. */
int ss_process_signals(int has_terminal);
/* Sleeps the back-off; ends early when the parent asks or is gone. 0: go on. */
int ss_process_wait(int lifeline, apr_interval_time_t wait);
/* Reads what root alone may be able to read: passwords (file:), keys, certificates. What cannot be
 * read is said where it is used. */
void ss_process_read_files(const ss_config_t *config, apr_pool_t *pool);

typedef struct {
    ss_account_t own; /* whom it becomes, or where this is not root already is */
    int web_uid;      /* httpd's User where that is another one; -1 */
} ss_process_users_t;

/* SMTPSendUser, or the user of `process`. NULL, or why there is no such user. */
const char *ss_process_users(ss_process_users_t *users, const ss_config_process_t *process,
                             const ss_settings_globals_t *globals, apr_pool_t *pool);
/* Root becomes that user, in chroot_dir (NULL: none). NULL, or what went wrong. */
const char *ss_process_become(const ss_account_t *own, const char *chroot_dir, apr_pool_t *pool);
