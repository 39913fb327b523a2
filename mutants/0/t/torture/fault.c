/* fault.c: preloaded into a server under test: while the file named in SMTP_SEND_FAULT exists,
 * syncing or writing the queue fails as a disk does that breaks. The file holds one word: "sync":
 * fdatasync and fsync give EIO; "write": every third write gives ENOSPC, so that commits break in
 * their middle. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fd);
int fsync(int fd);
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at);

static int is_wanted(const char *word, int fd)
{
    const char *path = getenv("SMTP_SEND_FAULT");
    char link[64], target[512] = "", found[16] = "";
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (file < 0) return 0;
    ssize_t len = read(file, found, sizeof(found) - 1);
    close(file);
    if (len <= 0 || strncmp(found, word, strlen(word))) return 0;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, target, sizeof(target) - 1);
    return len > 0 && strstr(target, "queue.db") != NULL;
}

int fdatasync(int fd)
{
    if (!is_wanted("sync", fd)) return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

int fsync(int fd)
{
    if (!is_wanted("sync", fd)) return (int)syscall(SYS_fsync, fd);
    errno = EIO;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    static atomic_uint writes;

    if (!is_wanted("write", fd) || atomic_fetch_add(&writes, 1) % 3 != 2)
        return syscall(SYS_pwrite64, fd, bytes, len, at);
    errno = ENOSPC;
    return -1;
}
