/* test_faults.c: every step of a session x every fault x every way of sending: what becomes of each
 * message. The expectations are written from the standards and from CONTRACT.md, not from the
 * client's code:
 *   - a refusal counts for the message (4xx deferred, 5xx failed) or, before there is one, for the
 * relay (down, blocked);
 *   - a connection that breaks before the end of the message was written: certainly not taken; at
 * the start of a reused connection it says nothing (again);
 *   - one that breaks after the end was written: uncertain, except where a 421 says that nothing
 * more is taken;
 *   - slow is no fault while each answer comes within its time; half an answer does not count.
 * The server of this test understands just enough SMTP; replies arrive whole or byte by byte. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/client.h"

void ss_suite_faults(void);

typedef enum { AT_GREETING, AT_EHLO, AT_MAIL, AT_RCPT, AT_DATA, AT_END, STEPS } step_t;
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
    FAULTS
} fault_t;
typedef enum { LOCK, PIPE, CHUNK, MODES } mode_t_;

static const char *const step_names[] = { "greeting", "EHLO", "MAIL", "RCPT", "DATA", "end" };
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
                                           "one answer too many" };
static const char *const mode_names[] = { "lock-step", "pipelining", "chunking" };
/* in ss_verdict_fate_t's order; w: waits for the relay (down) */
static const char fate_letters[] = "sdfawbpu";

/* One letter a fault. '-': the step does not exist in this mode; upper part: the session itself
 * ends with that fate. */
typedef struct {
    mode_t_ mode;
    int before; /* messages that went well on the connection */
    step_t step;
    const char *message; /* fate of the message that meets the fault, by fault */
    /* fate of the message behind it where one can be under way; NULL: none */
    const char *next;
} row_t;

static const row_t rows[] = {
    /*                             4 5 421 | close reset hang | garbage long lines codes | half slow
       extra */
    { LOCK, 0, AT_MAIL,
      "dfa"
      "www"
      "wwww"
      "wsw",
      NULL },
    { LOCK, 0, AT_RCPT,
      "dfa"
      "www"
      "wwww"
      "wsw",
      NULL },
    { LOCK, 0, AT_DATA,
      "dfa"
      "www"
      "wwww"
      "wsd",
      NULL },
    { LOCK, 0, AT_END,
      "dfa"
      "uuu"
      "uuuu"
      "uss",
      NULL },
    { LOCK, 1, AT_MAIL,
      "dfa"
      "aaa"
      "aaaa"
      "asw",
      NULL },
    { LOCK, 1, AT_RCPT,
      "dfa"
      "www"
      "wwww"
      "wsw",
      NULL },
    { LOCK, 1, AT_DATA,
      "dfa"
      "www"
      "wwww"
      "wsd",
      NULL },
    { LOCK, 1, AT_END,
      "dfa"
      "uuu"
      "uuuu"
      "uss",
      NULL },
    /* The next message was not begun when MAIL, RCPT or DATA met the fault: sent on a connection
     * that lives, else again. A transaction that stays open at the server is cleared by closing. */
    { PIPE, 0, AT_MAIL,
      "dfa"
      "www"
      "wwww"
      "wsd",
      "ssa"
      "aaa"
      "aaaa"
      "asa" },
    { PIPE, 0, AT_RCPT,
      "dfa"
      "www"
      "wwww"
      "wsd",
      "aaa"
      "aaa"
      "aaaa"
      "asa" },
    { PIPE, 0, AT_DATA,
      "dfa"
      "www"
      "wwww"
      "wsd",
      "aaa"
      "aaa"
      "aaaa"
      "asa" },
    { PIPE, 0, AT_END,
      "dfa"
      "uuu"
      "uuuu"
      "uss",
      "ssa"
      "aaa"
      "aaaa"
      "asd" },
    { PIPE, 1, AT_MAIL,
      "dfa"
      "aaa"
      "aaaa"
      "asd",
      "ssa"
      "aaa"
      "aaaa"
      "asa" },
    { PIPE, 1, AT_RCPT,
      "dfa"
      "www"
      "wwww"
      "wsd",
      "aaa"
      "aaa"
      "aaaa"
      "asa" },
    { PIPE, 1, AT_DATA,
      "dfa"
      "www"
      "wwww"
      "wsd",
      "aaa"
      "aaa"
      "aaaa"
      "asa" },
    { PIPE, 1, AT_END,
      "dfa"
      "uuu"
      "uuuu"
      "uss",
      "ssa"
      "aaa"
      "aaaa"
      "asd" },
    /* One answer too many shifts all that follow in a window: what they are taken for is the
       server's doing. */
    /* Everything was written before the first answer came: whatever breaks leaves both uncertain.
     */
    { CHUNK, 0, AT_MAIL,
      "dfa"
      "uuu"
      "uuuu"
      "usd",
      NULL },
    { CHUNK, 0, AT_RCPT,
      "dfa"
      "uuu"
      "uuuu"
      "usd",
      NULL },
    { CHUNK, 0, AT_END,
      "dfa"
      "uuu"
      "uuuu"
      "uss",
      NULL },
    { CHUNK, 1, AT_MAIL,
      "dfa"
      "uuu"
      "uuuu"
      "usd",
      "ssa"
      "uuu"
      "uuuu"
      "uss" },
    { CHUNK, 1, AT_RCPT,
      "dfa"
      "uuu"
      "uuuu"
      "usd",
      "aaa"
      "uuu"
      "uuuu"
      "uss" },
    { CHUNK, 1, AT_END,
      "dfa"
      "uuu"
      "uuuu"
      "uss",
      "ssa"
      "uuu"
      "uuuu"
      "usu" },
};

/* Before a message is there: the relay's fate. */
static const struct {
    step_t step;
    const char *relay;
} starts[] = {
    { AT_GREETING, "wbw"
                   "www"
                   "wwww"
                   "w.w" },
    { AT_EHLO, "wbw"
               "www"
               "wwww"
               "w.w" },
};

typedef struct {
    ss_client_t *client;
    apr_time_t now;
    ss_buf_t in, out;
    mode_t_ mode;
    step_t step;
    fault_t fault;
    int wanted, messages; /* the fault meets message number `wanted` */
    int is_content, has_mail, rcpts, is_bytewise, is_slow, has_extra, extras, is_over;
    char fates[4];
    int dones[4];
    char relay;
    int closed;
} server_t;

static void say(server_t *s, const char *text)
{
    ss_buf_puts(&s->out, text);
    if (s->has_extra) ss_buf_puts(&s->out, "451 4.3.0 nobody asked\r\n");
    s->has_extra = 0;
}

/* The fault at a step in place of its usual answer, or 0. */
static int meets(server_t *s, step_t step, const char *usual)
{
    char half[40];

    if (s->step != step || s->messages != s->wanted || s->is_over) return 0;
    switch (s->fault) {
    case F_4XX: say(s, step == AT_GREETING ? "450 not now\r\n" : "451 4.3.0 not now\r\n"); return 1;
    case F_5XX: say(s, "550 5.0.0 never\r\n"); return 1;
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
    case F_SLOW: s->is_slow = 1; return 0;
    case F_EXTRA: s->has_extra = !s->extras++; return 0;
    default: break;
    }
    s->is_over = 1; /* nothing follows */
    return 1;
}

static void finish(server_t *s)
{
    s->has_mail = s->rcpts = 0;
    s->messages++;
}

static void command(server_t *s, const char *line)
{
    if (s->is_over) return;
    if (!strncmp(line, "EHLO", 4)) {
        const char *usual = s->mode == LOCK   ? "250 relay\r\n"
                            : s->mode == PIPE ? "250-relay\r\n250 PIPELINING\r\n"
                                              : "250-relay\r\n250-PIPELINING\r\n250 CHUNKING\r\n";
        if (!meets(s, AT_EHLO, usual)) say(s, usual);
    } else if (!strncmp(line, "MAIL", 4)) {
        if (meets(s, AT_MAIL, "250 ok\r\n")) return;
        say(s, s->has_mail ? "503 5.5.1 nested\r\n" : "250 ok\r\n");
        s->has_mail = 1;
    } else if (!strncmp(line, "RCPT", 4)) {
        if (s->has_mail && meets(s, AT_RCPT, "250 ok\r\n")) return;
        say(s, s->has_mail ? "250 ok\r\n" : "503 5.5.1 no MAIL\r\n");
        s->rcpts += s->has_mail;
    } else if (!strncmp(line, "DATA", 4)) {
        if (s->rcpts && meets(s, AT_DATA, "354 go\r\n")) return;
        s->is_content = s->rcpts > 0;
        say(s, s->rcpts ? "354 go\r\n" : "503 5.5.1 no RCPT\r\n");
        if (!s->rcpts && !s->has_mail) s->messages++;
    } else if (!strncmp(line, "QUIT", 4)) {
        say(s, "221 bye\r\n");
    } else {
        say(s, "500 5.5.1 what\r\n");
    }
}

static void end_of_message(server_t *s)
{
    if (!s->rcpts) {
        say(s, "503 5.5.1 no RCPT\r\n");
        if (!s->has_mail) s->messages++;
        return;
    }
    if (!meets(s, AT_END, "250 taken\r\n")) say(s, "250 taken\r\n");
    finish(s);
}

/* Takes one command or one content from what the client wrote. */
static int serve(server_t *s)
{
    const char *text = ss_buf_text(&s->in), *end;

    if (s->is_content) {
        end = strstr(text, "\r\n.\r\n");
        if (!end) return 0;
        s->is_content = 0;
        ss_buf_take(&s->in, (apr_size_t)(end - text) + 5);
        if (!s->is_over) end_of_message(s);
        return 1;
    }
    end = strstr(text, "\r\n");
    if (!end) return 0;
    if (!strncmp(text, "BDAT ", 5)) {
        apr_size_t whole = (apr_size_t)(end - text) + 2 + strtoul(text + 5, NULL, 10);
        if (s->in.len < whole) return 0;
        ss_buf_take(&s->in, whole);
        if (!s->is_over) end_of_message(s);
        return 1;
    }
    char line[200];
    apr_cpystrn(line, text, sizeof(line));
    ss_buf_take(&s->in, (apr_size_t)(end - text) + 2);
    command(s, line);
    return 1;
}

static void events(server_t *s)
{
    const ss_client_event_t *event;

    while ((event = ss_client_next(s->client))) {
        if (event->kind == SS_EVENT_DONE) {
            int number = *(const char *)event->message->owner - '0';
            s->dones[number]++;
            s->fates[number] = fate_letters[event->message->rcpts[0].fate];
        } else if (event->kind == SS_EVENT_CLOSED) {
            s->closed++;
            s->relay = event->is_ok ? '.' : fate_letters[event->verdict.fate];
        }
    }
}

/* Moves bytes both ways until nothing moves. */
static void exchange(server_t *s)
{
    struct iovec pieces[8];
    int moved = 1;

    while (moved) {
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
            apr_size_t part = s->is_bytewise || s->is_slow ? 1 : s->out.len, len = part;
            moved = 1;
            /* A second a byte: each answer still comes within its time. */
            if (s->is_slow) ss_client_tick(s->client, (ss_mono_t){ s->now += APR_USEC_PER_SEC });
            ss_client_feed(s->client, s->out.data, &len, (ss_mono_t){ s->now });
            ss_buf_take(&s->out, part);
            events(s);
        }
    }
}

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    static const char content[] = "Subject: t\r\n\r\nbody\r\n";

    (void)self;
    *bytes = content + at;
    *len = sizeof(content) - 1 - (apr_size_t)at;
    return APR_SUCCESS;
}

static ss_client_message_t *message(apr_pool_t *pool, const char *name)
{
    ss_client_message_t *m = apr_pcalloc(pool, sizeof(*m));

    m->owner = (void *)(apr_uintptr_t)name;
    m->pool = pool;
    m->from = "a@x";
    m->rcpts = apr_pcalloc(pool, sizeof(ss_client_rcpt_t));
    m->rcpts[0].address = "b@y";
    m->rcpt_count = 1;
    m->size = 20;
    m->content.read = read_content;
    return m;
}

static void open_session(server_t *s, apr_pool_t *pool)
{
    ss_client_options_t options = { .helo = "me",
                                    .host = "relay",
                                    .port = 25,
                                    .pipelining = 1,
                                    .chunking = 1,
                                    .window_max = 16,
                                    .takes_several = 1,
                                    .attempt_deadline = 1800 * APR_USEC_PER_SEC };

    for (int i = 0; i < SS_TIMEOUTS; i++) options.timeout[i] = 60 * APR_USEC_PER_SEC;
    s->now = APR_USEC_PER_SEC;
    ss_buf_init(&s->in, 1000000);
    ss_buf_init(&s->out, 1000000);
    s->client = ss_client_create(&options, (ss_mono_t){ s->now }, pool);
    if (!meets(s, AT_GREETING, "220 hello\r\n")) say(s, "220 hello\r\n");
    exchange(s);
}

/* What the fault does to the connection itself. */
static void strike(server_t *s)
{
    if (!s->is_over) return;
    if (s->fault == F_CLOSE || s->fault == F_HALF)
        ss_client_lost(s->client, APR_EOF, NULL, (ss_mono_t){ s->now });
    if (s->fault == F_RESET) ss_client_lost(s->client, ECONNRESET, NULL, (ss_mono_t){ s->now });
    if (s->fault == F_HANG) {
        apr_time_t deadline = ss_client_deadline(s->client).us;
        CU_ASSERT_TRUE(deadline > s->now);
        ss_client_tick(s->client, (ss_mono_t){ deadline - 1 });
        events(s);
        CU_ASSERT_EQUAL(s->closed, 0);
        ss_client_tick(s->client, (ss_mono_t){ deadline });
    }
    events(s);
}

static void close_session(server_t *s)
{
    ss_client_quit(s->client, (ss_mono_t){ s->now });
    exchange(s);
    CU_ASSERT_EQUAL(s->closed, 1);
    CU_ASSERT_EQUAL(ss_client_in_flight(s->client), 0);
    CU_ASSERT_EQUAL(ss_client_deadline(s->client).us, 0);
    ss_client_destroy(s->client);
    ss_buf_free(&s->in);
    ss_buf_free(&s->out);
}

static void play(const row_t *row, fault_t fault, int is_bytewise)
{
    server_t s = { .mode = row->mode,
                   .step = row->step,
                   .fault = fault,
                   .wanted = row->before,
                   .is_bytewise = is_bytewise };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    open_session(&s, pool);
    for (int i = 0; i < row->before; i++) {
        CU_ASSERT_EQUAL(ss_client_send(s.client, message(pool, "0"), (ss_mono_t){ s.now }),
                        APR_SUCCESS);
        exchange(&s);
        CU_ASSERT_EQUAL(s.fates[0], 's');
    }
    CU_ASSERT_EQUAL(ss_client_send(s.client, message(pool, "1"), (ss_mono_t){ s.now }),
                    APR_SUCCESS);
    if (row->next)
        CU_ASSERT_EQUAL(ss_client_send(s.client, message(pool, "2"), (ss_mono_t){ s.now }),
                        APR_SUCCESS);
    exchange(&s);
    strike(&s);
    exchange(&s);
    char next = row->next ? row->next[fault] : 0;
    /* An answer too many is nonsense, or, where it comes late, taken for the next command's. */
    int is_shifted = fault == F_EXTRA && row->mode == LOCK && s.fates[1] == 'd';
    int is_right = (s.fates[1] == row->message[fault] || is_shifted) && s.dones[1] == 1 &&
                   s.fates[2] == next && s.dones[2] == (row->next != NULL);
    if (!is_right) {
        fprintf(stderr, "\n  %s, %d before, %s at %s%s: message %c (want %c), next %c (want %c)\n",
                mode_names[row->mode], row->before, fault_names[fault], step_names[row->step],
                is_bytewise ? ", byte by byte" : "", s.fates[1] ? s.fates[1] : '-',
                row->message[fault], s.fates[2] ? s.fates[2] : '-', next ? next : '-');
    }
    CU_ASSERT_TRUE(is_right);
    close_session(&s);
    apr_pool_destroy(pool);
}

static void faults_of_messages(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int fault = 0; fault < FAULTS; fault++) {
            play(&rows[i], (fault_t)fault, 0);
            play(&rows[i], (fault_t)fault, 1);
        }
    }
}

static void faults_before_a_message(void)
{
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        for (int fault = 0; fault < FAULTS; fault++) {
            for (int is_bytewise = 0; is_bytewise < 2; is_bytewise++) {
                server_t s = { .mode = CHUNK,
                               .step = starts[i].step,
                               .fault = (fault_t)fault,
                               .is_bytewise = is_bytewise };
                apr_pool_t *pool;
                apr_pool_create(&pool, NULL);
                open_session(&s, pool);
                strike(&s);
                exchange(&s);
                char want = starts[i].relay[fault] == '.' ? 0 : starts[i].relay[fault];
                if (s.relay != want)
                    fprintf(stderr, "\n  %s at %s: relay %c (want %c)\n", fault_names[fault],
                            step_names[starts[i].step], s.relay ? s.relay : '-',
                            starts[i].relay[fault]);
                CU_ASSERT_EQUAL(s.relay, want);
                CU_ASSERT_EQUAL(ss_client_can_send(s.client), !want);
                close_session(&s);
                apr_pool_destroy(pool);
            }
        }
    }
}

void ss_suite_faults(void)
{
    CU_pSuite suite = CU_add_suite("faults", NULL, NULL);

    CU_add_test(suite, "before a message", faults_before_a_message);
    CU_add_test(suite, "of messages", faults_of_messages);
}
