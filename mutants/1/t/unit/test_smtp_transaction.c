/* test_smtp_transaction.c: transactions of the SMTP listener, in a daemon in this process. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#include "daemon_rig.h"
#include "intake/smtp_transaction.h"

static daemon_rig_t rig;

static int begin(const char *const *directives)
{
    daemon_rig_start(&rig, directives);
    int fd = daemon_rig_connect(&rig);
    daemon_rig_talk(&rig, fd, "", "220");
    daemon_rig_talk(&rig, fd, "EHLO me\r\n", "250");
    return fd;
}

static void end(int fd)
{
    daemon_rig_talk(&rig, fd, "QUIT\r\n", "221");
    close(fd);
    daemon_rig_end(&rig);
}

static void a_message_is_queued(void)
{
    int fd = begin(NULL);

    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "RCPT TO:<b@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "DATA\r\n", "354");
    const char *reply = daemon_rig_talk(&rig, fd, "Subject: x\r\n\r\nHello\r\n.\r\n", "250");
    char id[64];
    CU_ASSERT_EQUAL_FATAL(sscanf(reply, "250 2.0.0 Ok: queued as %63s", id), 1);
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_ask(&rig, 1, json_pack("{s:s,s:s}", "do", "show", "id", id), NULL);
    json_t *document = json_loads(rig.last.content, 0, NULL);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(document, "submitter")),
                           "smtp:127.0.0.1");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(document, "door")), "smtp");
    json_decref(document);
    /* It is no local user's message. */
    CU_ASSERT_EQUAL(daemon_rig_ask(&rig, 0, json_pack("{s:s,s:s}", "do", "get", "id", id), NULL),
                    404);
    end(fd);
}

static void what_is_wrong_is_refused(void)
{
    static const char *const limits[] = { "SMTPSendMaxMessageSize 1024",
                                          "SMTPSendQueueLimit 1 100m", NULL };
    static char large[1200];
    int fd = begin(limits);

    daemon_rig_talk(&rig, fd, "MAIL FROM:<a b@example.net>\r\n", "501");
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@-->\r\n", "553");
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net> SIZE=99999999999\r\n", "552");
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net> SIZE=1025\r\n", "552");
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net> SIZE=1024\r\n", "250");
    daemon_rig_talk(&rig, fd, "RCPT TO:<b@-->\r\n", "501");
    daemon_rig_talk(&rig, fd, "RCPT TO:<b@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "DATA\r\n", "354");
    daemon_rig_talk(&rig, fd, ".\r\n", "554");
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "RCPT TO:<b@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "DATA\r\n", "354");
    memset(large, 'x', 800);
    memcpy(large + 800, "\r\n", 2);
    memset(large + 802, 'x', 300);
    apr_cpystrn(large + 1102, "\r\n.\r\n", 6);
    daemon_rig_talk(&rig, fd, large, "552");
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_submit(&rig, NULL);
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net>\r\n", "452"); /* the queue is full */
    end(fd);
}

static void too_much_content_in_memory_is_refused_for_now(void)
{
    int fd = begin(NULL);

    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "RCPT TO:<b@example.net>\r\n", "250");
    daemon_rig_talk(&rig, fd, "DATA\r\n", "354");
    /* Some of it has come: it goes on, up to the bound. */
    CU_ASSERT_TRUE(write(fd, "Subject: x\r\n", 12) == 12);
    for (int i = 0; i < 10; i++) ss_loop_turn(rig.d.loop, 10000);
    rig.d.intake->bytes += SS_INTAKE_BYTES_MAX;
    daemon_rig_talk(&rig, fd, "\r\nHello\r\n.\r\n", "452");
    rig.d.intake->bytes -= SS_INTAKE_BYTES_MAX;
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net>\r\n", "250");
    end(fd);
}

static void a_loop_of_servers_is_found(void)
{
    char message[8192];
    int fd = begin(NULL);

    for (int count = 50; count <= 51; count++) {
        apr_size_t used = 0;
        for (int i = 0; i < count; i++)
            used += (apr_size_t)apr_snprintf(message + used, sizeof(message) - used,
                                             "Received: from a by b\r\n");
        apr_cpystrn(message + used, "\r\nHello\r\n.\r\n", sizeof(message) - used);
        daemon_rig_talk(&rig, fd, "MAIL FROM:<a@example.net>\r\n", "250");
        daemon_rig_talk(&rig, fd, "RCPT TO:<b@example.net>\r\n", "250");
        daemon_rig_talk(&rig, fd, "DATA\r\n", "354");
        daemon_rig_talk(&rig, fd, message, count == 50 ? "250" : "554");
    }
    end(fd);
}

/* ---- without a socket ---- */

static void ready(void *self)
{
    (void)self;
}

/* Gives commands to the server, and its events to the transaction. */
static void obey(ss_smtp_transaction_t *t, const char *commands)
{
    ss_server_event_t event;
    apr_size_t left = strlen(commands), used;

    for (;;) {
        ss_server_kind_t kind = ss_server_next(t->server, commands, left, &used, &event);
        commands += used;
        left -= used;
        if (kind == SS_SERVER_MAIL)
            ss_smtp_transaction_sender(t, &event.envelope);
        else if (kind == SS_SERVER_RCPT)
            ss_smtp_transaction_recipient(t, &event.envelope);
        else if (kind == SS_SERVER_CONTENT)
            ss_smtp_transaction_content(t, event.bytes, event.len);
        else
            return;
    }
}

static void content_has_a_beginning_and_recipients_an_orcpt(void)
{
    const ss_server_options_t options = { .host = "x", .max_size = 1 << 20, .max_rcpts = 10 };

    daemon_rig_start(&rig, NULL);
    ss_smtp_transaction_t t = { .intake = rig.d.intake,
                                .server = ss_server_create(&options),
                                .max_size = 1 << 20,
                                .ready = ready };
    ss_smtp_transaction_init(&t);
    obey(&t, "EHLO me\r\nMAIL FROM:<a@example.net>\r\n"
             "RCPT TO:<b@example.net> ORCPT=rfc822;first\r\n"
             "RCPT TO:<b@example.net> ORCPT=rfc822;second\r\n"
             "RCPT TO:<c@example.net>\r\nDATA\r\n");
    CU_ASSERT_EQUAL(t.mail->rcpts->nelts, 2);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(t.mail->rcpts, 0, ss_mail_rcpt_t).orcpt, "rfc822;first");
    CU_ASSERT_PTR_NULL(APR_ARRAY_IDX(t.mail->rcpts, 1, ss_mail_rcpt_t).orcpt);
    CU_ASSERT_FALSE(ss_mono_is_set(t.began));
    obey(&t, "Subject: x\r\n");
    ss_mono_t began = t.began;
    CU_ASSERT_TRUE(ss_mono_is_set(began));
    ss_loop_turn(rig.d.loop, 2000);
    obey(&t, "\r\nHello\r\n");
    CU_ASSERT_EQUAL(t.began.us, began.us);
    ss_smtp_transaction_reset(&t);
    CU_ASSERT_FALSE(ss_mono_is_set(t.began));
    CU_ASSERT_PTR_NULL(t.message);
    CU_ASSERT_EQUAL(rig.d.intake->bytes, 0);
    ss_smtp_transaction_free(&t);
    ss_server_destroy(t.server);
    daemon_rig_end(&rig);
}

static void a_leaving_daemon_dismisses_its_clients(void)
{
    int fd = begin(NULL);

    ss_smtp_listener_stop(rig.d.smtp_listener);
    daemon_rig_talk(&rig, fd, "", "421");
    for (int i = 0; i < 50 && ss_smtp_listener_is_busy(rig.d.smtp_listener); i++)
        ss_loop_turn(rig.d.loop, 10000);
    CU_ASSERT_FALSE(ss_smtp_listener_is_busy(rig.d.smtp_listener));
    close(fd);
    daemon_rig_end(&rig);
}

void ss_suite_smtp_transaction(void)
{
    CU_pSuite suite = CU_add_suite("smtp_transaction", NULL, NULL);

    CU_ADD_TEST(suite, a_message_is_queued);
    CU_ADD_TEST(suite, what_is_wrong_is_refused);
    CU_ADD_TEST(suite, too_much_content_in_memory_is_refused_for_now);
    CU_ADD_TEST(suite, a_loop_of_servers_is_found);
    CU_ADD_TEST(suite, content_has_a_beginning_and_recipients_an_orcpt);
    CU_ADD_TEST(suite, a_leaving_daemon_dismisses_its_clients);
}
