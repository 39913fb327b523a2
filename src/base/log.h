/* log.h: where the library's sentences go: a sink (httpd's error log, standard error, a test's
 * list). Every sentence has a permanent number, SMTPSend-NNN, given once and never reused: base and
 * config 100-199, daemon 200-299, queue 300-399, net and smtp 400-499, web 500-599. */
#pragma once

typedef enum { SS_LOG_ERROR, SS_LOG_WARN, SS_LOG_NOTICE, SS_LOG_INFO, SS_LOG_DEBUG } ss_log_level_t;

#define SS_LOG_LINE_MAX 4096 /* a longer line is cut and ends in "..." */

typedef struct {
    /* one line without its end, already escaped; any thread */
    void (*write)(void *self, ss_log_level_t level, const char *line);
    void *self;
    ss_log_level_t level; /* what is less important is not formatted */
} ss_log_t;

/* Whether a line of this level would be written: ask before collecting costly material. */
int ss_log_is(const ss_log_t *log, ss_log_level_t level);
/* Formats a line and gives it to the sink. number: the sentence's SMTPSend-NNN, put in front; 0: no
 * number (the lines of CONTRACT's error log that other tools parse). Control bytes and bytes
 * outside ASCII that came in through arguments are escaped as \xNN here, once, for all lines. log
 * may be NULL: nothing is written. */
void ss_log(const ss_log_t *log, ss_log_level_t level, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A sink that writes "smtp-send: line" to standard error. */
ss_log_t ss_log_stderr(ss_log_level_t level);
