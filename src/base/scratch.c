#include "base/scratch.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT 65536

void ss_scratch_init(ss_scratch_t *file)
{
    memset(file, 0, sizeof(*file));
    file->fd = -1;
}

apr_status_t ss_scratch_open(ss_scratch_t *file, apr_pool_t *pool)
{
    const char *folder = NULL;
    char *name;

    ss_scratch_init(file);
    if (apr_temp_dir_get(&folder, pool) != APR_SUCCESS) return APR_ENOENT;
    file->out = malloc(OUT);
    if (!file->out) return APR_ENOMEM;
    name = apr_pstrcat(pool, folder, "/smtp-send.XXXXXX", NULL);
    file->fd = mkostemp(name, O_CLOEXEC);
    if (file->fd < 0) {
        apr_status_t rv = errno;
        ss_scratch_close(file);
        return rv;
    }
    unlink(name);
    return APR_SUCCESS;
}

apr_status_t ss_scratch_write(const ss_scratch_t *file, apr_uint64_t at, const char *bytes,
                              apr_size_t len)
{
    for (apr_size_t done = 0; done < len;) {
        ssize_t n = pwrite(file->fd, bytes + done, len - done, (off_t)(at + done));
        if (n < 0 && errno != EINTR) return errno;
        if (n > 0) done += (apr_size_t)n;
    }
    return APR_SUCCESS;
}

apr_status_t ss_scratch_flush(ss_scratch_t *file)
{
    if (file->failed == APR_SUCCESS)
        file->failed = ss_scratch_write(file, file->len - file->out_len, file->out, file->out_len);
    file->out_len = 0;
    return file->failed;
}

void ss_scratch_put(void *self, const char *bytes, apr_size_t len)
{
    ss_scratch_t *file = self;

    while (len) {
        apr_size_t room = OUT - file->out_len, n = len < room ? len : room;
        memcpy(file->out + file->out_len, bytes, n);
        file->out_len += n;
        file->len += n;
        bytes += n;
        len -= n;
        if (file->out_len == OUT) ss_scratch_flush(file);
    }
}

apr_status_t ss_scratch_read(const ss_scratch_t *file, apr_uint64_t at, char *place, apr_size_t len)
{
    for (apr_size_t done = 0; done < len;) {
        ssize_t n = pread(file->fd, place + done, len - done, (off_t)(at + done));
        if (n == 0) return APR_EOF;
        if (n < 0 && errno != EINTR) return errno;
        if (n > 0) done += (apr_size_t)n;
    }
    return APR_SUCCESS;
}

const char *ss_scratch_why(apr_status_t rv, apr_pool_t *pool)
{
    char why[120];

    return apr_pstrcat(
        pool, "a large message could not be written to the folder for temporary files (TMPDIR): ",
        apr_strerror(rv, why, sizeof(why)), NULL);
}

void ss_scratch_close(ss_scratch_t *file)
{
    free(file->out);
    if (file->fd >= 0) close(file->fd);
    ss_scratch_init(file);
}
