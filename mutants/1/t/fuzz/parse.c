/* parse.c: any bytes as a message: canonical content with an empty line and no Bcc, or a 4xx. */
#include <stdlib.h>

#include "mail/canonical.h"
#include "mail/header.h"
#include "mail/parse.h"
#include "target.h"

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    ss_parse_options_t options = { .takes_rcpts = 1,
                                   .adds_missing = 1,
                                   .host = "h.x",
                                   .default_domain = "d.x",
                                   .takes_plain_text = size & 1 };
    ss_mail_message_t *m = ss_mail_create(pool);
    ss_mail_problem_t problem = { 0 };
    ss_canonical_facts_t facts;
    ss_header_field_t field;
    apr_size_t header_len;

    if (ss_parse_message(m, data, size, &options, &problem)) {
        if (problem.status < 400 || problem.status > 499) abort();
        return;
    }
    ss_canonical_scan(m->content, m->content_len, &facts);
    header_len = ss_header_len(m->content, m->content_len);
    if (!facts.is_canonical || header_len == m->content_len ||
        ss_header_find(&field, m->content, header_len, "Bcc"))
        abort();
}

FUZZ_TARGET(try_input)
