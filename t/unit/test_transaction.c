/* test_transaction.c: what is said of a message when, and what the answers mean for its recipients
 * (src/smtp/client_pipeline.c, transaction.c), where it is not the usual way; dialogues in every
 * split. See dialogue.h. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>

#include "dialogue.h"
#include "fill.h"

void ss_suite_transaction(void);

#define HELLO "S: 220 relay.example ESMTP", "C: EHLO me.example", "C.", "E: step greeting"
#define OFFERING(...)                                                                              \
    HELLO, "S: 250-relay.example", __VA_ARGS__, "> more", "E: step hello", "E: ready"
#define PLAIN HELLO, "S: 250 relay.example", "> more", "E: step hello", "E: ready"
#define PIPED OFFERING("S: 250 PIPELINING")
#define CHUNKED OFFERING("S: 250-PIPELINING", "S: 250 CHUNKING")
#define CONTENT "C: Subject: t", "C: ", "C: ..x", "C: ."
#define BDAT "C: BDAT 18 LAST", "C: Subject: t", "C: ", "C: .x"
#define QUIT "C: QUIT", "C.", "S: 221 bye", "> more"

/* ---- what is learned ---- */

/* Dovecot 2.3's proxy dies of commands behind the content: the next connection says nothing there.
 */
DIALOGUE(a_server_that_dies_of_commands_behind_content_is_spared_them, PIPED, "> send 1 a@x b@y",
         "> send 2 a@x c@y", "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT,
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>", "C: DATA", "C.", "> lost eof",
         "E: learned no-streaming", "E: done 1 b@y=uncertain/0", "E: done 2 c@y=again/0",
         "E: closed data down connection-lost 0 *")
DIALOGUE(one_that_has_answered_with_commands_behind_is_not_suspected, PIPED, "> send 1 a@x b@y",
         "> send 2 a@x c@y", "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT, "C* 38",
         "S: 250 taken", "> send 3 a@x d@y", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT,
         "C* 38", "> lost eof", "E: done 1 b@y=sent/250", "E: done 2 c@y=uncertain/0",
         "E: done 3 d@y=again/0", "E: closed data down *")
DIALOGUE(one_that_dies_with_nothing_behind_the_content_teaches_nothing, PIPED, "> send 1 a@x b@y",
         "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT, "C.", "> lost eof",
         "E: done 1 b@y=uncertain/0", "E: closed data down *")
DIALOGUE(where_it_was_learned_nothing_is_said_behind_content, "O: stepwise=1", PIPED,
         "> send 1 a@x b@y", "> send! 2 a@x c@y", "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go",
         CONTENT, "C.", "> send! 2 a@x c@y", "S: 250 taken", "> send 2 a@x c@y", "C* 38",
         "> lost eof", "E: done 1 b@y=sent/250", "E: done 2 c@y=again/0", "E: closed mail down *")
DIALOGUE(silence_from_the_first_command_on_says_nothing_of_pipelining, PIPED, "> send 1 a@x b@y",
         "C* 38", "> tick 300", "E: done 1 b@y=down/0",
         "E: closed mail down timeout 0 The server did not answer MAIL in time")

/* ---- BDAT ---- */

DIALOGUE(a_500_without_a_class_of_its_own_is_about_bdat, CHUNKED, "> send 1 a@x b@y", "C* 64",
         "S: 250 ok", "S: 250 ok", "S: 502 what", "> more", "E: refused BDAT 502",
         "E: learned no-chunking", "E: done 1 b@y=again/502", "E: closed ok")
DIALOGUE(a_500_about_the_content_is_about_the_message, CHUNKED, "> send 1 a@x b@y", "C* 64",
         "S: 250 ok", "S: 250 ok", "S: 500 5.6.0 malformed", "> quit", QUIT,
         "E: refused end of DATA 500", "E: done 1 b@y=failed/500", "E: step quit", "E: closed ok")
DIALOGUE(a_command_refused_before_it_was_written_is_not_about_bdat, CHUNKED, "> unwritten 5",
         "> send 1 a@x b@y", "C+ MAIL ", "S: 500 5.5.1 what", "> more", "E: refused MAIL 500",
         "E: done 1 b@y=deferred/500", "E: closed mail deferred not-smtp 500 *")
DIALOGUE(content_of_64_kib_does_not_wait_for_its_recipients, CHUNKED, "T* 65536",
         "> send 1 a@x b@y", "C* 32", "C: BDAT 65536 LAST", "C* 65536", "C.", "> lost eof",
         "E: done 1 b@y=uncertain/0", "E: closed mail down*")
DIALOGUE(empty_content_is_sent, PLAIN, "T: ", "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "S: 250 ok",
         "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go", "C: .", "S: 250 taken", "> more",
         "E: done 1 b@y=sent/250")
DIALOGUE(large_content_follows_once_its_recipients_are_answered, CHUNKED, "T* 70000",
         "> send 1 a@x b@y,c@y", "C* 47", "C.", "S: 250 ok", "C.", "S: 250 ok", "C.",
         "S: 550 5.1.1 no", "C: BDAT 70000 LAST", "C* 70000", "C.", "S: 250 taken", "> more",
         "E: refused RCPT 550", "E: done 1 b@y=sent/250 c@y=failed/550")

/* ---- answers out of turn ---- */

DIALOGUE(a_421_in_the_middle_of_content_leaves_the_message_untaken, PLAIN, "T* 300000",
         "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok",
         "C: DATA", "> unwritten 1000", "S: 354 go", "C* 1000", "S: 421 4.3.2 leaving", "> more",
         "E: refused end of DATA 421", "E: done 1 b@y=again/421",
         "E: closed data again service-unavailable 421 *")
DIALOGUE(a_421_behind_a_refusal_changes_nothing_of_it, PIPED, "> send 1 a@x b@y", "C* 38",
         "S: 250 ok", "S: 550 5.1.1 no", "S: 421 4.3.2 leaving", "> more", "E: refused RCPT 550",
         "E: done 1 b@y=failed/550", "E: closed data again service-unavailable 421 *")
DIALOGUE(a_refusal_of_the_empty_content_before_it_is_written_ends_the_connection, PIPED,
         "> send 1 a@x b@y", "C* 38", "S: 250 ok", "S: 550 5.1.1 no", "> unwritten 0", "S: 354 go",
         "C.", "S: 554 no recipients", "> more", "E: refused RCPT 550", "E: done 1 b@y=failed/550",
         "E: closed ok")
DIALOGUE(a_timeout_of_the_connection_is_said_as_one, PLAIN, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "> lost timeout", "E: done 1 b@y=down/0",
         "E: closed mail down timeout 0 The server did not answer MAIL in time")
DIALOGUE(a_better_reason_of_the_loss_stands, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "> lost why tls-handshake the record is bad", "E: done 1 b@y=down/0",
         "E: closed tls down tls-handshake 0 the record is bad")
DIALOGUE(a_better_reason_may_lack_advice, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "> lost why - the record is bad", "E: done 1 b@y=down/0",
         "E: closed tls down connection-lost 0 the record is bad")
DIALOGUE(the_loss_of_an_idle_connection_is_said_as_such, PLAIN, "> lost reset",
         "E: closed hello down connection-lost 0 The connection was lost while waiting for "
         "something to send: *")
DIALOGUE(a_loss_after_the_end_is_none, PLAIN, "> lost eof", "> lost eof", "> lost reset",
         "E: closed hello down *")

/* ---- what a server can take ---- */

DIALOGUE(a_message_for_tls_alone_needs_both_the_offer_and_tls, OFFERING("S: 250 REQUIRETLS"),
         "> send 1 a@x b@y tls", "C.", "E: done 1 b@y=failed/0")
DIALOGUE(a_message_for_tls_alone_says_so_where_it_is_offered, "O: tls=on",
         OFFERING("S: 250 REQUIRETLS"), "> send 1 a@x b@y tls", "C: MAIL FROM:<a@x> REQUIRETLS",
         "> lost eof", "E: done 1 b@y=down/0", "E: closed mail down*")
DIALOGUE(a_sender_outside_ascii_fails_where_it_is_not_offered, PLAIN, "> send 1 \xc3\xa4@x b@y",
         "C.", "E: done 1 b@y=failed/0")
DIALOGUE(a_sender_outside_ascii_is_announced_where_it_is_offered, OFFERING("S: 250 SMTPUTF8"),
         "> send 1 \xc3\xa4@x b@y", "C: MAIL FROM:<\xc3\xa4@x> SMTPUTF8", "> lost eof",
         "E: done 1 b@y=down/0", "E: closed mail down*")
DIALOGUE(an_ascii_message_does_not_announce_utf8, OFFERING("S: 250 SMTPUTF8"), "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "> lost eof", "E: done 1 b@y=down/0", "E: closed mail down*")
DIALOGUE(utf8_in_the_header_fails_all_and_in_the_body_alone_nobody, PLAIN,
         "T: Subject: \xc3\xa4\\r\\n\\r\\nx\\r\\n", "> send 1 a@x b@y utf8", "C.",
         "T: Subject: a\\r\\n\\r\\n\xc3\xa4\\r\\n", "> send 2 a@x c@y utf8", "C: MAIL FROM:<a@x>",
         "> lost eof", "E: done 1 b@y=failed/0", "E: done 2 c@y=down/0", "E: closed mail down*")
DIALOGUE(recipients_that_cannot_be_asked_are_skipped, PLAIN,
         "> send 1 a@x \xc3\xa4@y,b@y,<>,c\x01@y,d@y", "C: MAIL FROM:<a@x>", "S: 250 ok",
         "C: RCPT TO:<b@y>", "S: 250 ok", "C: RCPT TO:<d@y>", "S: 250 ok", "C: DATA", "S: 354 go",
         CONTENT, "S: 250 taken", "> more",
         "E: done 1 \xc3\xa4@y=failed/0 b@y=sent/250 =failed/0 c\x01@y=failed/0 d@y=sent/250")
DIALOGUE(message_of_exactly_the_servers_size_is_sent, OFFERING("S: 250 SIZE 18"),
         "> send 1 a@x b@y", "C: MAIL FROM:<a@x> SIZE=18", "> lost eof", "E: done 1 b@y=down/0",
         "E: closed mail down*")
DIALOGUE(message_larger_than_the_servers_size_fails, OFFERING("S: 250 SIZE 17"), "> send 1 a@x b@y",
         "C.", "E: done 1 b@y=failed/0")
DIALOGUE(connection_ends_after_our_maximum_of_messages, "O: max=1", PIPED, "> send 1 a@x b@y",
         "> send! 2 a@x c@y", "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT, "C.",
         "S: 250 taken", QUIT, "E: done 1 b@y=sent/250", "E: step quit", "E: closed ok")
DIALOGUE(with_data_one_message_is_prepared_ahead, PIPED, "> send 1 a@x b@y", "> send 2 a@x c@y",
         "> send! 3 a@x d@y", "C* 38", "C.", "> lost eof", "E: done 1 b@y=down/0",
         "E: done 2 c@y=again/0", "E: closed mail down*")
DIALOGUE(servers_limit_of_one_recipient, OFFERING("S: 250 LIMITS RCPTMAX=1"),
         "> send! 1 a@x b@y,c@y", "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "> lost eof",
         "E: done 1 b@y=down/0", "E: closed mail down*")
DIALOGUE(the_servers_limit_of_recipients_does_not_raise_ours, "O: rcpts=2",
         OFFERING("S: 250 LIMITS RCPTMAX=5"), "> send! 1 a@x b@y,c@y,d@y", "> send 2 a@x b@y,c@y",
         "C: MAIL FROM:<a@x>", "> lost eof", "E: done 2 b@y=down/0 c@y=down/0",
         "E: closed mail down*")

static void play(const char *const *script, int lines)
{
    const char *wrong = dialogue_play(script, lines);

    if (wrong) fprintf(stderr, "\n  %s\n", wrong);
    CU_ASSERT_PTR_NULL(wrong);
}
#define PLAY(script) play(script, (int)(sizeof(script) / sizeof(script[0])))

/* A command has a bound (SS_COMMAND_LINE_MAX): what passes it fails, and nothing else does. */
static void what_does_not_fit_into_a_command_fails_alone(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const char *long_id = apr_pstrcat(pool, "> send 1 a@x b@y envid=", fill(pool, 'i', 5000), NULL);
    const char *long_orcpt =
        apr_pstrcat(pool, "> send 2 a@x c@y orcpt=rfc822;", fill(pool, 'o', 5000), NULL);
    const char *one_of_two =
        apr_pstrcat(pool, "> send 3 a@x d@y,e@y orcpt=rfc822;", fill(pool, 'o', 5000), NULL);
    const char *const mail[] = { OFFERING("S: 250 DSN"),
                                 long_id,
                                 "C.",
                                 "E: done 1 b@y=failed/0",
                                 "> send 2 a@x c@y",
                                 "C: MAIL FROM:<a@x>",
                                 "S: 250 ok",
                                 "C: RCPT TO:<c@y>",
                                 "S: 250 ok",
                                 "C: DATA",
                                 "S: 354 go",
                                 CONTENT,
                                 "S: 250 taken",
                                 "> more",
                                 "E: done 2 c@y=sent/250" };
    const char *const rcpt[] = {
        OFFERING("S: 250 DSN"),   long_orcpt,     "C: MAIL FROM:<a@x>", "S: 250 ok", QUIT,
        "E: done 2 c@y=failed/0", "E: step quit", "E: closed ok"
    };
    const char *const two[] = { OFFERING("S: 250 DSN"),
                                one_of_two,
                                "C: MAIL FROM:<a@x>",
                                "S: 250 ok",
                                "C: RCPT TO:<e@y>",
                                "S: 250 ok",
                                "C: DATA",
                                "S: 354 go",
                                CONTENT,
                                "S: 250 taken",
                                "> more",
                                "E: done 3 d@y=failed/0 e@y=sent/250" };
    PLAY(mail);
    PLAY(rcpt);
    PLAY(two);
    apr_pool_destroy(pool);
}

void ss_suite_transaction(void)
{
    CU_pSuite suite = CU_add_suite("transaction", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, name)
    ADD(a_server_that_dies_of_commands_behind_content_is_spared_them);
    ADD(one_that_has_answered_with_commands_behind_is_not_suspected);
    ADD(one_that_dies_with_nothing_behind_the_content_teaches_nothing);
    ADD(where_it_was_learned_nothing_is_said_behind_content);
    ADD(silence_from_the_first_command_on_says_nothing_of_pipelining);
    ADD(a_500_without_a_class_of_its_own_is_about_bdat);
    ADD(a_500_about_the_content_is_about_the_message);
    ADD(a_command_refused_before_it_was_written_is_not_about_bdat);
    ADD(content_of_64_kib_does_not_wait_for_its_recipients);
    ADD(empty_content_is_sent);
    ADD(large_content_follows_once_its_recipients_are_answered);
    ADD(a_421_in_the_middle_of_content_leaves_the_message_untaken);
    ADD(a_421_behind_a_refusal_changes_nothing_of_it);
    ADD(a_refusal_of_the_empty_content_before_it_is_written_ends_the_connection);
    ADD(a_timeout_of_the_connection_is_said_as_one);
    ADD(a_better_reason_of_the_loss_stands);
    ADD(a_better_reason_may_lack_advice);
    ADD(the_loss_of_an_idle_connection_is_said_as_such);
    ADD(a_loss_after_the_end_is_none);
    ADD(a_message_for_tls_alone_needs_both_the_offer_and_tls);
    ADD(a_message_for_tls_alone_says_so_where_it_is_offered);
    ADD(a_sender_outside_ascii_fails_where_it_is_not_offered);
    ADD(a_sender_outside_ascii_is_announced_where_it_is_offered);
    ADD(an_ascii_message_does_not_announce_utf8);
    ADD(utf8_in_the_header_fails_all_and_in_the_body_alone_nobody);
    ADD(recipients_that_cannot_be_asked_are_skipped);
    ADD(message_of_exactly_the_servers_size_is_sent);
    ADD(message_larger_than_the_servers_size_fails);
    ADD(connection_ends_after_our_maximum_of_messages);
    ADD(with_data_one_message_is_prepared_ahead);
    ADD(servers_limit_of_one_recipient);
    ADD(the_servers_limit_of_recipients_does_not_raise_ours);
    ADD(what_does_not_fit_into_a_command_fails_alone);
}
