#include "mail/address_field.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "mail/address.h"

static const char *const senders[] = { "From", "Sender", "Resent-From", "Resent-Sender" };
static const char *const others[] = { "To",
                                      "Cc",
                                      "Bcc",
                                      "Reply-To",
                                      "Resent-To",
                                      "Resent-Cc",
                                      "Resent-Bcc",
                                      "Resent-Reply-To",
                                      "Disposition-Notification-To",
                                      "Return-Receipt-To",
                                      "Errors-To",
                                      "Mail-Followup-To",
                                      "Mail-Reply-To" };

static int is_one_of(const ss_header_field_t *field, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ss_header_is(field, names[i])) return 1;
    return 0;
}

int ss_address_field_is_sender(const ss_header_field_t *field)
{
    return is_one_of(field, senders, sizeof(senders) / sizeof(senders[0]));
}

int ss_address_field_is(const ss_header_field_t *field)
{
    return ss_address_field_is_sender(field) ||
           is_one_of(field, others, sizeof(others) / sizeof(others[0]));
}

static int read_list(apr_array_header_t **list, const ss_header_field_t *field, const char **why,
                     apr_pool_t *pool)
{
    return ss_address_field_is_sender(field)
               ? ss_address_senders(list, field->value, field->value_len, why, pool)
               : ss_address_list(list, field->value, field->value_len, why, pool);
}

/* A look without reading: most fields need no change. */
static int may_change(const ss_header_field_t *field, const ss_address_field_t *how)
{
    const char *p = field->value, *end = p + field->value_len;

    if (!ss_text_is_ascii(p, field->value_len)) return 1;
    if (how->default_domain &&
        (!memchr(p, '@', field->value_len) || memchr(p, ',', field->value_len)))
        return 1;
    /* A dot at the start or end of a local part, or two together. */
    for (; (p = memchr(p, '.', (apr_size_t)(end - p))) != NULL; p++) {
        if (p == field->value || p + 1 == end || strchr(".@", p[1]) || strchr("< ", p[-1]))
            return 1;
    }
    return 0;
}

/* What stands instead of an address, or NULL: it stays. */
static const char *replacement(const ss_address_t *a, const char *default_domain, apr_pool_t *pool)
{
    const char *address = ss_address_with_domain(a->address, default_domain, pool);
    ss_address_t whole = { .name = a->name, .address = ss_address_normal(address, 0, NULL, pool) };

    if (a->is_joined) return whole.address ? ss_address_header(&whole, pool) : NULL;
    return a->is_changed || address != a->address ? whole.address : NULL;
}

static void put(apr_array_header_t *pieces, const char *bytes, apr_size_t len)
{
    APR_ARRAY_PUSH(pieces, struct iovec) = (struct iovec){ (void *)(apr_uintptr_t)bytes, len };
}

static const char *fit(const ss_header_field_t *field, const apr_array_header_t *list,
                       const char *default_domain, apr_pool_t *scratch, apr_pool_t *pool)
{
    apr_array_header_t *pieces = apr_array_make(scratch, 2 * list->nelts + 1, sizeof(struct iovec));
    const char *from = field->start;

    for (int i = 0; i < list->nelts; i++) {
        const ss_address_t *a = &APR_ARRAY_IDX(list, i, ss_address_t);
        const char *text = replacement(a, default_domain, scratch), *at = field->value + a->at;
        if (!text) continue;
        put(pieces, from, (apr_size_t)(at - from));
        put(pieces, text, strlen(text));
        from = at + a->len;
    }
    if (from == field->start) return NULL;
    put(pieces, from, (apr_size_t)(field->start + field->len - from));
    return apr_pstrcatv(pool, (const struct iovec *)pieces->elts, (apr_size_t)pieces->nelts, NULL);
}

/* "Mail Delivery Subsystem <MAILER-DAEMON>" is no name of ours, unless sendmail says so. */
static int takes_domain(const apr_array_header_t *list, const ss_address_field_t *how)
{
    int is_bare = list->nelts == 1 && !APR_ARRAY_IDX(list, 0, ss_address_t).name;

    return (how->takes_names || is_bare) && !ss_address_stray(list, how->takes_names);
}

int ss_address_field_fit(const char **out, const ss_header_field_t *field,
                         const ss_address_field_t *how, const char **why, apr_pool_t *pool)
{
    apr_array_header_t *list;
    apr_pool_t *scratch;

    *out = NULL;
    if (!may_change(field, how)) return 0;
    apr_pool_create(&scratch, pool);
    int failed = read_list(&list, field, why, scratch);
    if (!failed)
        *out =
            fit(field, list, takes_domain(list, how) ? how->default_domain : NULL, scratch, pool);
    if (failed == SS_ADDRESS_UNSEEN) *why = apr_pstrdup(pool, *why);
    apr_pool_destroy(scratch);
    return failed == SS_ADDRESS_UNSEEN ? -1 : 0;
}
