/* convert.h: content for a relay that takes only 7-bit text (no 8BITMIME, RFC 6152 3). */
#pragma once

#include "queue/message.h"

/* The message's content with its 8-bit parts re-encoded, in the pool. All its parts must be in
 * memory. 0, or -1: a part must not be changed (multipart/signed), so the message cannot go to this
 * relay. */
int ss_convert_7bit(const ss_message_t *m, const char **bytes, apr_size_t *len, apr_pool_t *pool);
