/* scratch.h: an unnamed file in the folder for temporary files (TMPDIR), for content that is too
 * large for memory. It is deleted when it is closed, or when the process ends. Not thread-safe. */
#pragma once

#include <apr_pools.h>

typedef struct {
    int fd;              /* -1: not open */
    apr_uint64_t len;    /* octets in it, including those not written yet */
    apr_status_t failed; /* the first error of a write; nothing is written after it */
    char *out;           /* not written yet */
    apr_size_t out_len;
} ss_scratch_t;

/* Makes it a closed one. */
void ss_scratch_init(ss_scratch_t *file);
/* On an error it stays closed. */
apr_status_t ss_scratch_open(ss_scratch_t *file, apr_pool_t *pool);
/* Appends len octets; errors are kept in file->failed. */
void ss_scratch_put(void *file, const char *bytes, apr_size_t len);
/* Writes out the buffer. Returns the first error of all writes so far. */
apr_status_t ss_scratch_flush(ss_scratch_t *file);
/* Reads len octets from an offset of what was flushed. APR_EOF: there are fewer. */
apr_status_t ss_scratch_read(const ss_scratch_t *file, apr_uint64_t at, char *place,
                             apr_size_t len);
/* Writes len octets over what was flushed. */
apr_status_t ss_scratch_write(const ss_scratch_t *file, apr_uint64_t at, const char *bytes,
                              apr_size_t len);
/* The sentence for the submitter when a write failed. */
const char *ss_scratch_why(apr_status_t rv, apr_pool_t *pool);
/* Closes it; does nothing if it is not open. */
void ss_scratch_close(ss_scratch_t *file);
