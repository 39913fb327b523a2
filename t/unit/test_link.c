/* test_link.c: a link, and a connection test, against a scripted server in a thread on loopback. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/idn.h"
#include "net/probe.h"
#include "net/resolve.h"

void ss_suite_link(void);

#define DEADLINE (20 * APR_USEC_PER_SEC) /* a test that takes longer has failed */
#define POLL_MS 10000

static apr_pool_t *pool;
static ss_loop_t *loop;

/* ---- the server: "S:text" sends a line, "C:start" takes one, "D:" takes content up to the dot,
 * "B:xNN" raw bytes, "X:" waits for the peer's end ---- */

typedef struct {
    int listener, port, is_wrong;
    const char *const *script;
    char taken[256]; /* the line that did not fit */
    size_t content;  /* bytes taken by D: */
    pthread_t thread;
} server_t;

static int read_line(int fd, char *line, size_t size)
{
    size_t n = 0;

    while (n + 1 < size) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, POLL_MS) != 1 || read(fd, line + n, 1) != 1) return -1;
        if (line[n++] == '\n') break;
    }
    line[n] = '\0';
    return 0;
}

static void take_content(server_t *server, int fd)
{
    static char bytes[65536];
    char tail[5] = "";
    ssize_t n;

    while (memcmp(tail, "\r\n.\r\n", 5)) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, POLL_MS) != 1 || (n = read(fd, bytes, sizeof(bytes))) <= 0) {
            server->is_wrong = 1;
            return;
        }
        server->content += (size_t)n;
        for (ssize_t i = n > 5 ? n - 5 : 0; i < n; i++) {
            memmove(tail, tail + 1, 4);
            tail[4] = bytes[i];
        }
    }
}

static void play(server_t *server, int fd)
{
    char line[1024];

    for (const char *const *step = server->script; *step; step++) {
        const char *text = *step + 2;
        char out[1024];
        int n = snprintf(out, sizeof(out), "%s\r\n", text);
        if (**step == 'S') {
            if (write(fd, out, (size_t)n) != n) return;
        } else if (**step == 'B') {
            if (write(fd, text, strlen(text)) < 0) return;
        } else if (**step == 'D') {
            take_content(server, fd);
        } else if (**step == 'X') {
            while (read(fd, line, sizeof(line)) > 0) continue;
        } else if (read_line(fd, line, sizeof(line)) || strncmp(line, text, strlen(text))) {
            server->is_wrong = 1;
            apr_cpystrn(server->taken, line, sizeof(server->taken));
            return;
        }
    }
}

static void *serve(void *baton)
{
    server_t *server = baton;
    sigset_t pipe_signal;
    struct pollfd p = { .fd = server->listener, .events = POLLIN };

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    if (poll(&p, 1, POLL_MS) != 1) return NULL;
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0) return NULL; /* the test is over, and nobody came */
    play(server, fd);
    close(fd);
    return NULL;
}

static void open_server(server_t *server, const char *const *script)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);

    memset(server, 0, sizeof(*server));
    server->script = script;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(bind(server->listener, (struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(listen(server->listener, 8), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    if (script) CU_ASSERT_EQUAL_FATAL(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void close_server(server_t *server)
{
    shutdown(server->listener, SHUT_RDWR); /* a server that still waits for somebody leaves */
    if (server->script) pthread_join(server->thread, NULL);
    if (server->is_wrong) fprintf(stderr, "the server got: %s\n", server->taken);
    CU_ASSERT_FALSE(server->is_wrong);
    close(server->listener);
}

/* ---- the client's side ---- */

typedef struct {
    server_t server;
    ss_settings_t settings;
    ss_link_t *link;
    ss_client_message_t *message; /* sent when ready; NULL: QUIT at once */
    int destroys_at_step;         /* in the event of this step (1 = first) */
    int steps, ready, done, closed, is_ok;
    /* of the steps, blank separated, "!" before a failed one */
    char names[160];
    char advice[64];
    ss_timer_t timer;
    int is_late;
} talk_t;

static void on_late(ss_timer_t *timer, ss_mono_t now)
{
    talk_t *t = timer->self;

    (void)now;
    t->is_late = 1;
    ss_loop_stop(loop);
}

static void on_step(talk_t *t, ss_link_t *link, const ss_client_event_t *event)
{
    apr_size_t used = strlen(t->names);

    apr_snprintf(t->names + used, sizeof(t->names) - used, "%s%s%s", used ? " " : "",
                 event->is_ok ? "" : "!", event->result.step);
    if (!event->is_ok && event->result.advice && !*t->advice)
        apr_cpystrn(t->advice, event->result.advice, sizeof(t->advice));
    if (++t->steps == t->destroys_at_step) {
        ss_link_destroy(link);
        ss_loop_stop(loop);
    }
}

static void on_event(void *self, ss_link_t *link, const ss_client_event_t *event)
{
    talk_t *t = self;

    if (event->kind == SS_EVENT_STEP) {
        on_step(t, link, event);
    } else if (event->kind == SS_EVENT_READY) {
        t->ready++;
        if (!t->message)
            ss_link_quit(link);
        else if (ss_link_send(link, t->message) != APR_SUCCESS)
            CU_FAIL("a ready link took no message");
    } else if (event->kind == SS_EVENT_DONE) {
        t->done++;
        ss_link_quit(link);
    } else if (event->kind == SS_EVENT_CLOSED) {
        t->closed++;
        t->is_ok = event->is_ok;
        ss_link_destroy(link);
        ss_loop_stop(loop);
    }
}

static void prepare(talk_t *t, const char *const *script)
{
    ss_settings_host_t host = { .name = "127.0.0.1" };

    memset(t, 0, sizeof(*t));
    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL_FATAL(ss_loop_create(&loop, NULL, pool), APR_SUCCESS);
    open_server(&t->server, script);
    ss_settings_clear(&t->settings);
    t->settings.server_name = "web.example.com";
    t->settings.hosts = apr_array_make(pool, 1, sizeof(ss_settings_host_t));
    host.port = t->server.port;
    APR_ARRAY_PUSH(t->settings.hosts, ss_settings_host_t) = host;
    ss_settings_finish(&t->settings, pool);
    t->timer = (ss_timer_t){ .fired = on_late, .self = t };
}

static void run(talk_t *t)
{
    ss_link_options_t options = { .settings = &t->settings };
    ss_link_owner_t owner = { on_event, t };

    ss_loop_timer(loop, &t->timer, ss_mono_add(ss_mono_now(), DEADLINE));
    CU_ASSERT_EQUAL_FATAL(ss_link_open(&t->link, loop, &options, &owner), APR_SUCCESS);
    CU_ASSERT_EQUAL(t->steps, 0);
    ss_loop_run(loop);
    CU_ASSERT_FALSE(t->is_late);
    ss_loop_untimer(loop, &t->timer);
}

static void finish(talk_t *t)
{
    close_server(&t->server);
    ss_loop_destroy(loop);
    apr_pool_destroy(pool);
}

/* ---- links ---- */

static void a_session_shows_its_steps_and_ends_once(void)
{
    static const char *const script[] = { "S:220 mx.example.net ESMTP",
                                          "C:EHLO web.example.com",
                                          "S:250 mx.example.net",
                                          "C:QUIT",
                                          "S:221 Bye",
                                          NULL };
    talk_t t;

    prepare(&t, script);
    run(&t);
    CU_ASSERT_STRING_EQUAL(t.names, "resolve connect greeting hello quit");
    CU_ASSERT_EQUAL(t.ready, 1);
    CU_ASSERT_EQUAL(t.closed, 1);
    CU_ASSERT(t.is_ok);
    finish(&t);
}

static const struct {
    const char *label;
    const char *script[4];
    ss_settings_tls_t tls;
    const char *names, *advice;
} failures[] = {
    { "closed without greeting",
      { NULL },
      SS_TLS_NONE,
      "resolve connect !greeting",
      "greeting-lost" },
    { "speaks TLS",
      { "B:\x15\x03\x01\x02\x02\x46", "X:", NULL },
      SS_TLS_NONE,
      "resolve connect !greeting",
      "greeting-tls" },
    { "silent", { "X:", NULL }, SS_TLS_NONE, "resolve connect !greeting", "greeting-silent" },
    { "refuses", { "S:554 no", "X:", NULL }, SS_TLS_NONE, "resolve connect !greeting", NULL },
    { "plain where TLS begins",
      { "S:220 mx.example.net ESMTP", "X:", NULL },
      SS_TLS_TLS,
      "resolve connect !tls",
      "tls-plain-port" },
    { "silent where TLS begins", { "X:", NULL }, SS_TLS_TLS, "resolve connect !tls", "tls-silent" },
    { "no STARTTLS",
      { "S:220 mx.example.net ESMTP", "C:EHLO", "S:250 mx.example.net", NULL },
      SS_TLS_STARTTLS,
      "resolve connect greeting hello !starttls",
      NULL }
};

static void each_failure_is_named(void)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        ss_result_t result;
        ss_tls_t *tls = NULL;
        talk_t t;
        prepare(&t, failures[i].script);
        t.settings.tls = (int)failures[i].tls;
        t.settings.timeout[SS_TIMEOUT_CONNECT] = t.settings.timeout[SS_TIMEOUT_GREETING] = 300000;
        ss_result_clear(&result);
        CU_ASSERT_EQUAL_FATAL(ss_tls_create(&tls, &t.settings, &result, pool), APR_SUCCESS);
        ss_link_options_t options = { .settings = &t.settings, .tls = tls };
        ss_link_owner_t owner = { on_event, &t };
        ss_loop_timer(loop, &t.timer, ss_mono_add(ss_mono_now(), DEADLINE));
        CU_ASSERT_EQUAL_FATAL(ss_link_open(&t.link, loop, &options, &owner), APR_SUCCESS);
        ss_loop_run(loop);
        if (strncmp(t.names, failures[i].names, strlen(failures[i].names)) ||
            (failures[i].advice && strcmp(t.advice, failures[i].advice))) {
            fprintf(stderr, "link %s: got \"%s\", advice %s\n", failures[i].label, t.names,
                    t.advice);
        }
        CU_ASSERT_EQUAL(strncmp(t.names, failures[i].names, strlen(failures[i].names)), 0);
        if (failures[i].advice) CU_ASSERT_STRING_EQUAL(t.advice, failures[i].advice);
        CU_ASSERT_EQUAL(t.closed, 1);
        CU_ASSERT_FALSE(t.is_ok);
        CU_ASSERT_FALSE(t.is_late);
        finish(&t);
    }
}

static void an_international_name_is_asked_for_as_a_label(void)
{
    static const struct {
        const char *name, *ascii;
    } rows[] = { { "mail.example.com", "mail.example.com" },
                 { "192.0.2.1", "192.0.2.1" },
                 { "b\xc3\xbc"
                   "cher.example",
                   "xn--bcher-kva.example" },
                 { "stra\xc3\x9f"
                   "e.example",
                   "xn--strae-oqa.example" },
                 { "xn--bcher-kva.example", "xn--bcher-kva.example" },
                 { "\xff.example", "\xff.example" } };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char ascii[256];
        int bad = ss_idn_ascii(rows[i].name, ascii, sizeof(ascii));
        CU_ASSERT_EQUAL(bad, *rows[i].name == '\xff' ? -1 : 0);
        CU_ASSERT_STRING_EQUAL(ascii, rows[i].ascii);
    }
}

static void a_refused_connection_is_named(void)
{
    talk_t t;

    prepare(&t, NULL);
    close(t.server.listener);
    run(&t);
    CU_ASSERT_STRING_EQUAL(t.names, "resolve !connect");
    CU_ASSERT_STRING_EQUAL(t.advice, "connect-refused");
    CU_ASSERT_EQUAL(t.closed, 1);
    ss_loop_destroy(loop);
    apr_pool_destroy(pool);
}

static void a_source_address_that_is_not_ours_is_named(void)
{
    talk_t t;

    prepare(&t, NULL);
    t.settings.source_address = "192.0.2.1";
    run(&t);
    CU_ASSERT_STRING_EQUAL(t.names, "resolve !connect");
    CU_ASSERT_STRING_EQUAL(t.advice, "connect-source");
    finish(&t);
}

/* The owner may destroy the link in any event: nothing may touch it afterwards (found by the
 * sanitizers). */
static void a_link_may_be_destroyed_in_each_of_its_events(void)
{
    static const char *const script[] = { "S:220 mx.example.net ESMTP", "X:", NULL };

    for (int at = 1; at <= 3; at++) {
        talk_t t;
        prepare(&t, script);
        t.destroys_at_step = at;
        run(&t);
        CU_ASSERT_EQUAL(t.steps, at);
        CU_ASSERT_EQUAL(t.closed, 0);
        /* Where the link went before it connected, the server waits for somebody. */
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                       .sin_port = htons((unsigned short)t.server.port) };
        int fd = at == 1 ? socket(AF_INET, SOCK_STREAM, 0) : -1;
        if (fd >= 0) CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        if (fd >= 0) close(fd);
        finish(&t);
    }
}

#define BIG (16 << 20) /* more than the sockets' buffers hold */

static apr_status_t read_big(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    *bytes = (const char *)self + at;
    *len = (apr_size_t)(BIG - at);
    return APR_SUCCESS;
}

static void a_message_larger_than_the_socket_goes_through(void)
{
    static const char *const script[] = { "S:220 mx.example.net ESMTP",
                                          "C:EHLO",
                                          "S:250 mx.example.net",
                                          "C:MAIL FROM:<a@example.com>",
                                          "S:250 ok",
                                          "C:RCPT TO:<b@example.com>",
                                          "S:250 ok",
                                          "C:DATA",
                                          "S:354 go",
                                          "D:",
                                          "S:250 queued as 4711",
                                          "C:QUIT",
                                          "S:221 Bye",
                                          NULL };
    static char content[BIG];
    ss_client_rcpt_t rcpt = { .address = "b@example.com" };
    ss_client_message_t m = { .from = "a@example.com",
                              .rcpts = &rcpt,
                              .rcpt_count = 1,
                              .size = BIG,
                              .content = { read_big, content } };
    talk_t t;

    memset(content, 'x', sizeof(content));
    for (size_t i = 76; i + 1 < BIG; i += 78) memcpy(content + i, "\r\n", 2);
    memcpy(content + BIG - 2, "\r\n", 2);
    prepare(&t, script);
    apr_pool_create(&m.pool, pool);
    t.message = &m;
    run(&t);
    CU_ASSERT_EQUAL(t.done, 1);
    CU_ASSERT_EQUAL(rcpt.fate, SS_FATE_SENT);
    CU_ASSERT_EQUAL(t.server.content, BIG + 3);
    CU_ASSERT(t.is_ok);
    finish(&t);
}

/* ---- aborting ---- */

static void on_event_abort(void *self, ss_link_t *link, const ss_client_event_t *event)
{
    talk_t *t = self;

    if (event->kind == SS_EVENT_READY) {
        ss_link_send(link, t->message);
        ss_loop_stop(loop);
    }
    if (event->kind == SS_EVENT_DONE) t->done++;
    if (event->kind == SS_EVENT_CLOSED) t->closed++;
}

static void aborting_gives_everything_back_at_once(void)
{
    static const char *const script[] = { "S:220 mx.example.net ESMTP", "C:EHLO",
                                          "S:250 mx.example.net", "X:", NULL };
    ss_client_rcpt_t rcpt = { .address = "b@example.com" };
    ss_client_message_t m = { .from = "a@example.com",
                              .rcpts = &rcpt,
                              .rcpt_count = 1,
                              .size = 2,
                              .content = { read_big, "\r\n" } };
    ss_link_owner_t owner = { on_event_abort, NULL };
    talk_t t;

    prepare(&t, script);
    apr_pool_create(&m.pool, pool);
    t.message = &m;
    owner.self = &t;
    ss_link_options_t options = { .settings = &t.settings };
    CU_ASSERT_EQUAL_FATAL(ss_link_open(&t.link, loop, &options, &owner), APR_SUCCESS);
    ss_loop_run(loop);
    ss_link_abort(t.link, "the test ends it");
    CU_ASSERT_EQUAL(t.done, 1);
    CU_ASSERT_EQUAL(t.closed, 1);
    ss_link_destroy(t.link);
    finish(&t);
}

/* ---- the connection test ---- */

typedef struct {
    int steps, ends, http_status;
    char failed[32], text[16384];
    ss_probe_t *probing; /* cancelled within step number cancel_at; 0: not */
    int cancel_at;
} seen_t;

static void on_probe_step(void *self, const ss_probe_report_t *report,
                          const ss_probe_report_step_t *step)
{
    seen_t *seen = self;

    CU_ASSERT_PTR_NOT_NULL(report);
    CU_ASSERT_PTR_NOT_NULL(step->detail);
    if (++seen->steps == seen->cancel_at) ss_probe_cancel(seen->probing);
}

static void on_probe_end(void *self, ss_probe_report_t *report)
{
    seen_t *seen = self;

    seen->ends++;
    seen->http_status = report->http_status;
    apr_cpystrn(seen->failed, report->failed_step ? report->failed_step : "", sizeof(seen->failed));
    apr_cpystrn(seen->text, ss_probe_report_text(report, 0, report->pool), sizeof(seen->text));
    apr_pool_destroy(report->pool);
    ss_loop_stop(loop);
}

static void probe(talk_t *t, seen_t *seen, const char *to)
{
    ss_probe_options_t options = { .settings = &t->settings,
                                   .secret_state = "empty",
                                   .from = to ? "a@example.com" : NULL,
                                   .to = to };
    ss_probe_owner_t owner = { on_probe_step, on_probe_end, seen };

    memset(seen, 0, sizeof(*seen));
    ss_loop_timer(loop, &t->timer, ss_mono_add(ss_mono_now(), DEADLINE));
    ss_probe_start(loop, &options, &owner);
    CU_ASSERT_EQUAL(seen->steps, 0);
    ss_loop_run(loop);
    ss_loop_untimer(loop, &t->timer);
    CU_ASSERT_FALSE(t->is_late);
    CU_ASSERT_EQUAL(seen->ends, 1);
}

static void a_test_with_sender_and_recipient_sends_nothing(void)
{
    static const char *const script[] = { "S:220 mx.example.net ESMTP",
                                          "C:EHLO",
                                          "S:250 mx.example.net",
                                          "C:MAIL FROM:<a@example.com>",
                                          "S:250 ok",
                                          "C:RCPT TO:<b@example.com>",
                                          "S:250 ok",
                                          "C:RSET",
                                          "S:250 ok",
                                          "C:MAIL FROM:<a@example.com>",
                                          "S:250 ok",
                                          "C:RSET",
                                          "S:250 ok",
                                          "C:QUIT",
                                          "S:221 Bye",
                                          NULL };
    seen_t seen;
    talk_t t;

    prepare(&t, script);
    probe(&t, &seen, "b@example.com");
    CU_ASSERT_EQUAL(seen.http_status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.text, "Connection Test Results: PASSED\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.text, "C: RCPT TO:<b@example.com>\n"));
    CU_ASSERT_PTR_NULL(strstr(seen.text, "C: DATA"));
    finish(&t);
}

static void a_refused_recipient_fails_the_test_there(void)
{
    static const char *const script[] = { "S:220 mx.example.net ESMTP",
                                          "C:EHLO",
                                          "S:250 mx.example.net",
                                          "C:MAIL FROM:<a@example.com>",
                                          "S:250 ok",
                                          "C:RCPT TO:<b@example.com>",
                                          "S:554 5.7.1 <b@example.com>: Relay access denied",
                                          "X:",
                                          NULL };
    seen_t seen;
    talk_t t;

    prepare(&t, script);
    t.settings.test_timeout = 2 * APR_USEC_PER_SEC;
    probe(&t, &seen, "b@example.com");
    CU_ASSERT_STRING_EQUAL(seen.failed, "rcpt");
    CU_ASSERT_EQUAL(seen.http_status, 502);
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.text, "Relay access denied"));
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.text, "What to do:"));
    finish(&t);
}

static void a_silent_server_ends_the_test_in_time(void)
{
    static const char *const script[] = { "X:", NULL };
    seen_t seen;
    talk_t t;

    prepare(&t, script);
    t.settings.test_timeout = APR_USEC_PER_SEC;
    apr_time_t began = apr_time_now();
    probe(&t, &seen, NULL);
    CU_ASSERT(apr_time_now() - began < 5 * APR_USEC_PER_SEC);
    CU_ASSERT_STRING_EQUAL(seen.failed, "greeting");
    CU_ASSERT_EQUAL(seen.http_status, 504);
    finish(&t);
}

static void without_a_host_the_test_says_so(void)
{
    seen_t seen;
    talk_t t;

    prepare(&t, NULL);
    t.settings.hosts = NULL;
    probe(&t, &seen, NULL);
    CU_ASSERT_STRING_EQUAL(seen.failed, "config");
    CU_ASSERT_EQUAL(seen.http_status, 503);
    finish(&t);
}

static void a_dead_first_host_is_a_warning_where_the_second_works(void)
{
    static const char *const script[] = {
        "S:220 mx.example.net ESMTP", "C:EHLO", "S:250 mx.example.net", "C:QUIT", "S:221 Bye", NULL
    };
    server_t dead;
    seen_t seen;
    talk_t t;

    prepare(&t, script);
    open_server(&dead, NULL);
    close(dead.listener);
    apr_array_header_t *hosts = apr_array_make(pool, 2, sizeof(ss_settings_host_t));
    APR_ARRAY_PUSH(hosts, ss_settings_host_t) = (ss_settings_host_t){ "127.0.0.1", dead.port };
    apr_array_cat(hosts, t.settings.hosts);
    t.settings.hosts = hosts;
    probe(&t, &seen, NULL);
    CU_ASSERT_EQUAL(seen.http_status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.text, "[warn] connect"));
    finish(&t);
}

static void a_test_can_be_cancelled(void)
{
    static const char *const script[] = { "X:", NULL };
    ss_probe_t *probing;
    seen_t seen;
    talk_t t;

    memset(&seen, 0, sizeof(seen));
    prepare(&t, script);
    ss_probe_options_t options = { .settings = &t.settings };
    ss_probe_owner_t owner = { on_probe_step, on_probe_end, &seen };
    probing = ss_probe_start(loop, &options, &owner);
    for (int i = 0; i < 100 && seen.steps < 3; i++) ss_loop_turn(loop, APR_USEC_PER_SEC);
    CU_ASSERT_EQUAL(seen.steps, 3);
    ss_probe_cancel(probing);
    ss_loop_turn(loop, 0);
    CU_ASSERT_EQUAL(seen.ends, 0);
    finish(&t);
}

/* The client leaves while a step is written to it: the probe, which goes on after that, must still
 * be there, and nothing more is reported. */
static void a_test_can_be_cancelled_within_each_of_its_steps(void)
{
    static const char *const script[] = { "X:", NULL };

    for (int i = 1; i <= 4; i++) {
        seen_t seen = { .cancel_at = i < 4 ? i : 1 };
        talk_t t;
        prepare(&t, script);
        if (i == 4) t.settings.hosts = NULL; /* the first step is the last one */
        ss_probe_options_t options = { .settings = &t.settings };
        ss_probe_owner_t owner = { on_probe_step, on_probe_end, &seen };
        seen.probing = ss_probe_start(loop, &options, &owner);
        for (int k = 0; k < 100 && seen.steps < seen.cancel_at; k++)
            ss_loop_turn(loop, APR_USEC_PER_SEC);
        ss_loop_turn(loop, 0);
        CU_ASSERT_EQUAL(seen.steps, seen.cancel_at);
        CU_ASSERT_EQUAL(seen.ends, 0);
        if (i == 4) { /* the server still waits for somebody */
            int fd = socket(AF_INET, SOCK_STREAM, 0);
            struct sockaddr_in to = { .sin_family = AF_INET,
                                      .sin_port = htons((apr_uint16_t)t.server.port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
            CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
            close(fd);
        }
        finish(&t);
    }
}

void ss_suite_link(void)
{
    CU_pSuite suite = CU_add_suite("link", NULL, NULL);

    CU_add_test(suite, "a_session_shows_its_steps_and_ends_once",
                a_session_shows_its_steps_and_ends_once);
    CU_add_test(suite, "each_failure_is_named", each_failure_is_named);
    CU_add_test(suite, "an international name is asked for as a label",
                an_international_name_is_asked_for_as_a_label);
    CU_add_test(suite, "a_refused_connection_is_named", a_refused_connection_is_named);
    CU_add_test(suite, "a_source_address_that_is_not_ours_is_named",
                a_source_address_that_is_not_ours_is_named);
    CU_add_test(suite, "a_link_may_be_destroyed_in_each_of_its_events",
                a_link_may_be_destroyed_in_each_of_its_events);
    CU_add_test(suite, "a_message_larger_than_the_socket_goes_through",
                a_message_larger_than_the_socket_goes_through);
    CU_add_test(suite, "aborting_gives_everything_back_at_once",
                aborting_gives_everything_back_at_once);
    CU_add_test(suite, "a_test_with_sender_and_recipient_sends_nothing",
                a_test_with_sender_and_recipient_sends_nothing);
    CU_add_test(suite, "a_refused_recipient_fails_the_test_there",
                a_refused_recipient_fails_the_test_there);
    CU_add_test(suite, "a_silent_server_ends_the_test_in_time",
                a_silent_server_ends_the_test_in_time);
    CU_add_test(suite, "without_a_host_the_test_says_so", without_a_host_the_test_says_so);
    CU_add_test(suite, "a_dead_first_host_is_a_warning_where_the_second_works",
                a_dead_first_host_is_a_warning_where_the_second_works);
    CU_add_test(suite, "a_test_can_be_cancelled", a_test_can_be_cancelled);
    CU_add_test(suite, "a_test_can_be_cancelled_within_each_of_its_steps",
                a_test_can_be_cancelled_within_each_of_its_steps);
}
