#include "web/shared/area.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/mman.h>

#define AREA "smtp_send-web"
#define PASSFILE_MAX 8192

static ss_area_t *area;

/* The file that a conninfo names: its password is in there. NULL: none, or it cannot be read. */
static const char *read_passfile(const char *conninfo, apr_pool_t *pool)
{
    const char *at = strstr(conninfo, "passfile=");
    apr_file_t *file;
    char *text = apr_pcalloc(pool, PASSFILE_MAX + 1);

    if (!at) return NULL;
    at += 9 + strspn(at + 9, "'");
    const char *path = apr_pstrmemdup(pool, at, strcspn(at, "' &"));
    if (apr_file_open(&file, path, APR_READ, 0, pool) != APR_SUCCESS) return NULL;
    apr_size_t len = PASSFILE_MAX;
    int failed = apr_file_read(file, text, &len) != APR_SUCCESS;
    apr_file_close(file);
    return failed ? NULL : text;
}

static void make_key(unsigned char key[SS_AREA_KEY], const char *conninfo, apr_pool_t *pool)
{
    const char *secret = conninfo ? read_passfile(conninfo, pool) : NULL;
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    /* "://user:password@host" */
    if (conninfo && (strstr(conninfo, "password=") || strchr(conninfo, '@'))) secret = conninfo;
    if (!secret) {
        if (apr_generate_random_bytes(key, SS_AREA_KEY) != APR_SUCCESS) memset(key, 0, SS_AREA_KEY);
        return;
    }
    apr_sha1_init(&context);
    apr_sha1_update(&context, "smtp_send pages ", 16);
    apr_sha1_update(&context, secret, (unsigned int)strlen(secret));
    apr_sha1_final(digest, &context);
    memcpy(key, digest, SS_AREA_KEY);
}

void ss_area_open(apr_pool_t *process_pool, const char *conninfo)
{
    void *known = NULL;

    apr_pool_userdata_get(&known, AREA, process_pool);
    area = known;
    if (area) return;
    void *shared =
        mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    area = shared == MAP_FAILED ? apr_pcalloc(process_pool, sizeof(*area)) : shared;
    make_key(area->key, conninfo, process_pool);
    apr_pool_userdata_set(area, AREA, apr_pool_cleanup_null, process_pool);
}

ss_area_t *ss_area(void)
{
    return area;
}
