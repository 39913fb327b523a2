#include "config/environment.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEY "smtp_send_environment "

static apr_pool_t *taken; /* process_pool of the last call; this code may be loaded anew */

char *ss_environment_keep(const char *value, apr_size_t len)
{
    char *bytes = mmap(NULL, len + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (bytes == MAP_FAILED) return NULL;
    if (madvise(bytes, len + 1, MADV_WIPEONFORK)) {
        munmap(bytes, len + 1);
        return NULL;
    }
    madvise(bytes, len + 1, MADV_DONTDUMP);
    memcpy(bytes, value, len);
    return bytes;
}

static const char *find(const char *name, apr_pool_t *pool)
{
    void *kept = NULL;
    char key[1024];

    apr_snprintf(key, sizeof(key), KEY "%s", name);
    if (pool) apr_pool_userdata_get(&kept, key, pool);
    return kept;
}

/* Not only the pointer: the bytes themselves lie where /proc looks for them. */
static void erase(const char *name)
{
    apr_size_t len = strlen(name);

    for (char **entry = environ; *entry; entry++) {
        if (!strncmp(*entry, name, len) && (*entry)[len] == '=')
            explicit_bzero(*entry + len + 1, strlen(*entry + len + 1));
    }
    unsetenv(name);
}

void ss_environment_take(const char *name, apr_pool_t *process_pool)
{
    const char *value = getenv(name);
    char key[1024];

    taken = process_pool;
    if (!value || apr_snprintf(key, sizeof(key), KEY "%s", name) >= (int)sizeof(key) - 1) return;
    char *kept = ss_environment_keep(value, strlen(value));
    if (!kept) return;
    apr_pool_userdata_set(kept, key, apr_pool_cleanup_null, process_pool);
    erase(name);
}

const char *ss_environment_get(const char *name)
{
    const char *kept = find(name, taken);

    return kept ? kept : getenv(name);
}
