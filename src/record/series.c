/* A point begins at a whole multiple of its step, so that a restart never
 * shifts it. */
#include "record/series.h"

#include <string.h>

static const struct {
    const char *name;
    int points;
    int step;
} shape[SS_SERIES_SPANS] = { [SS_SERIES_HOUR] = { "hour", 60, 60 },
                             [SS_SERIES_DAY] = { "day", 96, 900 },
                             [SS_SERIES_WEEK] = { "week", 168, 3600 } };

/* Makes the point of `now` the newest one; those between are empty. After the clock was set back,
 * the newest point stays. */
static void advance(ss_series_span_t *span, int which, apr_time_t now)
{
    apr_time_t step = apr_time_from_sec(shape[which].step), start = now - now % step;
    int count = shape[which].points;

    if (!span->start || start - span->start >= step * count) {
        memset(span->points, 0, sizeof(span->points));
        span->newest = count - 1;
        span->start = start;
    }
    while (span->start < start) {
        span->start += step;
        span->newest = (span->newest + 1) % count;
        span->points[span->newest] = (ss_series_point_t){ 0, 0, 0 };
    }
}

static apr_uint32_t more(apr_uint32_t value, apr_uint64_t by)
{
    return by > UINT32_MAX - value ? UINT32_MAX : value + (apr_uint32_t)by;
}

void ss_series_add(ss_series_t *series, apr_uint64_t sent, apr_uint64_t failed,
                   apr_uint64_t waiting, apr_time_t now)
{
    for (int i = 0; i < SS_SERIES_SPANS; i++) {
        ss_series_span_t *span = &series->spans[i];
        advance(span, i, now);
        ss_series_point_t *point = &span->points[span->newest];
        point->sent = more(point->sent, sent);
        point->failed = more(point->failed, failed);
        if (waiting > point->waiting) point->waiting = more(0, waiting);
    }
}

static json_t *span_json(const ss_series_span_t *span, int which)
{
    json_t *sent = json_array(), *failed = json_array(), *waiting = json_array();
    int count = shape[which].points;

    for (int i = 1; i <= count; i++) {
        const ss_series_point_t *point = &span->points[(span->newest + i) % count];
        json_array_append_new(sent, json_integer(point->sent));
        json_array_append_new(failed, json_integer(point->failed));
        json_array_append_new(waiting, json_integer(point->waiting));
    }
    return json_pack(
        "{s:I,s:i,s:o,s:o,s:o}", "start",
        (json_int_t)(apr_time_sec(span->start) - (apr_int64_t)shape[which].step * (count - 1)),
        "step", shape[which].step, "sent", sent, "failed", failed, "waiting", waiting);
}

json_t *ss_series_json(ss_series_t *series, apr_time_t now)
{
    json_t *json = json_object();

    for (int i = 0; i < SS_SERIES_SPANS; i++) {
        advance(&series->spans[i], i, now);
        json_object_set_new(json, shape[i].name, span_json(&series->spans[i], i));
    }
    return json;
}

static apr_uint32_t number_at(const json_t *list, int i)
{
    json_int_t value = json_integer_value(json_array_get(list, (size_t)i));

    return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (apr_uint32_t)value;
}

void ss_series_restore(ss_series_t *series, const json_t *json, apr_time_t now)
{
    for (int which = 0; which < SS_SERIES_SPANS; which++) {
        const json_t *row = json_object_get(json, shape[which].name);
        ss_series_span_t *span = &series->spans[which];
        apr_time_t step = apr_time_from_sec(shape[which].step);
        json_int_t first = ss_json_number(row, "start");
        int count = shape[which].points;

        advance(span, which, now);
        if (first <= 0 || first % shape[which].step ||
            ss_json_number(row, "step") != shape[which].step)
            continue;
        for (int i = 0; i < count; i++) {
            apr_int64_t back = (span->start - apr_time_from_sec(first) - step * i) / step;
            if (back < 0 || back >= count) continue;
            ss_series_point_t *point = &span->points[(span->newest + count - (int)back) % count];
            point->sent = more(point->sent, number_at(json_object_get(row, "sent"), i));
            point->failed = more(point->failed, number_at(json_object_get(row, "failed"), i));
            apr_uint32_t waiting = number_at(json_object_get(row, "waiting"), i);
            if (waiting > point->waiting) point->waiting = waiting;
        }
    }
}
