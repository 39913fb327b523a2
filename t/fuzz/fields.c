/* fields.c: any bytes as the body of a form, urlencoded or with files (the first byte says which):
 * a message with canonical content, whose header nothing of a field's value got into, or a refusal
 * with a reason. */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "mail/canonical.h"
#include "mail/compose.h"
#include "mail/header.h"
#include "web/submit/form_body.h"
#include "target.h"

/* The fields that a form can make, besides those of "headers", which begin with X here. */
static int is_known(const ss_header_field_t *field)
{
    static const char *const names[] = { "Date",
                                         "From",
                                         "To",
                                         "Cc",
                                         "Reply-To",
                                         "Subject",
                                         "Message-ID",
                                         "MIME-Version",
                                         "Content-Type",
                                         "Content-Transfer-Encoding",
                                         "Content-Disposition",
                                         "Content-ID" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ss_header_is(field, names[i])) return 1;
    }
    return 0;
}

static void check(const ss_mail_message_t *m, int has_headers)
{
    const char *p = m->content, *end = m->content + m->content_len;
    ss_canonical_facts_t facts;
    ss_header_field_t field;
    int got;

    ss_canonical_scan(m->content, m->content_len, &facts);
    if (facts.has_nul || facts.has_bare_cr || facts.has_bare_lf ||
        facts.longest_line > SS_MAIL_LINE_MAX || !m->rcpts->nelts)
        abort();
    while ((got = ss_header_next(&p, end, &field)) == 1) {
        if (ss_header_is(&field, "Bcc") || (!is_known(&field) && !has_headers)) abort();
    }
    if (got) abort();
}

static void try_input(const char *data, size_t size, apr_pool_t *pool)
{
    ss_parse_options_t options = { .adds_missing = 1,
                                   .host = "h",
                                   .now = 1,
                                   .random = 1,
                                   .max_size = 100000,
                                   .default_from = "from@example.com" };
    ss_mail_problem_t problem = { .status = 0 };

    ss_compose_init();
    if (size < 1) return;
    const char *body = apr_pstrmemdup(pool, data + 1, size - 1);
    ss_mail_message_t *m = ss_mail_create(pool);
    if (ss_form_body_read(m,
                          data[0] & 1 ? "multipart/form-data; boundary=b"
                                      : "application/x-www-form-urlencoded",
                          body, size - 1, &options, &problem)) {
        if (problem.status < 400 || problem.status > 499 || !*problem.detail) abort();
    } else {
        check(m, memmem(body, size - 1, "header", 6) || memchr(body, '%', size - 1));
    }
}

FUZZ_TARGET(try_input)
