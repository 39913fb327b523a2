#include "daemon/folder.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int ss_folder_open(const char *path, const char **base)
{
    const char *end = strrchr(path, '/');
    char folder[PATH_MAX];

    *base = end ? end + 1 : path;
    apr_cpystrn(folder, path, sizeof(folder));
    folder[end == path ? 1 : end ? (size_t)(end - path) : 0] = '\0';
    return open(end ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A folder that only this process's user can enter. Whoever may write in parent can rename it or
 * put another one in its place, which is noticed unless that is as private. -1 and errno. */
static int make_private(int parent, char name[24])
{
    unsigned int number;
    struct stat info;

    apr_generate_random_bytes((unsigned char *)&number, sizeof(number));
    apr_snprintf(name, 24, ".smtp_send.%08x", number);
    if (mkdirat(parent, name, 0700)) return -1;
    int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && !fstat(fd, &info) && info.st_uid == geteuid() && !(info.st_mode & 077))
        return fd;
    if (fd >= 0) close(fd);
    unlinkat(parent, name, AT_REMOVEDIR);
    errno = EPERM;
    return -1;
}

/* In a private folder, where a name means what this process made. */
static int bind_private(int fd, int folder, const char *base, mode_t mode, uid_t uid, gid_t gid)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    /* The folder's own path may be longer than an address. */
    if (apr_snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder,
                     base) >= (int)sizeof(address.sun_path) - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address))) return -1;
    return fchmodat(folder, base, mode, 0) ||
                   (!geteuid() && fchownat(folder, base, uid, gid, AT_SYMLINK_NOFOLLOW))
               ? -1
               : 0;
}

int ss_folder_bind(int fd, const char *path, mode_t mode, uid_t uid, gid_t gid, int backlog,
                   struct stat *info)
{
    const char *base;
    char name[24];
    int parent = ss_folder_open(path, &base), error = 0;
    int folder = parent < 0 ? -1 : make_private(parent, name);

    if (folder < 0 || bind_private(fd, folder, base, mode, uid, gid) ||
        fstatat(folder, base, info, AT_SYMLINK_NOFOLLOW) || listen(fd, backlog) ||
        renameat(folder, base, parent, base))
        error = errno;
    if (folder >= 0) {
        if (error) unlinkat(folder, base, 0);
        unlinkat(parent, name, AT_REMOVEDIR);
        close(folder);
    }
    if (parent >= 0) close(parent);
    errno = error;
    return error ? -1 : 0;
}

static int is_empty(int fd)
{
    DIR *dir = fdopendir(fd);
    int count = 0;

    if (!dir) {
        close(fd);
        return 0;
    }
    while (count < 3 && readdir(dir)) count++;
    closedir(dir);
    return count == 2; /* "." and ".." */
}

void ss_folder_make(const char *path, uid_t uid, gid_t gid)
{
    struct stat info;

    if (mkdir(path, 0750) || geteuid()) return;
    /* Should somebody put another one in its place, what they gain is an empty folder. */
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && !fstat(fd, &info) && !info.st_uid && is_empty(dup(fd)) && fchown(fd, uid, gid))
        rmdir(path);
    if (fd >= 0) close(fd);
}

int ss_folder_is_open(const char *path, uid_t trusted, char *who, size_t size)
{
    const char *base;
    struct stat info;
    int fd = ss_folder_open(path, &base);
    int is_known = fd >= 0 && !fstat(fd, &info);

    if (fd >= 0) close(fd);
    *who = '\0';
    if (!is_known) return 0;
    if (info.st_uid && info.st_uid != trusted && info.st_uid != geteuid())
        apr_snprintf(who, size, "user %u", (unsigned)info.st_uid);
    else if (info.st_mode & S_IWOTH)
        apr_cpystrn(who, "everybody", size);
    else if (info.st_mode & S_IWGRP && info.st_gid && (!geteuid() || info.st_gid != getegid()))
        apr_snprintf(who, size, "group %u", (unsigned)info.st_gid);
    return *who != '\0';
}
