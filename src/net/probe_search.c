/* probe_search.c: each candidate is a link of its own, without a login. A suggestion is only made
 * for what stood until the server was ready for mail. */
#include "net/probe_search.h"

#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

#define CANDIDATES_MAX 16
#define WORKS_MAX 4 /* suggestions; the best ones */

typedef struct {
    ss_probe_search_t *search;
    ss_settings_t settings;
    ss_settings_host_t host;
    ss_link_t *link; /* NULL: over */
    ss_tls_t *tls;
    int has_worked;
    ss_tls_facts_t facts;
} candidate_t;

struct ss_probe_search_t {
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_probe_search_options_t options;
    candidate_t candidates[CANDIDATES_MAX];
    int count, open;
    ss_timer_t timer;
    ss_deferred_t turn;
    apr_array_header_t *works;
    void (*done)(void *self, const apr_array_header_t *works);
    void *self;
};

/* ---- words ---- */

static void add(ss_probe_search_t *s, const char *line)
{
    if (s->works->nelts >= WORKS_MAX) return;
    for (int i = 0; i < s->works->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(s->works, i, const char *), line)) return;
    }
    APR_ARRAY_PUSH(s->works, const char *) = line;
}

static const char *tls_words(const ss_probe_search_t *s, const candidate_t *c)
{
    const char *mode = c->settings.tls == SS_TLS_TLS        ? "tls"
                       : c->settings.tls == SS_TLS_STARTTLS ? "starttls"
                                                            : "none";
    if (c->settings.tls == SS_TLS_NONE) return mode;
    /* Old versions, and a configured list that the server shares nothing with, are to be named. */
    if (s->options.settings->tls_versions || !strcmp(c->facts.version, "TLSv1") ||
        !strcmp(c->facts.version, "TLSv1.1"))
        return apr_pstrcat(s->pool, mode, " ", c->facts.version, NULL);
    return mode;
}

/* The port goes where it is written today: behind the host, or into its own directive. */
static const char *port_words(const ss_probe_search_t *s, const candidate_t *c)
{
    const ss_settings_host_t *host =
        &APR_ARRAY_IDX(s->options.settings->hosts, s->options.host, ss_settings_host_t);

    if (!host->port) return apr_psprintf(s->pool, "SMTPSendPort %d", c->host.port);
    return apr_psprintf(s->pool,
                        strchr(host->name, ':') ? "SMTPSendHost [%s]:%d" : "SMTPSendHost %s:%d",
                        host->name, c->host.port);
}

static void conclude(ss_probe_search_t *s)
{
    for (int i = 0; i < s->count; i++) {
        const candidate_t *c = &s->candidates[i];
        if (c->has_worked)
            add(s, apr_psprintf(s->pool, "SMTPSendTLS %s, %s", tls_words(s, c), port_words(s, c)));
    }
}

/* A certificate that failed by name, date or trust alone: what makes this very certificate
 * acceptable. An attacker's works as well: each line says so. */
static void suggest_certificate(ss_probe_search_t *s)
{
    const ss_tls_facts_t *facts = s->options.facts;
    const char *advice = s->options.advice;
    char names[sizeof(facts->names)], *state = NULL;

    if (!facts || !advice) return;
    if (*facts->fingerprint &&
        ss_text_word_index("cert-self-signed cert-untrusted cert-incomplete cert-fingerprint "
                           "cert-expired",
                           advice) >= 0)
        add(s, apr_psprintf(s->pool,
                            "SMTPSendTLSFingerprint %s, only after you have checked it with the "
                            "server's administrator",
                            facts->fingerprint));
    if (ss_text_word_index("cert-name other-server", advice) < 0) return;
    apr_cpystrn(names, facts->names, sizeof(names));
    for (char *name = apr_strtok(names, " ", &state); name; name = apr_strtok(NULL, " ", &state)) {
        if (strchr(name, '*')) continue;
        add(s, apr_psprintf(s->pool,
                            "SMTPSendTLSName %s, only after you have checked it: this may be "
                            "another server",
                            name));
        return;
    }
}

/* ---- the candidates ---- */

static void over(candidate_t *c)
{
    ss_probe_search_t *s = c->search;

    s->open--;
    ss_link_destroy(c->link);
    c->link = NULL;
    if (!s->open) ss_loop_defer(s->loop, &s->turn);
}

static void on_event(void *self, ss_link_t *link, const ss_client_event_t *event)
{
    candidate_t *c = self;

    if (event->kind == SS_EVENT_READY) {
        const ss_tls_facts_t *facts = ss_link_tls_facts(link);
        c->has_worked = 1;
        if (facts) c->facts = *facts;
        ss_link_quit(link);
    } else if (event->kind == SS_EVENT_CLOSED) {
        over(c);
    }
}

static void start_candidate(ss_probe_search_t *s, int port, ss_settings_tls_t mode, int versions)
{
    const ss_settings_t *from = s->options.settings;
    ss_result_t result = { 0 };

    if (s->count >= CANDIDATES_MAX) return;
    candidate_t *c = &s->candidates[s->count];
    c->search = s;
    c->settings = *from;
    c->host = APR_ARRAY_IDX(from->hosts, s->options.host, ss_settings_host_t);
    c->host.port = port;
    c->settings.hosts = apr_array_make(s->pool, 1, sizeof(ss_settings_host_t));
    APR_ARRAY_PUSH(c->settings.hosts, ss_settings_host_t) = c->host;
    c->settings.tls = (int)mode;
    c->settings.tls_versions = versions;
    c->settings.username = NULL;
    c->settings.auth = NULL;
    if (mode != SS_TLS_NONE &&
        ss_tls_create(&c->tls, &c->settings, &result, s->pool) != APR_SUCCESS)
        return;
    ss_link_options_t options = { .settings = &c->settings, .tls = c->tls };
    ss_link_owner_t owner = { on_event, c };
    if (ss_link_open(&c->link, s->loop, &options, &owner) != APR_SUCCESS) return;
    s->open++;
    s->count++;
}

/* Best first: the configured port the other way, then the port made for each way; without TLS only
 * where none is configured. */
static void start_candidates(ss_probe_search_t *s)
{
    static const struct {
        int port;
        ss_settings_tls_t mode;
    } usual[] = { { 465, SS_TLS_TLS },    { 587, SS_TLS_STARTTLS },  { 465, SS_TLS_STARTTLS },
                  { 587, SS_TLS_TLS },    { 2525, SS_TLS_STARTTLS }, { 2587, SS_TLS_STARTTLS },
                  { 25, SS_TLS_STARTTLS } };
    const ss_settings_t *settings = s->options.settings;
    int own = ss_settings_port(settings, s->options.host);
    const int all = SS_TLSV1 | SS_TLSV1_1 | SS_TLSV1_2 | SS_TLSV1_3;

    /* Where only the certificate is wrong, port and way of TLS are right. */
    int is_certificate = s->options.advice && !strncmp(s->options.advice, "cert-", 5);

    if (!is_certificate) {
        start_candidate(s, own, SS_TLS_TLS, 0);
        start_candidate(s, own, SS_TLS_STARTTLS, 0);
    }
    for (apr_size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (usual[i].port != own) start_candidate(s, usual[i].port, usual[i].mode, 0);
    }
    if (settings->tls != SS_TLS_NONE) {
        if (is_certificate) return;
        start_candidate(s, own, SS_TLS_TLS, all);
        start_candidate(s, own, SS_TLS_STARTTLS, all);
    } else {
        if (own != 587) start_candidate(s, 587, SS_TLS_NONE, 0);
        if (own != 2525) start_candidate(s, 2525, SS_TLS_NONE, 0);
        if (own != 25) start_candidate(s, 25, SS_TLS_NONE, 0);
    }
}

/* ---- the search ---- */

void ss_probe_search_cancel(ss_probe_search_t *s)
{
    for (int i = 0; i < s->count; i++) {
        if (s->candidates[i].link) ss_link_destroy(s->candidates[i].link);
    }
    ss_loop_untimer(s->loop, &s->timer);
    ss_loop_undefer(s->loop, &s->turn);
    apr_pool_destroy(s->pool);
}

static void end(ss_probe_search_t *s)
{
    conclude(s);
    s->done(s->self, s->works);
    ss_probe_search_cancel(s);
}

static void on_turn(ss_deferred_t *deferred, ss_mono_t now)
{
    (void)now;
    end(deferred->self);
}

static void on_timer(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    end(timer->self);
}

ss_probe_search_t *ss_probe_search_start(ss_loop_t *loop, const ss_probe_search_options_t *options,
                                         apr_pool_t *pool,
                                         void (*done)(void *self, const apr_array_header_t *works),
                                         void *self)
{
    apr_pool_t *own;

    apr_pool_create(&own, pool);
    ss_probe_search_t *s = apr_pcalloc(own, sizeof(*s));
    s->pool = own;
    s->loop = loop;
    s->options = *options;
    s->works = apr_array_make(own, WORKS_MAX, sizeof(const char *));
    s->done = done;
    s->self = self;
    s->timer = (ss_timer_t){ .fired = on_timer, .self = s };
    s->turn = (ss_deferred_t){ .call = on_turn, .self = s };
    suggest_certificate(s);
    start_candidates(s);
    ss_loop_timer(loop, &s->timer, options->until);
    if (!s->open) ss_loop_defer(loop, &s->turn);
    return s;
}
