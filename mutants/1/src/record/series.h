/* series.h: how many messages were sent, failed and waiting, over the last hour, day and week.
 * Pure; of fixed size. */
#pragma once

#include <apr_time.h>

#include "base/json.h"

#define SS_SERIES_POINTS_MAX 168

typedef struct {
    apr_uint32_t sent, failed, waiting;
} ss_series_point_t;

typedef struct {
    apr_time_t start; /* of the newest point; 0: nothing yet */
    int newest;       /* its index; the oldest follows it */
    ss_series_point_t points[SS_SERIES_POINTS_MAX];
} ss_series_span_t;

enum { SS_SERIES_HOUR, SS_SERIES_DAY, SS_SERIES_WEEK, SS_SERIES_SPANS };

typedef struct {
    ss_series_span_t spans[SS_SERIES_SPANS];
} ss_series_t;

/* Adds the numbers sent and failed since the last call; waiting: how many wait now (a point keeps
 * the maximum). */
void ss_series_add(ss_series_t *series, apr_uint64_t sent, apr_uint64_t failed,
                   apr_uint64_t waiting, apr_time_t now);
/* {"hour":{"start","step","sent":[],"failed":[],"waiting":[]},"day":...,"week":...}: start in
 * seconds since 1970 of the first (oldest) point, step in seconds, the newest point last. For the
 * page and for the store. */
json_t *ss_series_json(ss_series_t *series, apr_time_t now);
/* Restores the result of ss_series_json; points that are too old or malformed are left out. */
void ss_series_restore(ss_series_t *series, const json_t *json, apr_time_t now);
