#include "web/submit/envelope.h"

#include <apr_strings.h>
#include <string.h>

#include "mail/address.h"

/* An address with or without angle brackets; without a domain only if there is a default one and it
 * stands alone. */
static const char *address_of(const char *text, const char *default_domain, int is_alone,
                              const char **why, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);

    if (len > 2 && text[0] == '<' && text[len - 1] == '>')
        text = apr_pstrmemdup(pool, text + 1, len - 2);
    if (!is_alone && ss_address_is_bare(text)) {
        *why = ss_address_stray_why(text, pool);
        return NULL;
    }
    return ss_address_normal(ss_address_with_domain(text, default_domain, pool), 0, why, pool);
}

static int refuse_address(ss_mail_problem_t *problem, const char *field, const char *value,
                          const char *why)
{
    return ss_mail_problem(
        problem, SS_PROBLEM_ADDRESS, field, "\"%.200s\" is not an address: %s%s", value, why,
        strchr(value, ' ') ? " (a + in a query string means a blank: write it as %2B)" : "");
}

static int read_from(ss_mail_message_t *m, const char *value, const char *default_domain,
                     ss_mail_problem_t *problem)
{
    const char *why = "it is malformed";

    if (!*value || !strcmp(value, "<>")) {
        m->from = "";
        return 0;
    }
    m->from = address_of(value, default_domain, 1, &why, m->pool);
    return m->from ? 0 : refuse_address(problem, "from", value, why);
}

static int read_notify(const char *value, unsigned *bits, ss_mail_problem_t *problem)
{
    if (!ss_dsn_notify(value, bits) && *bits) return 0;
    return ss_mail_problem(problem, SS_PROBLEM_PARAMETER, "notify",
                           "\"%s\" is not \"never\", or a list of success, failure and delay",
                           value);
}

static int read_rcpts(ss_mail_message_t *m, const ss_params_t *query, unsigned notify,
                      const char *default_domain, ss_mail_problem_t *problem)
{
    int number = 0, is_alone = ss_params_count(query, "to") < 2;

    for (int i = 0; i < query->pairs->nelts; i++) {
        const ss_params_pair_t *pair = &APR_ARRAY_IDX(query->pairs, i, ss_params_pair_t);
        const char *why = "it is malformed";
        if (strcmp(pair->name, "to")) continue;
        const char *field = apr_psprintf(m->pool, "to[%d]", number++);
        const char *address = address_of(pair->value, default_domain, is_alone, &why, m->pool);
        if (!address) return refuse_address(problem, field, pair->value, why);
        if (ss_mail_add_rcpt(m, address, notify, field, problem)) return -1;
    }
    return 0;
}

static int read_attributes(ss_mail_message_t *m, const ss_params_t *query,
                           ss_mail_problem_t *problem)
{
    for (const ss_attributes_row_t *row = ss_attributes_rows; row->name; row++) {
        const char *value = row->set_by & SS_SET_QUERY ? ss_params_get(query, row->name) : NULL;
        const char *wrong = value ? ss_attributes_read(row, &m->attr, value, m->pool) : NULL;
        if (!wrong) continue;
        return ss_mail_problem(problem, SS_PROBLEM_PARAMETER, row->name, "%s=%s: %s%s", row->name,
                               value, wrong,
                               row->kind == SS_ATTRIBUTE_TIME ? " (RFC 3339; write + as %2B)" : "");
    }
    return 0;
}

int ss_envelope_is_parameter(const char *name)
{
    return !strcmp(name, "from") || !strcmp(name, "to") || !strcmp(name, "notify") ||
           ss_attributes_find(name, SS_SET_QUERY) != NULL;
}

/* The first parameter that may be given once and is given again, or NULL. */
static const char *repeated(const ss_params_t *query)
{
    for (int i = 0; i < query->pairs->nelts; i++) {
        const char *name = APR_ARRAY_IDX(query->pairs, i, ss_params_pair_t).name;
        if (strcmp(name, "to") && ss_envelope_is_parameter(name) &&
            ss_params_count(query, name) > 1)
            return name;
    }
    return NULL;
}

int ss_envelope_read(ss_mail_message_t *m, const ss_params_t *query, const char *default_domain,
                     ss_mail_problem_t *problem)
{
    const char *from = ss_params_get(query, "from"), *notify = ss_params_get(query, "notify");
    const char *twice = repeated(query);
    unsigned bits = SS_NOTIFY_NONE;

    if (twice)
        return ss_mail_problem(problem, SS_PROBLEM_PARAMETER, twice,
                               "\"%s\" is given more than once", twice);
    if (from && read_from(m, from, default_domain, problem)) return -1;
    if (notify && read_notify(notify, &bits, problem)) return -1;
    if (read_rcpts(m, query, bits, default_domain, problem)) return -1;
    return read_attributes(m, query, problem);
}

/* ---- the request to the daemon ---- */

static void put_rcpts(ss_object_t *request, const ss_mail_message_t *m)
{
    const ss_mail_rcpt_t *rcpts = (const ss_mail_rcpt_t *)(const void *)m->rcpts->elts;
    int count = m->rcpts->nelts, differ = 0, any_orcpt = 0;

    ss_object_list(request, "to");
    for (int i = 0; i < count; i++) {
        ss_object_item(request, rcpts[i].address);
        differ |= rcpts[i].notify != rcpts[0].notify;
        any_orcpt |= rcpts[i].orcpt != NULL;
    }
    ss_object_list_end(request);
    if (!differ && count && rcpts[0].notify) ss_object_number(request, "notify", rcpts[0].notify);
    if (differ) {
        ss_object_list(request, "notifies");
        for (int i = 0; i < count; i++) ss_object_item_number(request, rcpts[i].notify);
        ss_object_list_end(request);
    }
    if (any_orcpt) {
        ss_object_list(request, "orcpts");
        for (int i = 0; i < count; i++) ss_object_item(request, rcpts[i].orcpt);
        ss_object_list_end(request);
    }
}

void ss_envelope_put(ss_object_t *request, const ss_mail_message_t *m)
{
    put_rcpts(request, m);
    ss_object_text(request, "from", m->from);
    ss_attributes_put(request, &m->attr);
}
