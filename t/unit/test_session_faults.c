/* test_session_faults.c: each step from the greeting to QUIT x each fault x each way of encrypting
 * and logging in: what becomes of the relay. The table is written from CONTRACT.md and the
 * standards, not from the client's code: what refuses us blocks (b), what is not there now or
 * breaks is down (w), and QUIT's answer matters to nobody (.). A server of this test is a list of
 * answers, one a command; replies arrive whole or byte by byte. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/advice.h"
#include "smtp/client.h"

void ss_suite_session_faults(void);

typedef enum {
    F_4XX,
    F_5XX,
    F_421,
    F_CLOSE,
    F_RESET,
    F_HANG,
    F_GARBAGE,
    F_LONG,
    F_LINES,
    F_CODE,
    F_HALF,
    F_SLOW,
    F_EXTRA,
    F_3XX,
    FAULTS
} fault_t;

static const char *const fault_names[] = { "4xx",
                                           "5xx",
                                           "421",
                                           "close",
                                           "reset",
                                           "hang",
                                           "garbage",
                                           "long line",
                                           "many lines",
                                           "codes differ",
                                           "half an answer",
                                           "slow",
                                           "one answer too many",
                                           "3xx" };
static const char letters[] = "sdfawbu"; /* in ss_verdict_fate_t's order */

#define STEPS_MAX 9
/* command: how it begins; faults: the relay's fate by fault; '-': not this one here */
typedef struct {
    const char *command, *answer, *faults;
} step_t;

typedef struct {
    const char *name;
    ss_client_tls_t tls;
    const char *mechanism; /* NULL: no login */
    /* the relay's fate without a fault: '.', or 'b' for a login that is rejected */
    char well;
    int is_tried; /* MAIL, RCPT, RSET, MAIL, RSET of the connection test */
    step_t steps[STEPS_MAX];
} mode_t_;

/*                 4 5 421 | close reset hang | garbage long lines codes | half slow extra | 3xx */
#define GREETING                                                                                   \
    "wbw"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "w"
#define EHLO                                                                                       \
    "wbw"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "w"
#define STARTTLS                                                                                   \
    "wbw"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "-"
#define IF_OFFERED                                                                                 \
    "..w"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "-" /* refused: goes on in plain text */
#define AUTH                                                                                       \
    "bbw"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "-"
#define QUIT                                                                                       \
    "..."                                                                                          \
    "..."                                                                                          \
    "...."                                                                                         \
    "..."                                                                                          \
    "."
/* of a login that is rejected without a fault too */
#define REJECTED                                                                                   \
    "bbw"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "wbb"                                                                                          \
    "-"
/* a refusal is what the test wants to know; a 421 is about this connection */
#define TRIAL                                                                                      \
    "..a"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "w"
#define TRIAL_SEEN                                                                                 \
    "..a"                                                                                          \
    "www"                                                                                          \
    "wwww"                                                                                         \
    "w.w"                                                                                          \
    "w" /* ... which has served before */

static const mode_t_ modes[] = {
    { "plain",
      SS_CLIENT_TLS_OFF,
      NULL,
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 PIPELINING\r\n", EHLO },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "STARTTLS required, SCRAM",
      SS_CLIENT_TLS_REQUIRED,
      "SCRAM-SHA-256",
      'b',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 STARTTLS\r\n", EHLO },
        { "STARTTLS", "220 go\r\n", STARTTLS },
        { "EHLO", "250-r\r\n250 AUTH SCRAM-SHA-256\r\n", EHLO },
        { "AUTH SCRAM-SHA-256 ", "535 5.7.8 no\r\n", REJECTED } } },
    { "STARTTLS where offered",
      SS_CLIENT_TLS_IF_OFFERED,
      NULL,
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 STARTTLS\r\n", EHLO },
        { "STARTTLS", "220 go\r\n", IF_OFFERED },
        { "EHLO", "250 r\r\n", EHLO },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "TLS from the start, PLAIN",
      SS_CLIENT_TLS_ON,
      "PLAIN",
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 AUTH PLAIN\r\n", EHLO },
        { "AUTH PLAIN ", "235 in\r\n", AUTH },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "TLS from the start, LOGIN",
      SS_CLIENT_TLS_ON,
      "LOGIN",
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 AUTH LOGIN\r\n", EHLO },
        { "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n", AUTH },
        { "bWU=", "334 UGFzc3dvcmQ6\r\n", AUTH },
        { "c2VjcmV0", "235 in\r\n", AUTH },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "CRAM-MD5",
      SS_CLIENT_TLS_OFF,
      "CRAM-MD5",
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 AUTH CRAM-MD5\r\n", EHLO },
        { "AUTH CRAM-MD5", "334 PDFAcj4=\r\n", AUTH },
        { "bWUg", "235 in\r\n", AUTH },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "XOAUTH2",
      SS_CLIENT_TLS_ON,
      "XOAUTH2",
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 AUTH XOAUTH2\r\n", EHLO },
        { "AUTH XOAUTH2 ", "235 in\r\n", AUTH },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "OAUTHBEARER",
      SS_CLIENT_TLS_ON,
      "OAUTHBEARER",
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 AUTH OAUTHBEARER\r\n", EHLO },
        { "AUTH OAUTHBEARER ", "235 in\r\n", AUTH },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "EXTERNAL",
      SS_CLIENT_TLS_ON,
      "EXTERNAL",
      '.',
      0,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250-r\r\n250 AUTH EXTERNAL\r\n", EHLO },
        { "AUTH EXTERNAL ", "235 in\r\n", AUTH },
        { "QUIT", "221 bye\r\n", QUIT } } },
    { "the trial",
      SS_CLIENT_TLS_OFF,
      NULL,
      '.',
      1,
      { { "", "220 hi\r\n", GREETING },
        { "EHLO", "250 r\r\n", EHLO },
        { "MAIL", "250 ok\r\n", TRIAL },
        { "RCPT", "250 ok\r\n", TRIAL },
        { "RSET", "250 ok\r\n", TRIAL_SEEN },
        { "MAIL", "250 ok\r\n", TRIAL_SEEN },
        { "RSET", "250 ok\r\n", TRIAL_SEEN },
        { "QUIT", "221 bye\r\n", QUIT } } },
};

typedef struct {
    const mode_t_ *mode;
    ss_client_t *client;
    apr_time_t now;
    ss_buf_t in, out;
    int step, faulty; /* the next answer; the one that meets the fault */
    fault_t fault;
    int is_over, is_slow, closed, is_done, is_unexplained;
    char relay;
} session_t;

static void say(session_t *s, const char *text)
{
    ss_buf_puts(&s->out, text);
}

/* The answer of a step, or the fault in its place. */
static void answer(session_t *s)
{
    const char *usual = s->mode->steps[s->step].answer;
    int is_faulty = s->step++ == s->faulty;
    char half[40];

    if (!is_faulty) {
        say(s, usual);
        return;
    }
    switch (s->fault) {
    case F_4XX: say(s, "451 4.3.0 not now\r\n"); return;
    case F_5XX: say(s, "550 5.7.1 never\r\n"); return;
    case F_3XX: say(s, "354 go\r\n"); return;
    case F_SLOW:
        s->is_slow = 1;
        say(s, usual);
        return;
    case F_EXTRA:
        say(s, usual);
        say(s, "250 nobody asked\r\n");
        return;
    case F_421: say(s, "421 4.3.2 leaving\r\n"); break;
    case F_GARBAGE: ss_buf_append(&s->out, "\x16\x03\x01\0rubbish", 11); break;
    case F_CODE: say(s, "250-a\r\n550 b\r\n"); break;
    case F_LONG:
        say(s, "250 ");
        for (int i = 0; i < SS_REPLY_LINE_MAX; i++) say(s, "a");
        break;
    case F_LINES:
        for (int i = 0; i <= SS_REPLY_LINES_MAX; i++) say(s, "250-a\r\n");
        break;
    case F_HALF:
        snprintf(half, sizeof(half), "%.*s", (int)strlen(usual) / 2, usual);
        say(s, half);
        break;
    default: break;
    }
    s->is_over = 1;
}

/* One command from the client; where it is another than the list's, it is the way out after a
 * refusal. */
static int serve(session_t *s)
{
    const char *text = ss_buf_text(&s->in), *end = strstr(text, "\r\n");
    char line[300];

    if (!end) return 0;
    apr_cpystrn(line, text,
                (apr_size_t)(end - text) + 1 < sizeof(line) ? (apr_size_t)(end - text) + 1
                                                            : sizeof(line));
    ss_buf_take(&s->in, (apr_size_t)(end - text) + 2);
    if (s->is_over) return 1;
    while (
        s->step < STEPS_MAX && s->mode->steps[s->step].command &&
        strncmp(line, s->mode->steps[s->step].command, strlen(s->mode->steps[s->step].command)) &&
        s->step > s->faulty)
        s->step++;
    if (s->step < STEPS_MAX && s->mode->steps[s->step].command &&
        !strncmp(line, s->mode->steps[s->step].command, strlen(s->mode->steps[s->step].command)))
        answer(s);
    else
        say(s, !strcmp(line, "QUIT") ? "221 bye\r\n" : "500 5.5.1 what\r\n");
    return 1;
}

static void events(session_t *s)
{
    const ss_client_event_t *event;

    while ((event = ss_client_next(s->client))) {
        if (event->kind == SS_EVENT_START_TLS && !s->out.len)
            ss_client_tls_on(s->client, NULL, NULL, 0, (ss_mono_t){ s->now });
        if (event->kind == SS_EVENT_WANT_SECRET)
            ss_client_secret(s->client, "secret", 6, (ss_mono_t){ s->now });
        if (event->kind == SS_EVENT_READY) {
            s->is_done = !s->mode->is_tried;
            if (s->mode->is_tried) ss_client_try(s->client, "a@x", "b@y", (ss_mono_t){ s->now });
        }
        if (event->kind == SS_EVENT_TRIED) s->is_done = 1;
        if (event->kind != SS_EVENT_CLOSED) continue;
        s->closed++;
        s->relay = event->is_ok ? '.' : letters[event->verdict.fate];
        s->is_unexplained = !event->is_ok && (!ss_advice_find(event->verdict.advice) ||
                                              !event->result.text[0] || !event->result.step);
    }
}

static void exchange(session_t *s, int is_bytewise)
{
    struct iovec pieces[8];

    for (int moved = 1; moved;) {
        moved = 0;
        events(s);
        for (int count; (count = ss_client_output(s->client, pieces, 8, (ss_mono_t){ s->now })) > 0;
             moved = 1) {
            apr_size_t sum = 0;
            for (int i = 0; i < count; i++) {
                ss_buf_append(&s->in, pieces[i].iov_base, pieces[i].iov_len);
                sum += pieces[i].iov_len;
            }
            ss_client_sent(s->client, sum, (ss_mono_t){ s->now });
            events(s);
        }
        while (serve(s)) continue;
        while (s->out.len) {
            apr_size_t part = is_bytewise || s->is_slow ? 1 : s->out.len, len = part;
            moved = 1;
            if (s->is_slow) ss_client_tick(s->client, (ss_mono_t){ s->now += APR_USEC_PER_SEC });
            ss_client_feed(s->client, s->out.data, &len, (ss_mono_t){ s->now });
            ss_buf_take(&s->out, part);
            events(s);
        }
        if (s->is_done && !moved) {
            s->is_done = 0;
            moved = 1;
            ss_client_quit(s->client, (ss_mono_t){ s->now });
        }
    }
}

/* What the fault does to the connection itself. */
static void strike(session_t *s)
{
    apr_time_t deadline = ss_client_deadline(s->client).us;

    if (s->closed) return;
    if (s->fault == F_HANG)
        ss_client_tick(s->client, (ss_mono_t){ deadline });
    else
        ss_client_lost(s->client, s->fault == F_RESET ? ECONNRESET : APR_EOF, NULL,
                       (ss_mono_t){ s->now });
    events(s);
}

static void play(const mode_t_ *mode, int faulty, fault_t fault, int is_bytewise)
{
    session_t s = { .mode = mode, .now = APR_USEC_PER_SEC, .faulty = faulty, .fault = fault };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ss_client_options_t options = { .helo = "me",
                                    .host = "relay",
                                    .port = 25,
                                    .tls = mode->tls,
                                    .username = mode->mechanism ? "me" : NULL,
                                    .has_client_cert = 1,
                                    .pipelining = 1,
                                    .chunking = 1,
                                    .window_max = 16,
                                    .takes_several = 1,
                                    .attempt_deadline = 1800 * APR_USEC_PER_SEC };
    for (int i = 0; i < SS_TIMEOUTS; i++) options.timeout[i] = 60 * APR_USEC_PER_SEC;
    if (mode->mechanism) {
        apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));
        APR_ARRAY_PUSH(list, const char *) = mode->mechanism;
        options.auth = list;
    }
    ss_buf_init(&s.in, 1000000);
    ss_buf_init(&s.out, 1000000);
    s.client = ss_client_create(&options, (ss_mono_t){ s.now }, pool);
    answer(&s);
    exchange(&s, is_bytewise);
    strike(&s);
    char want = fault == F_SLOW ? mode->well : mode->steps[faulty].faults[fault];
    int is_right = s.closed == 1 && s.relay == want && !s.is_unexplained;
    if (!is_right)
        fprintf(stderr, "\n  %s: %s at step %d (%s)%s: relay %c (want %c)%s\n", mode->name,
                fault_names[fault], faulty, mode->steps[faulty].command,
                is_bytewise ? ", byte by byte" : "", s.relay ? s.relay : '-', want,
                s.is_unexplained ? ", without a reason" : "");
    CU_ASSERT_TRUE(is_right);
    ss_client_destroy(s.client);
    ss_buf_free(&s.in);
    ss_buf_free(&s.out);
    apr_pool_destroy(pool);
}

static void faults_of_sessions(void)
{
    for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
        for (int step = 0; step < STEPS_MAX && modes[m].steps[step].command; step++) {
            for (int fault = 0; fault < FAULTS; fault++) {
                if (modes[m].steps[step].faults[fault] == '-') continue;
                play(&modes[m], step, (fault_t)fault, 0);
                play(&modes[m], step, (fault_t)fault, 1);
            }
        }
    }
}

void ss_suite_session_faults(void)
{
    CU_pSuite suite = CU_add_suite("session_faults", NULL, NULL);

    CU_add_test(suite, "every step, fault and way", faults_of_sessions);
}
