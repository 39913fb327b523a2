/* option_syntax.h: names and addresses as a configuration has them. Pure. */
#pragma once

#include <apr_pools.h>

/* Whether it is the name of a host or a domain, or an IPv4 address: labels of letters, digits, "-"
 * and "_", and of other characters than ASCII. One dot may end it. */
int ss_option_syntax_is_name(const char *text);
/* The same with *, which stands for any run of characters. */
int ss_option_syntax_is_name_pattern(const char *text);
/* Whether it is an address, without brackets. */
int ss_option_syntax_is_ipv4(const char *text);
int ss_option_syntax_is_ipv6(const char *text);
/* Whether it is one address, local@domain, without a name and without <>. src/mail has the whole
 * syntax; an address literal passes. */
int ss_option_syntax_is_address(const char *text);
/* Whether it is a pattern of addresses: an address with *, or * alone. */
int ss_option_syntax_is_pattern(const char *text);
/* The value as a message may show it: passwords in a URL or a connection string are left out. */
const char *ss_option_syntax_show(const char *text, apr_pool_t *pool);
