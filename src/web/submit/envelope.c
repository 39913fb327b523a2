/* envelope.c: envelopes in query strings and as the daemon's question. */
#include "web/submit/envelope.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/settings.h"
#include "mail/address.h"
#include "web/shared/params.h"

#define ENVID_MAX 100                          /* RFC 3461 4.4 */
#define EXPIRE_MAX APR_INT64_C(31536000000000) /* a year, in microseconds */
#define RELAY_NAME_MAX 100

/* An address as it may stand in the query: with or without angle brackets, and without a domain
 * where there is a default one. */
static const char *address_of(const char *text, const char *default_domain, const char **why,
                              apr_pool_t *pool)
{
    apr_size_t len = strlen(text);

    if (len > 2 && text[0] == '<' && text[len - 1] == '>')
        text = apr_pstrmemdup(pool, text + 1, len - 2);
    if (strlen(text) > SS_MAIL_ADDRESS_MAX) {
        *why = "it is too long";
        return NULL;
    }
    if (default_domain && !strchr(text, '@') && ss_address_is_valid(text, 1, why))
        return apr_pstrcat(pool, text, "@", default_domain, NULL);
    return ss_address_is_valid(text, 0, why) ? text : NULL;
}

static int read_from(ss_mail_message_t *m, const char *value, const char *default_domain,
                     ss_mail_problem_t *problem)
{
    const char *why = "it is malformed";

    if (!*value || !strcmp(value, "<>")) {
        m->from = "";
        return 0;
    }
    m->from = address_of(value, default_domain, &why, m->pool);
    if (m->from) return 0;
    ss_mail_problem(problem, 400, "from", "\"%s\" is not an address: %s", value, why);
    return -1;
}

static int read_notify(const char *value, unsigned *bits, ss_mail_problem_t *problem)
{
    static const struct {
        const char *name;
        unsigned bit;
    } words[] = { { "never", SS_NOTIFY_NEVER },
                  { "success", SS_NOTIFY_SUCCESS },
                  { "failure", SS_NOTIFY_FAILURE },
                  { "delay", SS_NOTIFY_DELAY } };

    for (const char *p = value; *p;) {
        apr_size_t len = strcspn(p, ",");
        unsigned bit = 0;
        for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (len == strlen(words[i].name) && !strncasecmp(p, words[i].name, len))
                bit = words[i].bit;
        }
        if (!bit) break;
        *bits |= bit;
        p += len;
        if (*p) p++;
        if (!*p && !(*bits & SS_NOTIFY_NEVER && *bits != SS_NOTIFY_NEVER)) return 0;
    }
    ss_mail_problem(problem, 400, "notify",
                    "\"%s\" is not \"never\", or a list of success, failure and delay", value);
    return -1;
}

static int read_rcpts(ss_mail_message_t *m, const ss_params_t *query, unsigned notify,
                      const char *default_domain, ss_mail_problem_t *problem)
{
    int number = 0;

    for (int i = 0; i < query->pairs->nelts; i++) {
        const ss_param_t *pair = &APR_ARRAY_IDX(query->pairs, i, ss_param_t);
        const char *why = "it is malformed";
        if (strcmp(pair->name, "to")) continue;
        const char *field = apr_psprintf(m->pool, "to[%d]", number++);
        const char *address = address_of(pair->value, default_domain, &why, m->pool);
        if (!address) {
            ss_mail_problem(problem, 400, field, "\"%s\" is not an address: %s", pair->value, why);
            return -1;
        }
        if (ss_mail_add_rcpt(m, address, notify, field, problem)) return -1;
    }
    return 0;
}

static int read_times(ss_mail_message_t *m, const ss_params_t *query, ss_mail_problem_t *problem)
{
    const char *expire = ss_params_get(query, "expire"), *at = ss_params_get(query, "at");

    if (expire && (ss_text_duration(expire, &m->attr.expire) || m->attr.expire < APR_USEC_PER_SEC ||
                   m->attr.expire > EXPIRE_MAX)) {
        ss_mail_problem(problem, 400, "expire", "\"%s\" is not a time from 1s to 365d, like 2h",
                        expire);
        return -1;
    }
    if (at && ss_text_time_parse(at, &m->attr.at)) {
        ss_mail_problem(
            problem, 400, "at",
            "\"%s\" is not a time like 2026-01-31T12:00:00Z (RFC 3339; a + in it is written %%2B)",
            at);
        return -1;
    }
    if (m->attr.at > ss_wall_now() + EXPIRE_MAX) {
        ss_mail_problem(problem, 400, "at", "\"%s\" is more than a year away", at);
        return -1;
    }
    return 0;
}

static int read_words(ss_mail_message_t *m, const ss_params_t *query, ss_mail_problem_t *problem)
{
    static const char *const priorities[] = {
        [SS_PRIORITY_HIGH] = "high", [SS_PRIORITY_NORMAL] = "normal", [SS_PRIORITY_BULK] = "bulk"
    };
    const char *ret = ss_params_get(query, "ret"), *priority = ss_params_get(query, "priority");

    m->attr.dsn_options.envid = ss_params_get(query, "envid");
    m->attr.relay = ss_params_get(query, "relay");
    if (ret && !ss_text_same(ret, "full") && !ss_text_same(ret, "hdrs")) {
        ss_mail_problem(problem, 400, "ret", "\"%s\" is not full or hdrs", ret);
        return -1;
    }
    if (ret) m->attr.dsn_options.ret = ss_text_same(ret, "full") ? SS_RET_FULL : SS_RET_HDRS;
    for (int i = 0; priority && i <= SS_PRIORITY_BULK; i++) {
        if (ss_text_same(priority, priorities[i])) m->attr.priority = i;
    }
    if (priority && m->attr.priority < 0) {
        ss_mail_problem(problem, 400, "priority", "\"%s\" is not high, normal or bulk", priority);
        return -1;
    }
    for (const char *p = m->attr.dsn_options.envid ? m->attr.dsn_options.envid : ""; *p; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e ||
            p - m->attr.dsn_options.envid >= ENVID_MAX) {
            ss_mail_problem(problem, 400, "envid",
                            "an envid is at most %d printable ASCII characters", ENVID_MAX);
            return -1;
        }
    }
    if (m->attr.relay && (!*m->attr.relay || strlen(m->attr.relay) > RELAY_NAME_MAX)) {
        ss_mail_problem(problem, 400, "relay", "a relay's name is 1 to %d characters",
                        RELAY_NAME_MAX);
        return -1;
    }
    return 0;
}

int ss_envelope_read(ss_mail_message_t *m, const ss_params_t *query, const char *default_domain,
                     ss_mail_problem_t *problem)
{
    static const char *const once[] = { "from",   "notify", "ret",   "envid",
                                        "expire", "at",     "relay", "priority" };
    const char *from = ss_params_get(query, "from"), *notify = ss_params_get(query, "notify");
    unsigned bits = SS_NOTIFY_NONE;

    for (apr_size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        if (ss_params_count(query, once[i]) < 2) continue;
        ss_mail_problem(problem, 400, once[i], "\"%s\" stands there more than once", once[i]);
        return -1;
    }
    if (from && read_from(m, from, default_domain, problem)) return -1;
    if (notify && read_notify(notify, &bits, problem)) return -1;
    if (read_rcpts(m, query, bits, default_domain, problem) || read_times(m, query, problem))
        return -1;
    return read_words(m, query, problem);
}

/* ---- the question ---- */

static void put_rcpts(ss_object_t *question, const ss_mail_message_t *m)
{
    const ss_mail_rcpt_t *rcpts = (const ss_mail_rcpt_t *)(const void *)m->rcpts->elts;
    int count = m->rcpts->nelts, differ = 0, any_orcpt = 0;

    ss_object_list(question, "to");
    for (int i = 0; i < count; i++) {
        ss_object_item(question, rcpts[i].address);
        differ |= rcpts[i].notify != rcpts[0].notify;
        any_orcpt |= rcpts[i].orcpt != NULL;
    }
    ss_object_list_end(question);
    if (!differ && count && rcpts[0].notify) ss_object_number(question, "notify", rcpts[0].notify);
    if (differ) {
        ss_object_list(question, "notifies");
        for (int i = 0; i < count; i++) ss_object_item_number(question, rcpts[i].notify);
        ss_object_list_end(question);
    }
    if (any_orcpt) {
        ss_object_list(question, "orcpts");
        for (int i = 0; i < count; i++) ss_object_item(question, rcpts[i].orcpt);
        ss_object_list_end(question);
    }
}

void ss_envelope_put(ss_object_t *question, const ss_mail_message_t *m)
{
    put_rcpts(question, m);
    ss_object_text(question, "from", m->from);
    ss_object_text(question, "relay", m->attr.relay);
    ss_object_text(question, "subject", m->attr.subject);
    ss_object_text(question, "messageId", m->attr.message_id);
    ss_object_text(question, "headerFrom", m->attr.header_from);
    ss_object_text(question, "envid", m->attr.dsn_options.envid);
    ss_object_text(question, "metadata", m->attr.metadata);
    ss_object_text(question, "webhook", m->attr.webhook);
    if (m->attr.at) ss_object_number(question, "at", m->attr.at);
    if (m->attr.expire) ss_object_number(question, "expire", m->attr.expire);
    if (m->attr.dsn_options.ret) ss_object_number(question, "ret", m->attr.dsn_options.ret);
    if (m->attr.priority >= 0) ss_object_number(question, "priority", m->attr.priority);
    ss_object_flag(question, "is8bit", m->attr.is_8bit);
    ss_object_flag(question, "isUtf8", m->attr.is_utf8);
    ss_object_flag(question, "requiresTls", m->attr.requires_tls);
    ss_object_flag(question, "isAuto", m->attr.is_auto);
}
