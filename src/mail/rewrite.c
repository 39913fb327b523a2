#include "mail/rewrite.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"
#include "mail/canonical.h"
#include "mail/header.h"
#include "mail/words.h"

void ss_rewrite_envelope_from(ss_mail_message_t *m, const char *address)
{
    if (!address || (m->from && !*m->from)) return;
    const char *normal = ss_address_normal(address, 0, NULL, m->pool);
    m->from = normal ? normal : address;
}

/* Replaces len octets of the content at start by text. */
static int splice(ss_mail_message_t *m, const char *start, apr_size_t len, const char *text,
                  ss_mail_problem_t *problem)
{
    const char *rest = start + len, *out;
    struct iovec pieces[3] = {
        { (void *)(apr_uintptr_t)m->content, (apr_size_t)(start - m->content) },
        { (void *)(apr_uintptr_t)text, strlen(text) },
        { (void *)(apr_uintptr_t)rest, m->content_len - (apr_size_t)(rest - m->content) }
    };
    apr_size_t out_len;

    out = apr_pstrcatv(m->pool, pieces, 3, &out_len);
    return ss_canonical_make(&m->content, &m->content_len, out, out_len, problem, m->pool);
}

/* Removes the From fields after the first: readers may show any of them. */
static int keep_one_from(ss_mail_message_t *m, ss_mail_problem_t *problem)
{
    const char *at = m->content, *end = at + ss_header_len(m->content, m->content_len), *out;
    apr_array_header_t *pieces = apr_array_make(m->pool, 4, sizeof(struct iovec));
    const char *kept = at;
    ss_header_field_t field;
    apr_size_t len;
    int count = 0;

    while (ss_header_next(&at, end, &field) == 1) {
        if (!ss_header_is(&field, "From") || !count++) continue;
        APR_ARRAY_PUSH(pieces, struct iovec) =
            (struct iovec){ (void *)(apr_uintptr_t)kept, (apr_size_t)(field.start - kept) };
        kept = field.start + field.len;
    }
    if (count < 2) return 0;
    APR_ARRAY_PUSH(pieces, struct iovec) =
        (struct iovec){ (void *)(apr_uintptr_t)kept,
                        m->content_len - (apr_size_t)(kept - m->content) };
    out =
        apr_pstrcatv(m->pool, (const struct iovec *)pieces->elts, (apr_size_t)pieces->nelts, &len);
    return ss_canonical_make(&m->content, &m->content_len, out, len, problem, m->pool);
}

int ss_rewrite_header_from(ss_mail_message_t *m, const char *address, ss_mail_problem_t *problem)
{
    apr_size_t header_len = ss_header_len(m->content, m->content_len);
    apr_array_header_t *list;
    ss_header_field_t from, reply_to;
    const char *text, *normal = ss_address_normal(address, 0, NULL, m->pool);
    ss_address_t made = { .address = normal ? normal : address };

    if (!address || ss_text_same(address, "keep")) return 0;
    address = made.address;
    if (!ss_header_find(&from, m->content, header_len, "From")) {
        text = apr_pstrcat(m->pool, "From: ", address, "\r\n", NULL);
        m->attr.header_from = address;
        return splice(m, m->content, 0, text, problem);
    }
    if (!ss_address_list(&list, from.value, from.value_len, NULL, m->pool) && list->nelts) {
        const ss_address_t *old = (const ss_address_t *)list->elts;
        if (list->nelts == 1 && ss_address_same(old->address, address))
            return keep_one_from(m, problem);
        made.name = old->name;
    }
    text = apr_pstrcat(m->pool, "From: ", ss_address_header(&made, m->pool), "\r\n", NULL);
    if (!ss_header_find(&reply_to, m->content, header_len, "Reply-To")) {
        text = apr_pstrcat(m->pool, text,
                           "Reply-To: ", apr_pstrmemdup(m->pool, from.value, from.value_len),
                           "\r\n", NULL);
    }
    m->attr.header_from = address;
    return splice(m, from.start, from.len, text, problem) ? -1 : keep_one_from(m, problem);
}

/* The addresses of the first alias that matches a local name, or NULL. */
static const char *alias_of(const apr_array_header_t *aliases, const char *address,
                            const char *local_domain, apr_pool_t *pool)
{
    const char *at = strrchr(address, '@'),
               *name = at ? apr_pstrmemdup(pool, address, (apr_size_t)(at - address)) : address;

    if (at && (!local_domain || !ss_text_same(at + 1, local_domain))) return NULL;
    for (int i = 0; i < aliases->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(aliases, i, ss_settings_pair_t);
        if (!strcmp(pair->name, "*") || ss_text_same(pair->name, name)) return pair->value;
    }
    return NULL;
}

int ss_rewrite_alias(ss_mail_message_t *m, const apr_array_header_t *aliases,
                     const char *local_domain, ss_mail_problem_t *problem)
{
    apr_array_header_t *old = m->rcpts;

    if (!aliases || !aliases->nelts) return 0;
    m->rcpts = apr_array_make(m->pool, old->nelts + 1, sizeof(ss_mail_rcpt_t));
    m->rcpt_index = NULL;
    for (int i = 0; i < old->nelts; i++) {
        const ss_mail_rcpt_t *rcpt = &APR_ARRAY_IDX(old, i, ss_mail_rcpt_t);
        const char *to = alias_of(aliases, rcpt->address, local_domain, m->pool);
        char *state, *word;
        if (!to) {
            int before = m->rcpts->nelts;
            if (ss_mail_add_rcpt(m, rcpt->address, rcpt->notify, "to", problem)) return -1;
            if (m->rcpts->nelts > before)
                APR_ARRAY_IDX(m->rcpts, before, ss_mail_rcpt_t).orcpt = rcpt->orcpt;
            continue;
        }
        for (word = apr_strtok(apr_pstrdup(m->pool, to), ", \t", &state); word;
             word = apr_strtok(NULL, ", \t", &state)) {
            if (ss_mail_add_rcpt(m, ss_address_with_domain(word, local_domain, m->pool),
                                 rcpt->notify, "SMTPSendAlias", problem))
                return -1;
        }
    }
    return 0;
}

int ss_rewrite_redirect(ss_mail_message_t *m, const char *address, ss_mail_problem_t *problem)
{
    apr_array_header_t *fields;
    const apr_array_header_t *old = m->rcpts;

    if (!address) return 0;
    fields = apr_array_make(m->pool, 8, sizeof(const char *));
    for (int i = 0; i < old->nelts && i < SS_REWRITE_ORIGINALS_MAX; i++) {
        APR_ARRAY_PUSH(fields, const char *) = apr_pstrcat(
            m->pool, "X-Original-To: ",
            ss_words_encode(m->pool, APR_ARRAY_IDX(old, i, ss_mail_rcpt_t).address), "\r\n", NULL);
    }
    m->attr.is_redirected = 1;
    m->rcpts = apr_array_make(m->pool, 1, sizeof(ss_mail_rcpt_t));
    m->rcpt_index = NULL;
    if (ss_mail_add_rcpt(m, address, SS_NOTIFY_NONE, "SMTPSendRedirect", problem)) return -1;
    return splice(m, m->content, 0, apr_array_pstrcat(m->pool, fields, 0), problem);
}
