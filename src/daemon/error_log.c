#include "daemon/error_log.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define HEAD_MAX 128 /* bytes before the text */

static const char level_words[] = "error warn notice info debug";
static const char *const level_names[] = { "error", "warn", "notice", "info", "debug" };

const char *ss_error_log_name(ss_log_level_t level)
{
    return level_names[level];
}

/* httpd has more levels than we have. */
static int level_of(const char *word)
{
    int index = ss_text_word_index(level_words, word);

    if (index >= 0) return index;
    if (ss_text_word_index("emerg alert crit", word) >= 0) return SS_LOG_ERROR;
    return !strncasecmp(word, "trace", 5) ? SS_LOG_DEBUG : -1;
}

ss_log_level_t ss_error_log_level(const char *words)
{
    char copy[512], *state = NULL;
    int general = SS_LOG_WARN, own = -1;

    apr_cpystrn(copy, words ? words : "", sizeof(copy));
    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        char *colon = strchr(word, ':');
        int level = level_of(colon ? colon + 1 : word);
        if (level < 0) continue;
        if (!colon)
            general = level;
        else if (!strncasecmp(word, "smtp_send", 9))
            own = level;
    }
    return (ss_log_level_t)(own >= 0 ? own : general);
}

/* "[Mon Nov 30 21:28:26.123456 2026]", as httpd writes it. */
static apr_size_t write_time(char *to, apr_size_t size)
{
    static __thread time_t second;
    static __thread char day[24], year[8];
    struct timeval now;

    gettimeofday(&now, NULL);
    if (now.tv_sec != second || !*year) {
        struct tm parts;
        second = now.tv_sec;
        localtime_r(&second, &parts);
        strftime(day, sizeof(day), "%a %b %d %H:%M:%S", &parts);
        strftime(year, sizeof(year), "%Y", &parts);
    }
    return (apr_size_t)apr_snprintf(to, size, "[%s.%06ld %s] ", day, (long)now.tv_usec, year);
}

/* As httpd escapes what is logged: the rest was escaped before (base/log.h). */
static apr_size_t write_text(char *to, apr_size_t size, const char *line)
{
    apr_size_t n = 0;

    for (; *line && n + 3 < size; line++) {
        if (*line == '\\') to[n++] = '\\';
        to[n++] = *line;
    }
    return n;
}

/* One write a line: several processes share the file. */
static void write_stderr(void *self, ss_log_level_t level, const char *line)
{
    char out[HEAD_MAX + 2 * SS_LOG_LINE_MAX];
    apr_size_t at = write_time(out, HEAD_MAX);

    (void)self;
    at += (apr_size_t)apr_snprintf(out + at, HEAD_MAX - at, "[smtp_send:%s] [pid %d:tid %d] ",
                                   level_names[level], (int)getpid(), (int)syscall(SYS_gettid));
    at += write_text(out + at, sizeof(out) - at - 1, line);
    out[at++] = '\n';
    ssize_t written = write(STDERR_FILENO, out, at);
    (void)written;
}

static void write_syslog(void *self, ss_log_level_t level, const char *line)
{
    static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

    (void)self;
    syslog(priorities[level], "[smtp_send:%s] [pid %d:tid %d] %s", level_names[level],
           (int)getpid(), (int)syscall(SYS_gettid), line);
}

static const struct {
    const char *name;
    int facility;
} facilities[] = { { "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },
                   { "daemon", LOG_DAEMON }, { "kern", LOG_KERN },         { "lpr", LOG_LPR },
                   { "mail", LOG_MAIL },     { "news", LOG_NEWS },         { "syslog", LOG_SYSLOG },
                   { "user", LOG_USER },     { "uucp", LOG_UUCP },         { "local0", LOG_LOCAL0 },
                   { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },     { "local3", LOG_LOCAL3 },
                   { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },     { "local6", LOG_LOCAL6 },
                   { "local7", LOG_LOCAL7 } };

/* "syslog:facility:tag", the two last as they are given. */
static void open_syslog(const char *where)
{
    static char tag[64] = "smtp-sendd"; /* the library keeps the pointer */
    const char *name = where[6] == ':' ? where + 7 : "", *colon = strchr(name, ':');
    apr_size_t len = colon ? (apr_size_t)(colon - name) : strlen(name);
    int facility = LOG_LOCAL7;

    for (apr_size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
        if (ss_text_is(name, len, facilities[i].name)) facility = facilities[i].facility;
    if (colon && colon[1]) apr_cpystrn(tag, colon + 1, sizeof(tag));
    openlog(tag, LOG_NDELAY | LOG_CONS | LOG_PID, facility);
}

ss_log_t ss_error_log_open(const char *where, const char *level)
{
    int is_syslog = where && !strncasecmp(where, "syslog", 6);

    if (is_syslog) open_syslog(where);
    return (ss_log_t){ .write = is_syslog ? write_syslog : write_stderr,
                       .level = ss_error_log_level(level) };
}
