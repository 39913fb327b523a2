/* tls_files.c: certificates and keys into memory. See tls_files.h. */
#include "net/tls_files.h"

#include <apr_file_io.h>

#define FILE_MAX (1024 * 1024)

static const char *read_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *bytes = NULL;
    apr_size_t len = 0;

    if (!path ||
        apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool) != APR_SUCCESS)
        return NULL;
    if (apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file) == APR_SUCCESS &&
        info.filetype == APR_REG && info.size > 0 && info.size <= FILE_MAX) {
        bytes = apr_palloc(pool, (apr_size_t)info.size + 1);
        if (apr_file_read_full(file, bytes, (apr_size_t)info.size, &len) != APR_SUCCESS)
            bytes = NULL;
    }
    apr_file_close(file);
    if (bytes) bytes[len] = '\0';
    return bytes;
}

void ss_tls_files_read(ss_settings_t *s, apr_pool_t *pool)
{
    if (s->tls == SS_TLS_NONE) return;
    s->tls_ca_pem = read_file(s->tls_ca_file, pool);
    s->tls_cert_pem = read_file(s->tls_cert_file, pool);
    s->tls_key_pem = read_file(s->tls_key_file, pool);
}
