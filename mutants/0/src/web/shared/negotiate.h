/* negotiate.h: content negotiation (RFC 9110 12.5.1). Pure. */
#pragma once

#define SS_NEGOTIATE_RANGES_MAX 64 /* further media ranges of a header are ignored */

/* The index of the preferred offer, the earlier one on a tie. accept: the Accept header; 0 if it is
 * NULL or matches no offer. */
int ss_negotiate(const char *accept, const char *const *offers, int count);
