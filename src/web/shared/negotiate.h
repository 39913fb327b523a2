/* negotiate.h: which of several media types a client likes best (RFC 9110 12.5.1). Pure. */
#ifndef SS_WEB_SHARED_NEGOTIATE_H
#define SS_WEB_SHARED_NEGOTIATE_H

#define SS_NEGOTIATE_RANGES_MAX 64 /* media ranges of a header that are looked at */

/* The index of the best offer; equals: the earlier one. accept: the header's value; NULL, or
 * nothing that fits: 0. */
int ss_negotiate(const char *accept, const char *const *offers, int count);

#endif
