/* fault.c: preloaded into a server under test: while the file named in SMTP_SEND_FAULT exists,
 * syncing or writing the queue fails as a disk does that breaks. The file holds one word: "sync":
 * fdatasync and fsync give EIO; "write": every third write gives ENOSPC, so that commits break in
 * their middle; "ro": each write gives EROFS.
 * And the machine's clock is wrong by what the file named in SMTP_SEND_CLOCK holds, microseconds as
 * eight bytes, in each process, from the moment on in which it is written there. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd);
int fsync(int fd);
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at);
int clock_gettime(clockid_t clock, struct timespec *now);
int gettimeofday(struct timeval *restrict now, void *restrict zone);
time_t time(time_t *now);

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

    if (is_wanted("ro", fd)) {
        errno = EROFS;
        return -1;
    }
    if (!is_wanted("write", fd) || atomic_fetch_add(&writes, 1) % 3 != 2)
        return syscall(SYS_pwrite64, fd, bytes, len, at);
    errno = ENOSPC;
    return -1;
}

static int (*real_clock)(clockid_t, struct timespec *);
static const volatile int64_t *offset;

__attribute__((constructor)) static void read_clock(void)
{
    const char *path = getenv("SMTP_SEND_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (file < 0) return;
    void *page = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) offset = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int rv = real_clock ? real_clock(clock, now) : (int)syscall(SYS_clock_gettime, clock, now);

    if (rv || !offset || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return rv;
    int64_t at = now->tv_sec * 1000000LL + now->tv_nsec / 1000 + *offset;
    *now = (struct timespec){ at / 1000000, at % 1000000 * 1000 };
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec t = { 0 };
    int rv = clock_gettime(CLOCK_REALTIME, &t);

    (void)zone;
    *now = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
    return rv;
}

time_t time(time_t *now)
{
    struct timespec t = { 0 };

    clock_gettime(CLOCK_REALTIME, &t);
    if (now) *now = t.tv_sec;
    return t.tv_sec;
}
