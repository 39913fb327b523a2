/* config.c: any bytes as the configuration of smtp-sendd: a file of directives, or, after a zero
 * byte, what httpd's parent passes. What is wrong has a reason with a line; what is taken is
 * written as httpd's parent does, read again, and the same then. */
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config_read.h"
#include "config/config_write.h"
#include "target.h"

/* No folder has files of that name: nothing of the machine is read. */
#define PATH "/nonexistent/smtp-sendd.conf"

static const char *read_text(ss_config_t **config, ss_config_process_t *process, const char *text,
                             size_t len, const char *path, apr_pool_t *pool)
{
    FILE *in = fmemopen((char *)(apr_uintptr_t)text, len, "r");
    const char *bad;

    if (!in) abort();
    memset(process, 0, sizeof(*process));
    bad = ss_config_read(config, process, in, path, pool);
    fclose(in);
    return bad;
}

static char *write_text(const ss_config_t *config, const ss_config_process_t *process, size_t *len,
                        apr_pool_t *pool)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (!out) abort();
    ss_config_write(out, config, process, pool);
    fclose(out);
    return text;
}

static int names_files(const char *text, size_t len)
{
    if (!memchr(text, '/', len)) return 0;
    for (size_t i = 0; i + 7 <= len; i++)
        if (!strncasecmp(text + i, "include", 7)) return 1;
    return 0;
}

/* The configuration as httpd's parent writes it; NULL: *bad. What it holds is gone afterwards. */
static char *rewrite(const char *text, size_t len, const char *path, size_t *written,
                     const char **bad, apr_pool_t *pool)
{
    apr_pool_t *own;
    ss_config_process_t process;
    ss_config_t *config = NULL;
    char *out = NULL;

    apr_pool_create(&own, pool);
    *bad = read_text(&config, &process, text, len, path, own);
    if (*bad)
        *bad = apr_pstrdup(pool, *bad);
    else
        out = write_text(config, &process, written, own);
    apr_pool_destroy(own);
    return out;
}

static void try_config(const char *input, apr_size_t len, apr_pool_t *pool)
{
    int is_passed = len && !*input;
    const char *bad;
    size_t first_len = 0, second_len = 0;

    input += is_passed;
    len -= (apr_size_t)is_passed;
    if (!len || names_files(input, len)) return;
    char *first = rewrite(input, len, is_passed ? NULL : PATH, &first_len, &bad, pool);
    if (!first) {
        if (!*bad) abort();
        return;
    }
    /* httpd's parent passes nothing that it did not write itself. */
    if (is_passed) {
        free(first);
        return;
    }
    char *second = rewrite(first, first_len, NULL, &second_len, &bad, pool);
    if (!second || first_len != second_len || memcmp(first, second, first_len)) {
        fprintf(stderr, "%s\n---\n%s", first, second ? second : bad);
        abort();
    }
    free(first);
    free(second);
}

FUZZ_TARGET(try_config)
