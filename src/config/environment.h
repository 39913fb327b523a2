/* environment.h: passwords that httpd got in its environment (SMTPSendPassword env:NAME). Every
 * process that httpd starts inherits that, and /proc shows it, so a password is taken out of it as
 * soon as the directive is read: it is then in httpd's parent alone. */
#pragma once

#include <apr_pools.h>

/* Takes the variable out of this process's environment, also out of what /proc/PID/environ shows,
 * and keeps its value below process_pool, which lives as long as the process. A further call, after
 * a restart, finds it there. No process that this one forks can read it. */
void ss_environment_take(const char *name, apr_pool_t *process_pool);
/* A copy in pages that are empty in a process that is forked, with a zero byte behind it; of
 * mmap. NULL: the system has none. */
char *ss_environment_keep(const char *value, apr_size_t len);
/* The value of a variable that was taken, or that is in the environment; NULL: neither. */
const char *ss_environment_get(const char *name);
