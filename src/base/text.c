#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define YEARS_100 (APR_INT64_C(36525) * 24 * 3600 * APR_USEC_PER_SEC)

static const struct {
    const char *name;
    apr_interval_time_t unit;
} units[] = { { "d", APR_INT64_C(86400000000) },
              { "h", APR_INT64_C(3600000000) },
              { "min", 60000000 },
              { "s", 1000000 },
              { "ms", 1000 } };

/* Digits at the front; -1: none, or past 15 of them. */
static int digits(const char **text, apr_int64_t *out)
{
    const char *p = *text;
    apr_int64_t value = 0;

    while (apr_isdigit(*p) && p - *text < 16) value = value * 10 + (*p++ - '0');
    if (p == *text || p - *text > 15) return -1;
    *text = p;
    *out = value;
    return 0;
}

int ss_text_duration(const char *text, apr_interval_time_t *out)
{
    apr_int64_t value;
    apr_interval_time_t unit = 0;

    if (digits(&text, &value)) return -1;
    if (!*text) unit = APR_USEC_PER_SEC;
    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(text, units[i].name)) unit = units[i].unit;
    }
    if (!unit || value > YEARS_100 / unit) return -1;
    *out = value * unit;
    return 0;
}

const char *ss_text_duration_print(apr_pool_t *pool, apr_interval_time_t duration)
{
    if (duration == 0) return "0";
    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (duration % units[i].unit == 0)
            return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", duration / units[i].unit,
                                units[i].name);
    }
    /* Below a millisecond no unit exists: rounded up, never to "0". */
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "ms", (duration + 999) / 1000);
}

const char *ss_text_age(apr_pool_t *pool, apr_int64_t seconds)
{
    static const struct {
        apr_int64_t size;
        const char *name;
    } ages[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" } };

    for (apr_size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        if (seconds < ages[i].size * (i ? 1 : 2)) continue;
        apr_int64_t whole = seconds / ages[i].size, rest = seconds % ages[i].size;
        if (i == 1 && rest >= 60 && whole < 10)
            return apr_psprintf(pool, "%" APR_INT64_T_FMT " h %" APR_INT64_T_FMT " min", whole,
                                rest / 60);
        return apr_psprintf(pool, "%" APR_INT64_T_FMT " %s", whole, ages[i].name);
    }
    return apr_psprintf(pool, "%" APR_INT64_T_FMT " s", seconds);
}

int ss_text_size(const char *text, apr_uint64_t *out)
{
    apr_int64_t value;
    int shift = 0;

    if (digits(&text, &value)) return -1;
    if (*text) {
        char c = (char)apr_toupper(*text);
        shift = c == 'K' ? 10 : c == 'M' ? 20 : c == 'G' ? 30 : -1;
        if (shift < 0 || text[1]) return -1;
    }
    if (value > (APR_INT64_C(1) << 53) >> shift) return -1;
    *out = (apr_uint64_t)value << shift;
    return 0;
}

const char *ss_text_size_print(apr_pool_t *pool, apr_uint64_t size)
{
    static const struct {
        char name;
        int shift;
    } steps[] = { { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

    for (apr_size_t i = 0; size && i < 3; i++) {
        apr_uint64_t unit = (apr_uint64_t)1 << steps[i].shift;
        if (size % unit == 0)
            return apr_psprintf(pool, "%" APR_UINT64_T_FMT "%c", size >> steps[i].shift,
                                steps[i].name);
    }
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT, size);
}

int ss_text_number(const char *text, apr_int64_t min, apr_int64_t max, apr_int64_t *out)
{
    apr_int64_t value;
    int negative = *text == '-';

    if (negative) text++;
    if (digits(&text, &value) || *text) return -1;
    if (negative) value = -value;
    if (value < min || value > max) return -1;
    *out = value;
    return 0;
}

const char *ss_text_time_write(char text[SS_TEXT_TIME], apr_time_t time)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, time);
    apr_snprintf(text, SS_TEXT_TIME, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900,
                 t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_usec / 1000);
    return text;
}

const char *ss_text_time(apr_pool_t *pool, apr_time_t time)
{
    return ss_text_time_write(apr_palloc(pool, SS_TEXT_TIME), time);
}

/* apr_tolower asks the locale; addresses, patterns and header names must not. */
static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (unsigned char)c;
}

static int two(const char *p, int *out)
{
    if (!apr_isdigit(p[0]) || !apr_isdigit(p[1])) return -1;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return 0;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month] + (month == 1 && is_leap);
}

/* "Z" or "+hh:mm" into seconds. */
static int offset(const char *p, int *seconds)
{
    int h, m;

    *seconds = 0;
    if ((*p == 'Z' || *p == 'z') && !p[1]) return 0;
    if ((*p != '+' && *p != '-') || strlen(p) != 6 || p[3] != ':' || two(p + 1, &h) ||
        two(p + 4, &m) || h > 23 || m > 59)
        return -1;
    *seconds = (h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
    return 0;
}

int ss_text_time_parse(const char *text, apr_time_t *out)
{
    apr_time_exp_t t;
    int century, year, seconds;
    const char *p = text + 19;

    memset(&t, 0, sizeof(t));
    if (strlen(text) < 20 || strlen(text) > 40 || two(text, &century) || two(text + 2, &year) ||
        text[4] != '-' || two(text + 5, &t.tm_mon) || text[7] != '-' || two(text + 8, &t.tm_mday) ||
        (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || two(text + 11, &t.tm_hour) ||
        text[13] != ':' || two(text + 14, &t.tm_min) || text[16] != ':' ||
        two(text + 17, &t.tm_sec)) {
        return -1;
    }
    t.tm_year = century * 100 + year - 1900;
    t.tm_mon--;
    if (t.tm_year < 70 || t.tm_mon < 0 || t.tm_mon > 11 || t.tm_mday < 1 ||
        t.tm_mday > month_days(t.tm_year + 1900, t.tm_mon) || t.tm_hour > 23 || t.tm_min > 59 ||
        t.tm_sec > 60)
        return -1;
    if (*p == '.') {
        int scale = 100000;
        if (!apr_isdigit(p[1])) return -1;
        for (p++; apr_isdigit(*p); p++) {
            t.tm_usec += (*p - '0') * scale;
            scale /= 10;
        }
    }
    if (offset(p, &seconds) || apr_time_exp_get(out, &t) != APR_SUCCESS) return -1;
    *out -= apr_time_from_sec(seconds);
    return 0;
}

const char *ss_text_time_mail(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, time);
    return apr_psprintf(pool, "%s, %d %s %d %02d:%02d:%02d +0000", apr_day_snames[t.tm_wday],
                        t.tm_mday, apr_month_snames[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                        t.tm_min, t.tm_sec);
}

int ss_text_same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

int ss_text_is(const char *bytes, apr_size_t len, const char *word)
{
    return len == strlen(word) && !strncasecmp(bytes, word, len);
}

int ss_text_word_index(const char *words, const char *word)
{
    for (int i = 0; *words; i++) {
        apr_size_t n = strcspn(words, " ");
        if (ss_text_is(words, n, word)) return i;
        words += n + (words[n] == ' ');
    }
    return -1;
}

const char *ss_text_word(const char *words, int index, apr_pool_t *pool)
{
    for (; index > 0 && words; index--) {
        words = strchr(words, ' ');
        if (words) words++;
    }
    return words ? apr_pstrmemdup(pool, words, strcspn(words, " ")) : NULL;
}

int ss_text_contains(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

int ss_text_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *mark = NULL;

    /* One star is remembered: linear enough, and no recursion that a pattern could blow up. */
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            mark = text;
        } else if (lower(*pattern) == lower(*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++mark;
        } else {
            return 0;
        }
    }
    while (*pattern == '*') pattern++;
    return !*pattern;
}
