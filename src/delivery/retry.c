#include "delivery/retry.h"

#include <apr_lib.h>
#include <stdlib.h>
#include <string.h>

#include "base/mono.h"
#include "smtp/phrase.h"

#define JITTER 10 /* percent */
#define WAIT_DEFAULT (60 * APR_USEC_PER_SEC)

ss_retry_t ss_retry_decide(ss_verdict_fate_t fate, ss_uncertain_t uncertain, int uncharged)
{
    switch (fate) {
    case SS_FATE_SENT: return SS_RETRY_SENT;
    case SS_FATE_FAILED: return SS_RETRY_FAILED;
    case SS_FATE_UNCERTAIN: return uncertain == SS_UNCERTAIN_HOLD ? SS_RETRY_HOLD : SS_RETRY_LATER;
    case SS_FATE_DEFERRED: return SS_RETRY_LATER;
    /* The connection or the server failed, not the message; but it may be the message that does
     * it. */
    case SS_FATE_AGAIN:
    case SS_FATE_DOWN:
        return uncharged < SS_RETRY_UNCHARGED_MAX ? SS_RETRY_UNCHARGED : SS_RETRY_LATER;
    /* The server refuses us, whatever the message; or may do so. */
    case SS_FATE_BLOCKED:
    case SS_FATE_SUSPECT:
    case SS_FATE_LIMITED: return SS_RETRY_UNCHARGED;
    }
    return SS_RETRY_LATER;
}

static apr_interval_time_t wait_of(const apr_array_header_t *waits, int attempts)
{
    int index = attempts > 0 ? attempts - 1 : 0;

    if (!waits || !waits->nelts) return WAIT_DEFAULT;
    if (index >= waits->nelts) index = waits->nelts - 1;
    return APR_ARRAY_IDX(waits, index, apr_interval_time_t);
}

apr_interval_time_t ss_retry_wait(const apr_array_header_t *waits, int attempts,
                                  apr_uint32_t random)
{
    return ss_mono_jitter(wait_of(waits, attempts), JITTER, random);
}

apr_time_t ss_retry_next(apr_time_t next, const apr_array_header_t *waits, int attempts,
                         apr_time_t now)
{
    apr_interval_time_t most = wait_of(waits, attempts) / 100 * (100 + JITTER) + APR_USEC_PER_SEC;

    return attempts && next - now > most ? now : next;
}

/* ---- times that a server names ---- */

#define SECOND APR_USEC_PER_SEC
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
/* so far before a time the words stand that make it one to wait for */
#define WORDS_BEFORE 48

static const struct {
    const char *name; /* and what begins like it */
    apr_size_t least; /* letters of it that stand for it */
    apr_interval_time_t length;
} units[] = { { "seconds", 1, SECOND }, { "minutes", 3, 60 * SECOND }, { "hours", 1, HOUR },
              { "days", 1, DAY },       { "mins", 1, 60 * SECOND },    { "secs", 3, SECOND },
              { "hrs", 2, HOUR } };

/* The unit at the start of a text, 0: none. */
static apr_interval_time_t unit_of(const char *text)
{
    apr_size_t len = 0;

    while (apr_isalpha(text[len])) len++;
    for (apr_size_t i = 0; len && i < sizeof(units) / sizeof(units[0]); i++) {
        if (len >= units[i].least && ss_phrase_find(units[i].name, text, len) == units[i].name)
            return units[i].length;
    }
    return 0;
}

/* "5 minutes", "300s", "1.5 hours", "00:04:59"; *end: behind it. bare: the unit of a number without
 * one. 0: no time. */
static apr_interval_time_t time_of(const char *text, apr_interval_time_t bare, const char **end)
{
    char *rest;
    double number = strtod(text, &rest);

    *end = rest;
    if (*rest == ':' && apr_isdigit(rest[1])) {
        apr_int64_t seconds = 0;
        for (rest = (char *)(apr_uintptr_t)text; apr_isdigit(*rest); rest += *rest == ':')
            seconds = seconds * 60 + strtol(rest, &rest, 10);
        *end = rest;
        return seconds > 0 && seconds <= 24 * 3600 ? seconds * SECOND : 0;
    }
    rest += strspn(rest, " -");
    apr_interval_time_t unit = unit_of(rest);
    if (!unit && !apr_isalpha(*rest)) unit = bare;
    return number > 0 && number < 100000 ? (apr_interval_time_t)(number * (double)unit) : 0;
}

apr_interval_time_t ss_retry_named(const char *text)
{
    for (const char *p = text; *p;) {
        const char *end = p + 1;
        if (apr_isdigit(*p) && (p == text || !strchr("0123456789.:-", p[-1]))) {
            char before[WORDS_BEFORE + 1];
            apr_size_t len = (apr_size_t)(p - text);
            if (len > WORDS_BEFORE) len = WORDS_BEFORE;
            memcpy(before, p - len, len);
            before[len] = '\0';
            int is_after = ss_phrase_is_in("retry after|retry-after", before);
            apr_interval_time_t wait = time_of(p, is_after ? SECOND : 0, &end);
            if (wait && ss_phrase_is_in("again|retry|wait|later|come back|delay|reset", before))
                return wait < DAY ? wait : DAY;
        }
        p = end;
    }
    return 0;
}

apr_interval_time_t ss_retry_quota(const char *text, int is_again, apr_time_t wall)
{
    apr_interval_time_t named = ss_retry_named(text);

    if (named) return named;
    if (is_again || !ss_phrase_is_in("daily|per day|a day|/day|24 hour|24-hour|24h|month", text))
        return HOUR;
    return DAY - wall % DAY > HOUR ? DAY - wall % DAY : HOUR;
}

int ss_retry_is_quota(const char *advice)
{
    return advice && !strcmp(advice, "quota");
}

apr_interval_time_t ss_retry_age(const ss_message_t *m, apr_interval_time_t paused,
                                 apr_interval_time_t back, apr_time_t now)
{
    apr_interval_time_t since_accepted = paused - m->paused_base;
    apr_time_t from = m->attr.at > m->created ? m->attr.at : m->created;

    /* The total may be another relay's: then it says nothing. */
    return now - from - (since_accepted > back ? since_accepted : back) - m->held;
}

apr_interval_time_t ss_retry_expire(const ss_message_t *m, const ss_settings_t *settings)
{
    return m->attr.expire ? m->attr.expire : settings->expire;
}

int ss_retry_is_over(const ss_message_t *m, const ss_settings_t *settings, apr_interval_time_t age)
{
    return age > ss_retry_expire(m, settings);
}
