#include "config/account.h"

#include <apr_strings.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "base/text.h"

static const char *maker(const char *program, const char *name, apr_pool_t *pool)
{
    if (strchr(name, ':') || strspn(name, "#0123456789") == strlen(name)) return "";
    return apr_psprintf(pool, " (\"%s --system %s\" makes one)", program, name);
}

static const char *find_user(ss_account_t *account, const char *user, apr_pool_t *pool)
{
    apr_int64_t number = -1;
    int is_number = *user == '#' && !ss_text_number(user + 1, 0, 0x7fffffff, &number);
    const struct passwd *entry = is_number ? getpwuid((uid_t)number) : getpwnam(user);

    if (!entry && !is_number)
        return apr_psprintf(pool, "'%s' is not a user of this system%s", user,
                            maker("useradd", user, pool));
    account->uid = entry ? entry->pw_uid : (uid_t)number;
    account->gid = entry ? entry->pw_gid : (gid_t)number;
    account->name = entry ? apr_pstrdup(pool, entry->pw_name) : NULL;
    return NULL;
}

static const char *find_group(ss_account_t *account, const char *group, apr_pool_t *pool)
{
    apr_int64_t number = -1;
    int is_number = *group == '#' && !ss_text_number(group + 1, 0, 0x7fffffff, &number);
    const struct group *entry = is_number ? NULL : getgrnam(group);

    if (!entry && !is_number)
        return apr_psprintf(pool, "'%s' is not a group of this system%s", group,
                            maker("groupadd", group, pool));
    account->gid = entry ? entry->gr_gid : (gid_t)number;
    return NULL;
}

const char *ss_account_find(ss_account_t *account, const char *user, const char *group,
                            apr_pool_t *pool)
{
    const char *bad = find_user(account, user, pool);

    if (!bad && group) return find_group(account, group, pool);
    if (!bad && !account->name)
        return apr_psprintf(pool, "'%s' has no group of its own: name one", user);
    return bad;
}
