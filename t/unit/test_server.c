/* test_server.c: the server's side of SMTP (src/smtp/server.c, parameter.c): what a client says
 * gives these events and replies, however its bytes are cut. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/server.h"

void ss_suite_server(void);

#define HELLO "EHLO c\r\n"
#define MAIL HELLO "MAIL FROM:<a@x>\r\n"
#define RCPT MAIL "RCPT TO:<b@y>\r\n"

typedef struct {
    ss_server_t *server;
    ss_buf_t in, events, replies;
    int is_closed;
} talk_t;

static void talk_start(talk_t *t)
{
    static const ss_server_options_t options = { .host = "h", .max_size = 40, .max_rcpts = 2 };

    memset(t, 0, sizeof(*t));
    t->server = ss_server_create(&options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->server);
    ss_buf_init(&t->in, 1 << 20);
    ss_buf_init(&t->events, 1 << 20);
    ss_buf_init(&t->replies, 1 << 20);
}

static void talk_end(talk_t *t)
{
    ss_server_destroy(t->server);
    ss_buf_free(&t->in);
    ss_buf_free(&t->events);
    ss_buf_free(&t->replies);
}

static void put_envelope(talk_t *t, const char *word, const ss_parameter_t *e)
{
    ss_buf_printf(&t->events, "%s<%s>", word, e->address);
    if (e->size) ss_buf_printf(&t->events, " size=%d", (int)e->size);
    if (e->is_8bit) ss_buf_puts(&t->events, " 8bit");
    if (e->is_binary) ss_buf_puts(&t->events, " binary");
    if (e->is_utf8) ss_buf_puts(&t->events, " utf8");
    if (e->dsn_options.ret) ss_buf_printf(&t->events, " ret=%d", e->dsn_options.ret);
    if (e->dsn_options.envid) ss_buf_printf(&t->events, " envid=%s", e->dsn_options.envid);
    if (e->notify) ss_buf_printf(&t->events, " notify=%u", e->notify);
    if (e->orcpt) ss_buf_printf(&t->events, " orcpt=%s", e->orcpt);
    ss_buf_puts(&t->events, "; ");
    if (!strncmp(e->address, "no@", 3))
        ss_server_answer(t->server, 550, "5.7.1", "not \r\n%s", e->address);
    else
        ss_server_answer(t->server, 250, "2.1.0", "Ok");
}

/* What the last event gave is in events; answers are given at once. */
static void settle(talk_t *t)
{
    ss_server_event_t event;
    ss_server_kind_t kind;
    ss_buf_t *out = ss_server_output(t->server);

    do {
        /* A copy of exactly these bytes, so that a read past them is found. */
        apr_size_t used, len = t->in.len;
        char *bytes = malloc(len ? len : 1);
        if (!bytes) abort();
        if (len) memcpy(bytes, t->in.data, len);
        kind = ss_server_next(t->server, bytes, len, &used, &event);
        CU_ASSERT_FATAL(used <= len);
        if (kind == SS_SERVER_MAIL) put_envelope(t, "F", &event.envelope);
        if (kind == SS_SERVER_RCPT) put_envelope(t, "T", &event.envelope);
        if (kind == SS_SERVER_CONTENT) ss_buf_append(&t->events, event.bytes, event.len);
        if (kind == SS_SERVER_RESET) ss_buf_puts(&t->events, "|RESET; ");
        if (kind == SS_SERVER_END) {
            ss_buf_puts(&t->events, "|END; ");
            ss_server_answer(t->server, 250, "2.0.0", "Ok: queued as 1");
        }
        free(bytes);
        ss_buf_take(&t->in, used);
        ss_buf_append(&t->replies, out->data, out->len);
        ss_buf_clear(out);
    } while (kind != SS_SERVER_MORE && kind != SS_SERVER_CLOSE);
    t->is_closed = kind == SS_SERVER_CLOSE;
}

static void talk(talk_t *t, const char *bytes, apr_size_t len)
{
    ss_buf_append(&t->in, bytes, len);
    settle(t);
}

/* The reply lines' codes behind the greeting: "250 250 354"; of several lines of one reply the
 * last. */
static const char *codes(talk_t *t)
{
    static char out[1024];
    const char *p = ss_buf_text(&t->replies);
    apr_size_t n = 0;

    out[0] = '\0';
    for (p = strstr(p, "\r\n"); p && p[2]; p = strstr(p + 2, "\r\n")) {
        CU_ASSERT(strlen(p) < 6 || p[5] == ' ' || p[5] == '-');
        if (p[5] == '-' || n + 5 >= sizeof(out)) continue;
        if (n) out[n++] = ' ';
        memcpy(out + n, p + 2, 3);
        out[n += 3] = '\0';
    }
    return out;
}

static const struct {
    const char *label, *input, *events, *codes;
    int is_closed;
} cases[] = {
    { "a message", RCPT "DATA\r\nS: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
      "F<a@x>; T<b@y>; S: x\r\n\r\nhi\r\n|END; ", "250 250 250 354 250 221", 1 },
    { "helo", "HELO c\r\nMAIL FROM:<>\r\n", "F<>; ", "250 250", 0 },
    { "case", "ehlo c\r\nmail from:<a@x>\r\nRcpt To:<b@y>\r\ndata\r\n.\r\n",
      "F<a@x>; T<b@y>; |END; ", "250 250 250 354 250", 0 },
    { "two messages",
      RCPT "DATA\r\n1\r\n.\r\nMAIL FROM:<a@x>\r\nRCPT TO:<c@z>\r\nDATA\r\n2\r\n.\r\n",
      "F<a@x>; T<b@y>; 1\r\n|END; F<a@x>; T<c@z>; 2\r\n|END; ",
      "250 250 250 354 250 250 250 354 250", 0 },
    { "dots", RCPT "DATA\r\n..\r\n...x\r\n.y\r\na.b\r\n.\r\n",
      "F<a@x>; T<b@y>; .\r\n..x\r\ny\r\na.b\r\n|END; ", "250 250 250 354 250", 0 },
    /* smuggling: none of these ends the content */
    { "LF dot LF", RCPT "DATA\r\nx\n.\nQUIT\r\n.\r\n", "F<a@x>; T<b@y>; x\n.\nQUIT\r\n|END; ",
      "250 250 250 354 250", 0 },
    { "LF dot CRLF", RCPT "DATA\r\nx\n.\r\nQUIT\r\n.\r\n", "F<a@x>; T<b@y>; x\n.\r\nQUIT\r\n|END; ",
      "250 250 250 354 250", 0 },
    { "CRLF dot LF", RCPT "DATA\r\nx\r\n.\nQUIT\r\n.\r\n", "F<a@x>; T<b@y>; x\r\n\nQUIT\r\n|END; ",
      "250 250 250 354 250", 0 },
    { "CR dot CR", RCPT "DATA\r\nx\r.\rQUIT\r\n.\r\n", "F<a@x>; T<b@y>; x\r.\rQUIT\r\n|END; ",
      "250 250 250 354 250", 0 },
    { "CRLF dot CR", RCPT "DATA\r\nx\r\n.\rQUIT\r\n.\r\n", "F<a@x>; T<b@y>; x\r\n\rQUIT\r\n|END; ",
      "250 250 250 354 250", 0 },
    { "CR CRLF dot", RCPT "DATA\r\nx\r\r\n.\r\nQUIT\r\n", "F<a@x>; T<b@y>; x\r\r\n|END; ",
      "250 250 250 354 250 221", 1 },
    { "dots doubled behind LF", RCPT "DATA\r\n\n..x\n..\n...y\n.\r\n..\r\n.z\r\n.\r\n",
      "F<a@x>; T<b@y>; \n.x\n.\n..y\n.\r\n.\r\nz\r\n|END; ", "250 250 250 354 250", 0 },
    { "dots that are not", RCPT "DATA\r\n\n.x\n..y\r\n..\n..\r\n.\r\n",
      "F<a@x>; T<b@y>; \n.x\n..y\r\n.\n..\r\n|END; ", "250 250 250 354 250", 0 },
    { "each message for itself",
      RCPT "DATA\r\n\n.x\r\n.\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n\n..x\r\n.\r\n",
      "F<a@x>; T<b@y>; \n.x\r\n|END; F<a@x>; T<b@y>; \n.x\r\n|END; ",
      "250 250 250 354 250 250 250 354 250", 0 },
    { "CR dot CRLF", RCPT "DATA\r\nx\r.\r\nQUIT\r\n.\r\n", "F<a@x>; T<b@y>; x\r.\r\nQUIT\r\n|END; ",
      "250 250 250 354 250", 0 },
    { "command with a bare LF", HELLO "NOOP\nQUIT\r\nNOOP\r\n", "", "250 500 221", 1 },
    { "a bare LF and a letter before it", HELLO "NOOPx\nQUIT\r\n", "", "250 500 221", 1 },
    { "command with a bare CR", HELLO "NOOP\rQUIT\r\nNOOP\r\n", "", "250 500 250", 0 },
    { "LF dot by BDAT", RCPT "BDAT 8 LAST\r\nx\r\n.\r\nQUIT\r\n",
      "F<a@x>; T<b@y>; x\r\n.\r\nQU|END; ", "250 250 250 250 500", 0 },
    /* BDAT */
    { "chunks", RCPT "BDAT 3\r\nabcBDAT 2 LAST\r\nde", "F<a@x>; T<b@y>; abcde|END; ",
      "250 250 250 250 250", 0 },
    { "empty last chunk", RCPT "BDAT 3\r\nabcBDAT 0 last\r\nNOOP\r\n", "F<a@x>; T<b@y>; abc|END; ",
      "250 250 250 250 250 250", 0 },
    { "chunks and RSET", RCPT "BDAT 3\r\nabcRSET\r\nNOOP\r\n", "F<a@x>; T<b@y>; abc|RESET; ",
      "250 250 250 250 250 250", 0 },
    { "chunk without recipient", MAIL "BDAT 4 LAST\r\nQUITRSET\r\n", "F<a@x>; |RESET; ",
      "250 250 554 250", 0 },
    { "chunk without MAIL", HELLO "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", "", "250 503 250", 0 },
    { "chunk before EHLO", "BDAT 6 LAST\r\nQUIT\r\n" MAIL, "F<a@x>; ", "503 250 250", 0 },
    { "DATA within chunks", RCPT "BDAT 1\r\naDATA\r\nBDAT 1 LAST\r\nb", "F<a@x>; T<b@y>; ab|END; ",
      "250 250 250 250 503 250", 0 },
    { "RCPT within chunks", RCPT "BDAT 1\r\naRCPT TO:<c@y>\r\n", "F<a@x>; T<b@y>; a",
      "250 250 250 250 503", 0 },
    { "chunk of no size", RCPT "BDAT x LAST\r\nQUIT\r\n", "F<a@x>; T<b@y>; ", "250 250 250 501",
      1 },
    { "chunk of a negative size", RCPT "BDAT -1\r\nQUIT\r\n", "F<a@x>; T<b@y>; ", "250 250 250 501",
      1 },
    { "chunk with a word behind that is not LAST", RCPT "BDAT 4 FIRST\r\nQUIT\r\n",
      "F<a@x>; T<b@y>; ", "250 250 250 501", 1 },
    { "chunk of a monstrous size", RCPT "BDAT 99999999999999999999999\r\nQUIT\r\n",
      "F<a@x>; T<b@y>; ", "250 250 250 501", 1 },
    /* bounds */
    { "SIZE above", HELLO "MAIL FROM:<a@x> SIZE=41\r\nMAIL FROM:<a@x> SIZE=40\r\n",
      "F<a@x> size=40; ", "250 552 250", 0 },
    { "content above", RCPT "DATA\r\n0123456789012345678901234567890123456789\r\n.\r\nNOOP\r\n",
      "F<a@x>; T<b@y>; 0123456789012345678901234567890123456789|RESET; ", "250 250 250 354 552 250",
      0 },
    { "chunk above", RCPT "BDAT 41 LAST\r\n01234567890123456789012345678901234567890NOOP\r\n",
      "F<a@x>; T<b@y>; 0123456789012345678901234567890123456789|RESET; ", "250 250 250 552 250",
      0 },
    { "chunks above",
      RCPT
      "BDAT 30\r\n012345678901234567890123456789BDAT 11\r\n01234567890BDAT 1 LAST\r\nxNOOP\r\n",
      "F<a@x>; T<b@y>; 0123456789012345678901234567890123456789|RESET; ",
      "250 250 250 250 552 503 250", 0 },
    { "content of the most", RCPT "BDAT 40 LAST\r\n0123456789012345678901234567890123456789",
      "F<a@x>; T<b@y>; 0123456789012345678901234567890123456789|END; ", "250 250 250 250", 0 },
    { "recipients", RCPT "RCPT TO:<c@y>\r\nRCPT TO:<d@y>\r\nDATA\r\n", "F<a@x>; T<b@y>; T<c@y>; ",
      "250 250 250 250 452 354", 0 },
    /* order */
    { "MAIL first", "MAIL FROM:<a@x>\r\n", "", "503", 0 },
    { "RCPT first", HELLO "RCPT TO:<a@x>\r\nDATA\r\n", "", "250 503 503", 0 },
    { "MAIL twice", MAIL "MAIL FROM:<b@x>\r\n", "F<a@x>; ", "250 250 503", 0 },
    { "DATA without recipients", MAIL "RCPT TO:<no@y>\r\nDATA\r\n", "F<a@x>; T<no@y>; ",
      "250 250 550 554", 0 },
    { "refused sender", HELLO "MAIL FROM:<no@x>\r\nRCPT TO:<b@y>\r\n", "F<no@x>; ", "250 550 503",
      0 },
    { "EHLO resets", RCPT HELLO "DATA\r\n", "F<a@x>; T<b@y>; |RESET; ", "250 250 250 250 503", 0 },
    { "RSET", RCPT "RSET\r\nRSET\r\nDATA\r\n", "F<a@x>; T<b@y>; |RESET; ",
      "250 250 250 250 250 503", 0 },
    { "RSET before EHLO", "RSET\r\nMAIL FROM:<a@x>\r\n", "", "250 503", 0 },
    { "RSET with an argument", RCPT "RSET now\r\nRSET\r\n", "F<a@x>; T<b@y>; |RESET; ",
      "250 250 250 501 250", 0 },
    { "blanks alone", HELLO "   \r\nNOOP\r\n", "", "250 500 250", 0 },
    { "a line end alone", HELLO "\n\r\nNOOP\r\n", "", "250 500 500 250", 0 },
    { "others",
      "NOOP x\r\nHELP\r\nVRFY a\r\nVRFY\r\nEXPN a\r\nSTARTTLS\r\nAUTH PLAIN x\r\nEHLO\r\nQUIT\r\n",
      "", "250 214 252 501 502 502 502 501 221", 1 },
    { "HTTP", "POST / HTTP/1.1\r\nEHLO c\r\nMAIL FROM:<a@x>\r\n", "", "421", 1 },
    { "unknown", HELLO "FOO\r\nNOOP\r\n", "", "250 500 250", 0 },
    { "DATA with an argument", RCPT "DATA x\r\n", "F<a@x>; T<b@y>; ", "250 250 250 501", 0 },
    { "blanks behind", "EHLO c \r\nNOOP  \r\nDATA \r\n", "", "250 250 503", 0 },
    /* paths and parameters */
    { "blank before the path", HELLO "MAIL FROM: <a@x>\r\n", "F<a@x>; ", "250 250", 0 },
    { "no brackets", HELLO "MAIL FROM:a@x SIZE=3\r\nRCPT TO:b@y\r\n", "F<a@x> size=3; T<b@y>; ",
      "250 250 250", 0 },
    { "no address", HELLO "MAIL FROM:\r\nMAIL\r\nMAIL TO:<a@x>\r\n", "", "250 501 501 501", 0 },
    { "no end", HELLO "MAIL FROM:<a@x\r\n", "", "250 501", 0 },
    { "quoted", HELLO "MAIL FROM:<\"a> b\\\" c\"@x>\r\n", "F<\"a> b\\\" c\"@x>; ", "250 250", 0 },
    { "blank within", HELLO "MAIL FROM:<a b@x>\r\nMAIL FROM:<a@x>y\r\n", "", "250 501 501", 0 },
    { "route", HELLO "MAIL FROM:<@r,@s:a@x>\r\n", "F<a@x>; ", "250 250", 0 },
    { "half a route", HELLO "MAIL FROM:<@r>\r\n", "F<@r>; ", "250 250", 0 },
    { "cut in its quotes", HELLO "MAIL FROM:<\"a\\\r\nMAIL FROM:\"a\\\r\n", "", "250 501 501", 0 },
    { "null recipient", MAIL "RCPT TO:<>\r\n", "F<a@x>; ", "250 250 501", 0 },
    { "another word before the recipient", MAIL "RCPT FROM:<b@y>\r\n", "F<a@x>; ", "250 250 501",
      0 },
    { "all of MAIL", HELLO "MAIL FROM:<a@x> SIZE=7 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb\r\n",
      "F<a@x> size=7 8bit utf8 ret=2 envid=a+b; ", "250 250", 0 },
    { "all of RCPT", MAIL "RCPT TO:<b@y> notify=success,delay ORCPT=rfc822;b+2Bc@y\r\n",
      "F<a@x>; T<b@y> notify=10 orcpt=rfc822;b+c@y; ", "250 250 250", 0 },
    { "never", MAIL "RCPT TO:<b@y> NOTIFY=NEVER\r\nRCPT TO:<b@y> NOTIFY=NEVER,DELAY\r\n",
      "F<a@x>; T<b@y> notify=1; ", "250 250 250 501", 0 },
    { "values in full", HELLO "MAIL FROM:<a@x> BODY=7BIT RET=FULL ENVID=+41+5A\r\n",
      "F<a@x> ret=1 envid=AZ; ", "250 250", 0 },
    { "bad values of RCPT",
      MAIL "RCPT TO:<b@y> NOTIFY=\r\nRCPT TO:<b@y> NOTIFY=DELAY,SOON\r\nRCPT TO:<b@y> "
           "ORCPT=b@y\r\nRCPT TO:<b@y> ORCPT=;b\r\nRCPT TO:<b@y> ORCPT=rfc822;\r\n"
           "RCPT TO:<b@y> ORCPT=rfc822;+ZZ\r\nRCPT TO:<b@y> ORCPT\r\n",
      "F<a@x>; ", "250 250 501 501 501 501 501 501 501", 0 },
    { "bad xtext",
      HELLO "MAIL FROM:<a@x> ENVID=\r\nMAIL FROM:<a@x> ENVID=a=b\r\nMAIL FROM:<a@x> "
            "ENVID=+7F\r\nMAIL FROM:<a@x> ENVID=+4g\r\nMAIL FROM:<a@x> ENVID=\xc3\xa4\r\n"
            "MAIL FROM:<a@x> ENVID=+G0\r\n",
      "", "250 501 501 501 501 501 501", 0 },
    { "unknown parameter",
      HELLO "MAIL FROM:<a@x> NOTIFY=NEVER\r\nMAIL FROM:<a@x> X\r\nMAIL FROM:<a@x> AUTH=<>\r\n", "",
      "250 555 555 555", 0 },
    { "parameter twice", HELLO "MAIL FROM:<a@x> SIZE=1 size=2\r\n", "", "250 501", 0 },
    { "bad values",
      HELLO "MAIL FROM:<a@x> SIZE=x\r\nMAIL FROM:<a@x> SIZE\r\nMAIL FROM:<a@x> "
            "BODY=BINARY\r\nMAIL FROM:<a@x> RET=1\r\nMAIL FROM:<a@x> ENVID=+0A\r\n"
            "MAIL FROM:<a@x> ENVID=+4\r\nMAIL FROM:<a@x> SMTPUTF8=1\r\nMAIL FROM:<a@x> "
            "SIZE=-1\r\nMAIL FROM:<a@x> SIZE=9999999999999999999\r\n",
      "", "250 501 501 501 501 501 501 501 501 501", 0 },
    { "utf8 recipient", MAIL "RCPT TO:<\xc3\xa4@x>\r\n", "F<a@x>; T<\xc3\xa4@x>; ", "250 250 250",
      0 },
    { "utf8 recipient of a utf8 message",
      HELLO "MAIL FROM:<a@x> SMTPUTF8\r\nRCPT TO:<\xc3\xa4@x>\r\n", "F<a@x> utf8; T<\xc3\xa4@x>; ",
      "250 250 250", 0 },
    { "utf8", HELLO "MAIL FROM:<\xc3\xa4@x>\r\nRSET\r\nMAIL FROM:<\xc3\xa4@x> SMTPUTF8\r\n",
      "F<\xc3\xa4@x>; |RESET; F<\xc3\xa4@x> utf8; ", "250 250 250 250", 0 },
    { "utf8 and HELO", "HELO c\r\nMAIL FROM:<\xc3\xa4@x>\r\n", "F<\xc3\xa4@x>; ", "250 250", 0 },
    { "binary",
      HELLO "MAIL FROM:<a@x> BODY=BINARYMIME\r\nRCPT TO:<b@y>\r\nDATA\r\nBDAT 3\r\n"
            "a\n.BDAT 1 LAST\r\n\r",
      "F<a@x> binary; T<b@y>; a\n.\r|END; ", "250 250 250 503 250 250", 0 }
};

static void check(talk_t *t, size_t i, const char *how, apr_size_t at)
{
    int ok = !strcmp(codes(t), cases[i].codes) &&
             !strcmp(ss_buf_text(&t->events), cases[i].events) &&
             t->is_closed == cases[i].is_closed;

    CU_ASSERT(ok);
    if (!ok)
        printf("%s (%s %d): [%s] %s\n", cases[i].label, how, (int)at, ss_buf_text(&t->events),
               codes(t));
}

static void every_split_gives_the_same(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *input = cases[i].input;
        apr_size_t len = strlen(input);
        talk_t t;
        for (apr_size_t at = 0; at <= len; at++) {
            talk_start(&t);
            talk(&t, input, at);
            talk(&t, input + at, len - at);
            check(&t, i, "cut at", at);
            talk_end(&t);
        }
        for (apr_size_t step = 1; step <= 3; step++) {
            talk_start(&t);
            for (apr_size_t at = 0; at < len; at += step)
                talk(&t, input + at, at + step > len ? len - at : step);
            check(&t, i, "pieces of", step);
            talk_end(&t);
        }
    }
}

static void too_large_content_is_dropped_and_the_session_goes_on(void)
{
    talk_t t;
    char line[64];

    talk_start(&t);
    memset(line, 'x', sizeof(line));
    talk(&t, RCPT "DATA\r\n", sizeof(RCPT "DATA\r\n") - 1);
    for (int i = 0; i < 1000; i++) talk(&t, line, sizeof(line));
    talk(&t,
         "\r\n.\r\n"
         "MAIL FROM:<c@x>\r\n",
         sizeof("\r\n.\r\n"
                "MAIL FROM:<c@x>\r\n") -
             1);
    CU_ASSERT_STRING_EQUAL(codes(&t), "250 250 250 354 552 250");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(ss_buf_text(&t.replies), "552 5.3.4 message size exceeds the limit of 40 bytes"));
    CU_ASSERT_STRING_EQUAL(
        ss_buf_text(&t.events),
        "F<a@x>; T<b@y>; xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|RESET; F<c@x>; ");
    CU_ASSERT_EQUAL(t.in.len, 0);
    talk_end(&t);
}

static void long_lines_are_refused_at_any_split(void)
{
    static char line[SS_SERVER_LINE_MAX * 3];

    for (apr_size_t step = 1000; step < 9000; step += 777) {
        talk_t t;
        talk_start(&t);
        talk(&t, HELLO, sizeof(HELLO) - 1);
        memset(line, 'N', sizeof(line));
        for (apr_size_t at = 0; at < sizeof(line); at += step)
            talk(&t, line, at + step > sizeof(line) ? sizeof(line) - at : step);
        CU_ASSERT(t.in.len < SS_SERVER_LINE_MAX);
        talk(&t, "\r\nNOOP\r\n", 8);
        CU_ASSERT_STRING_EQUAL(codes(&t), "250 500 250");
        talk_end(&t);
    }
}

static void the_longest_line_is_taken(void)
{
    char line[SS_SERVER_LINE_MAX + 1];

    for (apr_size_t len = SS_SERVER_LINE_MAX - 1; len <= SS_SERVER_LINE_MAX + 1; len++) {
        talk_t t;
        talk_start(&t);
        memset(line, 'x', sizeof(line));
        memcpy(line, "NOOP ", 5);
        memcpy(line + len - 2, "\r\n", 2);
        talk(&t, line, len - 1);
        talk(&t, line + len - 1, 1);
        CU_ASSERT_STRING_EQUAL(codes(&t), len > SS_SERVER_LINE_MAX ? "500" : "250");
        talk_end(&t);
    }
}

/* With its line end in the same bytes, too. */
static void a_long_line_is_refused_in_one_piece(void)
{
    static char line[SS_SERVER_LINE_MAX + 100];
    talk_t t;

    talk_start(&t);
    memset(line, 'N', sizeof(line));
    memcpy(line + sizeof(line) - 8, "\r\nNOOP\r\n", 8);
    talk(&t, HELLO, sizeof(HELLO) - 1);
    talk(&t, line, sizeof(line));
    CU_ASSERT_STRING_EQUAL(codes(&t), "250 500 250");
    talk_end(&t);
}

/* ENVID and ORCPT as long as they may be, and one octet longer. */
static void long_parameters_are_refused(void)
{
    char line[1000];

    for (int more = 0; more < 2; more++) {
        talk_t t;
        talk_start(&t);
        talk(&t, HELLO, sizeof(HELLO) - 1);
        snprintf(line, sizeof(line), "MAIL FROM:<a@x> ENVID=%0*d\r\n", SS_DSN_ENVID_MAX + more, 0);
        talk(&t, line, strlen(line));
        if (more) talk(&t, "MAIL FROM:<a@x>\r\n", 17);
        snprintf(line, sizeof(line), "RCPT TO:<b@y> ORCPT=rfc822;%0*d\r\n",
                 SS_PARAMETER_ORCPT_MAX - 7 + more, 0);
        talk(&t, line, strlen(line));
        CU_ASSERT_STRING_EQUAL(codes(&t), more ? "250 501 250 501" : "250 250 250");
        talk_end(&t);
    }
}

/* A reply that finds no room (or half of it) must not be followed by others: the client would take
 * them for its answers. */
static void a_reply_without_room_ends_the_session(void)
{
    static const char *const inputs[] = { "NOOP\r\n", "QUIT\r\n", "BDAT x\r\n", "EHLO c\r\n",
                                          "FOO\r\n" };

    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        for (apr_size_t room = 0; room < 14; room += 13) {
            static const ss_server_options_t options = { .host = "h",
                                                         .max_size = 40,
                                                         .max_rcpts = 2 };
            ss_server_t *s = ss_server_create(&options);
            ss_server_event_t event;
            apr_size_t used;
            ss_server_output(s)->max = ss_server_output(s)->len + room;
            ss_server_next(s, inputs[i], strlen(inputs[i]), &used, &event);
            CU_ASSERT_EQUAL(used, strlen(inputs[i]));
            CU_ASSERT_EQUAL(ss_server_next(s, "NOOP\r\n", 6, &used, &event), SS_SERVER_CLOSE);
            CU_ASSERT_EQUAL(used, 0);
            ss_server_destroy(s);
        }
    }
}

/* The caller asks before it stops or lets others wait. */
static void where_a_session_is_can_be_asked(void)
{
    static const struct {
        const char *input;
        int in_mail;
    } steps[] = {
        { HELLO, 0 },
        { MAIL, 1 },
        { RCPT, 1 },
        { RCPT "DATA\r\n", 1 },
        { RCPT "BDAT 3\r\na", 1 },
        { RCPT "BDAT 1\r\na", 1 },
        { HELLO "BDAT 3\r\na", 0 },
        { MAIL "BDAT 3\r\na", 1 },
        { RCPT "DATA\r\n.\r\n", 0 },
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        talk_t t;
        talk_start(&t);
        talk(&t, steps[i].input, strlen(steps[i].input));
        CU_ASSERT_EQUAL(ss_server_is_in_mail(t.server), steps[i].in_mail);
        talk_end(&t);
    }
}

/* Administrators search for these sentences: they are those of other servers. */
static void replies_are_worded_as_elsewhere(void)
{
    static const struct {
        const char *input, *reply;
    } rows[] = {
        { "EHLO\r\n", "501 5.5.4 EHLO/HELO needs a host name\r\n" },
        { "MAIL FROM:<a@x>\r\n", "503 5.5.1 send EHLO/HELO first\r\n" },
        { HELLO "RCPT TO:<b@y>\r\n", "503 5.5.1 need MAIL command\r\n" },
        { HELLO "DATA\r\n", "503 5.5.1 need MAIL command\r\n" },
        { HELLO "MAIL FROM:a b\r\n", "555 5.5.4 unsupported parameter\r\n" },
        { HELLO "MAIL FROM:<a@x\r\n", "501 5.1.7 address must be enclosed in < and >\r\n" },
        { HELLO "MAIL <a@x>\r\n", "501 5.5.4 syntax: MAIL FROM:<address>\r\n" },
        { MAIL "MAIL FROM:<a@x>\r\n", "503 5.5.1 nested MAIL command\r\n" },
        { MAIL "RCPT TO:<>\r\n", "501 5.1.3 RCPT TO:<> is not allowed\r\n" },
        { MAIL "DATA\r\n", "554 5.5.1 no valid recipients\r\n" },
        { RCPT "DATA now\r\n", "501 5.5.4 DATA takes no parameters\r\n" },
        { RCPT "DATA\r\n", "354 end data with <CR><LF>.<CR><LF>\r\n" },
        { RCPT "BDAT 1\r\naDATA\r\n", "503 5.5.1 BDAT transfer in progress\r\n" },
        { HELLO "STARTTLS\r\n", "502 5.5.1 command not implemented\r\n" },
        { HELLO "FOO\r\n", "500 5.5.2 command not recognized\r\n" },
        { "GET / HTTP/1.1\r\n", "421 4.7.0 this is an SMTP port\r\n" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        talk_t t;
        talk_start(&t);
        talk(&t, rows[i].input, strlen(rows[i].input));
        const char *text = ss_buf_text(&t.replies);
        size_t len = strlen(text), want = strlen(rows[i].reply);
        int is_right = len >= want && !strcmp(text + len - want, rows[i].reply);
        if (!is_right) fprintf(stderr, "\n  %s: %s", rows[i].input, text);
        CU_ASSERT(is_right);
        talk_end(&t);
    }
}

/* 421 to a sender, a recipient or a message ends the session like a dismissal. */
static void a_421_ends_the_session(void)
{
    static const char input[] = RCPT "DATA\r\n.\r\nNOOP\r\n";
    static const ss_server_options_t options = { .host = "h", .max_size = 40, .max_rcpts = 2 };
    ss_server_kind_t kinds[] = { SS_SERVER_MAIL, SS_SERVER_RCPT, SS_SERVER_END };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ss_server_t *s = ss_server_create(&options);
        ss_server_event_t event;
        ss_server_kind_t kind = SS_SERVER_MORE;
        apr_size_t used;
        CU_ASSERT_EQUAL(ss_server_next(s, NULL, 0, &used, &event), SS_SERVER_MORE);
        for (apr_size_t at = 0; kind != SS_SERVER_CLOSE; at += used) {
            kind = ss_server_next(s, input + at, sizeof(input) - 1 - at, &used, &event);
            if (kind == SS_SERVER_MAIL || kind == SS_SERVER_RCPT || kind == SS_SERVER_END)
                ss_server_answer(s, kind == kinds[i] ? 421 : 250, "4.3.2", "answer");
        }
        CU_ASSERT_PTR_NOT_NULL(strstr(ss_buf_text(ss_server_output(s)), "421 4.3.2 answer\r\n"));
        CU_ASSERT_PTR_NULL(strstr(ss_buf_text(ss_server_output(s)), "2.0.0"));
        ss_server_destroy(s);
    }
}

static void zero_bytes_and_nonsense_end_the_session(void)
{
    talk_t t;

    talk_start(&t);
    talk(&t, "EHLO c\0\r\n" HELLO, 9 + sizeof(HELLO) - 1);
    CU_ASSERT_STRING_EQUAL(codes(&t), "500 250");
    for (int i = 0; i < SS_SERVER_ERRORS_MAX; i++) talk(&t, "FOO\r\n", 5);
    CU_ASSERT(t.is_closed);
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_buf_text(&t.replies), "\r\n421 4.7.0 "));
    talk_end(&t);
}

static void replies_quote_nothing_that_ends_a_line(void)
{
    talk_t t;

    talk_start(&t);
    talk(&t, HELLO "MAIL FROM:<no@\xc3\xa4> SMTPUTF8\r\n",
         sizeof(HELLO "MAIL FROM:<no@\xc3\xa4> SMTPUTF8\r\n") - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_buf_text(&t.replies), "550 5.7.1 not ??no@??\r\n"));
    talk_end(&t);
}

static void the_hello_offers_what_is_there(void)
{
    talk_t t;

    talk_start(&t);
    talk(&t, HELLO, sizeof(HELLO) - 1);
    CU_ASSERT_STRING_EQUAL(ss_buf_text(&t.replies),
                           "220 h ESMTP\r\n250-h\r\n250-PIPELINING\r\n250-SIZE "
                           "40\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
                           "250-CHUNKING\r\n250-BINARYMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
    talk_end(&t);
}

static void nothing_is_taken_while_an_answer_is_owed(void)
{
    static const char input[] = RCPT "BDAT 2 LAST\r\nhiNOOP\r\n";
    static const ss_server_options_t options = { .host = "h", .max_size = 40, .max_rcpts = 2 };
    ss_server_t *s = ss_server_create(&options);
    ss_server_event_t event;
    apr_size_t at = 0, used;
    ss_server_kind_t kind;

    do {
        kind = ss_server_next(s, input + at, sizeof(input) - 1 - at, &used, &event);
        at += used;
        if (kind == SS_SERVER_MAIL || kind == SS_SERVER_RCPT)
            ss_server_answer(s, 250, "2.1.0", "Ok");
    } while (kind != SS_SERVER_END);
    CU_ASSERT(ss_server_is_in_mail(s));
    CU_ASSERT_EQUAL(ss_server_next(s, input + at, sizeof(input) - 1 - at, &used, &event),
                    SS_SERVER_MORE);
    CU_ASSERT_EQUAL(used, 0);
    ss_server_answer(s, 451, "4.3.0", "later");
    CU_ASSERT(!ss_server_is_in_mail(s));
    CU_ASSERT_EQUAL(ss_server_next(s, input + at, sizeof(input) - 1 - at, &used, &event),
                    SS_SERVER_MORE);
    CU_ASSERT_EQUAL(used, 6);
    ss_server_dismiss(s, "4.3.2", "restarting");
    ss_server_dismiss(s, "4.3.2", "restarting");
    CU_ASSERT_EQUAL(ss_server_next(s, "", 0, &used, &event), SS_SERVER_CLOSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(ss_buf_text(ss_server_output(s)),
                                  "451 4.3.0 later\r\n250 2.0.0 Ok\r\n421 4.3.2 restarting\r\n"));
    ss_server_destroy(s);
}

static void output_that_nobody_reads_stops_the_reading(void)
{
    static const ss_server_options_t options = { .host = "h", .max_size = 40, .max_rcpts = 2 };
    ss_server_t *s = ss_server_create(&options);
    ss_server_event_t event;
    static char input[6 * 20000];
    apr_size_t at = 0, used;

    for (size_t i = 0; i < sizeof(input); i += 6) memcpy(input + i, "NOOP\r\n", 6);
    CU_ASSERT_EQUAL(ss_server_next(s, input, sizeof(input), &used, &event), SS_SERVER_FLUSH);
    CU_ASSERT(used < sizeof(input) / 2 && ss_server_output(s)->len < 20000);
    for (at = used; at < sizeof(input); at += used) {
        ss_buf_clear(ss_server_output(s));
        ss_server_next(s, input + at, sizeof(input) - at, &used, &event);
    }
    CU_ASSERT_EQUAL(at, sizeof(input));
    ss_server_destroy(s);
}

void ss_suite_server(void)
{
    CU_pSuite suite = CU_add_suite("server", NULL, NULL);

    CU_add_test(suite, "every split gives the same", every_split_gives_the_same);
    CU_add_test(suite, "too large content is dropped and the session goes on",
                too_large_content_is_dropped_and_the_session_goes_on);
    CU_add_test(suite, "long lines are refused at any split", long_lines_are_refused_at_any_split);
    CU_add_test(suite, "the longest line is taken", the_longest_line_is_taken);
    CU_add_test(suite, "a long line is refused in one piece", a_long_line_is_refused_in_one_piece);
    CU_add_test(suite, "long parameters are refused", long_parameters_are_refused);
    CU_add_test(suite, "a reply without room ends the session",
                a_reply_without_room_ends_the_session);
    CU_add_test(suite, "where a session is can be asked", where_a_session_is_can_be_asked);
    CU_add_test(suite, "replies are worded as elsewhere", replies_are_worded_as_elsewhere);
    CU_add_test(suite, "a 421 ends the session", a_421_ends_the_session);
    CU_add_test(suite, "zero bytes and nonsense", zero_bytes_and_nonsense_end_the_session);
    CU_add_test(suite, "replies quote nothing that ends a line",
                replies_quote_nothing_that_ends_a_line);
    CU_add_test(suite, "the hello offers what is there", the_hello_offers_what_is_there);
    CU_add_test(suite, "nothing is taken while an answer is owed",
                nothing_is_taken_while_an_answer_is_owed);
    CU_add_test(suite, "output that nobody reads stops the reading",
                output_that_nobody_reads_stops_the_reading);
}
