/* test_client_calls.c: the SMTP client by its calls, where a dialogue cannot tell: bounds,
 * deadlines, the transcript, answers that outrun the commands. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buf.h"
#include "fill.h"
#include "smtp/auth.h"
#include "smtp/client.h"
#include "smtp/command.h"
#include "smtp/send_buffer.h"
#include "smtp/server.h"

void ss_suite_client_calls(void);

#define START (1000 * APR_USEC_PER_SEC)
#define CONTENT "Subject: t\r\n\r\nx\r\n"

typedef struct {
    apr_pool_t *pool;
    ss_client_options_t options;
    ss_client_t *client;
    ss_buf_t out;
    int done;
    ss_verdict_fate_t fate;
    ss_client_event_t closed; /* advice "" while it is not */
} call_t;

static void begin(call_t *c)
{
    memset(c, 0, sizeof(*c));
    apr_pool_create(&c->pool, NULL);
    c->closed.verdict.advice = "";
    c->options = (ss_client_options_t){ .helo = "me",
                                        .host = "relay",
                                        .port = 25,
                                        .pipelining = 1,
                                        .chunking = 1,
                                        .window_max = 16,
                                        .takes_several = 1 };
    ss_buf_init(&c->out, 1000000);
}

static void end(call_t *c)
{
    ss_client_destroy(c->client);
    ss_buf_free(&c->out);
    apr_pool_destroy(c->pool);
}

/* Takes all events and all output. */
static void pump(call_t *c)
{
    const ss_client_event_t *event;
    struct iovec pieces[8];

    for (int count = 1; count;) {
        while ((event = ss_client_next(c->client))) {
            if (event->kind == SS_EVENT_DONE) c->fate = event->message->rcpts[0].fate;
            c->done += event->kind == SS_EVENT_DONE;
            if (event->kind == SS_EVENT_CLOSED) c->closed = *event;
        }
        count = ss_client_output(c->client, pieces, 8, (ss_mono_t){ START });
        apr_size_t sum = 0;
        for (int i = 0; i < count; i++) {
            ss_buf_append(&c->out, pieces[i].iov_base, pieces[i].iov_len);
            sum += pieces[i].iov_len;
        }
        ss_client_sent(c->client, sum, (ss_mono_t){ START });
    }
}

static void hear(call_t *c, const char *text)
{
    apr_size_t len = strlen(text);

    ss_client_feed(c->client, text, &len, (ss_mono_t){ START });
    pump(c);
}

/* What the client wrote since the last time. */
static const char *said(call_t *c)
{
    const char *text = apr_pstrdup(c->pool, ss_buf_text(&c->out));

    ss_buf_clear(&c->out);
    return text;
}

static void begin_session(call_t *c, const char *hello)
{
    c->client = ss_client_create(&c->options, (ss_mono_t){ START }, c->pool);
    hear(c, "220 relay\r\n");
    hear(c, hello);
    said(c);
}

static apr_status_t read_content(void *self, apr_off_t at, const char **bytes, apr_size_t *len)
{
    (void)self;
    *bytes = &CONTENT[at];
    *len = sizeof(CONTENT) - 1 - (apr_size_t)at;
    return APR_SUCCESS;
}

static ss_client_message_t *message(call_t *c, int rcpts)
{
    ss_client_message_t *m = apr_pcalloc(c->pool, sizeof(*m));

    m->pool = c->pool;
    m->from = "a@x";
    m->rcpts = apr_pcalloc(c->pool, sizeof(ss_client_rcpt_t) * (apr_size_t)(rcpts + 1));
    for (int i = 0; i < rcpts; i++) m->rcpts[i].address = "b@y";
    m->rcpt_count = rcpts;
    m->size = sizeof(CONTENT) - 1;
    m->content.read = read_content;
    return m;
}

static apr_status_t give(call_t *c, int rcpts)
{
    apr_status_t rv = ss_client_send(c->client, message(c, rcpts), (ss_mono_t){ START });

    pump(c);
    return rv;
}

static int count_of(const char *text, const char *word)
{
    int count = 0;

    for (; (text = strstr(text, word)) != NULL; text++) count++;
    return count;
}

/* ---- bounds ---- */

/* The other tests use the names; here are the numbers that the documents state. */
static void limits_are_those_of_the_documents(void)
{
    CU_ASSERT_EQUAL(SS_REPLY_LINE_MAX, 4096);
    CU_ASSERT_EQUAL(SS_REPLY_LINES_MAX, 100);
    CU_ASSERT_EQUAL(SS_REPLY_TEXT_MAX, 2048);
    CU_ASSERT_EQUAL(SS_CLIENT_WINDOW_MAX, 16);
    CU_ASSERT_EQUAL(SS_CLIENT_RECIPIENTS_MAX, 1000);
    CU_ASSERT_EQUAL(SS_COMMAND_LINE_MAX, 4096);
    CU_ASSERT_EQUAL(SS_COMMAND_ADDRESS_MAX, 1000);
    CU_ASSERT_EQUAL(SS_COMMAND_AUTH_MAX, 12288); /* RFC 4954 4 */
    CU_ASSERT_EQUAL(SS_AUTH_ROUNDS_MAX, 10);
    CU_ASSERT_EQUAL(SS_CONTENT_PIECE_MAX, 65536);
    CU_ASSERT_EQUAL(SS_CONTENT_HEADER_MAX, 262144);
    CU_ASSERT_EQUAL(SS_SEND_BUFFER_HIGH, 262144);
    CU_ASSERT_EQUAL(SS_SERVER_LINE_MAX, 4096);
    CU_ASSERT_EQUAL(SS_SERVER_ERRORS_MAX, 100);
    CU_ASSERT_EQUAL(SS_PARAMETER_ORCPT_MAX, 500);
    CU_ASSERT_EQUAL(SS_TRANSCRIPT_LINES_MAX, 1000);
    CU_ASSERT_EQUAL(SS_TRANSCRIPT_LINE_MAX, 4096);
}

static void messages_that_are_none_are_not_taken(void)
{
    call_t c;

    begin(&c);
    c.options.max_recipients = 5000; /* above the bound: the bound counts */
    begin_session(&c, "250 relay\r\n");
    CU_ASSERT_EQUAL(give(&c, 0), APR_EINVAL);
    CU_ASSERT_EQUAL(give(&c, SS_CLIENT_RECIPIENTS_MAX + 1), APR_EINVAL);
    ss_client_message_t *negative = message(&c, 1);
    negative->size = -1;
    CU_ASSERT_EQUAL(ss_client_send(c.client, negative, (ss_mono_t){ START }), APR_EINVAL);
    CU_ASSERT_EQUAL(ss_client_in_flight(c.client), 0);
    CU_ASSERT_EQUAL(give(&c, SS_CLIENT_RECIPIENTS_MAX), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(said(&c), "MAIL FROM:<a@x>\r\n");
    end(&c);
}

/* A window of 0, or one too wide, becomes the widest; it never grows past it. */
static void window_stays_within_its_bound(void)
{
    static const int wishes[] = { 0, SS_CLIENT_WINDOW_MAX + 1, 3 };

    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        call_t c;
        begin(&c);
        c.options.window_max = wishes[i];
        begin_session(&c, "250-relay\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
        for (int n = 0; n < SS_CLIENT_WINDOW_MAX + 2; n++) {
            CU_ASSERT_EQUAL(give(&c, 1), APR_SUCCESS);
            hear(&c, "250 ok\r\n250 ok\r\n250 taken\r\n");
        }
        int window = 0;
        while (window <= SS_CLIENT_WINDOW_MAX && give(&c, 1) == APR_SUCCESS) window++;
        CU_ASSERT_EQUAL(window, wishes[i] == 3 ? 3 : 16);
        end(&c);
    }
}

/* At most 1,024 commands wait for an answer: the next is said once one came. */
static void so_many_commands_wait_for_answers_and_no_more(void)
{
    call_t c;

    begin(&c);
    begin_session(&c, "250-relay\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    for (int n = 0; n < 2; n++) {
        give(&c, 1);
        hear(&c, "250 ok\r\n250 ok\r\n250 taken\r\n");
    }
    said(&c);
    CU_ASSERT_EQUAL(give(&c, 1000), APR_SUCCESS); /* 1,002 commands */
    CU_ASSERT_EQUAL(give(&c, 20), APR_SUCCESS);   /* 22 more: full */
    CU_ASSERT_EQUAL(give(&c, 1), APR_SUCCESS);
    const char *text = said(&c);
    CU_ASSERT_EQUAL(count_of(text, "MAIL FROM"), 2);
    CU_ASSERT_EQUAL(count_of(text, "RCPT TO"), 1020);
    CU_ASSERT_EQUAL(count_of(text, "BDAT"), 2);
    hear(&c, "250 ok\r\n");
    CU_ASSERT_STRING_EQUAL(said(&c), "MAIL FROM:<a@x>\r\n");
    hear(&c, "250 ok\r\n250 ok\r\n");
    CU_ASSERT_EQUAL(count_of(said(&c), "BDAT"), 1);
    end(&c);
}

static void a_reply_larger_than_any_is_not_kept(void)
{
    call_t c;

    begin(&c);
    begin_session(&c, "250 relay\r\n");
    give(&c, 1);
    hear(&c, "2");
    hear(&c, fill(c.pool, '5', SS_REPLY_LINE_MAX * SS_REPLY_LINES_MAX));
    CU_ASSERT_STRING_EQUAL(c.closed.verdict.advice, "not-smtp");
    CU_ASSERT_PTR_NOT_NULL(strstr(c.closed.result.text, "too long"));
    CU_ASSERT_EQUAL(c.fate, SS_FATE_DOWN);
    apr_size_t len = 4;
    CU_ASSERT_EQUAL(ss_client_feed(c.client, "250 ", &len, (ss_mono_t){ START }), APR_EOF);
    CU_ASSERT_EQUAL(len, 0);
    end(&c);
}

/* ---- answers that outrun the commands ---- */

/* "250" to MAIL and a 421 in one piece: when the 421 is read nothing is asked, and yet a message is
 * under way. */
static void a_421_between_two_commands_leaves_the_message_untaken(void)
{
    call_t c;

    begin(&c);
    begin_session(&c, "250 relay\r\n");
    give(&c, 1);
    hear(&c, "250 ok\r\n421 4.3.2 leaving\r\n");
    CU_ASSERT_EQUAL(c.done, 1);
    CU_ASSERT_EQUAL(c.fate, SS_FATE_AGAIN);
    CU_ASSERT_FALSE(c.closed.is_ok);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.closed.result.text, "421 4.3.2 leaving"));
    CU_ASSERT_STRING_EQUAL(c.closed.verdict.advice, "service-unavailable");
    end(&c);
}

/* What answers in place of a server is named by its first line, printable and within bounds. */
static void strangers_are_quoted_in_part(void)
{
    static const struct {
        const char *greeting, *want, *never;
    } cases[] = {
        { "SSH-2.0-OpenSSH\001rest\r\n", "an SSH server: \"SSH-2.0-OpenSSH\"", "rest" },
        { "HTTP/1.1 400 \xe4\r\n", "a web server: \"HTTP/1.1 400 \"", "\xe4" },
        { "\xff\xfe\xfd\r\n", "does not speak SMTP", "it is" },
        { "\x7f"
          "ELF\r\n",
          "does not speak SMTP", "ELF" },
        { "SSH-2\x7f.0\r\n", "an SSH server: \"SSH-2\"", ".0" },
        { "qwertz\r\n", "it is something else: \"qwertz\"", "server" },
        { "0000000000111111111122222222223333333333444444444455555555556666666666777777777788888888"
          "889999999999\r\n",
          "777777777\"", "8888" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        call_t c;
        begin(&c);
        c.client = ss_client_create(&c.options, (ss_mono_t){ START }, c.pool);
        hear(&c, cases[i].greeting);
        CU_ASSERT_STRING_EQUAL(c.closed.verdict.advice, "not-smtp");
        CU_ASSERT_PTR_NOT_NULL(strstr(c.closed.result.text, cases[i].want));
        CU_ASSERT_PTR_NULL(strstr(c.closed.result.text, cases[i].never));
        end(&c);
    }
}

/* ---- time ---- */

#define S APR_USEC_PER_SEC

/* At the greeting and with QUIT said: the sooner of what the settings say; 0 waits for ever, but
 * for QUIT's answer nobody does. */
static void deadlines(void)
{
    static const struct {
        apr_interval_time_t greeting, command, attempt, at_greeting, at_mail, at_quit;
    } cases[] = {
        { 60 * S, 300 * S, 1800 * S, 60 * S, 300 * S, 5 * S },
        { 60 * S, 300 * S, 10 * S, 10 * S, 10 * S, 5 * S },
        { 60 * S, 300 * S, 0, 60 * S, 300 * S, 5 * S },
        { 0, 0, 0, 0, 0, 5 * S },
        { 0, 0, 90 * S, 90 * S, 90 * S, 5 * S },
        { 60 * S, 2 * S, 0, 60 * S, 2 * S, 2 * S },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        call_t c;
        begin(&c);
        c.options.timeout[SS_TIMEOUT_GREETING] = cases[i].greeting;
        c.options.timeout[SS_TIMEOUT_COMMAND] = cases[i].command;
        c.options.attempt_deadline = cases[i].attempt;
        c.client = ss_client_create(&c.options, (ss_mono_t){ START }, c.pool);
        CU_ASSERT_EQUAL(ss_client_deadline(c.client).us,
                        cases[i].at_greeting ? START + cases[i].at_greeting : 0);
        hear(&c, "220 relay\r\n");
        hear(&c, "250 relay\r\n");
        CU_ASSERT_EQUAL(ss_client_deadline(c.client).us, 0);
        give(&c, 1);
        CU_ASSERT_EQUAL(ss_client_deadline(c.client).us,
                        cases[i].at_mail ? START + cases[i].at_mail : 0);
        hear(&c, "550 no\r\n");
        ss_client_quit(c.client, (ss_mono_t){ START });
        pump(&c);
        CU_ASSERT_EQUAL(ss_client_deadline(c.client).us, START + cases[i].at_quit);
        ss_client_tick(c.client, (ss_mono_t){ START + cases[i].at_quit });
        pump(&c);
        CU_ASSERT_TRUE(c.closed.is_ok);
        CU_ASSERT_EQUAL(ss_client_deadline(c.client).us, 0);
        end(&c);
    }
}

/* What is waited for now, in seconds; 0: nothing. */
static int seconds_left(const call_t *c)
{
    ss_mono_t deadline = ss_client_deadline(c->client);
    return ss_mono_is_set(deadline) ? (int)((deadline.us - START) / S) : 0;
}

/* RFC 5321 4.5.3.2: greeting, login, commands and the end of the message each have their own. */
static void each_step_has_its_own_timeout(void)
{
    call_t c;

    begin(&c);
    c.options.tls = SS_CLIENT_TLS_REQUIRED;
    c.options.username = "u";
    c.options.timeout[SS_TIMEOUT_GREETING] = 10 * S;
    c.options.timeout[SS_TIMEOUT_AUTH] = 20 * S;
    c.options.timeout[SS_TIMEOUT_COMMAND] = 30 * S;
    c.options.timeout[SS_TIMEOUT_DATA] = 40 * S;
    c.client = ss_client_create(&c.options, (ss_mono_t){ START }, c.pool);
    CU_ASSERT_EQUAL(seconds_left(&c), 10);
    hear(&c, "220 relay\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 30); /* EHLO */
    hear(&c, "250-relay\r\n250 STARTTLS\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 30); /* STARTTLS */
    hear(&c, "220 go\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 0); /* the handshake: the caller's */
    ss_client_tls_on(c.client, NULL, NULL, 0, (ss_mono_t){ START });
    pump(&c);
    CU_ASSERT_EQUAL(seconds_left(&c), 30); /* EHLO */
    hear(&c, "250-relay\r\n250 AUTH PLAIN\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 0); /* the secret: the caller's */
    ss_client_secret(c.client, "p", 1, (ss_mono_t){ START });
    pump(&c);
    CU_ASSERT_EQUAL(seconds_left(&c), 20); /* AUTH */
    hear(&c, "235 ok\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 0); /* idle */
    give(&c, 1);
    CU_ASSERT_EQUAL(seconds_left(&c), 30); /* MAIL */
    hear(&c, "250 ok\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 30); /* RCPT */
    hear(&c, "250 ok\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 30); /* DATA */
    hear(&c, "354 go\r\n");
    CU_ASSERT_EQUAL(seconds_left(&c), 40); /* the end of the message */
    end(&c);
}

/* Written bytes are progress, a connection that takes none is not. */
static void only_written_bytes_are_progress(void)
{
    call_t c;
    struct iovec piece;

    begin(&c);
    c.options.timeout[SS_TIMEOUT_COMMAND] = 10 * S;
    begin_session(&c, "250 relay\r\n");
    ss_client_send(c.client, message(&c, 1), (ss_mono_t){ START });
    CU_ASSERT_EQUAL(ss_client_output(c.client, &piece, 1, (ss_mono_t){ START }), 1);
    ss_client_sent(c.client, 0, (ss_mono_t){ START + 3 * S });
    CU_ASSERT_EQUAL(ss_client_deadline(c.client).us, START + 10 * S);
    ss_client_sent(c.client, 1, (ss_mono_t){ START + 3 * S });
    CU_ASSERT_EQUAL(ss_client_deadline(c.client).us, START + 13 * S);
    end(&c);
}

/* ---- queries ---- */

static void transcript_names_the_content_and_does_not_show_it(void)
{
    call_t c;
    ss_reply_counts_t *counts;

    begin(&c);
    counts = apr_pcalloc(c.pool, sizeof(*counts));
    c.options.counts = counts;
    c.options.transcript = ss_transcript_create(c.pool);
    begin_session(&c, "250-relay\r\n250 PIPELINING\r\n");
    give(&c, 2);
    hear(&c, "250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n");
    hear(&c, "250 taken\r\n");
    const char *lines = apr_array_pstrcat(c.pool, ss_transcript_lines(c.options.transcript), '\n');
    CU_ASSERT_STRING_EQUAL(lines, "C: EHLO me\nC: MAIL FROM:<a@x>\nC: RCPT TO:<b@y>\nC: RCPT "
                                  "TO:<b@y>\nC: DATA\n-- the message's content: 17 octets");
    CU_ASSERT_EQUAL(counts->count[SS_CMD_GREETING][220 - 200], 1);
    CU_ASSERT_EQUAL(counts->count[SS_CMD_RCPT][250 - 200], 1);
    CU_ASSERT_EQUAL(counts->count[SS_CMD_RCPT][550 - 200], 1);
    CU_ASSERT_EQUAL(counts->count[SS_CMD_END][250 - 200], 1);
    end(&c);
}

void ss_suite_client_calls(void)
{
    CU_pSuite suite = CU_add_suite("client_calls", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, name)
    ADD(messages_that_are_none_are_not_taken);
    ADD(window_stays_within_its_bound);
    ADD(so_many_commands_wait_for_answers_and_no_more);
    ADD(a_reply_larger_than_any_is_not_kept);
    ADD(a_421_between_two_commands_leaves_the_message_untaken);
    ADD(strangers_are_quoted_in_part);
    ADD(limits_are_those_of_the_documents);
    ADD(deadlines);
    ADD(each_step_has_its_own_timeout);
    ADD(only_written_bytes_are_progress);
    ADD(transcript_names_the_content_and_does_not_show_it);
}
