/* log.c: formats a line, escapes it once, gives it to the sink. See log.h. */
#include "base/log.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

int ss_log_is(const ss_log_t *log, ss_log_level_t level)
{
    return log && log->write && level <= log->level;
}

/* Escapes in place of copying twice: from is what was formatted, to is the line. */
static void escape(char *to, apr_size_t size, const char *from)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t n = 0;

    for (; *from && n + 5 < size; from++) {
        unsigned char c = (unsigned char)*from;
        if (c >= 0x20 && c < 0x7f) {
            to[n++] = (char)c;
        } else {
            to[n++] = '\\';
            to[n++] = 'x';
            to[n++] = hex[c >> 4];
            to[n++] = hex[c & 15];
        }
    }
    to[n] = '\0';
    if (*from && n >= 3) memcpy(to + n - 3, "...", 3);
}

void ss_log(const ss_log_t *log, ss_log_level_t level, int number, const char *format, ...)
{
    char raw[SS_LOG_LINE_MAX], line[SS_LOG_LINE_MAX];
    apr_size_t head = 0;
    va_list args;

    if (!ss_log_is(log, level)) return;
    if (number) head = (apr_size_t)apr_snprintf(raw, sizeof(raw), "SMTPSend-%d: ", number);
    va_start(args, format);
    apr_vsnprintf(raw + head, sizeof(raw) - head, format, args);
    va_end(args);
    escape(line, sizeof(line), raw);
    log->write(log->self, level, line);
}

static void write_stderr(void *self, ss_log_level_t level, const char *line)
{
    (void)self;
    (void)level;
    fprintf(stderr, "smtp-send: %s\n", line);
}

ss_log_t ss_log_stderr(ss_log_level_t level)
{
    return (ss_log_t){ .write = write_stderr, .level = level };
}
