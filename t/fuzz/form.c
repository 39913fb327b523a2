/* form.c: any bytes as a JSON document: canonical content, or a problem. */
#include <apr_general.h>
#include <apr_pools.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail/canonical.h"
#include "mail/compose.h"
#include "mail/form.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    ss_parse_options_t options = { .adds_missing = 1, .host = "h.x", .default_domain = "d.x", .default_from = "a@b.c" };
    ss_mail_message_t *m = ss_mail_create(pool);
    ss_mail_problem_t problem = { 0 };
    ss_canonical_facts_t facts;

    ss_compose_init();
    if (ss_form_json(m, data, size, &options, &problem)) {
        if (!problem.status) abort();
        return;
    }
    ss_canonical_scan(m->content, m->content_len, &facts);
    if (!facts.is_canonical) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_ready;
    apr_pool_t *pool;

    if (!is_ready) is_ready = apr_initialize() == APR_SUCCESS;
    apr_pool_create(&pool, NULL);
    try_input((const char *)data, size, pool);
    apr_pool_destroy(pool);
    return 0;
}
