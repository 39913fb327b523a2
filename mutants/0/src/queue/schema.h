/* schema.h: creates the tables of a queue, or checks and migrates their version. */
#pragma once

#include "queue/db.h"

/* may_write: creates the tables in an empty database, migrates an older version (*from: which; 0:
 * none), and makes the connection writable. A newer version, a database of another program and a
 * damaged one are refused unchanged, with the reason in db->result. */
apr_status_t ss_schema_check(ss_db_t *db, int may_write, int *from);
