/* test_sendmail_smtp.c: sessions of sendmail -bs, with a daemon that is a function. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "cli/sendmail_smtp.h"
#include "fill.h"

typedef struct {
    apr_pool_t *pool;
    ss_buf_t replies;
    int is_away, is_deaf;  /* what the daemon does; whether replies cannot be written */
    const char *submitted; /* its answer to "submit", or NULL: 202 */
    int count;             /* messages submitted */
    json_t *header;        /* of the last one */
    char *content;
    apr_uint64_t content_len;
} rig_t;

static void answer_with(ss_peer_answer_t *answer, const char *header)
{
    answer->header = header;
    answer->header_len = strlen(header);
    answer->status = (int)ss_object_read_number(header, strlen(header), "status", 0);
}

static const char *judge(const json_t *request)
{
    const char *from = json_string_value(json_object_get(request, "from"));
    const char *to = json_string_value(json_object_get(request, "to"));

    if (from && strstr(from, "bad")) return "{\"status\":400,\"detail\":\"no such sender\"}";
    if (from && strstr(from, "off")) return "{\"status\":503,\"retryAfter\":60,\"detail\":\"Off\"}";
    if (to && strstr(to, "bad"))
        return "{\"status\":400,\"detail\":\"<bad@x>: it has\xc2\xa0\\r\\nno domain\"}";
    if (json_integer_value(json_object_get(request, "size")) > 50000)
        return "{\"status\":413,\"detail\":\"larger than 50000\"}";
    return "{\"status\":200,\"host\":\"mx.example.com\",\"maxSize\":400000}";
}

static apr_status_t ask(void *self, const char *header, const ss_sendmail_input_t *content,
                        ss_peer_answer_t *answer, ss_result_t *why, apr_pool_t *pool)
{
    rig_t *rig = self;
    json_t *request = json_loads(header, 0, NULL);

    (void)pool;
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    if (rig->is_away) {
        ss_result_set(why, "socket", "", NULL, "nobody\r\nlistens at /x");
        json_decref(request);
        return APR_ECONNREFUSED;
    }
    if (!content) {
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(request, "do")), "verify");
        answer_with(answer, judge(request));
        json_decref(request);
        return APR_SUCCESS;
    }
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(request, "do")), "submit");
    rig->count++;
    json_decref(rig->header);
    rig->header = request;
    rig->content_len = content->begin.len + content->rest.len;
    rig->content = apr_pcalloc(rig->pool, rig->content_len + 1);
    memcpy(rig->content, content->begin.data, content->begin.len);
    if (content->rest.len)
        CU_ASSERT_EQUAL(ss_scratch_read(&content->rest, 0, rig->content + content->begin.len,
                                        content->rest.len),
                        APR_SUCCESS);
    answer_with(answer, rig->submitted ? rig->submitted : "{\"status\":202,\"id\":\"id-1\"}");
    return APR_SUCCESS;
}

static apr_status_t write_replies(void *self, ss_buf_t *out)
{
    rig_t *rig = self;

    if (rig->is_deaf) return EPIPE;
    if (out->len) ss_buf_append(&rig->replies, out->data, out->len);
    ss_buf_clear(out);
    return APR_SUCCESS;
}

static void start(rig_t *rig)
{
    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, NULL);
    ss_buf_init(&rig->replies, 1000000);
}

static void finish(rig_t *rig)
{
    json_decref(rig->header);
    ss_buf_free(&rig->replies);
    apr_pool_destroy(rig->pool);
}

/* The exit code of a session whose client says this in pieces of that size. */
static int say(rig_t *rig, const char *text, apr_size_t len, apr_size_t piece)
{
    const ss_sendmail_smtp_ops_t ops = { ask, write_replies, rig };
    ss_sendmail_smtp_t *s = ss_sendmail_smtp_create(&ops, rig->pool);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    ss_buf_clear(&rig->replies);
    int code = ss_sendmail_smtp_add(s, NULL, 0);
    for (apr_size_t at = 0; at < len && code < 0; at += piece)
        code = ss_sendmail_smtp_add(s, text + at, len - at < piece ? len - at : piece);
    if (code < 0) code = ss_sendmail_smtp_end(s);
    ss_sendmail_smtp_destroy(s);
    return code;
}

static int say_all(rig_t *rig, const char *text)
{
    return say(rig, text, strlen(text), 65536);
}

/* The codes of the replies, one after the other, multi-line ones once. */
static const char *codes(rig_t *rig)
{
    char *out = "";
    const char *text = ss_buf_text(&rig->replies);

    for (const char *line = text; line && *line; line = strchr(line, '\n') + 1) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(line, "\r\n"));
        if (line[3] == ' ') out = apr_psprintf(rig->pool, "%s %.3s", out, line);
    }
    return *out ? out + 1 : out;
}

#define SHORT "Subject: x\r\n\r\nhi\r\n.\r\n"

static void a_session_in_any_pieces(void)
{
    static const char text[] =
        "EHLO me\r\nMAIL FROM:<a@b.c> RET=HDRS ENVID=e+2B1 SIZE=100 BODY=8BITMIME\r\n"
        "RCPT TO:<d@e.f> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@p.q\r\nRCPT TO:<bad@x>\r\n"
        "RCPT TO:<g@h.i>\r\nDATA\r\nSubject: x\r\n\r\n..one\r\n.\r\n"
        "MAIL FROM:<>\r\nRCPT TO:<d@e.f>\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<j@k.l>\r\n"
        "BDAT 14\r\nSubject: y\r\n\r\nBDAT 8 LAST\r\n.\r\nBDAT\nNOOP\r\nQUIT\r\n";
    rig_t rig;

    for (apr_size_t piece = 1; piece <= sizeof(text); piece++) {
        start(&rig);
        CU_ASSERT_EQUAL(say(&rig, text, sizeof(text) - 1, piece), EX_OK);
        CU_ASSERT_STRING_EQUAL(codes(&rig), "220 250 250 250 501 250 354 250 250 250 250 250 250 "
                                            "250 250 250 221");
        CU_ASSERT_EQUAL(rig.count, 2);
        CU_ASSERT_STRING_EQUAL(rig.content, "Subject: y\r\n\r\n.\r\nBDAT\n");
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(rig.header, "from")), "");
        CU_ASSERT_EQUAL(json_array_size(json_object_get(rig.header, "to")), 1);
        /* Nothing of the first message is left. */
        CU_ASSERT_PTR_NULL(json_object_get(rig.header, "notifies"));
        CU_ASSERT_PTR_NULL(json_object_get(rig.header, "orcpts"));
        CU_ASSERT_PTR_NULL(json_object_get(rig.header, "envid"));
        finish(&rig);
    }
}

static void what_is_submitted(void)
{
    rig_t rig;

    start(&rig);
    CU_ASSERT_EQUAL(say_all(&rig, "EHLO me\r\nMAIL FROM:<a@b.c> RET=HDRS ENVID=e+2B1\r\n"
                                  "RCPT TO:<d@e.f> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@p.q\r\n"
                                  "RCPT TO:<g@h.i>\r\nDATA\r\nSubject: x\r\n\r\n..one\r\n.\r\n"
                                  "QUIT\r\n"),
                    EX_OK);
    const char *replies = ss_buf_text(&rig.replies);
    CU_ASSERT(!strncmp(replies, "220 mx.example.com ESMTP\r\n250-mx.example.com\r\n", 46));
    CU_ASSERT_PTR_NOT_NULL(strstr(replies, "250-SIZE 400000\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(replies, "250 2.0.0 Ok: queued as id-1\r\n"));
    CU_ASSERT_STRING_EQUAL(rig.content, "Subject: x\r\n\r\n.one\r\n");
    json_t *wanted = json_pack("{s:s,s:[s,s],s:[i,i],s:[s,n],s:s}", "from", "a@b.c", "to", "d@e.f",
                               "g@h.i", "notifies", SS_NOTIFY_SUCCESS | SS_NOTIFY_DELAY, 0,
                               "orcpts", "rfc822;o@p.q", "envid", "e+1");
    const char *name;
    json_t *value;
    json_object_foreach(wanted, name, value)
    {
        if (!json_equal(json_object_get(rig.header, name), value)) CU_FAIL_FATAL(name);
    }
    json_decref(wanted);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(rig.header, "ret")), SS_RET_HDRS);
    CU_ASSERT_EQUAL(strlen(json_string_value(json_object_get(rig.header, "idempotencyKey"))), 32);
    CU_ASSERT_TRUE(json_is_object(json_object_get(rig.header, "compose")));
    finish(&rig);
}

static void refusals_are_replies(void)
{
    static const struct {
        const char *submitted, *text, *codes, *part;
        int code;
    } table[] = {
        { NULL, "EHLO me\r\nMAIL FROM:<bad@b.c>\r\nMAIL FROM:<off@b.c>\r\nQUIT\r\n",
          "220 250 553 451 221", "553 5.1.7 no such sender", EX_OK },
        { NULL, "EHLO me\r\nMAIL FROM:<a@b.c> SIZE=60000\r\nQUIT\r\n", "220 250 552 221",
          "552 5.3.4 larger than 50000", EX_OK },
        { NULL,
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<bad@x>\r\nDATA\r\nRCPT TO:<d@e.f>\r\nDATA"
          "\r\n" SHORT "QUIT\r\n",
          "220 250 250 501 554 250 354 250 221", "501 5.1.3 <bad@x>: it has", EX_OK },
        { NULL, "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n.\r\nQUIT\r\n",
          "220 250 250 250 354 554 221", "the message is empty", EX_OK },
        { "{\"status\":400,\"detail\":\"no\"}",
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT "QUIT\r\n",
          "220 250 250 250 354 554 221", "554 5.6.0 no\r\n", EX_OK },
        { "{\"status\":413,\"detail\":\"no\"}",
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT "QUIT\r\n",
          "220 250 250 250 354 552 221", "552 5.3.4 no\r\n", EX_OK },
        { "{\"status\":403,\"detail\":\"no\"}",
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT "QUIT\r\n",
          "220 250 250 250 354 550 221", "550 5.7.1 no\r\n", EX_OK },
        { "{\"status\":503,\"detail\":\"full\"}",
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT "QUIT\r\n",
          "220 250 250 250 354 451 221", "451 4.3.0 full\r\n", EX_OK },
        { "{\"status\":500}",
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT "QUIT\r\n",
          "220 250 250 250 354 451 221", "refused (500)", EX_OK },
        /* Input that is no SMTP, or ends too early, is no success. */
        { NULL, "", "220", "", EX_OK },
        { NULL, "EHLO me\r\n", "220 250 421", "before QUIT", EX_DATAERR },
        { NULL, "QUIT", "220 421", "before QUIT", EX_DATAERR },
        { NULL, "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSubject: x\r\n",
          "220 250 250 250 354 421", "before QUIT", EX_DATAERR },
        { NULL, "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT,
          "220 250 250 250 354 250", "", EX_OK },
        { NULL,
          "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT
          "MAIL FROM:<a@b.c>\r\n",
          "220 250 250 250 354 250 250 421", "", EX_DATAERR },
        { NULL, "To: bob@example.net\nSubject: x\n\nhi\n", "220 500 500 500 500 421", "CRLF",
          EX_DATAERR },
        { NULL, "To: bob@example.net\r\n", "220 421", "this is an SMTP port", EX_DATAERR },
    };
    rig_t rig;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        start(&rig);
        rig.submitted = table[i].submitted;
        CU_ASSERT_EQUAL(say_all(&rig, table[i].text), table[i].code);
        CU_ASSERT_STRING_EQUAL(codes(&rig), table[i].codes);
        if (!strstr(ss_buf_text(&rig.replies), table[i].part)) CU_FAIL(table[i].part);
        finish(&rig);
    }
}

/* A refused message leaves nothing for the next one. */
static void two_messages(void)
{
    rig_t rig;

    start(&rig);
    rig.submitted = "{\"status\":400,\"detail\":\"no\"}";
    CU_ASSERT_EQUAL(say_all(&rig,
                            "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" SHORT
                            "MAIL FROM:<g@h.i>\r\nRCPT TO:<j@k.l>\r\nDATA\r\n" SHORT "QUIT\r\n"),
                    EX_OK);
    CU_ASSERT_EQUAL(rig.count, 2);
    CU_ASSERT_STRING_EQUAL(rig.content, "Subject: x\r\n\r\nhi\r\n");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(rig.header, "to")), 1);
    finish(&rig);
}

static void large_content(void)
{
    rig_t rig;
    char *text;

    start(&rig);
    text = apr_pstrcat(rig.pool,
                       "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nX: y\r\n\r\n",
                       fill(rig.pool, 'x', 300000), "\r\n.\r\nQUIT\r\n", NULL);
    CU_ASSERT_EQUAL(say_all(&rig, text), EX_OK);
    CU_ASSERT_EQUAL(rig.content_len, 300010);
    /* Above the daemon's bound, and the session goes on. */
    text = apr_pstrcat(rig.pool,
                       "EHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nX: y\r\n\r\n",
                       fill(rig.pool, 'x', 400000), "\r\n.\r\nNOOP\r\nQUIT\r\n", NULL);
    CU_ASSERT_EQUAL(say_all(&rig, text), EX_OK);
    CU_ASSERT_EQUAL(rig.count, 1);
    CU_ASSERT_STRING_EQUAL(codes(&rig), "220 250 250 250 354 552 250 221");
    finish(&rig);
}

static void the_daemon_is_away(void)
{
    rig_t rig;

    start(&rig);
    rig.is_away = 1;
    CU_ASSERT_EQUAL(say_all(&rig, "EHLO me\r\nQUIT\r\n"), EX_TEMPFAIL);
    CU_ASSERT_STRING_EQUAL(ss_buf_text(&rig.replies), "421 4.3.2 nobody  listens at /x\r\n");
    finish(&rig);
}

/* It leaves at that many questions. */
static void the_daemon_goes_away(void)
{
    const ss_sendmail_smtp_ops_t ops = { ask, write_replies, NULL };
    static const char *const steps[] = { "EHLO me\r\nMAIL FROM:<a@b.c>\r\n", "RCPT TO:<d@e.f>\r\n",
                                         ("DATA\r\n" SHORT) };
    rig_t rig;

    for (int left = 0; left < 3; left++) {
        ss_sendmail_smtp_ops_t own = ops;
        start(&rig);
        own.self = &rig;
        ss_sendmail_smtp_t *s = ss_sendmail_smtp_create(&own, rig.pool);
        int code = ss_sendmail_smtp_add(s, NULL, 0);
        for (int i = 0; i <= left; i++) {
            CU_ASSERT_EQUAL(code, -1);
            rig.is_away = i == left;
            code = ss_sendmail_smtp_add(s, steps[i], strlen(steps[i]));
        }
        CU_ASSERT_EQUAL(code, EX_TEMPFAIL);
        CU_ASSERT_PTR_NOT_NULL(strstr(ss_buf_text(&rig.replies), "421 4.3.2 nobody??listens"));
        CU_ASSERT_EQUAL(rig.count, 0);
        ss_sendmail_smtp_destroy(s);
        finish(&rig);
    }
}

static void nobody_reads_the_replies(void)
{
    rig_t rig;

    start(&rig);
    rig.is_deaf = 1;
    CU_ASSERT_EQUAL(say_all(&rig, "EHLO me\r\nQUIT\r\n"), EX_IOERR);
    finish(&rig);
}

void ss_suite_sendmail_smtp(void)
{
    CU_pSuite suite = CU_add_suite("sendmail_smtp", NULL, NULL);

    CU_ADD_TEST(suite, a_session_in_any_pieces);
    CU_ADD_TEST(suite, what_is_submitted);
    CU_ADD_TEST(suite, refusals_are_replies);
    CU_ADD_TEST(suite, two_messages);
    CU_ADD_TEST(suite, large_content);
    CU_ADD_TEST(suite, the_daemon_is_away);
    CU_ADD_TEST(suite, the_daemon_goes_away);
    CU_ADD_TEST(suite, nobody_reads_the_replies);
}
