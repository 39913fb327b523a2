/* core.h: the delivery daemon as a whole, without httpd (process.h brings the process into shape
 * first). */
#pragma once

#include "base/trouble.h"
#include "config/config.h"
#include "config/secret.h"
#include "config/settings.h"
#include "record/record.h"

/* exit code: it could not start, or left a queue whose file is another one, and has logged why: to
 * be started again */
#define SS_CORE_EXIT_AGAIN 75

typedef struct {
    const ss_config_t *config;
    const ss_log_t *log;
    ss_record_finished_fn *finished; /* takes each final state, on the loop thread; or NULL */
    int listen_fd;                   /* of the local socket */
    int lifeline_fd;                 /* a byte, or its end: leave; -1: none */
    int smtp_fd;                     /* of SMTPSendListen; -1: none */
    /* SMTPSendEventLog: open, or -1; and its path, where it can be opened again; or NULL */
    int event_fd;
    const char *event_path;
    int term_fd; /* readable: SIGTERM came; 0: none */
    apr_uint64_t instance;
    unsigned generation, restarts;
    ss_trouble_t *trouble;
    int owner_uid; /* of this process: with root, whom the local socket trusts with everything */
    int web_uid;   /* httpd's User where that is another one; -1 */
    int web_reads; /* SMTPSendStatusBody is On somewhere: httpd's User may read contents */
    /* the loaded secrets, by relay */
    ss_secret_t *(*secret_of)(const ss_settings_t *settings);
} ss_core_options_t;

/* Runs until it is asked to leave. Returns the process's exit code: 0 left in order, 1, or
 * SS_CORE_EXIT_AGAIN. */
int ss_core_run(const ss_core_options_t *options);
/* Logs why the daemon cannot start, once while the reason is the same. Returns SS_CORE_EXIT_AGAIN.
 */
int ss_core_refuse(const ss_core_options_t *options, const char *why);
