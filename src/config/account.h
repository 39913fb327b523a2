/* account.h: users and groups of this system by name. */
#pragma once

#include <apr_pools.h>
#include <sys/types.h>

typedef struct {
    uid_t uid;
    gid_t gid;
    const char *name; /* NULL: a number without a name */
} ss_account_t;

/* user: "www-data" or "#33"; group: likewise, NULL: the user's own. NULL, or what is wrong. */
const char *ss_account_find(ss_account_t *account, const char *user, const char *group,
                            apr_pool_t *pool);
