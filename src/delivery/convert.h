/* convert.h: content for a relay that takes only 7-bit text: no 8BITMIME (RFC 6152 3), or no
 * SMTPUTF8. */
#pragma once

#include "queue/message.h"

typedef struct {
    int header, body; /* what must be ASCII */
    const char *why;  /* after ss_convert_make: why something could not be; or NULL */
} ss_convert_t;

/* What of the message a server with these extensions does not take. */
ss_convert_t ss_convert_needs(const ss_message_t *m, int has_8bitmime, int has_smtputf8);
/* The message's content with that re-encoded, in the pool. All its parts must be in memory. What
 * could not be re-encoded is left in *needs: a signed part; a header with an address that needs
 * SMTPUTF8 or with a signed field. -1: nothing is changed. */
int ss_convert_make(const ss_message_t *m, ss_convert_t *needs, const char **bytes, apr_size_t *len,
                    apr_pool_t *pool);
