/* store_check.h: looks through the tables of an embedded queue after it was opened, in small steps
 * between other work: a file that was damaged meanwhile is noticed before its messages' turn. */
#pragma once

#include "base/mono.h"
#include "queue/db.h"

typedef struct {
    ss_mono_t at; /* the next step; not set: it is over */
    int table;
    apr_int64_t row; /* and so far in it */
    char id[SS_IDENT_TEXT];
} ss_store_check_t;

/* After opening. A file without tables of its own (a server, or in memory) is not checked. */
void ss_store_check_begin(ss_store_check_t *check, const ss_db_t *db, const char *path);
/* A few pages. A failure is the database's: SS_FAULT_DAMAGE. */
apr_status_t ss_store_check_step(ss_store_check_t *check, ss_db_t *db);
