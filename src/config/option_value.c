#include "config/option.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/idn.h"
#include "base/text.h"
#include "config/account.h"
#include "config/option_hint.h"
#include "config/option_syntax.h"
#include "config/settings.h"

#define ARGS_MAX 64
/* RFC 5322 3.6.8: any character that is printed, and no colon */
#define FIELD_NAME                                                                                 \
    "!\"#$%&'()*+,-./"                                                                             \
    "0123456789;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
#define INITIAL_ARGS_MAX 16

/* One value: read from arguments, or printed. */
typedef struct {
    const ss_option_t *option;
    void *field;      /* of a list: the item */
    const char *text; /* the argument; "" without one */
    int argc;
    const char *const *argv;
    apr_pool_t *pool;
} value_t;

/* The record that the field is in. */
#define RECORD(type, member) ((type *)(void *)((char *)v->field - offsetof(type, member)))

/* What is wrong with the argument, behind the argument itself. */
static __attribute__((format(printf, 2, 3))) const char *wrong(const value_t *v, const char *format,
                                                               ...)
{
    va_list args;

    va_start(args, format);
    const char *what = apr_pvsprintf(v->pool, format, args);
    va_end(args);
    return apr_pstrcat(v->pool, "'", ss_option_syntax_show(v->text, v->pool), "' ", what, NULL);
}

/* "a, b, c" out of "a b c". */
static const char *choices(const char *words, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, words), *state = NULL;
    const char *out = "";

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        out = apr_pstrcat(pool, out, *out ? ", " : "", word, NULL);
    return out;
}

static const char *choose(const value_t *v, int *index)
{
    *index = ss_text_word_index(v->option->words, v->text);
    return *index >= 0 ? NULL : wrong(v, "is not one of %s", choices(v->option->words, v->pool));
}

/* Sets a text; gives what a reader that succeeded gives. */
static const char *keep(const value_t *v, const char *text)
{
    *(const char **)v->field = apr_pstrdup(v->pool, text);
    return NULL;
}

static const char *joined(const value_t *v, int first)
{
    const char *out = "";

    for (int i = first; i < v->argc; i++)
        out = apr_pstrcat(v->pool, out, i > first ? " " : "", v->argv[i], NULL);
    return out;
}

/* ---- reading ---- */

static const char *read_flag(const value_t *v)
{
    int is_on = !strcasecmp(v->text, "On");

    if (!is_on && strcasecmp(v->text, "Off")) return wrong(v, "is neither On nor Off");
    *(int *)v->field = is_on;
    return NULL;
}

static const char *read_number(const value_t *v)
{
    const ss_option_t *o = v->option;
    apr_int64_t value;

    if (ss_text_number(v->text, o->min, o->max, &value)) {
        return wrong(v, "is not a number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, o->min,
                     o->max);
    }
    *(int *)v->field = (int)value;
    return NULL;
}

static const char *read_size(const value_t *v)
{
    apr_uint64_t value, min = (apr_uint64_t)v->option->min, max = (apr_uint64_t)v->option->max;

    if (ss_text_size(v->text, &value) || value < min || (max && value > max)) {
        return wrong(v, "is not a size such as 512K, 25M or 1G, from %s to %s",
                     ss_text_size_print(v->pool, min),
                     max ? ss_text_size_print(v->pool, max) : "any");
    }
    *(apr_int64_t *)v->field = (apr_int64_t)value;
    return NULL;
}

/* "3600": seconds to one, minutes to the next. 0 is the same in each. */
static int value_without_unit(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text) && strspn(text, "0") < strlen(text);
}

static const char *read_duration(const value_t *v)
{
    apr_interval_time_t value, min = v->option->min, max = v->option->max;

    if (v->option->kind == SS_KIND_DURATION_OFF && !strcasecmp(v->text, "off")) {
        value = 0;
    } else if (value_without_unit(v->text)) {
        return apr_psprintf(v->pool,
                            "'%s' has a number without a unit: durations are written as in 30s, "
                            "5min, 2h or 1d",
                            joined(v, 0));
    } else if (ss_text_duration(v->text, &value) || value < min || (max && value > max)) {
        return wrong(v, "is not a duration such as 30s, 5min, 2h or 1d, from %s to %s",
                     ss_text_duration_print(v->pool, min),
                     max ? ss_text_duration_print(v->pool, max) : "any");
    }
    *(apr_interval_time_t *)v->field = value;
    return NULL;
}

static const char *read_text(const value_t *v)
{
    const ss_option_t *o = v->option;
    apr_int64_t len = (apr_int64_t)strlen(v->text);

    if (ss_text_has_control(v->text)) return "holds a control character";
    if (len < o->min || (o->max && len > o->max)) {
        /* It may be a secret. */
        if (len)
            return apr_psprintf(v->pool,
                                "has %" APR_INT64_T_FMT " characters instead of %" APR_INT64_T_FMT
                                " to %" APR_INT64_T_FMT,
                                len, o->min, o->max);
        return wrong(v, "is not a text of %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT " characters",
                     o->min, o->max);
    }
    return keep(v, v->text);
}

static const char *read_log(const value_t *v)
{
    const char *program = v->text + strspn(v->text, "|$ ");

    if (*v->text == '|' && !*program) return wrong(v, "names no program after the |");
    if (!*v->text || v->text[strlen(v->text) - 1] == '/')
        return wrong(v, "is not a file's name, nor | and a program");
    return read_text(v);
}

/* A file's content is read elsewhere (daemon/check.h). */
static const char *read_path(const value_t *v)
{
    if (!strncasecmp(v->text, "file:", 5))
        return wrong(v, "is not a path: only SMTPSendPassword takes file:");
    return read_text(v);
}

/* The name of a host or domain. */
static const char *read_name(const value_t *v)
{
    apr_size_t len = strlen(v->text);
    const char *inner = len > 2 ? apr_pstrmemdup(v->pool, v->text + 1, len - 2) : "";
    int is_literal = len > 2 && *v->text == '[' && v->text[len - 1] == ']' &&
                     (ss_option_syntax_is_ipv4(inner) ||
                      (!strncasecmp(inner, "IPv6:", 5) && ss_option_syntax_is_ipv6(inner + 5)));

    if (ss_option_syntax_is_name(v->text) || (is_literal && v->option->min)) {
        /* A trailing dot is right in DNS, and wrong in certificates and mail. */
        return keep(v, apr_pstrmemdup(v->pool, v->text, len - (v->text[len - 1] == '.')));
    }
    return wrong(v, "is not a host name or domain, such as mail.example.com%s",
                 v->option->min ? ", nor an address such as [192.0.2.1] or [IPv6:2001:db8::1]"
                                : "");
}

/* A local address, IPv4 or IPv6: a name or an interface would only fail when the first connection
 * is made. */
static const char *read_source(const value_t *v)
{
    if (!ss_option_syntax_is_ipv4(v->text) && !ss_option_syntax_is_ipv6(v->text)) {
        return wrong(v, "is not an IPv4 or IPv6 address of this machine, such as 192.0.2.7 or "
                        "2001:db8::7 (without brackets)");
    }
    return keep(v, v->text);
}

/* Only this machine's own programs: there is no login here. */
static const char *read_listen(const value_t *v)
{
    const char *colon = strrchr(v->text, ':');
    const char *host = colon ? apr_pstrmemdup(v->pool, v->text, (apr_size_t)(colon - v->text)) : "";
    int is_v6 = colon && *host == '[' && colon[-1] == ']';
    struct in_addr v4;
    struct in6_addr v6;
    apr_int64_t port;

    if (is_v6) host = apr_pstrmemdup(v->pool, host + 1, strlen(host) - 2);
    int is_address =
        is_v6 ? inet_pton(AF_INET6, host, &v6) == 1 : inet_pton(AF_INET, host, &v4) == 1;
    if (!is_address || ss_text_number(colon + 1, 1, 65535, &port)) {
        return wrong(v, "is not an address and a port, such as 127.0.0.1:2525 or [::1]:2525");
    }
    if (is_v6 ? !IN6_IS_ADDR_LOOPBACK(&v6) : ntohl(v4.s_addr) >> 24 != 127) {
        return wrong(v, "can be reached from other machines, and there is no login: anybody could "
                        "send mail");
    }
    return keep(v, apr_psprintf(v->pool, is_v6 ? "[%s]:%" APR_INT64_T_FMT : "%s:%" APR_INT64_T_FMT,
                                host, port));
}

/* "[2001:db8::1]", with a port behind it or not: *colon, or NULL. */
static const char *read_bracketed(const value_t *v, const char **name, const char **colon)
{
    const char *end = strchr(v->text, ']');

    *colon = NULL;
    if (!end || (end[1] && end[1] != ':'))
        return wrong(v, "is not [IPv6 address] or [IPv6 address]:port");
    *name = apr_pstrmemdup(v->pool, v->text + 1, (apr_size_t)(end - v->text - 1));
    if (end[1]) *colon = end + 1;
    return ss_option_syntax_is_ipv6(*name) ? NULL
                                           : wrong(v, "has no IPv6 address within the brackets");
}

static const char *read_host(const value_t *v)
{
    ss_settings_host_t *host = v->field;
    apr_int64_t port = 0;
    const char *text = v->text, *name = text, *colon = strchr(text, ':'), *bad = NULL;

    if (ss_option_syntax_is_ipv6(text))
        return wrong(v, "has no brackets around the IPv6 address, which end before the port");
    if (strstr(text, "://")) return wrong(v, "is a URL, not a host");
    if (strchr(text, '@')) return wrong(v, "has a login in front of the host");
    if (*text == '[')
        bad = read_bracketed(v, &name, &colon);
    else if (colon)
        name = apr_pstrmemdup(v->pool, text, (apr_size_t)(colon - text));
    if (bad) return bad;
    if (!strpbrk(name, "@/,;") && colon && ss_text_number(colon + 1, 1, 65535, &port))
        return wrong(v, "has no port from 1 to 65535 after the colon");
    if (ss_text_word_index("none off null", name) >= 0)
        return wrong(v, "is not a host: to send nothing, write SMTPSendEngine Off");
    if (strpbrk(name, ",;")) return wrong(v, "has a comma: hosts are separated by blanks");
    if (*text != '[' && !ss_option_syntax_is_name(name)) {
        return wrong(v, "is not a host name or address, such as smtp.example.com, 192.0.2.1 or "
                        "[2001:db8::1]:587");
    }
    /* A trailing dot is right in DNS and wrong in certificates. */
    apr_size_t len = strlen(name);
    host->name = apr_pstrmemdup(v->pool, name, len - (name[len - 1] == '.'));
    host->port = (int)port;
    return NULL;
}

static const char *read_enum(const value_t *v)
{
    int index;
    const char *bad = choose(v, &index);

    if (!bad) *(int *)v->field = index;
    return bad;
}

static const char tls_versions[] = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3";

static const char *read_tls(const value_t *v)
{
    int bits = 0, mode;
    ss_settings_t *s = RECORD(ss_settings_t, tls);
    const char *bad = choose(v, &mode);

    if (bad) return bad;
    if (v->argc > 1 && mode != SS_TLS_STARTTLS && mode != SS_TLS_TLS)
        return wrong(v, "takes no versions: only starttls and tls do");
    for (int i = 1; i < v->argc; i++) {
        int version = ss_text_word_index(tls_versions, v->argv[i]);
        if (version < 0)
            return apr_psprintf(v->pool, "'%s' is not one of the versions %s", v->argv[i],
                                choices(tls_versions, v->pool));
        bits |= 1 << version;
    }
    s->tls = mode;
    s->tls_versions = bits;
    return NULL;
}

static const char *read_word(const value_t *v)
{
    const ss_option_t *o = v->option;
    int index;
    const char *bad = o->words ? choose(v, &index) : NULL;

    if (bad) return bad;
    if (o->kind == SS_KIND_AUTH && v->argc > 1 && ss_text_word_index("auto off", v->text) >= 0)
        return wrong(v, "cannot be combined with mechanisms");
    if (!*v->text || ss_text_has_control(v->text))
        return "holds an empty word or a control character";
    return keep(v, o->words ? ss_text_word(o->words, index, v->pool) : v->text);
}

static const char *read_host_pattern(const value_t *v)
{
    if (ss_option_syntax_is_name_pattern(v->text) || ss_option_syntax_is_ipv6(v->text))
        return keep(v, v->text);
    return wrong(v, "is not the name of a host, such as app.example.com or *.example.com");
}

/* As browsers write it: without the scheme's own port. */
static const char *read_origin(const value_t *v)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_*:[]";
    char *text = apr_pstrdup(v->pool, v->text), *host = strstr(text, "://");
    apr_size_t len = strlen(text);

    if (!strcmp(text, "*")) return keep(v, text);
    for (char *p = text; *p; p++) *p = (char)apr_tolower(*p);
    if (!host || host == text || !host[3] || strspn(host + 3, allowed) < strlen(host + 3))
        return wrong(v, "is not an origin such as https://www.example.com or "
                        "http://localhost:3000: scheme, host and port, without a path");
    const char *port = !strncmp(text, "https:", 6)  ? ":443"
                       : !strncmp(text, "http:", 5) ? ":80"
                                                    : "/";
    if (len > strlen(port) && !strcmp(text + len - strlen(port), port))
        text[len - strlen(port)] = '\0';
    return keep(v, text);
}

static int is_variable(const char *name)
{
    if (apr_isdigit(*name)) return 0;
    while (apr_isalnum(*name) || *name == '_') name++;
    return !*name;
}

static const char *read_secret(const value_t *v)
{
    static const char *const prefixes[] = {
        [SS_SECRET_FILE] = "file:", [SS_SECRET_ENV] = "env:", [SS_SECRET_EXEC] = "exec:"
    };
    ss_secret_source_t *source = apr_pcalloc(v->pool, sizeof(*source));

    *(ss_secret_source_t **)v->field = source;
    /* SMTPSendPassword "": httpd hands an empty last word over as none. */
    source->kind = *v->text ? SS_SECRET_TEXT : SS_SECRET_NONE;
    source->source = apr_pstrdup(v->pool, v->text);
    if (!*v->text) return NULL;
    for (int i = SS_SECRET_FILE; i <= SS_SECRET_EXEC; i++) {
        if (strncmp(v->text, prefixes[i], strlen(prefixes[i]))) continue;
        source->kind = (ss_secret_kind_t)i;
        source->source += strlen(prefixes[i]);
        if (!*source->source)
            return wrong(v, "has nothing after the colon: file:/etc/apache2/smtp_send.password, "
                            "env:NAME or exec:/path/program");
        if (i == SS_SECRET_ENV && !is_variable(source->source))
            return wrong(v, "does not name a variable of the environment");
    }
    if (v->argc > 1 && source->kind != SS_SECRET_EXEC)
        return "takes one value (in quotes if it contains spaces); only exec: takes arguments";
    for (int i = 1; i < v->argc; i++)
        source->source = apr_pstrcat(v->pool, source->source, "\n", v->argv[i], NULL);
    if ((source->kind == SS_SECRET_FILE || source->kind == SS_SECRET_EXEC) &&
        *source->source != '/') {
        return apr_psprintf(v->pool, "'%s' is not an absolute path", source->source);
    }
    return NULL;
}

#define FINGERPRINT_USAGE                                                                          \
    "takes sha256: and 64 hexadecimal digits, which \"openssl x509 -noout -fingerprint -sha256 "   \
    "-in FILE\" prints"

/* As OpenSSL prints it, with colons, and in as many parts as fit on the lines. */
static const char *read_fingerprint(const value_t *v)
{
    char hex[65];
    int n = 0;

    if (strncasecmp(v->text, "sha256:", 7)) return FINGERPRINT_USAGE;
    for (int i = 0; i < v->argc; i++) {
        for (const char *p = v->argv[i] + (i ? 0 : 7); *p; p++) {
            if (*p == ':') continue;
            if (!apr_isxdigit(*p) || n == 64)
                return wrong(v, "is not sha256: and 64 hexadecimal digits");
            hex[n++] = (char)apr_tolower(*p);
        }
    }
    if (n != 64) return wrong(v, "has %d hexadecimal digits instead of 64", n);
    hex[64] = '\0';
    return keep(v, apr_pstrcat(v->pool, "sha256:", hex, NULL));
}

static const struct {
    const char *name;
    int seconds;
} rate_units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };

static const char *read_rate(const value_t *v)
{
    ss_settings_rate_t *rate = v->field;
    const char *slash = strchr(v->text, '/');

    if (slash && !ss_text_number(apr_pstrmemdup(v->pool, v->text, (apr_size_t)(slash - v->text)),
                                 v->option->min, v->option->max, &rate->count)) {
        for (int i = 0; i < 4; i++) {
            if (strcmp(slash + 1, rate_units[i].name)) continue;
            rate->per = apr_time_from_sec(rate_units[i].seconds);
            return NULL;
        }
    }
    return wrong(v, "is not a rate such as 10/s, 300/min, 5000/h or 20000/d");
}

static const char *read_address(const value_t *v)
{
    const char *words = v->option->words;
    int index = words ? ss_text_word_index(words, v->text) : -1;

    if (index < 0 && !ss_option_syntax_is_address(v->text)) {
        return wrong(v, "is not one address such as name@example.com%s%s",
                     !words               ? ""
                     : strchr(words, ' ') ? ", nor one of "
                                          : ", nor ",
                     words ? choices(words, v->pool) : "");
    }
    return keep(v, index >= 0 ? ss_text_word(words, index, v->pool)
                              : ss_idn_address(v->text, v->pool));
}

static const char *read_pattern(const value_t *v)
{
    if (ss_option_syntax_is_ipv4(apr_pstrmemdup(v->pool, v->text, strcspn(v->text, "/"))))
        return wrong(v, "is not an address of mail; clients are limited with Require ip");
    if (!ss_option_syntax_is_pattern(v->text))
        return wrong(v, "is not an address pattern such as *@example.com, or * for all");
    return keep(v, v->text);
}

/* Names of this host, or addresses; separated by blanks or commas, also within a word. */
static const char *check_alias(const value_t *v)
{
    char *state = NULL;

    if (strpbrk(v->text, "@:/|<>,;"))
        return wrong(v, "is not the name of a local user, such as root, nor * for any");
    for (char *to = apr_strtok(apr_pstrdup(v->pool, joined(v, 1)), " ,", &state); to;
         to = apr_strtok(NULL, " ,", &state)) {
        if (!ss_option_syntax_is_address(to) && strpbrk(to, "@:/|<>;()[]\\\""))
            return apr_psprintf(v->pool, "'%s' is not an address such as admin@example.com", to);
    }
    return NULL;
}

static const char *check_relay_for(const value_t *v)
{
    if (ss_option_syntax_is_pattern(v->text) || !strcmp(v->text, "<>")) return NULL;
    return wrong(v, "is not a pattern of senders such as *@example.com");
}

static const char *check_field(const value_t *v)
{
    /* Bcc would be sent to each recipient, and the others say what the body is. */
    static const char reserved[] = "Bcc Resent-Bcc Content-Type Content-Transfer-Encoding "
                                   "MIME-Version Content-Length";

    if (!*v->text || strspn(v->text, FIELD_NAME) < strlen(v->text))
        return wrong(v, "is not a field's name");
    return ss_text_word_index(reserved, v->text) < 0
               ? NULL
               : wrong(v, "cannot be added: the module writes that field, or leaves it out");
}

static const char *read_pair(const value_t *v)
{
    static const struct {
        const char *name, *takes;
        const char *(*check)(const value_t *);
    } rows[] = { { "SMTPSendAlias", "takes a name and one or more addresses", check_alias },
                 { "SMTPSendRelayFor", "takes two words, PATTERN RELAYNAME", check_relay_for },
                 { "SMTPSendAddHeader", "takes two words, NAME VALUE, in quotes if one has a space",
                   check_field } };
    int i = 0;

    while (strcmp(rows[i].name, v->option->name)) i++;
    if (v->argc < v->option->min || v->argc > v->option->max)
        return apr_psprintf(v->pool, "%s, not %d", rows[i].takes, v->argc);
    for (int k = 0; k < v->argc; k++) {
        if (!*v->argv[k] || ss_text_has_control(v->argv[k]))
            return "holds an empty value or a control character";
    }
    *(ss_settings_pair_t *)v->field =
        (ss_settings_pair_t){ apr_pstrdup(v->pool, v->text), joined(v, 1), NULL, NULL };
    return rows[i].check(v);
}

static const char *read_queue(const value_t *v)
{
    ss_settings_globals_t *g = RECORD(ss_settings_globals_t, queue_driver);
    int index;
    const char *bad = choose(v, &index);

    if (bad) return bad;
    if (v->argc > 2 || (index == 1 && v->argc != 2))
        return "takes sqlite3 and a path, or pgsql and \"host=... dbname=... user=...\" in quotes";
    g->queue_params = v->argc == 2 ? apr_pstrdup(v->pool, v->argv[1]) : NULL;
    return keep(v, ss_text_word(v->option->words, index, v->pool));
}

static const char *read_limit(const value_t *v)
{
    ss_settings_globals_t *g = RECORD(ss_settings_globals_t, queue_limit_messages);
    apr_int64_t messages;
    apr_uint64_t bytes = APR_UINT64_C(4) << 30;

    if (ss_text_number(v->text, 1, APR_INT64_C(1000000000), &messages))
        return wrong(v, "is not a number of messages from 1 to 1000000000");
    if (v->argc == 2 && (ss_text_size(v->argv[1], &bytes) || bytes < 1048576))
        return apr_psprintf(v->pool, "'%s' is not a size of 1M or more, such as 4G", v->argv[1]);
    g->queue_limit_messages = messages;
    g->queue_limit_bytes = (apr_int64_t)bytes;
    return NULL;
}

static const char *read_socket(const value_t *v)
{
    ss_settings_globals_t *g = RECORD(ss_settings_globals_t, socket_path);
    int mode = 0;

    if (!*v->text) return "takes a path and, if wanted, a mode such as 0660";
    if (strlen(v->text) > 100)
        return wrong(v, "is longer than 100 characters: local sockets cannot have such paths");
    for (const char *p = v->argc == 2 ? v->argv[1] : "0660"; *p; p++) {
        mode = *p < '0' || *p > '7' ? 01000 : mode * 8 + (*p - '0');
        if (mode > 0777)
            return apr_psprintf(v->pool, "'%s' is not a mode such as 0660", v->argv[1]);
    }
    g->socket_mode = mode;
    return keep(v, v->text);
}

/* A user and a group, one after the other. The daemon reads what strangers send. */
static const char *read_user(const value_t *v)
{
    ss_account_t account;
    const char *bad =
        ss_account_find(&account, v->argv[0], v->argc > 1 ? v->argv[1] : NULL, v->pool);

    if (!bad && !account.uid) return wrong(v, "is root, whom the delivery daemon must not run as");
    return bad ? bad : keep(v, v->text);
}

/* ---- printing ---- */

static const char *print_int(const value_t *v)
{
    int value = *(const int *)v->field;

    if (v->option->kind == SS_KIND_FLAG) return value ? "On" : "Off";
    if (v->option->kind == SS_KIND_ENUM) return ss_text_word(v->option->words, value, v->pool);
    return apr_itoa(v->pool, value);
}

static const char *print_size(const value_t *v)
{
    return ss_text_size_print(v->pool, *(const apr_uint64_t *)v->field);
}

static const char *print_duration(const value_t *v)
{
    apr_interval_time_t value = *(const apr_interval_time_t *)v->field;

    return !value && v->option->kind == SS_KIND_DURATION_OFF
               ? "off"
               : ss_text_duration_print(v->pool, value);
}

static const char *print_text(const value_t *v)
{
    return *(const char *const *)v->field;
}

/* An address, or the word that stands for none: finished records keep that as nothing. */
static const char *print_address(const value_t *v)
{
    const char *address = print_text(v), *initial = v->option->initial;

    if (address && *address) return address;
    return initial ? initial : "";
}

static const char *print_host(const value_t *v)
{
    const ss_settings_host_t *host = v->field;
    const char *name =
        strchr(host->name, ':') ? apr_pstrcat(v->pool, "[", host->name, "]", NULL) : host->name;

    return host->port ? apr_psprintf(v->pool, "%s:%d", name, host->port) : name;
}

static const char *print_tls(const value_t *v)
{
    const ss_settings_t *s = RECORD(ss_settings_t, tls);
    const char *out = ss_text_word(v->option->words, s->tls, v->pool);

    for (int i = 0; s->tls_versions > 0 && i < 4; i++) {
        if (s->tls_versions & (1 << i))
            out = apr_pstrcat(v->pool, out, " ", ss_text_word(tls_versions, i, v->pool), NULL);
    }
    return out;
}

static const char *print_secret(const value_t *v)
{
    static const char *const names[] = { "empty", "set (text)", "set (file)", "set (env)",
                                         "set (exec)" };

    return names[(*(ss_secret_source_t *const *)v->field)->kind];
}

static const char *print_rate(const value_t *v)
{
    const ss_settings_rate_t *rate = v->field;
    int i = 0;

    while (i < 3 && apr_time_from_sec(rate_units[i].seconds) != rate->per) i++;
    return apr_psprintf(v->pool, "%" APR_INT64_T_FMT "/%s", rate->count, rate_units[i].name);
}

static const char *print_pair(const value_t *v)
{
    const ss_settings_pair_t *pair = v->field;

    return apr_pstrcat(v->pool, pair->name, " ", pair->value, NULL);
}

static const char *print_queue(const value_t *v)
{
    const ss_settings_globals_t *g = RECORD(ss_settings_globals_t, queue_driver);

    /* A server's connection string may hold a password. */
    if (!strcmp(g->queue_driver, "pgsql")) return "pgsql (set)";
    return g->queue_params ? apr_pstrcat(v->pool, g->queue_driver, " ", g->queue_params, NULL)
                           : g->queue_driver;
}

static const char *print_limit(const value_t *v)
{
    const apr_int64_t *values = v->field;

    return apr_psprintf(v->pool, "%" APR_INT64_T_FMT " %s", values[0],
                        ss_text_size_print(v->pool, (apr_uint64_t)values[1]));
}

static const char *print_socket(const value_t *v)
{
    const ss_settings_globals_t *g = RECORD(ss_settings_globals_t, socket_path);

    return apr_psprintf(v->pool, "%s 0%o", g->socket_path, (unsigned)g->socket_mode);
}

/* ---- the table of kinds ---- */

/* octets from the first to the last of the fields that belong to one value */
#define SPAN(type, first, last)                                                                    \
    (offsetof(type, last) + sizeof(((type *)0)->last) - offsetof(type, first))
#define INT SHAPE_INT, sizeof(int), 0
#define INT64 SHAPE_INT64, sizeof(apr_int64_t), 0
#define POINTER SHAPE_POINTER, sizeof(void *), 0
#define LIST(type) SHAPE_POINTER, sizeof(void *), sizeof(type)
#define ONE 1, 1, "takes one value"

static const struct {
    enum { SHAPE_INT, SHAPE_INT64, SHAPE_POINTER } shape; /* of the field: how "not set" looks */
    apr_size_t size;                                      /* of all fields of the value */
    apr_size_t item; /* octets of an item, which is read and printed by itself; 0: no list */
    int min, max;    /* arguments */
    const char *usage;
    const char *(*read)(const value_t *); /* NULL, or what is wrong */
    const char *(*print)(const value_t *);
} kinds[] = {
    [SS_KIND_FLAG] = { INT, ONE, read_flag, print_int },
    [SS_KIND_NUMBER] = { INT, ONE, read_number, print_int },
    [SS_KIND_SIZE] = { INT64, ONE, read_size, print_size },
    [SS_KIND_DURATION] = { INT64, ONE, read_duration, print_duration },
    [SS_KIND_DURATION_OFF] = { INT64, ONE, read_duration, print_duration },
    [SS_KIND_DURATIONS] = { LIST(apr_interval_time_t), 1, ARGS_MAX, "takes one to 64 durations",
                            read_duration, print_duration },
    [SS_KIND_TIMEOUTS] = { SHAPE_INT64, SPAN(ss_settings_t, timeout[0], timeout[SS_TIMEOUTS - 1]),
                           sizeof(apr_interval_time_t), 1, SS_TIMEOUTS,
                           "takes one to five durations: connect greeting auth command data",
                           read_duration, print_duration },
    [SS_KIND_TEXT] = { POINTER, ONE, read_text, print_text },
    [SS_KIND_SOURCE] = { POINTER, ONE, read_source, print_text },
    [SS_KIND_LISTEN] = { POINTER, ONE, read_listen, print_text },
    [SS_KIND_FILE] = { POINTER, ONE, read_path, print_text },
    [SS_KIND_NAME] = { POINTER, ONE, read_name, print_text },
    [SS_KIND_LOG] = { POINTER, ONE, read_log, print_text },
    [SS_KIND_HOSTS] = { LIST(ss_settings_host_t), 1, 16, "takes one to 16 hosts", read_host,
                        print_host },
    [SS_KIND_ENUM] = { INT, ONE, read_enum, print_int },
    [SS_KIND_TLS] = { SHAPE_INT, SPAN(ss_settings_t, tls, tls_versions), 0, 0, ARGS_MAX,
                      "takes a mode and TLS versions", read_tls, print_tls },
    [SS_KIND_AUTH] = { LIST(char *), 1, ARGS_MAX, "takes one to 64 words", read_word, print_text },
    [SS_KIND_SECRET] = { POINTER, 0, ARGS_MAX, "takes at most 64 words", read_secret,
                         print_secret },
    [SS_KIND_FINGERPRINT] = { POINTER, 1, ARGS_MAX, FINGERPRINT_USAGE, read_fingerprint,
                              print_text },
    [SS_KIND_RATES] = { LIST(ss_settings_rate_t), 1, 8, "takes one to eight rates", read_rate,
                        print_rate },
    [SS_KIND_ADDRESS] = { POINTER, ONE, read_address, print_address },
    [SS_KIND_PATTERNS] = { LIST(char *), 1, ARGS_MAX, "takes one to 64 address patterns",
                           read_pattern, print_text },
    [SS_KIND_WORDS] = { LIST(char *), 1, ARGS_MAX, "takes one to 64 words", read_word, print_text },
    [SS_KIND_NAMES] = { LIST(char *), 1, ARGS_MAX, "takes one to 64 host names", read_host_pattern,
                        print_text },
    [SS_KIND_ORIGINS] = { LIST(char *), 1, ARGS_MAX, "takes one to 64 origins", read_origin,
                          print_text },
    [SS_KIND_PAIR] = { LIST(ss_settings_pair_t), 0, ARGS_MAX, "takes at most 64 words", read_pair,
                       print_pair },
    [SS_KIND_QUEUE] = { SHAPE_POINTER, SPAN(ss_settings_globals_t, queue_driver, queue_params), 0,
                        0, ARGS_MAX, "takes a driver and where the queue is", read_queue,
                        print_queue },
    [SS_KIND_LIMIT] = { SHAPE_INT64,
                        SPAN(ss_settings_globals_t, queue_limit_messages, queue_limit_bytes), 0, 1,
                        2, "takes a number of messages and a size, such as 100000 4G", read_limit,
                        print_limit },
    [SS_KIND_SOCKET] = { SHAPE_POINTER, SPAN(ss_settings_globals_t, socket_path, socket_mode), 0, 1,
                         2, "takes a path and, if wanted, a mode such as 0660", read_socket,
                         print_socket },
    [SS_KIND_USER] = { LIST(char *), 1, 2, "takes a user and, if wanted, a group", read_user,
                       print_text }
};

/* The arguments of a list are an item each, those of a pair are one. Patterns and pairs add to what
 * earlier lines gave. */
static const char *read_value(const ss_option_t *option, void *field, int argc,
                              const char *const *argv, apr_pool_t *pool)
{
    value_t v = { option, field, argc ? argv[0] : "", argc, argv, pool };
    int is_pair = option->kind == SS_KIND_PAIR, is_array = option->kind == SS_KIND_TIMEOUTS;
    int item = (int)kinds[option->kind].item;
    apr_array_header_t *list = NULL;

    if (argc < kinds[option->kind].min || argc > kinds[option->kind].max)
        return apr_psprintf(pool, "%s, not %d", kinds[option->kind].usage, argc);
    if (!item) return kinds[option->kind].read(&v);
    if (is_pair || option->kind == SS_KIND_PATTERNS) list = *(apr_array_header_t **)field;
    if (!list) list = apr_array_make(pool, argc + 1, item);
    for (int i = 0; i < (is_pair ? 1 : argc); i++) {
        if (!is_pair) v.text = argv[i];
        v.field = is_array ? (char *)field + i * item : apr_array_push(list);
        const char *bad = kinds[option->kind].read(&v);
        if (bad) return bad;
    }
    if (!is_array) *(apr_array_header_t **)field = list;
    return NULL;
}

static int is_set(const ss_option_t *option, const void *field)
{
    switch (kinds[option->kind].shape) {
    case SHAPE_INT: return *(const int *)field != SS_UNSET;
    case SHAPE_INT64: return *(const apr_int64_t *)field != SS_UNSET;
    case SHAPE_POINTER: break;
    }
    return *(void *const *)field != NULL;
}

/* ---- records ---- */

int ss_option_is_at(const ss_option_t *option, ss_option_place_t place)
{
    return option->place == place || (option->place == SS_PLACE_BOTH &&
                                      (place == SS_PLACE_SERVER || place == SS_PLACE_DIRECTORY));
}

void *ss_option_field(const ss_option_t *option, void *record, ss_option_place_t place)
{
    int is_directory = option->place == SS_PLACE_BOTH && place == SS_PLACE_DIRECTORY;

    return (char *)record + (is_directory ? option->offset_directory : option->offset);
}

static const apr_size_t record_sizes[] = { [SS_PLACE_SERVER] = sizeof(ss_settings_t),
                                           [SS_PLACE_GLOBAL] = sizeof(ss_settings_globals_t),
                                           [SS_PLACE_DIRECTORY] = sizeof(ss_settings_policy_t) };

void ss_option_clear(ss_option_place_t place, void *record)
{
    memset(record, 0, record_sizes[place]);
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        if (!ss_option_is_at(option, place)) continue;
        void *field = ss_option_field(option, record, place);
        if (kinds[option->kind].shape == SHAPE_INT) *(int *)field = SS_UNSET;
        if (kinds[option->kind].shape == SHAPE_INT64) memset(field, 0xff, kinds[option->kind].size);
    }
}

void ss_option_set_defaults(ss_option_place_t place, void *record, apr_pool_t *pool)
{
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        int is_array = option->kind == SS_KIND_TIMEOUTS, argc = 0;
        apr_interval_time_t own[SS_TIMEOUTS], *timeout;
        const char *argv[INITIAL_ARGS_MAX];
        char *state = NULL;
        if (!ss_option_is_at(option, place) || !option->initial) continue;
        /* A location without a limit of its own has its server's. */
        if (option->place == SS_PLACE_BOTH && place == SS_PLACE_DIRECTORY) continue;
        void *field = ss_option_field(option, record, place);
        if (is_set(option, field) && !is_array) continue;
        for (char *word = apr_strtok(apr_pstrdup(pool, option->initial), " ", &state);
             word && argc < INITIAL_ARGS_MAX; word = apr_strtok(NULL, " ", &state))
            argv[argc++] = word;
        if (is_array) memcpy(own, field, sizeof(own));
        read_value(option, field, argc, argv, pool);
        timeout = field;
        for (int k = 0; is_array && k < SS_TIMEOUTS; k++)
            if (own[k] != SS_UNSET) timeout[k] = own[k];
    }
}

static apr_array_header_t **sources_of(void *record, ss_option_place_t place)
{
    if (place == SS_PLACE_GLOBAL) return &((ss_settings_globals_t *)record)->sources;
    if (place == SS_PLACE_DIRECTORY) return &((ss_settings_policy_t *)record)->sources;
    return &((ss_settings_t *)record)->sources;
}

static void set_source(const ss_option_t *option, void *record, ss_option_place_t place,
                       const char *source, apr_pool_t *pool)
{
    apr_array_header_t **sources = sources_of(record, place);

    if (!*sources) {
        *sources = apr_array_make(pool, ss_option_count, sizeof(const char *));
        for (int i = 0; i < ss_option_count; i++) APR_ARRAY_PUSH(*sources, const char *) = NULL;
    }
    APR_ARRAY_IDX(*sources, option - ss_options, const char *) = source;
}

const char *ss_option_at(const apr_array_header_t *sources, const char *name, apr_pool_t *pool)
{
    const ss_option_t *option = ss_option_find(name);
    const char *source =
        option && sources ? APR_ARRAY_IDX(sources, option - ss_options, const char *) : NULL;

    return source ? apr_pstrcat(pool, source, ": ", NULL) : "";
}

int ss_option_accepts(const ss_option_t *option, int argc, const char *const *argv,
                      apr_pool_t *pool)
{
    ss_option_place_t place = option->place == SS_PLACE_BOTH ? SS_PLACE_SERVER : option->place;
    void *record = apr_palloc(pool, record_sizes[place]);

    ss_option_clear(place, record);
    return !read_value(option, ss_option_field(option, record, place), argc, argv, pool);
}

const char *ss_option_set_at(const ss_option_t *option, void *record, ss_option_place_t place,
                             int argc, const char *const *argv, const char *source,
                             apr_pool_t *pool)
{
    const char *bad = read_value(option, ss_option_field(option, record, place), argc, argv, pool);

    if (bad) {
        const char *hint = ss_option_hint(option, argc, argv, pool);
        return apr_psprintf(pool, "%s: %s%s%s (%s)", option->name, bad, hint ? "; write " : "",
                            hint ? hint : "", option->help);
    }
    if (source) set_source(option, record, place, apr_pstrdup(pool, source), pool);
    if (source && option->kind == SS_KIND_PAIR) {
        apr_array_header_t *pairs = *(apr_array_header_t **)ss_option_field(option, record, place);
        APR_ARRAY_IDX(pairs, pairs->nelts - 1, ss_settings_pair_t).source =
            apr_pstrdup(pool, source);
    }
    return NULL;
}

const char *ss_option_set(const ss_option_t *option, void *record, int argc,
                          const char *const *argv, const char *source, apr_pool_t *pool)
{
    return ss_option_set_at(option, record,
                            option->place == SS_PLACE_BOTH ? SS_PLACE_SERVER : option->place, argc,
                            argv, source, pool);
}

apr_array_header_t *ss_option_values(const ss_option_t *option, const void *record,
                                     ss_option_place_t place, apr_pool_t *pool)
{
    value_t v = { .option = option,
                  .field = ss_option_field(option, (void *)record, place),
                  .pool = pool };
    apr_array_header_t *values = apr_array_make(pool, 4, sizeof(const char *));
    char *items = v.field;
    int item = (int)kinds[option->kind].item, count = item ? SS_TIMEOUTS : 1;

    if (!is_set(option, v.field) && option->kind != SS_KIND_ADDRESS) return values;
    if (item && option->kind != SS_KIND_TIMEOUTS) {
        const apr_array_header_t *list = *(apr_array_header_t **)v.field;
        items = list->elts;
        count = list->nelts;
    }
    for (int i = 0; i < count; i++) {
        v.field = items + i * item;
        APR_ARRAY_PUSH(values, const char *) = kinds[option->kind].print(&v);
    }
    return values;
}

const char *ss_option_print(const ss_option_t *option, const void *record, apr_pool_t *pool)
{
    const apr_array_header_t *values = ss_option_values(
        option, record, option->place == SS_PLACE_BOTH ? SS_PLACE_SERVER : option->place, pool);
    const char *out = "", *between = option->kind == SS_KIND_PAIR ? "; " : " ";

    for (int i = 0; i < values->nelts; i++)
        out =
            apr_pstrcat(pool, out, i ? between : "", APR_ARRAY_IDX(values, i, const char *), NULL);
    return out;
}

void ss_option_merge(ss_option_place_t place, void *into, const void *parent, const void *child,
                     apr_pool_t *pool)
{
    *sources_of(into, place) = NULL;
    for (int i = 0; i < ss_option_count; i++) {
        const ss_option_t *option = &ss_options[i];
        if (!ss_option_is_at(option, place)) continue;
        int is_own = is_set(option, ss_option_field(option, (void *)child, place));
        void *from = (void *)(is_own ? child : parent);
        const apr_array_header_t *sources = *sources_of(from, place);
        memcpy(ss_option_field(option, into, place), ss_option_field(option, from, place),
               kinds[option->kind].size);
        if (sources && APR_ARRAY_IDX(sources, i, const char *))
            set_source(option, into, place, APR_ARRAY_IDX(sources, i, const char *), pool);
    }
}
