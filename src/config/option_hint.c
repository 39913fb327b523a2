/* option_hint.c: the usual slips (commas, URLs, other units, other programs' words) are undone;
 * what comes out is a hint only if the directive takes it. */
#include "config/option_hint.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "config/option_syntax.h"

#define WORDS_MAX 64

typedef struct {
    const ss_option_t *option;
    int argc;
    const char *argv[WORDS_MAX];
    const char *more; /* what else has to be written, or NULL */
    apr_pool_t *pool;
} guess_t;

/* ---- single words ---- */

/* Words of other programs, by directive. */
static const char *others_words(const ss_option_t *option)
{
    static const char *const rows[][2] = {
        { "SMTPSendTLS", "on>starttls yes>starttls true>starttls required>starttls "
                         "require>starttls mandatory>starttls encrypt>starttls enabled>starttls "
                         "explicit>starttls ssl>tls smtps>tls ssl/tls>tls tls/ssl>tls implicit>tls "
                         "wrapper>tls off>none no>none false>none plain>none disabled>none "
                         "auto>negotiate may>opportunistic optional>opportunistic "
                         "opportunistictls>opportunistic" },
        { "SMTPSendAuth", "on>auto yes>auto true>auto any>auto none>off no>off oauth>XOAUTH2 "
                          "oauth2>XOAUTH2 bearer>OAUTHBEARER basic>PLAIN digest-md5>CRAM-MD5 "
                          "scram>SCRAM-SHA-256" },
        { "SMTPSendBounce", "on>sender yes>sender true>sender from>sender none>off no>off "
                            "false>off never>off" },
        { "SMTPSendBounceFrom", "none><> off><> null><> empty><>" },
        { "SMTPSendEnvelopeFrom", "off>keep none>keep no>keep original>keep" },
        { "SMTPSendHeaderFrom", "off>keep none>keep no>keep original>keep" },
        { "SMTPSendPipelining", "on>Auto yes>Auto true>Auto no>Off false>Off" },
        { "SMTPSendOneMessagePerConnection", "yes>On true>On no>Off false>Off" },
        { "SMTPSendUncertain", "resend>retry again>retry wait>hold stop>hold" },
        { "SMTPSendPriority", "low>bulk lowest>bulk urgent>high highest>high default>normal" },
        { "SMTPSendWebhookEvents", "delivered>sent delivery>sent success>sent bounced>failed "
                                   "bounce>failed failure>failed delayed>deferred" },
        { "SMTPSendQueue", "sqlite>sqlite3 postgres>pgsql postgresql>pgsql pg>pgsql" },
        { "SMTPSendPort", "smtp>25 smtps>465 submissions>465 ssl>465 tls>465 submission>587 "
                          "starttls>587" },
        { "SMTPSendDelayNotice", "on>4h yes>4h" },
    };
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strcmp(rows[i][0], option->name)) return rows[i][1];
    return "";
}

static const char *known_word(const guess_t *g, const char *word)
{
    const char *names = apr_pstrcat(g->pool, others_words(g->option), " ", g->option->words, NULL);
    const char *known = ss_suggest(word, names, g->pool);

    return known ? known : word;
}

/* "15 minutes" as "15min": unit and number are one word by now. units: "minute>min ...". */
static const char *with_unit(const char *word, const char *units, const char *none,
                             apr_pool_t *pool)
{
    apr_size_t len = strspn(word, "0123456789");
    const char *unit = word + len;

    while (*unit == ' ') unit++;
    if (!len || *unit == '-') return word;
    unit = *unit ? ss_suggest(unit, units, pool) : none;
    return unit ? apr_pstrcat(pool, apr_pstrmemdup(pool, word, len), unit, NULL) : word;
}

static const char *duration(const guess_t *g, const char *word)
{
    static const char units[] =
        "ms msec>ms millis>ms milliseconds>ms s sec>s secs>s second>s seconds>s m>min min mins>min "
        "minute>min minutes>min h hr>h hrs>h hour>h hours>h d day>d days>d";
    static const char *const none[] = { "off", "0" };
    double value = strtod(word, NULL);
    const char *unit = word + strspn(word, "0123456789.");

    if (!apr_isdigit(*word)) {
        if (!ss_suggest(word, "never none off no unlimited infinite infinity disabled", g->pool))
            return known_word(g, word);
        for (int i = 0; i < 2; i++)
            if (ss_option_accepts(g->option, 1, &none[i], g->pool)) return none[i];
        return g->option->max ? ss_text_duration_print(g->pool, g->option->max) : word;
    }
    if (ss_suggest(unit, "w week weeks", g->pool) && value < 1000)
        return apr_psprintf(g->pool, "%.0fd", value * 7);
    if (ss_suggest(unit, "mon month months", g->pool) && value < 1000)
        return apr_psprintf(g->pool, "%.0fd", value * 30);
    if (ss_suggest(unit, "y year years", g->pool) && value < 100)
        return apr_psprintf(g->pool, "%.0fd", value * 365);
    if (strchr(word, '.') && value < 10000 && ss_suggest(unit, "h hour hours", g->pool))
        return apr_psprintf(g->pool, "%.0fmin", value * 60);
    if (strchr(word, '.') && value < 10000 && ss_suggest(unit, "d day days", g->pool))
        return apr_psprintf(g->pool, "%.0fh", value * 24);
    return with_unit(word, units, "s", g->pool);
}

static const char *size(const guess_t *g, const char *word)
{
    if (ss_suggest(word, "unlimited none off", g->pool) && g->option->max)
        return ss_text_size_print(g->pool, (apr_uint64_t)g->option->max);
    return with_unit(word,
                     "K KB>K KiB>K kilobytes>K M MB>M MiB>M megabytes>M G GB>G GiB>G gigabytes>G",
                     "", g->pool);
}

static const char *rate(const guess_t *g, const char *word)
{
    apr_size_t len = strspn(word, "0123456789");
    const char *unit = word + len;

    if (!len) return word;
    if (*unit == '/') unit++;
    if (!strncasecmp(unit, "per", 3)) unit += 3;
    unit = *unit ? ss_suggest(unit,
                              "s sec>s second>s seconds>s m>min min mins>min minute>min "
                              "minutes>min h hr>h hour>h hours>h d day>d days>d",
                              g->pool)
                 : "s";
    return unit ? apr_pstrcat(g->pool, apr_pstrmemdup(g->pool, word, len), "/", unit, NULL) : word;
}

static const char *number(const guess_t *g, const char *word)
{
    if (ss_suggest(word, "unlimited none off no never infinite", g->pool)) return "0";
    if (!apr_isdigit(*word)) return known_word(g, word);
    apr_size_t len = strspn(word, "0123456789");
    return word[len] == '/' ? apr_pstrmemdup(g->pool, word, len) : word;
}

/* What is left of "https://me:secret@mail.example.com:587/path". */
static const char *host_and_port(const guess_t *g, const char *word)
{
    const char *scheme = strstr(word, "://"), *at;

    if (scheme) word = scheme + 3;
    word = apr_pstrmemdup(g->pool, word, strcspn(word, "/?"));
    if ((at = strrchr(word, '@')) != NULL) word = at + 1;
    return word;
}

/* A name without a port, a dot in front, or whatever else is around it. */
static const char *name(const guess_t *g, const char *word)
{
    word = host_and_port(g, word);
    while (*word == '.' || (*word == '[' && !strchr(word, ']'))) word++;
    return apr_pstrmemdup(g->pool, word, strcspn(word, ":"));
}

static const char *address(const guess_t *g, const char *word)
{
    const char *open = strrchr(word, '<'), *close = open ? strchr(open, '>') : NULL;

    if (g->option->words && !strchr(word, '@')) return known_word(g, word);
    if (close) word = apr_pstrmemdup(g->pool, open + 1, (apr_size_t)(close - open) - 1);
    if (!strncasecmp(word, "mailto:", 7)) word += 7;
    return word;
}

static const char *pattern(const guess_t *g, const char *word)
{
    word = address(g, word);
    if (ss_suggest(word, "all any everyone everybody", g->pool)) return "*";
    if (*word == '@') return apr_pstrcat(g->pool, "*", word, NULL);
    if (*word == '.') word = apr_pstrcat(g->pool, "*", word, NULL);
    return strchr(word, '@') ? word : apr_pstrcat(g->pool, "*@", word, NULL);
}

static const char *fingerprint(const guess_t *g, const char *word)
{
    const char *digits = strrchr(word, '=');

    if (!digits) digits = strncasecmp(word, "sha256", 6) ? word : word + 6;
    while (*digits && !apr_isxdigit(*digits)) digits++;
    return apr_pstrcat(g->pool, "sha256:", digits, NULL);
}

static const char *path(const char *word)
{
    return strncasecmp(word, "file:", 5) ? word : word + 5 + 2 * !strncmp(word + 5, "//", 2);
}

static const char *origin(const guess_t *g, const char *word)
{
    const char *scheme = strstr(word, "://");

    return apr_pstrcat(
        g->pool, scheme ? apr_pstrmemdup(g->pool, word, (apr_size_t)(scheme - word)) : "https",
        "://", host_and_port(g, word), NULL);
}

static const char *source(const guess_t *g, const char *word)
{
    const char *end = strchr(word, ']');

    if (*word == '[' && end) return apr_pstrmemdup(g->pool, word + 1, (apr_size_t)(end - word) - 1);
    return apr_pstrmemdup(g->pool, word, strcspn(word, ":"));
}

static const char *listener(const guess_t *g, const char *word)
{
    const char *colon = strrchr(word, ':'), *digits = colon ? colon + 1 : word;
    apr_int64_t port;
    int is_v6 = *word == '[' || strchr(word, ':') != colon;

    if (ss_text_number(digits, 1, 65535, &port)) port = 2525;
    return apr_psprintf(g->pool, "%s:%" APR_INT64_T_FMT, is_v6 ? "[::1]" : "127.0.0.1", port);
}

static const char *mend(const guess_t *g, const char *word)
{
    switch (g->option->kind) {
    case SS_KIND_FLAG: {
        const char *flag = ss_suggest(word,
                                      "on>On off>Off yes>On true>On 1>On enable>On enabled>On "
                                      "no>Off false>Off 0>Off none>Off disable>Off disabled>Off",
                                      g->pool);
        return flag ? flag : word;
    }
    case SS_KIND_NUMBER: return number(g, word);
    case SS_KIND_SIZE: return size(g, word);
    case SS_KIND_DURATION:
    case SS_KIND_DURATION_OFF:
    case SS_KIND_DURATIONS:
    case SS_KIND_TIMEOUTS: return duration(g, word);
    case SS_KIND_FILE: return path(word);
    case SS_KIND_NAME:
    case SS_KIND_NAMES: return name(g, word);
    case SS_KIND_SOURCE: return source(g, word);
    case SS_KIND_LISTEN: return listener(g, word);
    case SS_KIND_FINGERPRINT: return fingerprint(g, word);
    case SS_KIND_RATES: return rate(g, word);
    case SS_KIND_ADDRESS: return address(g, word);
    case SS_KIND_PATTERNS: return pattern(g, word);
    case SS_KIND_ORIGINS: return origin(g, word);
    case SS_KIND_ENUM:
    case SS_KIND_TLS:
    case SS_KIND_AUTH:
    case SS_KIND_WORDS: return g->option->words ? known_word(g, word) : word;
    default: return word;
    }
}

/* ---- whole lines ---- */

static void push(guess_t *g, const char *word)
{
    if (g->argc < WORDS_MAX && *word && strcmp(word, "=")) g->argv[g->argc++] = word;
}

/* "a, b" and "a;b" are two words. */
static void split(guess_t *g, int argc, const char *const *argv, const char *between)
{
    char *state = NULL;

    for (int i = 0; i < argc; i++) {
        char *copy = apr_pstrdup(g->pool, argv[i]);
        for (char *word = apr_strtok(copy, between, &state); word;
             word = apr_strtok(NULL, between, &state))
            push(g, word);
    }
}

/* The directives of "me:secret@" in front of a host. */
static const char *login(const guess_t *g, const char *word)
{
    const char *scheme = strstr(word, "://"), *user = scheme ? scheme + 3 : word;

    return apr_pstrcat(g->pool, ", SMTPSendUsername ",
                       apr_pstrmemdup(g->pool, user, strcspn(user, ":@")),
                       " and SMTPSendPassword file:PATH", NULL);
}

/* "smtp://me:secret@h.example:587", "h.example 587", "[h.example]:25". */
static void guess_hosts(guess_t *g, int argc, const char *const *argv)
{
    split(g, argc, argv, " ,;=");
    int count = g->argc;
    g->argc = 0;
    for (int i = 0; i < count; i++) {
        const char *word = g->argv[i], *host = host_and_port(g, word);
        const char *end = strchr(host, ']'), *at = strrchr(word, '@'), *last;
        int is_tls = !strncasecmp(word, "smtps", 5), has_scheme = strstr(word, "://") != NULL;
        apr_int64_t port;
        if (ss_suggest(word, "none off null", g->pool) && count == 1) return;
        if (!has_scheme && (!strncasecmp(host, "smtp:", 5) || !strncasecmp(host, "smtps:", 6)) &&
            ss_text_number(strchr(host, ':') + 1, 0, 65535, &port))
            host = strchr(host, ':') + 1;
        if (*host == '[' && end && !memchr(host, ':', (apr_size_t)(end - host)))
            host = apr_pstrcat(g->pool,
                               apr_pstrmemdup(g->pool, host + 1, (apr_size_t)(end - host) - 1),
                               end + 1, NULL);
        int colons = 0;
        for (const char *p = host; *p; p++) colons += *p == ':';
        if (ss_option_syntax_is_ipv6(host)) host = apr_pstrcat(g->pool, "[", host, "]", NULL);
        if (g->argc && !ss_text_number(word, 1, 65535, &port)) {
            last = g->argv[g->argc - 1];
            if (!strchr(last, ':'))
                g->argv[g->argc - 1] = apr_pstrcat(g->pool, last, ":", word, NULL);
            continue;
        }
        if (!strcmp(host + strlen(host) - (*host != '\0'), ":") ||
            (colons == 1 && *host != '[' && ss_text_number(strchr(host, ':') + 1, 1, 65535, &port)))
            host = apr_pstrmemdup(g->pool, host, strcspn(host, ":"));
        if (has_scheme && !strstr(host, "]:") && (*host == '[' || !strchr(host, ':')) &&
            !strncasecmp(word, "smtp", 4))
            host = apr_pstrcat(g->pool, host, is_tls ? ":465" : ":587", NULL);
        push(g, host);
        if (has_scheme && !strncasecmp(word, "smtp", 4))
            g->more = is_tls ? " and SMTPSendTLS tls" : " and SMTPSendTLS starttls";
        if (at) g->more = apr_pstrcat(g->pool, g->more ? g->more : "", login(g, word), NULL);
    }
}

/* "1.2", "TLS1.2" and "TLSv1.0" in OpenSSL's writing. */
static const char *version(const guess_t *g, const char *word)
{
    const char *digits = word;

    if (!strncasecmp(digits, "TLS", 3)) digits += 3;
    if (*digits == 'v' || *digits == 'V') digits++;
    if (strncmp(digits, "1.", 2) || !strchr("0123", digits[2]) || digits[3]) return word;
    return digits[2] == '0' ? "TLSv1" : apr_pstrcat(g->pool, "TLSv", digits, NULL);
}

static void guess_tls(guess_t *g, int argc, const char *const *argv)
{
    split(g, argc, argv, " ,;=+");
    if (!g->argc) return;
    if (!strncasecmp(g->argv[0], "TLSv", 4) || apr_isdigit(*g->argv[0])) {
        g->argc = 0;
        push(g, "starttls");
        split(g, argc, argv, " ,;=+");
        g->more = apr_pstrcat(g->pool, " (port 587) or SMTPSendTLS tls ", g->argv[1], " (port 465)",
                              NULL);
    } else {
        g->argv[0] = known_word(g, g->argv[0]);
    }
    for (int i = 1; i < g->argc; i++) g->argv[i] = version(g, g->argv[i]);
}

static void guess_pair(guess_t *g, int argc, const char *const *argv)
{
    apr_size_t len = argc ? strlen(argv[0]) : 0;
    const char *rest = "";

    if (!argc) return;
    g->argv[0] =
        len && argv[0][len - 1] == ':' ? apr_pstrmemdup(g->pool, argv[0], len - 1) : argv[0];
    g->argc = 1;
    if (!strcmp(g->option->name, "SMTPSendAddHeader")) {
        for (int i = 1; i < argc; i++)
            rest = apr_pstrcat(g->pool, rest, i > 1 ? " " : "", argv[i], NULL);
        push(g, rest);
        return;
    }
    split(g, argc - 1, argv + 1, " ,;");
    if (!strcmp(g->option->name, "SMTPSendRelayFor")) {
        g->argv[0] = pattern(g, g->argv[0]);
        return;
    }
    g->argv[0] = apr_pstrmemdup(g->pool, g->argv[0], strcspn(g->argv[0], "@"));
    for (int i = 1; i < g->argc; i++) g->argv[i] = address(g, g->argv[i]);
}

static void guess_secret(guess_t *g, int argc, const char *const *argv)
{
    const char *first = argc ? argv[0] : "", *colon = strchr(first, ':');

    if (!colon) return;
    const char *word = colon[1] ? colon + 1 : argc > 1 ? argv[1] : "";
    if (!strncasecmp(first, "env:", 4)) {
        word += strspn(word, "${%");
        word = apr_pstrmemdup(g->pool, word, strcspn(word, "}% "));
    } else if (strncasecmp(first, "file:", 5) && strncasecmp(first, "exec:", 5)) {
        return;
    }
    if (!*word) return;
    push(g, apr_pstrcat(g->pool, apr_pstrmemdup(g->pool, first, 5 - !strncasecmp(first, "env:", 4)),
                        word, NULL));
    for (int i = colon[1] ? 1 : 2; i < argc; i++) push(g, argv[i]);
}

static const char *without_commas(const guess_t *g, const char *word)
{
    char *out = apr_pstrdup(g->pool, word), *to = out;

    for (const char *p = word; *p; p++)
        if (*p != ',') *to++ = *p;
    *to = '\0';
    return out;
}

/* Whether several words of a directive with one value may be parts of it. */
static int is_joined(const ss_option_t *option, int argc, const char *const *argv)
{
    switch (option->kind) {
    case SS_KIND_DURATION:
    case SS_KIND_DURATION_OFF:
    case SS_KIND_SIZE:
    case SS_KIND_LISTEN: return 1;
    case SS_KIND_ADDRESS: return *argv[argc - 1] == '<';
    default: return !strcmp(argv[0], "=");
    }
}

static void guess(guess_t *g, int argc, const char *const *argv)
{
    const char *whole = "";

    switch (g->option->kind) {
    case SS_KIND_HOSTS: guess_hosts(g, argc, argv); return;
    case SS_KIND_TLS: guess_tls(g, argc, argv); return;
    case SS_KIND_PAIR: guess_pair(g, argc, argv); return;
    case SS_KIND_SECRET: guess_secret(g, argc, argv); return;
    case SS_KIND_USER:
        split(g, argc, argv, ":");
        for (int i = 0; i < g->argc; i++)
            if (strspn(g->argv[i], "0123456789") == strlen(g->argv[i]))
                g->argv[i] = apr_pstrcat(g->pool, "#", g->argv[i], NULL);
        return;
    case SS_KIND_QUEUE:
        if (argc == 1 && *argv[0] == '/') push(g, "sqlite3");
        for (int i = 0; i < argc && i < 2; i++) push(g, i ? argv[i] : known_word(g, argv[i]));
        return;
    case SS_KIND_LIMIT:
        for (int i = 0; i < argc; i++) push(g, i ? size(g, argv[i]) : without_commas(g, argv[i]));
        return;
    case SS_KIND_SOCKET:
        for (int i = 0; i < argc && i < 2; i++)
            push(g, !i && !strncmp(argv[i], "unix:", 5) ? argv[i] + 5 : argv[i]);
        return;
    case SS_KIND_AUTH:
    case SS_KIND_DURATIONS:
    case SS_KIND_TIMEOUTS:
    case SS_KIND_RATES:
    case SS_KIND_PATTERNS:
    case SS_KIND_WORDS:
    case SS_KIND_NAMES:
    case SS_KIND_ORIGINS: split(g, argc, argv, " ,;="); break;
    case SS_KIND_TEXT:
    case SS_KIND_LOG:
        for (int i = 0; i < argc; i++)
            whole = apr_pstrcat(g->pool, whole, i ? " " : "", argv[i], NULL);
        push(g, whole);
        break;
    default:
        if (argc > 1 && !is_joined(g->option, argc, argv)) return;
        for (int i = 0; i < argc; i++) whole = apr_pstrcat(g->pool, whole, argv[i], NULL);
        push(g, whole + (*whole == '='));
    }
    for (int i = 0; i < g->argc; i++) g->argv[i] = mend(g, g->argv[i]);
}

/* "10 per minute", "5 min": a number and its unit, which are one word. */
static void join(guess_t *g, int argc, const char *const *argv)
{
    const char *whole = "";

    for (int i = 0; i < argc; i++) whole = apr_pstrcat(g->pool, whole, argv[i], NULL);
    g->argc = 0;
    push(g, mend(g, whole));
}

static const char *quoted(const char *word, apr_pool_t *pool)
{
    return *word && !strpbrk(word, " \t\"'\\") ? word : apr_pstrcat(pool, "\"", word, "\"", NULL);
}

const char *ss_option_hint(const ss_option_t *option, int argc, const char *const *argv,
                           apr_pool_t *pool)
{
    guess_t g = { .option = option, .pool = pool };
    const char *out = option->name;
    int is_counted = option->kind == SS_KIND_DURATIONS || option->kind == SS_KIND_TIMEOUTS ||
                     option->kind == SS_KIND_RATES;

    /* What it would print may be a secret, or half of one. */
    if (!strcmp(option->name, "SMTPSendUsername"))
        return argc > 1 ? "SMTPSendUsername and, on a line of its own, SMTPSendPassword" : NULL;
    if (!strcmp(option->name, "SMTPSendWebhookSecret") || argc > WORDS_MAX) return NULL;
    guess(&g, argc, argv);
    if (is_counted && !ss_option_accepts(option, g.argc, g.argv, pool)) join(&g, argc, argv);
    if (!g.argc || !ss_option_accepts(option, g.argc, g.argv, pool)) return NULL;
    if (option->kind == SS_KIND_QUEUE && strcmp(g.argv[0], "sqlite3"))
        return "SMTPSendQueue pgsql \"host=... dbname=... user=...\"";
    for (int i = 0; i < g.argc; i++)
        out = apr_pstrcat(pool, out, " ", quoted(g.argv[i], pool), NULL);
    return g.more ? apr_pstrcat(pool, out, g.more, NULL) : out;
}
