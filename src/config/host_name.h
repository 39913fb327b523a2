/* host_name.h: what stands for a ServerName that nobody set: the host's full name, or the name in
 * /etc/mailname. */
#pragma once

#include <apr_pools.h>

typedef struct {
    const char *name; /* NULL: only "localhost" */
    const char *from; /* where it was found, for a message */
} ss_host_name_t;

/* Whether it is a full name (FQDN), as servers want it in EHLO, and not one of localhost's. Pure.
 */
int ss_host_name_is_full(const char *name);
/* The first that is full of the host's names and /etc/mailname's; without one, the host's plain
 * name. Each may be NULL. Pure. */
ss_host_name_t ss_host_name_choose(const char *full, const char *mailname, const char *plain);
/* Asks the system; may wait for DNS, as httpd does without a ServerName. */
ss_host_name_t ss_host_name_find(apr_pool_t *pool);
