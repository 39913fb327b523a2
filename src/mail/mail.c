#include "mail/mail.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/idn.h"
#include "base/text.h"
#include "mail/address.h"

/* up to so many recipients are compared one by one; for more, a hash finds duplicates */
#define DOMAIN_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define LINEAR_MAX 16

ss_mail_message_t *ss_mail_create(apr_pool_t *pool)
{
    ss_mail_message_t *m = apr_pcalloc(pool, sizeof(*m));

    m->pool = pool;
    m->rcpts = apr_array_make(pool, 4, sizeof(ss_mail_rcpt_t));
    ss_attributes_init(&m->attr);
    return m;
}

int ss_mail_problem(ss_mail_problem_t *problem, int kind, const char *field, const char *format,
                    ...)
{
    char text[2 * sizeof(problem->detail)];
    va_list args;

    if (!problem || problem->status) return -1;
    problem->status = ss_problem_kind_status(kind);
    problem->kind = kind;
    problem->field = field;
    va_start(args, format);
    apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ss_text_show(problem->detail, sizeof(problem->detail), text, strlen(text));
    return -1;
}

int ss_mail_problem_kind(const ss_mail_problem_t *problem)
{
    return problem->kind ? problem->kind : problem->status ? problem->status : 400;
}

const char *ss_mail_message_id(apr_time_t now, apr_uint64_t random, const char *author,
                               const char *host, apr_pool_t *pool)
{
    const char *at = author ? strrchr(author, '@') : NULL;
    char domain[SS_IDN_MAX];

    if (at && at[1] && at[1] != '[' && !ss_idn_ascii(at + 1, domain, sizeof(domain)) &&
        strspn(domain, DOMAIN_CHARS) == strlen(domain))
        host = domain;
    return apr_psprintf(pool, "<%" APR_UINT64_T_HEX_FMT ".%" APR_UINT64_T_HEX_FMT "@%s>",
                        (apr_uint64_t)now, random, host && *host ? host : "localhost");
}

static int has_rcpt(const ss_mail_message_t *m, const char *address)
{
    const ss_mail_rcpt_t *rcpts = (const ss_mail_rcpt_t *)m->rcpts->elts;

    for (int i = 0; i < m->rcpts->nelts; i++) {
        if (ss_address_same(rcpts[i].address, address)) return 1;
    }
    return 0;
}

static int is_indexed(ss_mail_message_t *m, const char *key)
{
    const ss_mail_rcpt_t *rcpts = (const ss_mail_rcpt_t *)m->rcpts->elts;

    if (!m->rcpt_index) {
        m->rcpt_index = apr_hash_make(m->pool);
        m->rcpt_indexed = 0;
    }
    for (; m->rcpt_indexed < m->rcpts->nelts; m->rcpt_indexed++) {
        apr_hash_set(m->rcpt_index, ss_address_key(rcpts[m->rcpt_indexed].address, m->pool),
                     APR_HASH_KEY_STRING, m);
    }
    return apr_hash_get(m->rcpt_index, key, APR_HASH_KEY_STRING) != NULL;
}

int ss_mail_add_rcpt(ss_mail_message_t *m, const char *address, unsigned notify, const char *field,
                     ss_mail_problem_t *problem)
{
    const char *why = NULL, *key = NULL, *given = address;

    address = ss_address_normal(address, 0, &why, m->pool);
    if (!address)
        return ss_mail_problem(problem, SS_PROBLEM_ADDRESS, field,
                               "<%.200s> is not an address that mail can be sent to: %s", given,
                               why);
    if (m->rcpts->nelts > LINEAR_MAX) key = ss_address_key(address, m->pool);
    if (key ? is_indexed(m, key) : has_rcpt(m, address)) return 0;
    if (m->rcpts->nelts >= SS_MAIL_RECIPIENTS_MAX)
        return ss_mail_problem(problem, SS_PROBLEM_TOO_MANY, field,
                               "too many recipients: a message has at most %d",
                               SS_MAIL_RECIPIENTS_MAX);
    APR_ARRAY_PUSH(m->rcpts, ss_mail_rcpt_t) =
        (ss_mail_rcpt_t){ .address = apr_pstrdup(m->pool, address), .notify = notify };
    if (key) {
        apr_hash_set(m->rcpt_index, key, APR_HASH_KEY_STRING, m);
        m->rcpt_indexed++;
    }
    return 0;
}
