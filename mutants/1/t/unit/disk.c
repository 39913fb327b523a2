/* disk.c: see disk.h. The linker lets SQLite's library find these in place of the C library's
 * (Makefile). */
#include "disk.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static disk_t disk;
static int stuck;

#define SEEN __attribute__((visibility("default")))

void disk_set(disk_t how)
{
    pthread_mutex_lock(&mutex);
    disk = how;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

int disk_wait_stuck(void)
{
    struct timespec until;
    int rv = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&mutex);
    while (!stuck && !rv) rv = pthread_cond_timedwait(&changed, &mutex, &until);
    pthread_mutex_unlock(&mutex);
    return !rv;
}

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t offset)
{
    pthread_mutex_lock(&mutex);
    disk_t how = disk;
    pthread_mutex_unlock(&mutex);
    if (how != DISK_FULL) return syscall(SYS_pwrite64, fd, bytes, len, offset);
    errno = ENOSPC;
    return -1;
}

static int sync_file(int fd)
{
    pthread_mutex_lock(&mutex);
    stuck++;
    if (disk == DISK_STUCK) pthread_cond_broadcast(&changed);
    while (disk == DISK_STUCK) pthread_cond_wait(&changed, &mutex);
    stuck--;
    disk_t how = disk;
    pthread_mutex_unlock(&mutex);
    if (how != DISK_SYNC_FAILS) return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

SEEN ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return write_at(fd, bytes, len, offset);
}

SEEN ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    return write_at(fd, bytes, len, offset);
}

SEEN int fdatasync(int fd)
{
    return sync_file(fd);
}

SEEN int fsync(int fd)
{
    return sync_file(fd);
}
