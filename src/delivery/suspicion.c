/* suspicion.c: whether a host refuses us or one message. See suspicion.h. */
#include "delivery/suspicion.h"

#include <apr_strings.h>
#include <string.h>

int ss_suspicion_took(ss_suspicion_t *s, ss_mono_t now)
{
    int was_active = s->is_active;

    s->took = now;
    s->row = s->faults = 0;
    s->is_active = s->seen_count = 0;
    return was_active;
}

/* The way in, the account, the address that we come from, the host itself. */
static int kind_of(const char *advice)
{
    static const struct {
        const char *start;
        int kind;
    } kinds[] = { { "relay-storage", 4 }, { "relay-", 1 },   { "auth-", 1 },    { "tls-", 1 },
                  { "client-", 1 },       { "account-", 2 }, { "sender-", 2 },  { "address-", 3 },
                  { "reverse-dns", 3 },   { "helo-", 3 },    { "deferred", 4 }, { "service-", 4 },
                  { "server-fault", 4 } };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strncmp(advice, kinds[i].start, strlen(kinds[i].start))) return kinds[i].kind;
    return 0;
}

int ss_suspicion_is_alike(const char *advice, const char *other)
{
    int kind = advice ? kind_of(advice) : 0;

    if (!advice || !other) return 0;
    return kind ? kind == kind_of(other) : !strcmp(advice, other);
}

static int is_trusted(const ss_suspicion_t *s, ss_mono_t connection_took, ss_mono_t now)
{
    return (ss_mono_is_set(s->took) && ss_mono_since(now, s->took) <= SS_SUSPICION_TRUSTED_FOR) ||
           (ss_mono_is_set(connection_took) && ss_mono_before(s->doubted, connection_took));
}

void ss_suspicion_see(ss_suspicion_t *s, apr_uint32_t sender, apr_uint32_t domain)
{
    for (int i = 0; i < s->seen_count && i < SS_SUSPICION_SEEN; i++)
        if (s->seen[i].sender == sender && s->seen[i].domain == domain) return;
    int place = s->seen_count++ % SS_SUSPICION_SEEN;
    s->seen[place].sender = sender;
    s->seen[place].domain = domain;
}

int ss_suspicion_tells(const ss_suspicion_t *s, apr_uint32_t sender, apr_uint32_t domain)
{
    int is_new_sender = 1, is_new_domain = 1;

    for (int i = 0; i < s->seen_count && i < SS_SUSPICION_SEEN; i++) {
        is_new_sender &= s->seen[i].sender != sender;
        is_new_domain &= s->seen[i].domain != domain;
    }
    return 2 * is_new_domain + is_new_sender;
}

/* It is not known whom the refusal is about. */
static ss_suspicion_finding_t suspect(ss_suspicion_t *s, const char *id, const ss_result_t *cause,
                                      ss_mono_t now)
{
    int is_alike = s->is_active && ss_suspicion_is_alike(cause->advice, s->cause.advice) &&
                   strcmp(id, s->id) != 0;

    /* What comes after a while is tried at once, too. */
    if (!s->is_active || ss_mono_since(now, s->tried) > SS_SUSPICION_AT_ONCE) s->since = now;
    if (!s->is_active) s->seen_count = 0;
    s->is_active = 1;
    s->tried = now;
    s->cause = *cause;
    apr_cpystrn(s->id, id, sizeof(s->id));
    return is_alike ? SS_SUSPICION_CONFIRMED : SS_SUSPICION_ASIDE;
}

ss_suspicion_finding_t ss_suspicion_refused(ss_suspicion_t *s, const char *id,
                                            const ss_result_t *cause, ss_mono_t connection_took,
                                            int is_again, ss_mono_t now)
{
    if (is_trusted(s, connection_took, now)) {
        s->row += !is_again;
        if (s->row <= SS_SUSPICION_ROW) return SS_SUSPICION_HIS;
        s->took = (ss_mono_t){ 0 };
        s->doubted = now;
    }
    return suspect(s, id, cause, now);
}

/* ---- quotas ---- */

static ss_suspicion_quota_t *quota_of(ss_suspicion_t *s, apr_uint32_t sender)
{
    for (int i = 0; i < s->quota_count && i < SS_SUSPICION_QUOTAS; i++)
        if (s->quotas[i].sender == sender) return &s->quotas[i];
    return NULL;
}

ss_suspicion_finding_t ss_suspicion_over_quota(ss_suspicion_t *s, const char *id,
                                               const ss_result_t *cause, apr_uint32_t sender,
                                               apr_interval_time_t wait, ss_mono_t now)
{
    ss_suspicion_quota_t *quota = quota_of(s, sender);

    if (quota && quota->is_own && ss_mono_before(now, quota->until)) return SS_SUSPICION_HIS;
    if (!quota) quota = &s->quotas[s->quota_count++ % SS_SUSPICION_QUOTAS];
    *quota = (ss_suspicion_quota_t){ .sender = sender, .until = ss_mono_add(now, wait) };
    return suspect(s, id, cause, now);
}

void ss_suspicion_in_quota(ss_suspicion_t *s, apr_uint32_t sender)
{
    ss_suspicion_quota_t *own = quota_of(s, sender);

    for (int i = 0; i < SS_SUSPICION_QUOTAS; i++) s->quotas[i].is_own = 1;
    if (own) *own = (ss_suspicion_quota_t){ 0 };
}

int ss_suspicion_was_asked(const ss_suspicion_t *s, apr_uint32_t sender)
{
    if (!s->cause.advice || strcmp(s->cause.advice, "quota")) return 0;
    for (int i = 0; i < SS_SUSPICION_QUOTAS; i++)
        if (s->quotas[i].sender == sender) return 1;
    return s->quota_count >= SS_SUSPICION_QUOTAS;
}

ss_mono_t ss_suspicion_next(const ss_suspicion_t *s, int is_first, ss_mono_t gate, ss_mono_t now)
{
    if (!is_first) return gate;
    return ss_mono_since(now, s->since) < SS_SUSPICION_AT_ONCE
               ? s->since
               : ss_mono_min(ss_mono_add(s->tried, SS_SUSPICION_PACE), gate);
}
