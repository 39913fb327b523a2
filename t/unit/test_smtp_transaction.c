/* test_smtp_transaction.c: transactions of the SMTP listener, in a daemon in this process. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#include "daemon_rig.h"

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
    CU_ADD_TEST(suite, a_leaving_daemon_dismisses_its_clients);
}
