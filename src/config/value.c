/* value.c: the kinds of values that directives have. Pure: no httpd. See value.h. */
#include "config/value.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "config/settings.h"

#define ARGS_MAX 64

/* "a", "b" or "c" out of "a b c". */
static const char *choices(const char *words, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, words), *state = NULL;
    const char *out = "";

    for (char *word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        out = apr_pstrcat(pool, out, *out ? ", " : "", word, NULL);
    return out;
}

static int index_of(const char *words, const char *value)
{
    const char *p = words;
    apr_size_t len = strlen(value);

    for (int i = 0; p && *p; i++) {
        const char *end = strchr(p, ' ');
        apr_size_t n = end ? (apr_size_t)(end - p) : strlen(p);
        if (n == len && !strncasecmp(p, value, n)) return i;
        p = end ? end + 1 : NULL;
    }
    return -1;
}

static const char *word_of(const char *words, int index, apr_pool_t *pool)
{
    const char *p = words;

    for (; index > 0 && p; index--) {
        p = strchr(p, ' ');
        if (p) p++;
    }
    if (!p) return "";
    const char *end = strchr(p, ' ');
    return end ? apr_pstrmemdup(pool, p, (apr_size_t)(end - p)) : p;
}

static const char *one_argument(int argc)
{
    return argc == 1 ? NULL : "takes one value";
}

static int has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) return 1;
    }
    return 0;
}

/* Address syntax is src/mail's; a configuration's addresses are checked for what matters here: one
 * @ and nothing that ends a command. */
static int looks_like_address(const char *text)
{
    const char *at = strrchr(text, '@');

    return at && at != text && at[1] && strlen(text) <= 320 && !has_control(text) &&
           !strpbrk(text, " <>,;");
}

/* ---- reading ---- */

static const char *read_flag(const ss_option_t *o, void *field, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    const char *bad = one_argument(argc);

    (void)o;
    if (bad) return bad;
    if (!strcasecmp(argv[0], "On"))
        *(int *)field = 1;
    else if (!strcasecmp(argv[0], "Off"))
        *(int *)field = 0;
    else
        return apr_psprintf(pool, "'%s' is neither On nor Off", argv[0]);
    return NULL;
}

static const char *read_number(const ss_option_t *o, void *field, int argc, const char *const *argv,
                               apr_pool_t *pool)
{
    const char *bad = one_argument(argc);
    apr_int64_t value;

    if (bad) return bad;
    if (ss_text_number(argv[0], o->min, o->max, &value)) {
        return apr_psprintf(pool,
                            "'%s' is not a number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                            argv[0], o->min, o->max);
    }
    *(int *)field = (int)value;
    return NULL;
}

static const char *read_size(const ss_option_t *o, void *field, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    const char *bad = one_argument(argc);
    apr_uint64_t value;

    if (bad) return bad;
    if (ss_text_size(argv[0], &value) || value < (apr_uint64_t)o->min ||
        (o->max && value > (apr_uint64_t)o->max)) {
        return apr_psprintf(pool, "'%s' is not a size such as 512K, 25M or 1G, from %s to %s",
                            argv[0], ss_text_size_print(pool, (apr_uint64_t)o->min),
                            o->max ? ss_text_size_print(pool, (apr_uint64_t)o->max) : "any");
    }
    *(apr_int64_t *)field = (apr_int64_t)value;
    return NULL;
}

static const char *duration(const ss_option_t *o, const char *text, apr_interval_time_t *out,
                            apr_pool_t *pool)
{
    apr_interval_time_t value;

    if (ss_text_duration(text, &value) || value < o->min || (o->max && value > o->max)) {
        return apr_psprintf(pool,
                            "'%s' is not a duration such as 30s, 5min, 2h or 1d, from %s to %s",
                            text, ss_text_duration_print(pool, o->min),
                            o->max ? ss_text_duration_print(pool, o->max) : "any");
    }
    *out = value;
    return NULL;
}

static const char *read_duration(const ss_option_t *o, void *field, int argc,
                                 const char *const *argv, apr_pool_t *pool)
{
    const char *bad = one_argument(argc);

    return bad ? bad : duration(o, argv[0], field, pool);
}

static const char *read_duration_off(const ss_option_t *o, void *field, int argc,
                                     const char *const *argv, apr_pool_t *pool)
{
    if (argc == 1 && !strcasecmp(argv[0], "off")) {
        *(apr_interval_time_t *)field = 0;
        return NULL;
    }
    return read_duration(o, field, argc, argv, pool);
}

static const char *read_durations(const ss_option_t *o, void *field, int argc,
                                  const char *const *argv, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, argc, sizeof(apr_interval_time_t));

    if (argc < 1 || argc > ARGS_MAX) return "takes one to 64 durations";
    for (int i = 0; i < argc; i++) {
        apr_interval_time_t value;
        const char *bad = duration(o, argv[i], &value, pool);
        if (bad) return bad;
        APR_ARRAY_PUSH(list, apr_interval_time_t) = value;
    }
    *(apr_array_header_t **)field = list;
    return NULL;
}

static const char *read_timeouts(const ss_option_t *o, void *field, int argc,
                                 const char *const *argv, apr_pool_t *pool)
{
    apr_interval_time_t *timeout = field;

    if (argc < 1 || argc > SS_TIMEOUTS)
        return "takes one to five durations: connect greeting auth command data";
    for (int i = 0; i < argc; i++) {
        const char *bad = duration(o, argv[i], &timeout[i], pool);
        if (bad) return bad;
    }
    return NULL;
}

static const char *read_text(const ss_option_t *o, void *field, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    const char *bad = one_argument(argc);

    if (bad) return bad;
    if (has_control(argv[0])) return "holds a control character";
    if ((apr_int64_t)strlen(argv[0]) < o->min ||
        (o->max && (apr_int64_t)strlen(argv[0]) > o->max)) {
        return apr_psprintf(
            pool, "'%s' is not a text of %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT " characters",
            argv[0], o->min, o->max);
    }
    *(const char **)field = apr_pstrdup(pool, argv[0]);
    return NULL;
}

/* A local address, IPv4 or IPv6: a name or an interface would only fail when the first connection
 * is made. */
static const char *read_source(const ss_option_t *o, void *field, int argc, const char *const *argv,
                               apr_pool_t *pool)
{
    const char *bad = one_argument(argc);
    unsigned char address[sizeof(struct in6_addr)];

    (void)o;
    if (bad) return bad;
    if (inet_pton(AF_INET, argv[0], address) != 1 && inet_pton(AF_INET6, argv[0], address) != 1) {
        return apr_psprintf(pool,
                            "'%s' is not an IPv4 or IPv6 address of this machine, such as "
                            "192.0.2.7 or 2001:db8::7 (without brackets)",
                            argv[0]);
    }
    *(const char **)field = apr_pstrdup(pool, argv[0]);
    return NULL;
}

/* Only this machine's own programs: there is no login here, and whoever reached it could send mail.
 */
static const char *read_listen(const ss_option_t *o, void *field, int argc, const char *const *argv,
                               apr_pool_t *pool)
{
    const char *bad = one_argument(argc), *colon = argc ? strrchr(argv[0], ':') : NULL;
    struct in_addr v4;
    struct in6_addr v6;
    apr_int64_t port;

    (void)o;
    if (bad) return bad;
    const char *host = colon ? apr_pstrmemdup(pool, argv[0], (apr_size_t)(colon - argv[0])) : "";
    int is_v6 = colon && *host == '[' && colon[-1] == ']';
    if (is_v6) host = apr_pstrmemdup(pool, host + 1, strlen(host) - 2);
    int is_address =
        is_v6 ? inet_pton(AF_INET6, host, &v6) == 1 : inet_pton(AF_INET, host, &v4) == 1;
    if (!is_address || ss_text_number(colon + 1, 1, 65535, &port)) {
        return apr_psprintf(
            pool, "'%s' is not an address and a port, such as 127.0.0.1:2525 or [::1]:2525",
            argv[0]);
    }
    if (is_v6 ? !IN6_IS_ADDR_LOOPBACK(&v6) : ntohl(v4.s_addr) >> 24 != 127) {
        return apr_psprintf(pool,
                            "'%s' can be reached from other machines, and there is no login: "
                            "anybody could send mail; write 127.0.0.1:%" APR_INT64_T_FMT,
                            argv[0], port);
    }
    *(const char **)field =
        apr_psprintf(pool, is_v6 ? "[%s]:%" APR_INT64_T_FMT : "%s:%" APR_INT64_T_FMT, host, port);
    return NULL;
}

static const char *one_host(ss_settings_host_t *host, const char *text, apr_pool_t *pool)
{
    apr_int64_t port = 0;
    const char *name = text, *colon;

    if (*text == '[') {
        const char *end = strchr(text, ']');
        if (!end || end == text + 1 || (end[1] && end[1] != ':') ||
            !memchr(text, ':', (apr_size_t)(end - text)))
            return apr_psprintf(pool, "'%s' is not [IPv6 address] or [IPv6 address]:port", text);
        name = apr_pstrmemdup(pool, text + 1, (apr_size_t)(end - text - 1));
        colon = end[1] ? end + 1 : NULL;
    } else {
        colon = strchr(text, ':');
        if (colon && strchr(colon + 1, ':'))
            return apr_psprintf(pool, "'%s': write an IPv6 address in brackets, [%s]", text, text);
        if (colon) name = apr_pstrmemdup(pool, text, (apr_size_t)(colon - text));
    }
    if (colon && ss_text_number(colon + 1, 1, 65535, &port))
        return apr_psprintf(pool, "'%s' has no port from 1 to 65535 after the colon", text);
    if (!*name || strlen(name) > 253 || has_control(name) || strpbrk(name, " /@\"'<>[]") ||
        *name == '.' || strstr(name, "..")) {
        return apr_psprintf(pool,
                            "'%s' is not a host name or address, such as smtp.example.com, "
                            "192.0.2.1 or [2001:db8::1]:587",
                            text);
    }
    apr_size_t len = strlen(name);
    /* A trailing dot is right in DNS and wrong in certificates. */
    host->name = name[len - 1] == '.' && len > 1 ? apr_pstrmemdup(pool, name, len - 1)
                                                 : apr_pstrdup(pool, name);
    host->port = (int)port;
    return NULL;
}

static const char *read_hosts(const ss_option_t *o, void *field, int argc, const char *const *argv,
                              apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, argc, sizeof(ss_settings_host_t));

    (void)o;
    if (argc < 1 || argc > 16) return "takes one to 16 hosts";
    for (int i = 0; i < argc; i++) {
        const char *bad = one_host(apr_array_push(list), argv[i], pool);
        if (bad) return bad;
    }
    *(apr_array_header_t **)field = list;
    return NULL;
}

static const char *read_enum(const ss_option_t *o, void *field, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    const char *bad = one_argument(argc);

    if (bad) return bad;
    int index = index_of(o->words, argv[0]);
    if (index < 0)
        return apr_psprintf(pool, "'%s' is not one of %s", argv[0], choices(o->words, pool));
    *(int *)field = index;
    return NULL;
}

static const char *read_tls(const ss_option_t *o, void *field, int argc, const char *const *argv,
                            apr_pool_t *pool)
{
    static const char versions[] = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3";
    int bits = 0, mode = argc ? index_of(o->words, argv[0]) : -1;
    ss_settings_t *s = (ss_settings_t *)((char *)field - offsetof(ss_settings_t, tls));

    if (mode < 0)
        return apr_psprintf(pool, "'%s' is not one of %s", argc ? argv[0] : "",
                            choices(o->words, pool));
    if (argc > 1 && mode != SS_TLS_STARTTLS && mode != SS_TLS_TLS)
        return apr_psprintf(pool, "'%s' takes no versions: only starttls and tls do", argv[0]);
    for (int i = 1; i < argc; i++) {
        int version = index_of(versions, argv[i]);
        if (version < 0)
            return apr_psprintf(pool, "'%s' is not one of the versions %s", argv[i],
                                choices(versions, pool));
        bits |= 1 << version;
    }
    s->tls = mode;
    s->tls_versions = bits;
    return NULL;
}

static const char *read_words(const ss_option_t *o, void *field, int argc, const char *const *argv,
                              apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, argc, sizeof(const char *));

    if (argc < 1 || argc > ARGS_MAX) return "takes one to 64 words";
    for (int i = 0; i < argc; i++) {
        int index = o->words ? index_of(o->words, argv[i]) : 0;
        if (index < 0)
            return apr_psprintf(pool, "'%s' is not one of %s", argv[i], choices(o->words, pool));
        if (!*argv[i] || has_control(argv[i])) return "holds an empty word or a control character";
        APR_ARRAY_PUSH(list, const char *) =
            o->words ? word_of(o->words, index, pool) : apr_pstrdup(pool, argv[i]);
    }
    *(apr_array_header_t **)field = list;
    return NULL;
}

static const char *read_auth(const ss_option_t *o, void *field, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    const char *bad = read_words(o, field, argc, argv, pool);

    for (int i = 0; !bad && argc > 1 && i < argc; i++) {
        if (!strcasecmp(argv[i], "auto") || !strcasecmp(argv[i], "off"))
            bad = apr_psprintf(pool, "'%s' cannot be combined with mechanisms", argv[i]);
    }
    return bad;
}

static const char *read_secret(const ss_option_t *o, void *field, int argc, const char *const *argv,
                               apr_pool_t *pool)
{
    static const struct {
        const char *prefix;
        ss_secret_kind_t kind;
    } kinds[] = { { "file:", SS_SECRET_FILE },
                  { "env:", SS_SECRET_ENV },
                  { "exec:", SS_SECRET_EXEC } };
    ss_secret_source_t *source = apr_pcalloc(pool, sizeof(*source));

    (void)o;
    if (argc < 1 || !*argv[0]) {
        /* SMTPSendPassword "": httpd hands an empty last word over as none. */
        source->kind = SS_SECRET_NONE;
        source->source = "";
        *(ss_secret_source_t **)field = source;
        return NULL;
    }
    source->kind = SS_SECRET_TEXT;
    source->source = apr_pstrdup(pool, argv[0]);
    for (apr_size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        apr_size_t len = strlen(kinds[i].prefix);
        if (strncmp(argv[0], kinds[i].prefix, len)) continue;
        source->kind = kinds[i].kind;
        source->source = apr_pstrdup(pool, argv[0] + len);
        if (!*source->source)
            return apr_psprintf(pool, "'%s' has nothing after the colon", argv[0]);
    }
    if (argc > 1 && source->kind != SS_SECRET_EXEC)
        return "takes one value (in quotes if it contains spaces); only exec: takes arguments";
    for (int i = 1; i < argc; i++)
        source->source = apr_pstrcat(pool, source->source, "\n", argv[i], NULL);
    if ((source->kind == SS_SECRET_FILE || source->kind == SS_SECRET_EXEC) &&
        *source->source != '/') {
        return apr_psprintf(pool, "'%s' is not an absolute path", source->source);
    }
    *(ss_secret_source_t **)field = source;
    return NULL;
}

static const char *read_fingerprint(const ss_option_t *o, void *field, int argc,
                                    const char *const *argv, apr_pool_t *pool)
{
    char hex[65];
    int n = 0;

    (void)o;
    if (argc != 1 || strncasecmp(argv[0], "sha256:", 7))
        return "takes sha256: and 64 hexadecimal digits";
    for (const char *p = argv[0] + 7; *p; p++) {
        if (*p == ':') continue;
        if (!apr_isxdigit(*p) || n == 64)
            return apr_psprintf(pool, "'%s' is not sha256: and 64 hexadecimal digits", argv[0]);
        hex[n++] = (char)apr_tolower(*p);
    }
    if (n != 64)
        return apr_psprintf(pool, "'%s' has %d hexadecimal digits instead of 64", argv[0], n);
    hex[64] = '\0';
    *(const char **)field = apr_pstrcat(pool, "sha256:", hex, NULL);
    return NULL;
}

static const char *read_rates(const ss_option_t *o, void *field, int argc, const char *const *argv,
                              apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, argc, sizeof(ss_settings_rate_t));

    if (argc < 1 || argc > 8) return "takes one to eight rates";
    for (int i = 0; i < argc; i++) {
        const char *slash = strchr(argv[i], '/');
        apr_int64_t count = 0;
        apr_interval_time_t per = 0;
        if (slash && !ss_text_number(apr_pstrmemdup(pool, argv[i], (apr_size_t)(slash - argv[i])),
                                     o->min, o->max, &count)) {
            const char *unit = slash + 1;
            per = !strcmp(unit, "s")     ? APR_USEC_PER_SEC
                  : !strcmp(unit, "min") ? 60 * APR_USEC_PER_SEC
                  : !strcmp(unit, "h")   ? 3600 * APR_USEC_PER_SEC
                  : !strcmp(unit, "d")   ? 86400 * APR_USEC_PER_SEC
                                         : 0;
        }
        if (!per)
            return apr_psprintf(pool, "'%s' is not a rate such as 10/s, 300/min, 5000/h or 20000/d",
                                argv[i]);
        APR_ARRAY_PUSH(list, ss_settings_rate_t) = (ss_settings_rate_t){ count, per };
    }
    *(apr_array_header_t **)field = list;
    return NULL;
}

static const char *read_address(const ss_option_t *o, void *field, int argc,
                                const char *const *argv, apr_pool_t *pool)
{
    const char *bad = one_argument(argc);
    int index;

    if (bad) return bad;
    index = o->words ? index_of(o->words, argv[0]) : -1;
    if (index < 0 && !looks_like_address(argv[0])) {
        return apr_psprintf(pool, "'%s' is not an address such as name@example.com%s%s", argv[0],
                            o->words ? ", nor one of " : "",
                            o->words ? choices(o->words, pool) : "");
    }
    *(const char **)field =
        index >= 0 ? word_of(o->words, index, pool) : apr_pstrdup(pool, argv[0]);
    return NULL;
}

static const char *read_patterns(const ss_option_t *o, void *field, int argc,
                                 const char *const *argv, apr_pool_t *pool)
{
    apr_array_header_t *list = *(apr_array_header_t **)field;

    (void)o;
    if (argc < 1 || argc > ARGS_MAX) return "takes one to 64 address patterns";
    if (!list) list = apr_array_make(pool, argc, sizeof(const char *));
    for (int i = 0; i < argc; i++) {
        if (!*argv[i] || has_control(argv[i]) || (!strchr(argv[i], '@') && strcmp(argv[i], "*"))) {
            return apr_psprintf(pool, "'%s' is not an address pattern such as *@example.com",
                                argv[i]);
        }
        APR_ARRAY_PUSH(list, const char *) = apr_pstrdup(pool, argv[i]);
    }
    *(apr_array_header_t **)field = list;
    return NULL;
}

static const char *read_pair(const ss_option_t *o, void *field, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    apr_array_header_t *list = *(apr_array_header_t **)field;
    const char *value;

    if (argc < o->min || argc > o->max) {
        const char *given = "";
        for (int k = 0; k < argc; k++)
            given = apr_pstrcat(pool, given, k ? " " : "", argv[k], NULL);
        return apr_psprintf(pool, "'%s' has %d words: takes %s", given, argc,
                            o->max == 2 ? "two, in quotes if one contains a space"
                                        : "a name and one or more addresses");
    }
    for (int i = 0; i < argc; i++) {
        if (!*argv[i] || has_control(argv[i])) return "holds an empty value or a control character";
    }
    value = argv[1];
    for (int i = 2; i < argc; i++) value = apr_pstrcat(pool, value, " ", argv[i], NULL);
    if (!list) list = apr_array_make(pool, 4, sizeof(ss_settings_pair_t));
    APR_ARRAY_PUSH(list, ss_settings_pair_t) =
        (ss_settings_pair_t){ apr_pstrdup(pool, argv[0]), apr_pstrdup(pool, value), NULL };
    *(apr_array_header_t **)field = list;
    return NULL;
}

static const char *read_queue(const ss_option_t *o, void *field, int argc, const char *const *argv,
                              apr_pool_t *pool)
{
    ss_settings_globals_t *g =
        (ss_settings_globals_t *)((char *)field - offsetof(ss_settings_globals_t, queue_driver));
    int index = argc ? index_of(o->words, argv[0]) : -1;

    if (index < 0)
        return apr_psprintf(pool, "'%s' is not one of %s", argc ? argv[0] : "",
                            choices(o->words, pool));
    if (argc > 2 || (index == 1 && argc != 2))
        return "takes sqlite3 and a path, or pgsql and \"host=... dbname=... user=...\" in quotes";
    g->queue_driver = word_of(o->words, index, pool);
    g->queue_params = argc == 2 ? apr_pstrdup(pool, argv[1]) : NULL;
    return NULL;
}

static const char *read_limit(const ss_option_t *o, void *field, int argc, const char *const *argv,
                              apr_pool_t *pool)
{
    ss_settings_globals_t *g =
        (ss_settings_globals_t *)((char *)field -
                                  offsetof(ss_settings_globals_t, queue_limit_messages));
    apr_int64_t messages;
    apr_uint64_t bytes = 0;

    (void)o;
    if (argc < 1 || argc > 2) return "takes a number of messages and a size, such as 100000 4G";
    if (ss_text_number(argv[0], 1, APR_INT64_C(1000000000), &messages))
        return apr_psprintf(pool, "'%s' is not a number of messages from 1 to 1000000000", argv[0]);
    if (argc == 2 && (ss_text_size(argv[1], &bytes) || bytes < 1048576))
        return apr_psprintf(pool, "'%s' is not a size of 1M or more, such as 4G", argv[1]);
    g->queue_limit_messages = messages;
    g->queue_limit_bytes = argc == 2 ? (apr_int64_t)bytes : APR_INT64_C(4) << 30;
    return NULL;
}

static const char *read_socket(const ss_option_t *o, void *field, int argc, const char *const *argv,
                               apr_pool_t *pool)
{
    ss_settings_globals_t *g =
        (ss_settings_globals_t *)((char *)field - offsetof(ss_settings_globals_t, socket_path));
    int mode = 0;

    (void)o;
    if (argc < 1 || argc > 2 || !*argv[0])
        return "takes a path and, if wanted, a mode such as 0660";
    if (strlen(argv[0]) > 100)
        return apr_psprintf(
            pool, "'%s' is longer than 100 characters: local sockets cannot have such paths",
            argv[0]);
    for (const char *p = argc == 2 ? argv[1] : "0660"; *p; p++) {
        if (*p < '0' || *p > '7' || mode > 0777)
            return apr_psprintf(pool, "'%s' is not a mode such as 0660", argv[1]);
        mode = mode * 8 + (*p - '0');
    }
    if (mode > 0777) return apr_psprintf(pool, "'%s' is not a mode such as 0660", argv[1]);
    g->socket_path = apr_pstrdup(pool, argv[0]);
    g->socket_mode = mode;
    return NULL;
}

/* ---- printing ---- */

static const char *print_int(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    int value = *(const int *)field;

    if (o->kind == SS_KIND_FLAG) return value ? "On" : "Off";
    if (o->kind == SS_KIND_ENUM) return word_of(o->words, value, pool);
    return apr_itoa(pool, value);
}

static const char *print_size(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    (void)o;
    return ss_text_size_print(pool, *(const apr_uint64_t *)field);
}

static const char *print_duration(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    apr_interval_time_t value = *(const apr_interval_time_t *)field;

    return !value && o->kind == SS_KIND_DURATION_OFF ? "off" : ss_text_duration_print(pool, value);
}

static const char *join(apr_pool_t *pool, const char *list, const char *next)
{
    return *list ? apr_pstrcat(pool, list, " ", next, NULL) : next;
}

static const char *print_durations(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const apr_interval_time_t *values = field;
    int count = SS_TIMEOUTS;
    const char *out = "";

    if (o->kind == SS_KIND_DURATIONS) {
        const apr_array_header_t *list = *(apr_array_header_t *const *)field;
        values = (const apr_interval_time_t *)(void *)list->elts;
        count = list->nelts;
    }
    for (int i = 0; i < count; i++) out = join(pool, out, ss_text_duration_print(pool, values[i]));
    return out;
}

static const char *print_text(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    (void)o;
    (void)pool;
    return *(const char *const *)field;
}

/* An address, or the word that stands for none: finished records keep that as nothing. */
static const char *print_address(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const char *address = *(const char *const *)field;

    (void)pool;
    if (address && *address) return address;
    return o->initial ? o->initial : "";
}

static const char *print_hosts(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const apr_array_header_t *list = *(apr_array_header_t *const *)field;
    const char *out = "";

    (void)o;
    for (int i = 0; i < list->nelts; i++) {
        const ss_settings_host_t *host = &APR_ARRAY_IDX(list, i, ss_settings_host_t);
        const char *name =
            strchr(host->name, ':') ? apr_pstrcat(pool, "[", host->name, "]", NULL) : host->name;
        out = join(pool, out, host->port ? apr_psprintf(pool, "%s:%d", name, host->port) : name);
    }
    return out;
}

static const char *print_tls(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    static const char *const names[] = { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3" };
    const ss_settings_t *s =
        (const ss_settings_t *)(const void *)((const char *)field - offsetof(ss_settings_t, tls));
    const char *out = word_of(o->words, s->tls, pool);

    for (int i = 0; s->tls_versions > 0 && i < 4; i++) {
        if (s->tls_versions & (1 << i)) out = join(pool, out, names[i]);
    }
    return out;
}

static const char *print_words(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const apr_array_header_t *list = *(apr_array_header_t *const *)field;
    const char *out = "";

    (void)o;
    for (int i = 0; i < list->nelts; i++)
        out = join(pool, out, APR_ARRAY_IDX(list, i, const char *));
    return out;
}

static const char *print_secret(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    static const char *const names[] = { "empty", "set (text)", "set (file)", "set (env)",
                                         "set (exec)" };
    const ss_secret_source_t *source = *(ss_secret_source_t *const *)field;

    (void)o;
    (void)pool;
    return names[source->kind];
}

static const char *print_rates(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const apr_array_header_t *list = *(apr_array_header_t *const *)field;
    const char *out = "";

    (void)o;
    for (int i = 0; i < list->nelts; i++) {
        const ss_settings_rate_t *rate = &APR_ARRAY_IDX(list, i, ss_settings_rate_t);
        apr_interval_time_t s = rate->per / APR_USEC_PER_SEC;
        out = join(pool, out,
                   apr_psprintf(pool, "%" APR_INT64_T_FMT "/%s", rate->count,
                                s == 1      ? "s"
                                : s == 60   ? "min"
                                : s == 3600 ? "h"
                                            : "d"));
    }
    return out;
}

static const char *print_pairs(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const apr_array_header_t *list = *(apr_array_header_t *const *)field;
    const char *out = "";

    (void)o;
    for (int i = 0; i < list->nelts; i++) {
        const ss_settings_pair_t *pair = &APR_ARRAY_IDX(list, i, ss_settings_pair_t);
        out = apr_pstrcat(pool, out, *out ? "; " : "", pair->name, " ", pair->value, NULL);
    }
    return out;
}

static const char *print_queue(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const ss_settings_globals_t *g =
        (const ss_settings_globals_t *)(const void *)((const char *)field -
                                                      offsetof(ss_settings_globals_t,
                                                               queue_driver));

    (void)o;
    /* A server's connection string may hold a password. */
    if (!strcmp(g->queue_driver, "pgsql"))
        return apr_pstrcat(pool, g->queue_driver, " (set)", NULL);
    return join(pool, g->queue_driver, g->queue_params ? g->queue_params : "");
}

static const char *print_limit(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const apr_int64_t *values = field;

    (void)o;
    return apr_psprintf(pool, "%" APR_INT64_T_FMT " %s", values[0],
                        ss_text_size_print(pool, (apr_uint64_t)values[1]));
}

static const char *print_socket(const ss_option_t *o, const void *field, apr_pool_t *pool)
{
    const ss_settings_globals_t *g =
        (const ss_settings_globals_t *)(const void *)((const char *)field -
                                                      offsetof(ss_settings_globals_t, socket_path));

    (void)o;
    return apr_psprintf(pool, "%s 0%o", g->socket_path, (unsigned)g->socket_mode);
}

/* ---- the table of kinds ---- */

typedef enum { SHAPE_INT, SHAPE_INT64, SHAPE_POINTER, SHAPE_TIMEOUTS } shape_t;

static const struct {
    shape_t shape;
    const char *(*read)(const ss_option_t *, void *, int, const char *const *, apr_pool_t *);
    const char *(*print)(const ss_option_t *, const void *, apr_pool_t *);
} kinds[] = { [SS_KIND_FLAG] = { SHAPE_INT, read_flag, print_int },
              [SS_KIND_NUMBER] = { SHAPE_INT, read_number, print_int },
              [SS_KIND_SIZE] = { SHAPE_INT64, read_size, print_size },
              [SS_KIND_DURATION] = { SHAPE_INT64, read_duration, print_duration },
              [SS_KIND_DURATION_OFF] = { SHAPE_INT64, read_duration_off, print_duration },
              [SS_KIND_DURATIONS] = { SHAPE_POINTER, read_durations, print_durations },
              [SS_KIND_TIMEOUTS] = { SHAPE_TIMEOUTS, read_timeouts, print_durations },
              [SS_KIND_TEXT] = { SHAPE_POINTER, read_text, print_text },
              [SS_KIND_SOURCE] = { SHAPE_POINTER, read_source, print_text },
              [SS_KIND_LISTEN] = { SHAPE_POINTER, read_listen, print_text },
              [SS_KIND_FILE] = { SHAPE_POINTER, read_text, print_text },
              [SS_KIND_HOSTS] = { SHAPE_POINTER, read_hosts, print_hosts },
              [SS_KIND_ENUM] = { SHAPE_INT, read_enum, print_int },
              [SS_KIND_TLS] = { SHAPE_INT, read_tls, print_tls },
              [SS_KIND_AUTH] = { SHAPE_POINTER, read_auth, print_words },
              [SS_KIND_SECRET] = { SHAPE_POINTER, read_secret, print_secret },
              [SS_KIND_FINGERPRINT] = { SHAPE_POINTER, read_fingerprint, print_text },
              [SS_KIND_RATES] = { SHAPE_POINTER, read_rates, print_rates },
              [SS_KIND_ADDRESS] = { SHAPE_POINTER, read_address, print_address },
              [SS_KIND_PATTERNS] = { SHAPE_POINTER, read_patterns, print_words },
              [SS_KIND_WORDS] = { SHAPE_POINTER, read_words, print_words },
              [SS_KIND_PAIR] = { SHAPE_POINTER, read_pair, print_pairs },
              [SS_KIND_QUEUE] = { SHAPE_POINTER, read_queue, print_queue },
              [SS_KIND_LIMIT] = { SHAPE_INT64, read_limit, print_limit },
              [SS_KIND_SOCKET] = { SHAPE_POINTER, read_socket, print_socket } };

void *ss_value_field(const ss_option_t *option, void *record, ss_option_place_t place)
{
    int is_directory = option->place == SS_PLACE_BOTH && place == SS_PLACE_DIRECTORY;

    return (char *)record + (is_directory ? option->offset_directory : option->offset);
}

const char *ss_value_read(const ss_option_t *option, void *field, int argc, const char *const *argv,
                          apr_pool_t *pool)
{
    return kinds[option->kind].read(option, field, argc, argv, pool);
}

const char *ss_value_print(const ss_option_t *option, const void *field, apr_pool_t *pool)
{
    if (option->kind == SS_KIND_ADDRESS || ss_value_is_set(option, field))
        return kinds[option->kind].print(option, field, pool);
    return "";
}

int ss_value_is_set(const ss_option_t *option, const void *field)
{
    switch (kinds[option->kind].shape) {
    case SHAPE_INT: return *(const int *)field != SS_UNSET;
    case SHAPE_INT64: return *(const apr_int64_t *)field != SS_UNSET;
    case SHAPE_TIMEOUTS: return *(const apr_interval_time_t *)field != SS_UNSET;
    case SHAPE_POINTER: break;
    }
    return *(void *const *)field != NULL;
}

void ss_value_unset(const ss_option_t *option, void *field)
{
    switch (kinds[option->kind].shape) {
    case SHAPE_INT: *(int *)field = SS_UNSET; break;
    case SHAPE_INT64: *(apr_int64_t *)field = SS_UNSET; break;
    case SHAPE_TIMEOUTS:
        for (int i = 0; i < SS_TIMEOUTS; i++) ((apr_interval_time_t *)field)[i] = SS_UNSET;
        break;
    case SHAPE_POINTER: *(void **)field = NULL; break;
    }
}

/* What belongs to a value beside its own field travels with it. */
static void copy_companions(const ss_option_t *option, void *to, const void *from)
{
    if (option->kind == SS_KIND_TLS) {
        apr_size_t apart = offsetof(ss_settings_t, tls_versions) - offsetof(ss_settings_t, tls);
        *(int *)(void *)((char *)to + apart) =
            *(const int *)(const void *)((const char *)from + apart);
    } else if (option->kind == SS_KIND_QUEUE) {
        ((const char **)to)[1] = ((const char *const *)from)[1];
    } else if (option->kind == SS_KIND_LIMIT) {
        ((apr_int64_t *)to)[1] = ((const apr_int64_t *)from)[1];
    } else if (option->kind == SS_KIND_SOCKET) {
        apr_size_t apart = offsetof(ss_settings_globals_t, socket_mode) -
                           offsetof(ss_settings_globals_t, socket_path);
        *(int *)(void *)((char *)to + apart) =
            *(const int *)(const void *)((const char *)from + apart);
    }
}

void ss_value_copy(const ss_option_t *option, void *to, const void *from)
{
    switch (kinds[option->kind].shape) {
    case SHAPE_INT: *(int *)to = *(const int *)from; break;
    case SHAPE_INT64: *(apr_int64_t *)to = *(const apr_int64_t *)from; break;
    case SHAPE_TIMEOUTS: memcpy(to, from, sizeof(apr_interval_time_t) * SS_TIMEOUTS); break;
    case SHAPE_POINTER: *(void **)to = *(void *const *)from; break;
    }
    copy_companions(option, to, from);
}

apr_array_header_t **ss_value_sources(void *record, ss_option_place_t place)
{
    if (place == SS_PLACE_GLOBAL) return &((ss_settings_globals_t *)record)->sources;
    if (place == SS_PLACE_DIRECTORY) return &((ss_settings_policy_t *)record)->sources;
    return &((ss_settings_t *)record)->sources;
}
