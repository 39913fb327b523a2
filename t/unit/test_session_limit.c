/* test_session_limit.c: a server that takes only so many messages on a connection: what the client
 * sends and makes of the replies (dialogues), and what delivery remembers (virtual time). */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "delivery/learned.h"
#include "dialogue.h"
#include "sending_rig.h"

void ss_suite_session_limit(void);

#define HELLO "S: 220 relay.example ESMTP", "C: EHLO me.example", "C.", "E: step greeting"
#define PIPED                                                                                      \
    HELLO, "S: 250-relay.example", "S: 250 PIPELINING", "> more", "E: step hello", "E: ready"
#define CHUNKED                                                                                    \
    HELLO, "S: 250-relay.example", "S: 250-PIPELINING", "S: 250 CHUNKING", "> more",               \
        "E: step hello", "E: ready"
#define BDAT "C: BDAT 18 LAST", "C: Subject: t", "C: ", "C: .x"
#define MESSAGE "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", BDAT
#define TAKEN "S: 250 ok", "S: 250 ok", "S: 250 taken", "E: done 1 b@y=sent/250"
#define QUIT "C: QUIT", "C.", "S: 221 bye", "> more"

/* ---- what is sent ---- */

DIALOGUE(the_second_mail_to_a_strange_host_is_sent_alone, "O: several=0", CHUNKED,
         "> send 1 a@x b@y", "> send! 2 a@x b@y", MESSAGE, "C.", TAKEN, "> send 2 a@x b@y",
         "C: MAIL FROM:<a@x>", "C.", "S: 250 ok", "> more", "E: learned several",
         "C: RCPT TO:<b@y>", BDAT, "C.", "> send 3 a@x b@y", MESSAGE, "C.", "S: 250 ok",
         "S: 250 taken", "E: done 2 b@y=sent/250", "S: 250 ok", "S: 250 ok", "S: 250 taken",
         "> more", "E: done 3 b@y=sent/250")
DIALOGUE(a_host_that_takes_one_gets_nothing_behind_the_second_mail, "O: several=0", CHUNKED,
         "> send 1 a@x b@y", MESSAGE, TAKEN, "> send 2 a@x b@y", "C: MAIL FROM:<a@x>", "C.",
         "S: 503 5.5.1 no", QUIT, "E: refused MAIL 503", "E: learned one-message",
         "E: done 2 b@y=again/503", "E: step quit", "E: closed ok")
DIALOGUE(a_message_that_is_taken_after_its_mail_was_refused_is_sent, CHUNKED, "> send 1 a@x b@y",
         MESSAGE, "C.", TAKEN, "> send 2 a@x b@y", MESSAGE, "C.", "> send 3 a@x b@y", MESSAGE, "C.",
         "S: 503 5.5.1 no", "S: 250 ok", "S: 250 taken", "C.", "S: 503 5.5.1 no", "S: 503 5.5.1 no",
         "S: 503 5.5.1 no", "C: QUIT", "C.", "S: 221 bye", "> more", "E: refused MAIL 503",
         "E: learned one-message", "E: refused MAIL 503", "E: done 2 b@y=sent/250",
         "E: done 3 b@y=again/503", "E: closed ok")
DIALOGUE(replies_that_are_out_of_order_leave_it_uncertain, CHUNKED, "> send 1 a@x b@y", MESSAGE,
         "C.", TAKEN, "> send 2 a@x b@y", MESSAGE, "C.", "S: 503 5.5.1 no", "S: 250 ok",
         "S: 250 ok", "C: QUIT", "C.", "S: 250 taken", "> more", "E: refused MAIL 503",
         "E: learned one-message", "E: done 2 b@y=uncertain/0", "E: closed quit down *")
DIALOGUE(a_message_that_was_perhaps_taken_is_uncertain, CHUNKED, "> send 1 a@x b@y", MESSAGE, "C.",
         TAKEN, "> send 2 a@x b@y", MESSAGE, "C.", "S: 503 5.5.1 no", "S: 250 ok", "S: 250 taken",
         "C: QUIT", "C.", "> lost reset", "E: refused MAIL 503", "E: learned one-message",
         "E: done 2 b@y=uncertain/0", "E: closed quit down *")
/* The connection ends before the answer to the content. */
DIALOGUE(a_message_whose_recipient_was_taken_after_its_mail_was_refused_is_uncertain, CHUNKED,
         "> send 1 a@x b@y", MESSAGE, "C.", TAKEN, "> send 2 a@x b@y", MESSAGE, "C.",
         "S: 503 5.5.1 no", "S: 250 ok", "> more", "E: refused MAIL 503", "E: learned one-message",
         "> lost reset", "E: done 2 b@y=uncertain/0", "E: closed data down *")
DIALOGUE(a_message_whose_recipient_was_refused_too_is_not, CHUNKED, "> send 1 a@x b@y", MESSAGE,
         "C.", TAKEN, "> send 2 a@x b@y", MESSAGE, "C.", "S: 503 5.5.1 no", "S: 503 5.5.1 no",
         "> more", "E: refused MAIL 503", "E: learned one-message", "> lost reset",
         "E: done 2 b@y=again/503", "E: closed data down *")
DIALOGUE(data_after_a_refused_mail_ends_the_connection_without_an_empty_message, PIPED,
         "> send 1 a@x b@y", "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go", "C: Subject: t",
         "C: ", "C: ..x", "C: .", "S: 250 taken", "> send 2 a@x b@y", "C* 38", "S: 503 5.5.1 no",
         "S: 250 ok", "S: 354 go", "C.", "> more", "E: done 1 b@y=sent/250", "E: refused MAIL 503",
         "E: learned one-message", "E: done 2 b@y=again/503", "E: closed ok")

/* ---- what a limit is ---- */

#define SECOND(reply, ...)                                                                         \
    CHUNKED, "> send 1 a@x b@y", MESSAGE, TAKEN, "> send 2 a@x b@y", MESSAGE, "S: " reply,         \
        __VA_ARGS__, QUIT
#define IS_LIMIT "S: 503 no", "S: 503 no"
#define AGAIN(learned)                                                                             \
    "E: refused MAIL 452", "E: learned " learned, "E: done 2 b@y=again/452", "E: step quit",       \
        "E: closed ok"

DIALOGUE(opensmtpds_limit, SECOND("452 4.5.3 Too many messages sent", IS_LIMIT),
         AGAIN("one-message"))

DIALOGUE(a_limit_of_recipients_that_the_first_one_meets_is_of_the_session, CHUNKED,
         "> send 1 a@x b@y", MESSAGE, TAKEN, "> send 2 a@x b@y", MESSAGE, "S: 250 ok",
         "S: 452 4.5.3 Too many recipients", "S: 503 no", QUIT, "E: refused RCPT 452",
         "E: learned one-message", "E: done 2 b@y=again/452", "E: step quit", "E: closed ok")

static void words_of_a_limit(void)
{
    static const struct {
        const char *text;
        int cmd, code, is_reused, is_limit, is_learned;
    } rows[] = {
        { "Too many messages sent", SS_CMD_MAIL, 452, 1, 1, 1 },
        { "Too many messages sent", SS_CMD_MAIL, 452, 0, 0, 0 },
        { "too many transactions", SS_CMD_MAIL, 450, 1, 1, 1 },
        { "Maximum messages per connection exceeded", SS_CMD_MAIL, 421, 1, 1, 1 },
        { "Message count per session exceeded", SS_CMD_MAIL, 554, 1, 1, 1 },
        { "please reconnect", SS_CMD_RCPT, 451, 1, 1, 1 },
        { "Too many recipients in this session", SS_CMD_RCPT, 452, 1, 1, 1 },
        { "Too many recipients", SS_CMD_RCPT, 452, 1, 0, 0 },
        { "open a new session for further mail", SS_CMD_END, 451, 1, 1, 1 },
        { "your mails are enough", SS_CMD_MAIL, 550, 1, 1, 1 },
        { "connection has served its time", SS_CMD_RCPT, 451, 1, 1, 1 },
        { "closing transmission channel", SS_CMD_MAIL, 421, 1, 1, 0 },
        { "closing connection", SS_CMD_RCPT, 421, 1, 1, 0 },
        { "message size exceeds the limit", SS_CMD_MAIL, 552, 1, 0, 0 },
        { "sender address rejected", SS_CMD_MAIL, 550, 1, 0, 0 },
        { "user unknown", SS_CMD_RCPT, 550, 1, 0, 0 },
    };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ss_reply_t reply = { .code = rows[i].code };
        apr_cpystrn(reply.text, rows[i].text, sizeof(reply.text));
        ss_verdict_t v = ss_verdict((ss_cmd_t)rows[i].cmd, &reply, rows[i].is_reused);
        int is_limit = v.scope == SS_SCOPE_CONNECTION && v.fate == SS_FATE_AGAIN;
        int is_learned = (v.learn & SS_LEARN_MAX_MESSAGES) != 0;
        if (is_limit != rows[i].is_limit || is_learned != rows[i].is_learned)
            fprintf(stderr, "\n  %d %s: %s\n", rows[i].code, rows[i].text, v.advice);
        CU_ASSERT_EQUAL(is_limit, rows[i].is_limit);
        CU_ASSERT_EQUAL(is_learned, rows[i].is_learned);
    }
}

/* ---- what is remembered ---- */

#define HOST "relay.example:25"

static sending_rig_t rig;
static int limit, mails, refused, refuses_all;
static const char *words;

/* One connection at a time. */
static const char *limited(sending_rig_t *r, const char *command)
{
    (void)r;
    if (!*command) mails = 0;
    if (strncmp(command, "MAIL", 4)) return NULL;
    if (!refuses_all && ++mails <= limit) return NULL;
    refused++;
    return words;
}

static void start(int messages)
{
    limit = messages;
    mails = refused = refuses_all = 0;
    words = "452 4.5.3 Too many messages sent";
    sending_rig_begin(&rig);
    rig.settings.connections = 1;
    rig.reply = limited;
    rig.log.level = SS_LOG_WARN;
    sending_rig_start(&rig);
}

static void add(int count)
{
    int first = rig.count;

    for (int i = 0; i < count; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 0);
    for (int i = first; i < rig.count; i++) {
        CU_ASSERT_EQUAL(sending_rig_state(&rig, i), SS_STATE_SENT);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, i), 1);
    }
}

static int lines(const char *text)
{
    int count = 0;

    for (const char *at = rig.said; (at = strstr(at, text)) != NULL; at++) count++;
    return count;
}

static void all_messages_are_sent_and_none_is_charged(void)
{
    start(100);
    add(3000);
    CU_ASSERT_EQUAL(rig.bodies, 3000);
    CU_ASSERT_EQUAL(rig.opened, 30);
    CU_ASSERT_EQUAL(refused, 1);
    CU_ASSERT_EQUAL(lines("SMTPSend-240"), 1);
    CU_ASSERT_EQUAL(lines("SMTPSendMaxMessagesPerConnection 100 makes it permanent"), 1);
    sending_rig_end(&rig);
}

static void a_limit_of_one_is_the_other_directive(void)
{
    start(1);
    words = "503 5.5.1 only one MAIL per message";
    add(20);
    CU_ASSERT_EQUAL(rig.opened, 20);
    CU_ASSERT_EQUAL(refused, 1);
    CU_ASSERT_EQUAL(lines("SMTPSendOneMessagePerConnection On makes it permanent"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "takes one message a connection"));
    sending_rig_end(&rig);
}

static void a_refusal_that_a_new_connection_repeats_is_no_limit(void)
{
    start(5);
    add(5);
    refuses_all = 1;
    words = "451 4.3.0 no messages now";
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND);
    refuses_all = 0;
    limit = 1000;
    add(10);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 0);
    CU_ASSERT_EQUAL(lines("SMTPSend-240"), 0);
    sending_rig_end(&rig);
}

static void a_limit_that_grew_is_found_out_within_an_hour(void)
{
    start(3);
    add(10);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 3);
    sending_rig_run(&rig, 3601 * RIG_SECOND);
    refused = 0;
    add(20); /* it is the same: one connection tried, and met it */
    CU_ASSERT(refused > 0);
    CU_ASSERT(refused <= 2);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 3);
    sending_rig_run(&rig, 3601 * RIG_SECOND);
    limit = 1000;
    int opened = rig.opened;
    add(20);
    CU_ASSERT_EQUAL(rig.opened, opened + 1);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 0);
    CU_ASSERT_EQUAL(lines("SMTPSend-240"), 1);
    sending_rig_end(&rig);
}

static void the_lowest_of_several_limits_counts_for_a_day(void)
{
    start(8);
    add(20);
    limit = 4;
    add(20);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 4);
    sending_rig_run(&rig, 24 * 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 0);
    sending_rig_end(&rig);
}

static void the_directive_turns_the_detection_off(void)
{
    limit = 3;
    sending_rig_begin(&rig);
    rig.settings.one_message = SS_ONE_OFF;
    rig.settings.connections = 1;
    rig.reply = limited;
    mails = refused = refuses_all = 0;
    sending_rig_start(&rig);
    add(20);
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 0);
    sending_rig_end(&rig);
}

static void a_limit_is_restored(void)
{
    start(100);
    ss_learned_restore(rig.delivery, HOST,
                       "{\"bits\":1,\"recipients\":0,\"messages\":7,\"since\":1800000000000000}");
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 7);
    ss_learned_restore(rig.delivery, HOST,
                       "{\"bits\":8,\"recipients\":3,\"since\":1800000000000000}");
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 7);
    ss_learned_restore(rig.delivery, HOST, "{\"bits\":1,\"since\":1800000000000000}");
    CU_ASSERT_EQUAL(ss_learned_messages(rig.delivery, HOST), 1);
    sending_rig_end(&rig);
}

void ss_suite_session_limit(void)
{
    CU_pSuite suite = CU_add_suite("session_limit", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, name)
    ADD(the_second_mail_to_a_strange_host_is_sent_alone);
    ADD(a_host_that_takes_one_gets_nothing_behind_the_second_mail);
    ADD(a_message_that_is_taken_after_its_mail_was_refused_is_sent);
    ADD(replies_that_are_out_of_order_leave_it_uncertain);
    ADD(a_message_that_was_perhaps_taken_is_uncertain);
    ADD(a_message_whose_recipient_was_taken_after_its_mail_was_refused_is_uncertain);
    ADD(a_message_whose_recipient_was_refused_too_is_not);
    ADD(data_after_a_refused_mail_ends_the_connection_without_an_empty_message);
    ADD(opensmtpds_limit);
    ADD(a_limit_of_recipients_that_the_first_one_meets_is_of_the_session);
    ADD(words_of_a_limit);
    ADD(all_messages_are_sent_and_none_is_charged);
    ADD(a_limit_of_one_is_the_other_directive);
    ADD(a_refusal_that_a_new_connection_repeats_is_no_limit);
    ADD(a_limit_that_grew_is_found_out_within_an_hour);
    ADD(the_lowest_of_several_limits_counts_for_a_day);
    ADD(the_directive_turns_the_detection_off);
    ADD(a_limit_is_restored);
}
