/* event_output.h: opens the file or starts the program of SMTPSendEventLog while this process is
 * still root. The program has a keeper: a small process, this program itself again, that starts it
 * again when it ends, and ends with it once the daemon has. */
#pragma once

#include "base/log.h"
#include "config/account.h"
#include "config/settings.h"

/* The option of smtp-sendd that makes it the keeper of the program that follows. */
#define SS_EVENT_OUTPUT_KEEP "--keep-event-program"

/* The descriptor that takes the lines; -1: there is no such directive, or it could not be opened,
 * which the log says. A file is opened as own, who can open it again when it was renamed; where own
 * may not, as root, like httpd's other logs. */
int ss_event_output_open(const ss_settings_globals_t *globals, const ss_account_t *own,
                         const ss_log_t *log);
/* The path of a file; NULL: a program, or none. */
const char *ss_event_output_path(const ss_settings_globals_t *globals);
/* What is wrong with the directive, for configtest: NULL, or a sentence. To be called as root. */
const char *ss_event_output_check(const ss_settings_globals_t *globals, apr_pool_t *pool);
/* The keeper: standard input is the pipe. Returns its exit code. */
int ss_event_output_keep(const char *program, apr_pool_t *pool);
