/* message_row.h: a message and its recipients as rows of the tables "message" and "recipient". */
#pragma once

#include "queue/db.h"
#include "queue/message.h"

/* the content of a message of so many parts is stored in the message's own row */
#define SS_MESSAGE_ROW_PARTS 1

/* Inserts the row of a message, with its content where that has one part. */
apr_status_t ss_message_row_put(ss_db_t *db, const ss_message_t *m);
apr_status_t ss_message_row_put_recipient(ss_db_t *db, const ss_message_t *m,
                                          const ss_recipient_t *rcpt);
/* The column "uncertain" of a recipient: all marks of it. */
apr_int64_t ss_message_row_marks(const ss_recipient_t *rcpt);
/* The current row of a statement that selects a message: recipients and parts counted only. */
ss_message_t *ss_message_row_read(ss_db_t *db, apr_pool_t *pool);
/* How many columns it reads. */
int ss_message_row_width(void);
/* The same by id; NULL with APR_SUCCESS: not found. */
apr_status_t ss_message_row_find(ss_db_t *db, const char *id, ss_message_t **m, apr_pool_t *pool);
/* The current row of GET_RECIPIENTS. Texts from the pool. */
void ss_message_row_read_recipient(ss_db_t *db, ss_recipient_t *rcpt, apr_pool_t *pool);
