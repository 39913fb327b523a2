/* delivery_ports.h: what others use of delivery's ports, too: the log's throttle and the setting
 * table. */
#pragma once

#include "base/json.h"

#include "base/result.h"

typedef struct ss_delivery_t ss_delivery_t;

/* Whether a sentence that may come in a flood is to be logged now (ports.h). The text names the
 * sentence and what of it is always the same. */
int ss_delivery_may_log(const ss_delivery_t *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A step of the start failed: logs it, the first time, and keeps the reason for people. */
void ss_delivery_start_failed(ss_delivery_t *d, const ss_result_t *result);
/* Writes the row "<kind><name>" of the setting table; value NULL: deletes it. A failure is
 * logged. */
void ss_delivery_remember(const ss_delivery_t *d, const char *kind, const char *name,
                          const char *value);
/* The same with JSON; drops the reference. */
void ss_delivery_remember_json(const ss_delivery_t *d, const char *kind, const char *name,
                               json_t *value);
