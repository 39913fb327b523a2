#include "mail/authors.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "config/settings.h"
#include "mail/address.h"
#include "mail/header.h"

static const char *const names[] = { "From", "Sender", "Resent-From", "Resent-Sender" };

static int is_author(const ss_header_field_t *field)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ss_header_is(field, names[i])) return 1;
    return 0;
}

static int is_ours(const ss_header_field_t *field, const apr_array_header_t *ours)
{
    for (int i = 0; ours && i < ours->nelts; i++)
        if (ss_header_is(field, APR_ARRAY_IDX(ours, i, ss_settings_pair_t).name)) return 1;
    return 0;
}

/* What is wrong with an address that was read, or NULL. */
static const char *objection(const ss_address_t *a)
{
    if (ss_address_is_bare(a->address)) return "it has no domain (name@example.com)";
    /* RFC 2047 5 forbids it, and some programs decode it nevertheless. */
    if (strstr(a->address, "=?")) return "it contains an encoded word";
    if (a->has_loose_name && (!a->name || !ss_address_same(a->name, a->address)))
        return "the name before it has an @ or a comma that is not in quotes";
    return NULL;
}

static int take(apr_array_header_t *into, const ss_header_field_t *field,
                ss_mail_problem_t *problem, apr_pool_t *pool)
{
    const char *name = apr_pstrmemdup(pool, field->start, field->name_len), *why;
    apr_array_header_t *list;

    if (ss_address_list(&list, field->value, field->value_len, &why, pool))
        return ss_mail_problem(problem, SS_PROBLEM_HEADER, name,
                               "the field %s cannot be read as addresses: %s (SMTPSendAllowFrom)",
                               name, why);
    if (!list->nelts)
        return ss_mail_problem(problem, SS_PROBLEM_HEADER, name,
                               "the field %s has no address (SMTPSendAllowFrom)", name);
    for (int i = 0; i < list->nelts; i++) {
        const ss_address_t *a = &APR_ARRAY_IDX(list, i, ss_address_t);
        why = objection(a);
        if (why)
            return ss_mail_problem(problem, SS_PROBLEM_HEADER, name,
                                   "the field %s: <%.200s>: %s (SMTPSendAllowFrom)", name,
                                   a->address, why);
        APR_ARRAY_PUSH(into, ss_authors_t) = (ss_authors_t){ name, a->address };
    }
    return 0;
}

int ss_authors_read(apr_array_header_t **list, const ss_mail_message_t *m,
                    const apr_array_header_t *ours, ss_mail_problem_t *problem)
{
    const char *at = m->content, *end = at + ss_header_len(m->content, m->content_len);
    ss_header_field_t field;
    int count = 0;

    *list = apr_array_make(m->pool, 2, sizeof(ss_authors_t));
    while (ss_header_next(&at, end, &field) == 1) {
        count += ss_header_is(&field, "From");
        if (is_author(&field) && !is_ours(&field, ours) && take(*list, &field, problem, m->pool))
            return -1;
    }
    if (at != end)
        return ss_mail_problem(problem, SS_PROBLEM_HEADER, "header",
                               "the header has a line that is not a field (SMTPSendAllowFrom)");
    if (count == 1) return 0;
    return ss_mail_problem(problem, SS_PROBLEM_HEADER, "From",
                           "the message has %d From fields; here it must have exactly one "
                           "(SMTPSendAllowFrom)",
                           count);
}
