#include <apr_strings.h>
#include <string.h>

#include "base/text.h"
#include "smtp/auth.h"

#define SS_AUTH_LIST_MAX 256 /* of a list of mechanisms in a sentence; the rest is cut off */

enum { PLAIN_TEXT = 1 /* the secret itself is sent */, BEARER = 2, BINDS = 4, EXTERNAL = 8 };

/* In the order of "auto". */
static const struct {
    const char *name;
    int traits;
} known[] = {
    { "SCRAM-SHA-256-PLUS", BINDS },
    { "SCRAM-SHA-256", 0 },
    { "SCRAM-SHA-1-PLUS", BINDS },
    { "SCRAM-SHA-1", 0 },
    { "CRAM-MD5", 0 },
    { "PLAIN", PLAIN_TEXT },
    { "LOGIN", PLAIN_TEXT },
    { "EXTERNAL", EXTERNAL },
    { "OAUTHBEARER", PLAIN_TEXT | BEARER },
    { "XOAUTH2", PLAIN_TEXT | BEARER },
};
#define KNOWN ((int)(sizeof(known) / sizeof(known[0])))

static int known_find(const char *name)
{
    for (int i = 0; i < KNOWN; i++) {
        if (ss_text_same(known[i].name, name)) return i;
    }
    return -1;
}

static const char *wanted_at(const ss_auth_wishes_t *w, int i)
{
    return APR_ARRAY_IDX(w->wanted, i, const char *);
}

static int wanted_has(const ss_auth_wishes_t *w, const char *name)
{
    for (int i = 0; w->wanted && i < w->wanted->nelts; i++) {
        if (ss_text_same(wanted_at(w, i), name)) return 1;
    }
    return 0;
}

static int is_auto(const ss_auth_wishes_t *w)
{
    return !w->wanted || !w->wanted->nelts || wanted_has(w, "auto");
}

int ss_auth_is_auto(const apr_array_header_t *wanted)
{
    ss_auth_wishes_t wishes = { .wanted = wanted };

    return is_auto(&wishes);
}

static int is_safe(const ss_auth_wishes_t *w)
{
    return (w->is_tls && !w->is_unverified) || w->is_loopback || w->is_insecure_allowed;
}

/* why an offered and wanted mechanism was not usable */
typedef struct {
    int unsafe, unbound;
} ss_auth_missed_t;

static int is_usable(const ss_auth_wishes_t *w, int i, int by_auto, ss_auth_missed_t *missed)
{
    int traits = known[i].traits;
    int has_name = w->username && *w->username;
    if (!has_name && !(traits & EXTERNAL)) return 0;
    if (by_auto && (traits & BEARER)) return 0;
    if (by_auto && (traits & EXTERNAL) && !w->has_client_cert) return 0;
    if (!w->offered || ss_text_word_index(w->offered, known[i].name) < 0) return 0;
    if ((traits & BINDS) && !w->has_binding) {
        missed->unbound = 1;
        return 0;
    }
    if ((traits & PLAIN_TEXT) && !is_safe(w)) {
        missed->unsafe = 1;
        return 0;
    }
    return 1;
}

static int choose(const ss_auth_wishes_t *w, ss_auth_missed_t *missed)
{
    int by_auto = is_auto(w);
    int count = by_auto ? KNOWN : w->wanted->nelts;
    int first = by_auto && w->first ? known_find(w->first) : -1;
    if (first >= 0 && is_usable(w, first, by_auto, missed)) return first;
    for (int n = 0; n < count; n++) {
        int i = by_auto ? n : known_find(wanted_at(w, n));
        if (i >= 0 && is_usable(w, i, by_auto, missed)) return i;
    }
    return -1;
}

static void list_wanted(const ss_auth_wishes_t *w, char *into, apr_size_t size)
{
    apr_size_t len = 0;
    into[0] = '\0';
    if (is_auto(w)) {
        apr_cpystrn(into, "auto", size);
        return;
    }
    for (int i = 0; i < w->wanted->nelts && len + 1 < size; i++) {
        apr_snprintf(into + len, size - len, "%s%s", i ? " " : "", wanted_at(w, i));
        len += strlen(into + len);
    }
}

#define REFUSE(...) ss_result_set(result, "auth", "", __VA_ARGS__) /* advice, format, values */

static void refuse(const ss_auth_wishes_t *w, const ss_auth_missed_t *missed, ss_result_t *result)
{
    char list[SS_AUTH_LIST_MAX];
    const char *offered = w->offered && *w->offered ? w->offered : "no mechanism";
    list_wanted(w, list, sizeof(list));
    if (missed->unsafe && w->is_tls) {
        REFUSE("auth-needs-tls",
               "the server offers %.200s, but SMTPSendTLS opportunistic does not verify who it is, "
               "and the password or token would be sent to it",
               offered);
    } else if (missed->unsafe) {
        REFUSE("auth-needs-tls",
               "the server offers %.200s, but this connection is not encrypted and the password or "
               "token would be sent in plain text%s",
               offered, w->starttls_offered ? "; the server offers STARTTLS" : "");
    } else if (!w->auth_offered && w->starttls_offered) {
        REFUSE(
            "auth-needs-tls",
            "the server does not offer a login on an unencrypted connection; it offers STARTTLS");
    } else if (!w->auth_offered) {
        REFUSE("auth-not-offered", "the server does not offer a login (no AUTH in its reply to "
                                   "EHLO), but a user name is set");
    } else if (missed->unbound) {
        REFUSE("auth-none-common",
               "SMTPSendAuth %s needs TLS channel binding, which this connection does not have "
               "(the server offers %.200s)",
               list, offered);
    } else {
        REFUSE("auth-none-common",
               "no common login mechanism: the server offers %.200s, SMTPSendAuth is %s", offered,
               list);
    }
}

ss_auth_choice_t ss_auth_choose(const ss_auth_wishes_t *wishes, const char **mechanism,
                                ss_result_t *result)
{
    ss_auth_missed_t missed = { 0, 0 };
    int has_name = wishes->username && *wishes->username;
    *mechanism = NULL;
    if (wanted_has(wishes, "off")) return SS_AUTH_NOT_NEEDED;
    if (!has_name && !wanted_has(wishes, "EXTERNAL")) return SS_AUTH_NOT_NEEDED;
    int i = wishes->auth_offered ? choose(wishes, &missed) : -1;
    if (i < 0) {
        refuse(wishes, &missed, result);
        return SS_AUTH_REFUSED;
    }
    *mechanism = known[i].name;
    return SS_AUTH_CHOSEN;
}

int ss_auth_needs_secret(const char *mechanism)
{
    int i = known_find(mechanism);
    return i < 0 || !(known[i].traits & EXTERNAL);
}
