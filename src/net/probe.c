/* probe.c: each host of the relay in order, by the delivery's own link; its events become the
 * report's steps. */
#include "net/probe.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/probe_search.h"
#include "smtp/auth.h"

/* of the deadline, for what would work instead: a third of it at most */
#define SEARCH_TIME_MAX (8 * APR_USEC_PER_SEC)
#define SLOW_GREETING (5 * APR_USEC_PER_SEC) /* a greeting later than this is worth a word */
#define SECRET_TIME (10 * APR_USEC_PER_SEC)  /* an exec: program's deadline */

/* A secret that a helper thread reads, for this test alone. */
typedef struct {
    ss_probe_t *probe; /* NULL: cancelled */
    ss_secret_t *secret;
    ss_result_t result;
    apr_status_t rv;
} fetch_t;

struct ss_probe_t {
    apr_pool_t *pool;
    ss_loop_t *loop;
    ss_probe_options_t options;
    ss_probe_owner_t owner;
    ss_settings_t settings; /* the delivery's, with times that fit into the test's deadline */
    ss_probe_report_t *report;
    ss_transcript_t *transcript;
    ss_tls_t *tls;
    ss_link_t *link;
    ss_probe_search_t *search;
    ss_timer_t begin, deadline;
    ss_deferred_t turn; /* the next host, or the search: not from inside a link's event */
    int host;
    ss_mono_t until; /* of the steps; what is left after it is the search's */
    ss_mono_t final;
    ss_mono_t began;
    const char *step; /* under way; NULL: what would work instead is known */
    ss_mono_t step_began;
    const char *failed_step, *failed_advice; /* of this host */
    int is_late;                             /* it did not answer in time */
    ss_tls_facts_t facts;
    int has_facts;
    char greeting[256];
    fetch_t *fetch;   /* under way */
    int is_cancelled; /* freed at the end of this turn */
};

static const char *const order[] = { "config",   "resolve", "connect", "tls",  "greeting", "hello",
                                     "starttls", "auth",    "mail",    "rcpt", "quit" };

/* Texts of the report need static names. */
static const char *static_name(const char *step)
{
    for (apr_size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (step && !strcmp(order[i], step)) return order[i];
    }
    return "connect";
}

/* ---- steps ---- */

static const char *host_name(const ss_probe_t *p)
{
    return APR_ARRAY_IDX(p->settings.hosts, p->host, ss_settings_host_t).name;
}

static void add_advice(ss_probe_report_t *report, const char *id)
{
    if (!id) return;
    for (int i = 0; i < report->advice->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(report->advice, i, const char *), id)) return;
    }
    APR_ARRAY_PUSH(report->advice, const char *) = apr_pstrdup(report->pool, id);
}

static int is_last_host(const ss_probe_t *p)
{
    return p->host + 1 >= p->settings.hosts->nelts;
}

static int is_worth_a_search(const ss_probe_t *p)
{
    return p->options.looks_further &&
           ss_text_word_index("connect tls greeting starttls hello", p->failed_step) >= 0;
}

/* What follows the end of a host. */
static const char *after_host(const ss_probe_t *p)
{
    if (!p->failed_step || p->host < 0) return NULL;
    if (!is_last_host(p)) return "resolve";
    return is_worth_a_search(p) ? "search" : NULL;
}

static const char *after_hello(const ss_probe_t *p)
{
    const ss_capability_t *c = p->link ? ss_client_capability(ss_link_client(p->link)) : NULL;
    int tls = p->settings.tls;

    if (!p->has_facts && (tls == SS_TLS_STARTTLS || tls == SS_TLS_NEGOTIATE ||
                          (tls == SS_TLS_OPPORTUNISTIC && c && c->starttls)))
        return "starttls";
    if (p->settings.username && *p->settings.username) return "auth";
    return p->options.to ? "mail" : "quit";
}

/* The step that follows one that succeeded. */
static const char *step_after(const ss_probe_t *p, const char *step)
{
    int has_tls_first = p->settings.tls == SS_TLS_TLS;

    if (!strcmp(step, "config")) return "resolve";
    if (!strcmp(step, "resolve")) return "connect";
    if (!strcmp(step, "connect")) return has_tls_first ? "tls" : "greeting";
    if (!strcmp(step, "tls")) return has_tls_first ? "greeting" : "hello";
    if (!strcmp(step, "greeting")) return "hello";
    if (!strcmp(step, "starttls")) return "tls";
    if (!strcmp(step, "hello")) return after_hello(p);
    if (!strcmp(step, "auth")) return p->options.to ? "mail" : "quit";
    return strcmp(step, "mail") ? "quit" : "rcpt";
}

static void add_step(ss_probe_t *p, const char *name, ss_step_outcome_t outcome,
                     apr_interval_time_t took, const char *detail, const char *advice)
{
    ss_probe_report_t *report = p->report;
    int several = report->settings->hosts && report->settings->hosts->nelts > 1 && p->host >= 0;

    ss_probe_report_step_t *step = apr_array_push(report->steps);
    if (several) detail = apr_psprintf(report->pool, "%s: %s", host_name(p), detail);
    *step = (ss_probe_report_step_t){ static_name(name),
                                      outcome,
                                      took,
                                      apr_pstrdup(report->pool, detail),
                                      advice ? apr_pstrdup(report->pool, advice) : NULL,
                                      NULL };
    if (p->failed_step)
        step->next = after_host(p);
    else if (strcmp(step->name, "quit"))
        step->next = step_after(p, step->name);
    if (outcome != SS_STEP_OK) add_advice(report, advice);
    p->step_began = ss_mono_now();
    if (p->owner.step) p->owner.step(p->owner.self, report, step);
}

static int is_late(const ss_result_t *result)
{
    static const char late[] = "connect-timeout tls-silent greeting-silent greeting-timeout "
                               "timeout test-timeout resolve-again";

    return !strcmp(result->code, "ETIMEDOUT") ||
           (result->advice && ss_text_word_index(late, result->advice) >= 0);
}

/* A host that failed: a warning while another one may carry the mail. Only the first failure
 * counts; what follows it is its consequence. */
static void add_failure(ss_probe_t *p, const char *name, const ss_result_t *result,
                        const char *detail, apr_interval_time_t took)
{
    if (p->failed_step) return;
    p->failed_step = static_name(name);
    p->failed_advice = result->advice;
    p->is_late = is_late(result);
    add_step(p, name, is_last_host(p) ? SS_STEP_FAIL : SS_STEP_WARN, took, detail, result->advice);
}

/* ---- what a step found ---- */

static const char *hello_words(ss_probe_t *p, const ss_client_event_t *event)
{
    const ss_capability_t *c = p->link ? ss_client_capability(ss_link_client(p->link)) : NULL;
    apr_pool_t *pool = p->report->pool;

    if (!c) return *event->result.text ? event->result.text : event->text;
    if (!c->is_esmtp)
        return apr_psprintf(pool, "%s speaks plain SMTP (HELO): no extensions",
                            *c->name ? c->name : "the server");
    return apr_psprintf(
        pool, "%s offers%s%s%s%s%s%s%s%s%s%s%s", *c->name ? c->name : "the server",
        c->pipelining ? " PIPELINING" : "", c->chunking ? " CHUNKING" : "",
        c->eight_bit_mime ? " 8BITMIME" : "", c->smtputf8 ? " SMTPUTF8" : "", c->dsn ? " DSN" : "",
        c->enhanced ? " ENHANCEDSTATUSCODES" : "", c->requiretls ? " REQUIRETLS" : "",
        c->starttls ? " STARTTLS" : "",
        c->size_known ? apr_psprintf(pool, " SIZE %" APR_UINT64_T_FMT, c->size) : "",
        c->limit_recipients ? apr_psprintf(pool, " LIMITS RCPTMAX=%d", c->limit_recipients) : "",
        c->auth_offered ? apr_psprintf(pool, " AUTH (%s)", c->mechanisms) : "");
}

static const char *tls_words(ss_probe_t *p, const ss_tls_facts_t *f, const char *first)
{
    const char *chain = *f->chain ? apr_psprintf(p->report->pool, "\nchain: %s", f->chain) : "";

    return apr_psprintf(
        p->report->pool, "%s\n%s, %s%s%s\ncertificate for %s, valid %s to %s\nfingerprint %s%s",
        first, f->version, f->cipher, *f->group ? ", key exchange " : "", f->group,
        *f->names ? f->names : "no name", f->not_before, f->not_after, f->fingerprint, chain);
}

static const char *domain_of(const char *host)
{
    const char *dot = strrchr(host, '.'), *at = host;

    for (const char *d = strchr(host, '.'); d && d != dot; d = strchr(d + 1, '.')) at = d + 1;
    return at;
}

/* Networks that redirect outgoing SMTP to a server of their own are known by a banner and a
 * certificate of somebody else. */
static void check_other_server(ss_probe_t *p, ss_result_t *result)
{
    const char *host = host_name(p);
    char first[256];
    apr_size_t n;

    if (!result->advice || strcmp(result->advice, "cert-name") || !*p->greeting ||
        strchr(host, ':') || !host[strspn(host, "0123456789.")])
        return;
    n = strcspn(p->greeting, " \r\n");
    if (n >= sizeof(first)) return;
    apr_cpystrn(first, p->greeting, n + 1);
    if (!strchr(first, '.') || ss_text_same(domain_of(first), domain_of(host))) return;
    apr_size_t used = strlen(result->text);
    apr_snprintf(result->text + used, sizeof(result->text) - used,
                 "; and the server that answered calls itself %s", first);
    add_advice(p->report, "other-server");
}

/* Where SMTPSendAuth names mechanisms nothing else is tried, but the server may offer more. */
static void add_offers(const ss_probe_t *p, ss_link_t *link, ss_result_t *result)
{
    const ss_client_t *client = ss_link_client(link);
    const char *offers = client ? ss_client_capability(client)->mechanisms : "";
    apr_size_t used = strlen(result->text);

    if (!*offers || ss_auth_is_auto(p->settings.auth)) return;
    apr_snprintf(result->text + used, sizeof(result->text) - used,
                 "; the server offers %s (SMTPSendAuth names what is tried)", offers);
}

static void on_step(ss_probe_t *p, ss_link_t *link, const ss_client_event_t *event)
{
    const char *name = static_name(event->result.step);
    ss_result_t result = event->result;
    int is_tls = !strcmp(name, "tls");
    const ss_tls_facts_t *facts = is_tls ? ss_link_tls_facts(link) : NULL;

    if (facts) {
        p->facts = *facts;
        p->has_facts = 1;
    }
    if (!strcmp(name, "greeting")) apr_cpystrn(p->greeting, event->text, sizeof(p->greeting));
    if (!event->is_ok) {
        if (is_tls) check_other_server(p, &result);
        if (!strcmp(name, "auth") && event->code) add_offers(p, link, &result);
        add_failure(p, name, &result,
                    is_tls && p->has_facts ? tls_words(p, &p->facts, result.text) : result.text,
                    event->took);
        return;
    }
    const char *detail = *result.text ? result.text : event->text;
    if (!strcmp(name, "hello")) detail = hello_words(p, event);
    if (is_tls && p->has_facts)
        detail = tls_words(p, &p->facts,
                           apr_pstrcat(p->report->pool, "encrypted, ", p->facts.verify, NULL));
    if (!strcmp(name, "auth") && event->mechanism)
        detail = apr_psprintf(p->report->pool, "%s: %s", event->mechanism, detail);
    int is_slow = !strcmp(name, "greeting") && event->took > SLOW_GREETING;
    if (is_slow)
        detail =
            apr_psprintf(p->report->pool, "the greeting came late, after %" APR_TIME_T_FMT " s: %s",
                         apr_time_sec(event->took), detail);
    add_step(p, name, result.advice || is_slow ? SS_STEP_WARN : SS_STEP_OK, event->took, detail,
             result.advice);
    p->step = step_after(p, name);
}

/* ---- the secret ---- */

static void give(ss_probe_t *p, const ss_secret_t *secret)
{
    apr_size_t len = 0;
    const char *bytes = secret && ss_secret_is_ready(secret) ? ss_secret_bytes(secret, &len) : NULL;

    if (p->link) ss_link_secret(p->link, bytes, len);
}

static void work(void *baton)
{
    fetch_t *f = baton;

    f->rv = ss_secret_load(f->secret, &f->result);
    if (f->rv == APR_SUCCESS && !ss_secret_is_ready(f->secret))
        f->rv = ss_secret_reload(f->secret, SECRET_TIME, &f->result);
}

static void on_fetched(void *baton)
{
    fetch_t *f = baton;
    ss_probe_t *p = f->probe;

    if (p) {
        p->fetch = NULL;
        if (f->rv != APR_SUCCESS && p->link) {
            ss_result_t result = { 0 };
            ss_result_set(&result, "auth", "",
                          f->result.advice ? f->result.advice : "auth-secret-unreadable",
                          "SMTPSendPassword cannot be read: %s", f->result.text);
            add_failure(p, "auth", &result, result.text,
                        ss_mono_since(ss_mono_now(), p->step_began));
        }
        give(p, f->secret);
    }
    ss_secret_destroy(f->secret);
    free(f);
}

/* The delivery's own copy where it has one; else one read for this test, so that nothing is shared
 * with a thread. */
static void want_secret(ss_probe_t *p)
{
    if (p->fetch) return;
    if ((p->options.secret && ss_secret_is_ready(p->options.secret)) || !p->settings.password)
        give(p, p->options.secret);
    else {
        fetch_t *f = calloc(1, sizeof(*f));
        if (!f) abort();
        f->probe = p;
        f->secret = ss_secret_create(p->settings.password);
        if (ss_loop_help(p->loop, work, on_fetched, f) == APR_SUCCESS) {
            p->fetch = f;
            return;
        }
        ss_secret_destroy(f->secret);
        free(f);
        give(p, NULL);
    }
}

/* ---- the end ---- */

static void free_probe(ss_probe_t *p)
{
    if (p->fetch) p->fetch->probe = NULL;
    if (p->search) ss_probe_search_cancel(p->search);
    if (p->link) ss_link_destroy(p->link);
    ss_loop_untimer(p->loop, &p->begin);
    ss_loop_untimer(p->loop, &p->deadline);
    ss_loop_undefer(p->loop, &p->turn);
    apr_pool_destroy(p->pool);
}

static void copy_lines(apr_array_header_t *to, const apr_array_header_t *from)
{
    for (int i = 0; i < from->nelts; i++)
        APR_ARRAY_PUSH(to, const char *) =
            apr_pstrdup(to->pool, APR_ARRAY_IDX(from, i, const char *));
}

static void end(ss_probe_t *p)
{
    ss_probe_report_t *report = p->report;
    ss_probe_owner_t owner = p->owner;

    if (p->is_cancelled) return;
    copy_lines(report->dialogue, ss_transcript_lines(p->transcript));
    report->failed_step = p->failed_step;
    if (p->failed_step)
        report->http_status = !strcmp(p->failed_step, "config") ? 503 : p->is_late ? 504 : 502;
    else
        report->http_status = 200;
    report->took = ss_mono_since(ss_mono_now(), p->began);
    free_probe(p);
    owner.end(owner.self, report);
}

static void on_found(void *self, const apr_array_header_t *works)
{
    ss_probe_t *p = self;

    p->search = NULL;
    copy_lines(p->report->works, works);
    /* The search frees itself when this returns. */
    p->step = NULL;
    ss_loop_defer(p->loop, &p->turn);
}

static void open_link(ss_probe_t *p);

/* A host is over: the next one, the search, or the end. */
static void host_over(ss_probe_t *p)
{
    ss_probe_search_options_t options = {
        .settings = p->options.settings,
        .host = p->host,
        .failed_step = p->failed_step,
        .advice = p->failed_advice,
        .facts = p->has_facts ? &p->facts : NULL,
        .until = ss_mono_min(p->final, ss_mono_add(ss_mono_now(), SEARCH_TIME_MAX))
    };

    if (p->failed_step && !is_last_host(p)) {
        p->host++;
        p->failed_step = p->failed_advice = NULL;
        p->is_late = p->has_facts = 0;
        open_link(p);
        return;
    }
    ss_loop_untimer(p->loop, &p->deadline);
    if (p->failed_step && is_worth_a_search(p))
        p->search = ss_probe_search_start(p->loop, &options, p->pool, on_found, p);
    else
        end(p);
}

static void on_turn(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_probe_t *p = deferred->self;

    (void)now;
    if (p->step)
        host_over(p);
    else
        end(p);
}

/* ---- a link's events ---- */

static void on_ready(ss_probe_t *p)
{
    p->step = p->options.to ? "mail" : "quit";
    ss_link_try(p->link, p->options.from ? p->options.from : "", p->options.to);
}

static void on_closed(ss_probe_t *p, const ss_client_event_t *event)
{
    ss_result_t result = event->result;

    if (!event->is_ok && !p->failed_step) {
        if (!ss_result_is_set(&result))
            ss_result_set(&result, p->step, "", event->verdict.advice, "the connection was lost");
        if (!result.advice) result.advice = event->verdict.advice;
        add_failure(p, result.step, &result, result.text,
                    ss_mono_since(ss_mono_now(), p->step_began));
    }
    ss_link_destroy(p->link);
    p->link = NULL;
    ss_loop_defer(p->loop, &p->turn);
}

static void on_event(void *self, ss_link_t *link, const ss_client_event_t *event)
{
    ss_probe_t *p = self;

    switch (event->kind) {
    case SS_EVENT_STEP: on_step(p, link, event); break;
    case SS_EVENT_WANT_SECRET: want_secret(p); break;
    case SS_EVENT_READY: on_ready(p); break;
    case SS_EVENT_TRIED:
        if (!event->takes_several && !p->failed_step) {
            add_step(p, "rcpt", SS_STEP_WARN, 0,
                     "the server accepts one message per connection: set "
                     "SMTPSendOneMessagePerConnection On",
                     "one-message");
        }
        if (ss_result_is_set(&event->result))
            add_step(p, event->result.step, SS_STEP_WARN, 0, event->result.text,
                     event->result.advice);
        p->step = "quit";
        ss_link_quit(link);
        break;
    case SS_EVENT_CLOSED: on_closed(p, event); break;
    default: break;
    }
}

static void open_link(ss_probe_t *p)
{
    ss_link_options_t options = { .settings = &p->settings,
                                  .host = p->host,
                                  .tls = p->tls,
                                  .transcript = p->transcript,
                                  .logins = SS_CLIENT_LOGINS_MAX };
    ss_link_owner_t owner = { on_event, p };
    ss_result_t result = { 0 };

    p->step = "resolve";
    p->step_began = ss_mono_now();
    ss_transcript_note(
        p->transcript, "%s",
        apr_psprintf(p->pool, "%s port %d", host_name(p), ss_settings_port(&p->settings, p->host)));
    if (ss_link_open(&p->link, p->loop, &options, &owner) == APR_SUCCESS) return;
    p->link = NULL;
    ss_result_set(&result, "resolve", "", NULL,
                  "no connection can be opened: out of memory, or too many are open");
    add_failure(p, "resolve", &result, result.text, 0);
    ss_loop_defer(p->loop, &p->turn);
}

/* ---- the beginning ---- */

static const char *config_error(ss_probe_t *p, const char **advice)
{
    const ss_settings_t *s = p->options.settings;
    ss_result_t result = { 0 };

    *advice = "config-no-host";
    if (!s->hosts || !s->hosts->nelts)
        return "no SMTPSendHost is configured: there is nothing to test";
    *advice = NULL;
    if (s->tls != SS_TLS_NONE &&
        ss_tls_create(&p->tls, &p->settings, &result, p->pool) != APR_SUCCESS) {
        *advice = result.advice;
        return apr_pstrdup(p->pool, result.text);
    }
    return NULL;
}

static const char *const tls_modes[] = { "no TLS", "TLS by negotiation", "STARTTLS",
                                         "TLS from the start", "TLS where offered" };

static void begin(ss_timer_t *timer, ss_mono_t now)
{
    ss_probe_t *p = timer->self;
    const ss_settings_t *s = p->options.settings;
    const char *advice, *error = config_error(p, &advice);

    (void)now;
    if (error) {
        p->failed_step = "config";
        add_step(p, "config", SS_STEP_FAIL, 0, error, advice);
        end(p);
        return;
    }
    const char *host = APR_ARRAY_IDX(s->hosts, 0, ss_settings_host_t).name;
    const char *login =
        s->username && *s->username
            ? apr_psprintf(p->pool, "login as %s (password %s)", s->username,
                           p->options.secret_state ? p->options.secret_state : "unknown")
            : "no login";
    const char *words = apr_psprintf(p->pool, "relay \"%s\": %s port %d, %s, %s",
                                     s->relay_name ? s->relay_name : "default", host,
                                     ss_settings_port(s, 0), tls_modes[s->tls], login);
    const char *problem = NULL;
    if (s->username && p->options.secret_state && !strcmp(p->options.secret_state, "unreadable")) {
        problem = "\nthe password cannot be read";
        advice = "auth-secret-unreadable";
    } else if (s->password && s->password->kind != SS_SECRET_NONE &&
               (!s->username || !*s->username)) {
        problem = "\nSMTPSendPassword is set and SMTPSendUsername is not: no login is attempted";
        advice = "SMTPSend-117";
    } else if (!s->engine) {
        problem = "\nSMTPSendEngine is Off: the test runs, mail is not accepted";
        advice = "config-engine-off";
    }
    add_step(p, "config", problem ? SS_STEP_WARN : SS_STEP_OK, 0,
             apr_pstrcat(p->pool, words, problem, NULL), advice);
    p->host = 0;
    open_link(p);
}

static void late(ss_timer_t *timer, ss_mono_t now)
{
    ss_probe_t *p = timer->self;
    ss_result_t result = { 0 };
    const char *step = p->step ? p->step : "connect";

    ss_result_set(&result, step, "ETIMEDOUT",
                  !strcmp(step, "connect")    ? "connect-timeout"
                  : !strcmp(step, "greeting") ? "greeting-timeout"
                                              : "test-timeout",
                  "the test exceeded its deadline (SMTPSendTestTimeout %s)",
                  ss_text_duration_print(p->pool, p->options.settings->test_timeout));
    if (p->link) ss_link_destroy(p->link);
    p->link = NULL;
    /* No host is left time for. */
    p->host = p->settings.hosts->nelts - 1;
    add_failure(p, step, &result, result.text, ss_mono_since(now, p->step_began));
    if (!p->step) p->step = step;
    ss_loop_defer(p->loop, &p->turn);
}

/* The delivery waits minutes; the person in front of the test does not. The steps' own sentences
 * should come before the test's deadline does. */
static void shorten(ss_settings_t *s, apr_interval_time_t time)
{
    apr_interval_time_t most = time * 9 / 10,
                        connect = s->hosts && s->hosts->nelts ? most / s->hosts->nelts : most;

    for (int i = 0; i < SS_TIMEOUTS; i++) {
        if (s->timeout[i] > most || s->timeout[i] <= 0) s->timeout[i] = most;
    }
    if (s->timeout[SS_TIMEOUT_CONNECT] > connect) s->timeout[SS_TIMEOUT_CONNECT] = connect;
}

static ss_probe_report_t *make_report(const ss_probe_options_t *options)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_probe_report_t *report = apr_pcalloc(pool, sizeof(*report));
    report->pool = pool;
    report->settings = options->settings;
    report->secret_state = options->secret_state ? apr_pstrdup(pool, options->secret_state) : NULL;
    report->steps = apr_array_make(pool, 16, sizeof(ss_probe_report_step_t));
    report->dialogue = apr_array_make(pool, 64, sizeof(const char *));
    report->advice = apr_array_make(pool, 4, sizeof(const char *));
    report->works = apr_array_make(pool, 4, sizeof(const char *));
    report->started = ss_wall_now();
    return report;
}

ss_probe_t *ss_probe_start(ss_loop_t *loop, const ss_probe_options_t *options,
                           const ss_probe_owner_t *owner)
{
    apr_interval_time_t whole = options->settings->test_timeout > 0
                                    ? options->settings->test_timeout
                                    : 30 * APR_USEC_PER_SEC,
                        search;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_probe_t *p = apr_pcalloc(pool, sizeof(*p));
    p->pool = pool;
    p->report = make_report(options);
    p->loop = loop;
    p->options = *options;
    if (options->from) p->options.from = apr_pstrdup(pool, options->from);
    if (options->to) p->options.to = apr_pstrdup(pool, options->to);
    p->owner = *owner;
    p->settings = *options->settings;
    p->transcript = ss_transcript_create(pool);
    p->host = -1;
    search = !options->looks_further       ? 0
             : whole / 3 < SEARCH_TIME_MAX ? whole / 3
                                           : SEARCH_TIME_MAX;
    p->began = ss_mono_now();
    p->final = ss_mono_add(p->began, whole);
    p->until = ss_mono_add(p->began, whole - search);
    shorten(&p->settings, whole - search);
    p->begin = (ss_timer_t){ .fired = begin, .self = p };
    p->deadline = (ss_timer_t){ .fired = late, .self = p };
    p->turn = (ss_deferred_t){ .call = on_turn, .self = p };
    ss_loop_timer(loop, &p->begin, p->began);
    ss_loop_timer(loop, &p->deadline, p->until);
    return p;
}

static void free_cancelled(ss_deferred_t *deferred, ss_mono_t now)
{
    ss_probe_t *p = deferred->self;

    (void)now;
    apr_pool_destroy(p->report->pool);
    free_probe(p);
}

/* Perhaps within its own step callback, whose caller goes on with the probe. */
void ss_probe_cancel(ss_probe_t *p)
{
    p->is_cancelled = 1;
    p->owner.step = NULL;
    p->turn.call = free_cancelled;
    ss_loop_defer(p->loop, &p->turn);
}
