/* idn.h: internationalized domain names (RFC 5890, with the mapping of UTS 46). Thread-safe. */
#pragma once

#include <apr_pools.h>

#define SS_IDN_MAX 256 /* a name in ASCII and its end (RFC 1035: 255) */

/* The name as DNS, certificates and mail servers have it: an internationalized one as A-labels
 * ("xn--..."), any other as it is. 0; or -1: it has no such form, or is too long; it is copied as
 * it is. */
int ss_idn_ascii(const char *name, char *ascii, apr_size_t size);
/* The same for the domain of an address or pattern whose local part is ASCII (one that is not needs
 * SMTPUTF8 anyway): in the pool, or the address itself. */
const char *ss_idn_address(const char *address, apr_pool_t *pool);
