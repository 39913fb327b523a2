/* store_control.h: actions of people: retry, hold, release, cancel, on one message by id or on the
 * next ones that match a filter; and settings. Inside the batch's transaction. */
#pragma once

#include "queue/db.h"
#include "queue/store_request.h"

apr_status_t ss_store_control_write(ss_db_t *db, ss_store_control_t *request);
/* One step of counting what an action would change. *more: call it again. */
apr_status_t ss_store_control_count(ss_db_t *db, ss_store_matches_t *request, int *more);
/* Writes the table "setting": pauses, learned limitations of hosts, counts over time. */
apr_status_t ss_store_control_set(ss_db_t *db, const ss_store_set_t *request);
