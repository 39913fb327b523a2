#include "config/host_name.h"

#include <apr_strings.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/option_syntax.h"

#define NAME_LEN 256

int ss_host_name_is_full(const char *name)
{
    return name && strchr(name, '.') && ss_option_syntax_is_name(name) &&
           !ss_option_syntax_is_ipv4(name) && strncasecmp(name, "localhost.", 10) != 0;
}

ss_host_name_t ss_host_name_choose(const char *full, const char *mailname, const char *plain)
{
    if (ss_host_name_is_full(full)) return (ss_host_name_t){ full, "the host's name" };
    if (ss_host_name_is_full(plain)) return (ss_host_name_t){ plain, "the host's name" };
    if (ss_host_name_is_full(mailname)) return (ss_host_name_t){ mailname, "/etc/mailname" };
    if (plain && ss_option_syntax_is_name(plain) && strncasecmp(plain, "localhost", 9) != 0)
        return (ss_host_name_t){ plain, "the host's name" };
    return (ss_host_name_t){ NULL, NULL };
}

static const char *first_line(const char *path, apr_pool_t *pool)
{
    char line[NAME_LEN];
    FILE *in = fopen(path, "re");
    const char *got = in ? fgets(line, sizeof(line), in) : NULL;

    if (in) fclose(in);
    if (!got) return NULL;
    line[strcspn(line, " \t\r\n")] = '\0';
    return apr_pstrdup(pool, line);
}

static const char *full_name(const char *plain, apr_pool_t *pool)
{
    struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *found = NULL;
    const char *name = NULL;

    if (getaddrinfo(plain, NULL, &hints, &found)) return NULL;
    if (found->ai_canonname) name = apr_pstrdup(pool, found->ai_canonname);
    freeaddrinfo(found);
    return name;
}

ss_host_name_t ss_host_name_find(apr_pool_t *pool)
{
    char plain[NAME_LEN];

    if (gethostname(plain, sizeof(plain))) plain[0] = '\0';
    plain[sizeof(plain) - 1] = '\0';
    const char *full = *plain && !strchr(plain, '.') ? full_name(plain, pool) : NULL;
    return ss_host_name_choose(full, first_line("/etc/mailname", pool), apr_pstrdup(pool, plain));
}
