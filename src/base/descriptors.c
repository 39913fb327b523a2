#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int ss_descriptors_allow(int lowest, apr_uint64_t limit)
{
    apr_uint64_t reserve = limit / 2 < SS_DESCRIPTORS_RESERVE ? limit / 2 : SS_DESCRIPTORS_RESERVE;

    return (apr_uint64_t)lowest < limit - reserve;
}

int ss_descriptors_lowest(int fd)
{
    int lowest = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (lowest < 0) return INT_MAX;
    close(lowest);
    return lowest;
}

int ss_descriptors_are_short(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

apr_uint64_t ss_descriptors_limit(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) ? 1024 : limit.rlim_cur;
}

void ss_descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= SS_DESCRIPTORS_WANTED) return;
    limit.rlim_cur =
        limit.rlim_max < SS_DESCRIPTORS_WANTED ? limit.rlim_max : SS_DESCRIPTORS_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int ss_descriptors_lack(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd < 0) return ss_descriptors_are_short(errno) ? errno : 0;
    close(fd);
    return 0;
}

#define SHORTAGE "connect-resources" /* advice of a result */

void ss_descriptors_explain(ss_result_t *result, const char *step, const char *what, int error)
{
    ss_result_set(result, step, error == EMFILE || error == ENFILE ? "EMFILE" : "ENOMEM", SHORTAGE,
                  "%s: %s (the delivery daemon may have %" APR_UINT64_T_FMT " files open)", what,
                  strerror(error), ss_descriptors_limit());
}

int ss_descriptors_is_shortage(const ss_result_t *result)
{
    return result->advice && !strcmp(result->advice, SHORTAGE);
}
