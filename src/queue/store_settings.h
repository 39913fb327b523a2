/* store_settings.h: the table "setting": pauses, learned limitations of hosts, counts over time. */
#ifndef SS_QUEUE_STORE_SETTINGS_H
#define SS_QUEUE_STORE_SETTINGS_H

#include "queue/db.h"
#include "queue/store_request.h"

/* One step. *more: call it again. */
apr_status_t ss_store_settings_read(ss_db_t *db, ss_store_settings_t *request, int *more);
/* Inside the batch's transaction. */
apr_status_t ss_store_settings_write(ss_db_t *db, const ss_store_set_t *request);

#endif
