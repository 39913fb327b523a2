/* reading.h: the content of a message in a transaction: from memory, or part by part from the store
 * where it is too large to be kept. Loop thread. */
#pragma once

#include "base/result.h"
#include "queue/message.h"

typedef struct ss_delivery_t ss_delivery_t;
typedef struct ss_reading_t ss_reading_t;

/* The message must live until ss_reading_end. ready: a part that was not there has come (or failed
 * to); never called from within a call here. */
ss_reading_t *ss_reading_begin(ss_delivery_t *d, const ss_message_t *m, void (*ready)(void *self),
                               void *self, apr_pool_t *pool);
/* Bytes at an offset, up to the end of their part; valid until so much more was read that the
 * client must have written them. APR_EAGAIN: asked for, ready tells. APR_EOF behind the end.
 * Others: the store cannot give it. */
apr_status_t ss_reading_at(ss_reading_t *reading, apr_off_t at, const char **bytes,
                           apr_size_t *len);
/* Why the content cannot be read at all; NULL: it could, as far as it was asked for. */
const ss_result_t *ss_reading_failure(const ss_reading_t *reading);
void ss_reading_end(ss_reading_t *reading);
