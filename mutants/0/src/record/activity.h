/* activity.h: counts over time (series.h) and the actions of operators. One row of the setting
 * table for each node keeps both over restarts. */
#pragma once

#include "record/record.h"

void ss_activity_start(ss_record_t *r);
/* A row of the setting table whose key begins with "chronicle/". */
void ss_activity_restore(ss_record_t *r, const char *key, const char *json, apr_time_t now);
/* All rows were read: from now on the row may be written. */
void ss_activity_ready(ss_record_t *r);
/* Writes the row, if anything changed. */
void ss_activity_save(ss_record_t *r, apr_time_t now);
/* An action of an operator: who, and for example "pause of relay default". Copied. */
void ss_activity_note(ss_record_t *r, const char *who, const char *what, apr_time_t now);
/* {"hour":..., "day":..., "week":..., "actions":[{"time","who","what"}]}: newest series point last,
 * newest action first. A new reference. */
json_t *ss_activity_json(ss_record_t *r, apr_time_t now);
