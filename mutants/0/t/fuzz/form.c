/* form.c: any bytes as a JSON document: canonical content, or a problem. */
#include <stdlib.h>

#include "mail/canonical.h"
#include "mail/compose.h"
#include "mail/form.h"
#include "target.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    ss_parse_options_t options = {
        .adds_missing = 1, .host = "h.x", .default_domain = "d.x", .default_from = "a@b.c"
    };
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

FUZZ_TARGET(try_input)
