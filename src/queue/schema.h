/* schema.h: makes an empty database a queue, checks the version of one that is there. */
#ifndef SS_QUEUE_SCHEMA_H
#define SS_QUEUE_SCHEMA_H

#include "queue/db.h"

/* may_write: creates the tables in an empty database, brings an older version's up to date in one
 * transaction (*from: which it was; 0: nothing was to be done), and the connection writes from then
 * on. A newer version, a database of another program, a damaged one: refused untouched, the
 * sentence is in db->result. */
apr_status_t ss_schema_check(ss_db_t *db, int may_write, int *from);

#endif
