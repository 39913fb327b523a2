#include "cli/watch.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

void ss_watch_progress_look(ss_watch_progress_t *p, apr_time_t now, apr_int64_t waiting,
                            apr_int64_t done)
{
    if (p->count && (done < p->looks[p->count - 1].done || now <= p->looks[p->count - 1].time))
        p->count = 0;
    if (p->count == SS_WATCH_PROGRESS_LOOKS)
        memmove(p->looks, p->looks + 1, sizeof(p->looks[0]) * (apr_size_t)--p->count);
    p->looks[p->count].time = now;
    p->looks[p->count].waiting = waiting;
    p->looks[p->count++].done = done;
}

static const char *rate_text(double per_second, apr_pool_t *pool)
{
    if (per_second >= 10) return apr_psprintf(pool, "%.0f/s", per_second);
    if (per_second >= 0.1) return apr_psprintf(pool, "%.1f/s", per_second);
    return apr_psprintf(pool, "%.1f/min", per_second * 60);
}

const char *ss_watch_progress_text(const ss_watch_progress_t *p, apr_pool_t *pool)
{
    int last = p->count - 1;

    if (last < 0) return "";
    const char *text = apr_psprintf(pool, "%" APR_INT64_T_FMT " waiting", p->looks[last].waiting);
    if (!last) return text;
    double seconds = (double)(p->looks[last].time - p->looks[0].time) / APR_USEC_PER_SEC;
    double out = (double)(p->looks[last].done - p->looks[0].done) / seconds,
           shrinks = (double)(p->looks[0].waiting - p->looks[last].waiting) / seconds;
    text = apr_pstrcat(pool, text, ", ", rate_text(out, pool), " out", NULL);
    if (!p->looks[last].waiting) return text;
    if (shrinks < 0) return apr_pstrcat(pool, text, ", growing", NULL);
    if (shrinks == 0) return text;
    apr_interval_time_t left =
        apr_time_from_sec((apr_time_t)((double)p->looks[last].waiting / shrinks) + 1);
    if (left > 120 * APR_USEC_PER_SEC)
        left = left / (60 * APR_USEC_PER_SEC) * (60 * APR_USEC_PER_SEC);
    return apr_pstrcat(pool, text, ", ", ss_text_duration_print(pool, left), " left", NULL);
}
