/* event_privacy.h: SMTPSendEventLogAddresses: what of mail addresses is written. Pure. */
#pragma once

#include <apr_pools.h>

#include "config/settings.h"

#define SS_EVENT_PRIVACY_KEY 32 /* octets */

typedef struct {
    int mode; /* ss_event_addresses_t */
    unsigned char key[SS_EVENT_PRIVACY_KEY];
} ss_event_privacy_t;

/* An address as it is written: whole; "j***@e***.com"; or "hmac:" and 32 hexadecimal digits, the
 * same for each form and case of it, which nobody without the key can guess. "" and NULL stay. */
const char *ss_event_privacy_address(const ss_event_privacy_t *p, const char *address,
                                     apr_pool_t *pool);
/* A text in which addresses may stand: those of `known` (ended by NULL), their local parts and
 * domains alone, and whatever looks like an address. NULL stays. */
const char *ss_event_privacy_text(const ss_event_privacy_t *p, const char *text,
                                  const char *const *known, apr_pool_t *pool);
