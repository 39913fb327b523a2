/* test_client.c: whole dialogues of the SMTP client (src/smtp/client.c, session.c, transaction.c,
 * pipeline.c), each in every split. See dialogue.h. */
#include <CUnit/CUnit.h>
#include <stdio.h>

#include "dialogue.h"

void ss_suite_client(void);

#define HELLO "S: 220 relay.example ESMTP", "C: EHLO me.example", "C.", "E: step greeting"
#define PLAIN HELLO, "S: 250 relay.example", "> more", "E: step hello", "E: ready"
#define PIPED                                                                                      \
    HELLO, "S: 250-relay.example", "S: 250 PIPELINING", "> more", "E: step hello", "E: ready"
#define CHUNKED                                                                                    \
    HELLO, "S: 250-relay.example", "S: 250-PIPELINING", "S: 250 CHUNKING", "> more",               \
        "E: step hello", "E: ready"
#define SERVED                                                                                     \
    PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", \
        "C: DATA", "S: 354 go", CONTENT, "S: 250 taken", "> more", "E: done 1 b@y=sent/250"
#define CONTENT "C: Subject: t", "C: ", "C: ..x", "C: ."
#define BDAT "C: BDAT 18 LAST", "C: Subject: t", "C: ", "C: .x"
#define QUIT "C: QUIT", "C.", "S: 221 bye", "> more"

DIALOGUE(lock_step_without_pipelining, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "C.",
         "> send! 2 a@x c@y", "S: 250 ok", "C: RCPT TO:<b@y>", "C.", "S: 250 ok", "C: DATA", "C.",
         "S: 354 go", CONTENT, "C.", "> quit", "C.", "S: 250 queued", QUIT,
         "E: done 1 b@y=sent/250", "E: step quit", "E: closed ok")

DIALOGUE(pipelining_takes_one_round_trip_a_message, PIPED, "> send 1 a@x b@y", "> send 2 a@x c@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: DATA", "C.", "S: 250 ok", "S: 250 ok",
         "S: 354 go", CONTENT, "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>", "C: DATA", "C.",
         "S: 250 queued as 1", "> send 3 a@x d@y", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT,
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<d@y>", "C: DATA", "C.", "S: 250 queued as 2",
         "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT, "C.", "S: 250 queued as 3", "> quit", QUIT,
         "E: done 1 b@y=sent/250", "E: done 2 c@y=sent/250", "E: done 3 d@y=sent/250",
         "E: step quit", "E: closed ok")

DIALOGUE(chunking_window_grows_by_one_for_each_answer, CHUNKED, "> send 1 a@x b@y",
         "> send! 2 a@x b@y", "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", BDAT, "C.", "S: 250 ok",
         "S: 250 ok", "S: 250 queued", "> send 2 a@x c@y", "> send 3 a@x d@y", "> send! 4 a@x d@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>", BDAT, "C: MAIL FROM:<a@x>", "C: RCPT TO:<d@y>",
         BDAT, "C.", "S: 250 ok", "S: 250 ok", "S: 250-queued", "S: 250 twice", "S: 250 ok",
         "S: 250 ok", "S: 250 queued", "> send 4 a@x e@y", "> send 5 a@x e@y", "> send 6 a@x e@y",
         "> send 7 a@x e@y", "> send! 8 a@x e@y", "C* 256", "C.", "> lost eof",
         "E: done 1 b@y=sent/250", "E: done 2 c@y=sent/250", "E: done 3 d@y=sent/250",
         "E: done 4 e@y=uncertain/0", "E: done 5 e@y=uncertain/0", "E: done 6 e@y=uncertain/0",
         "E: done 7 e@y=uncertain/0",
         "E: closed mail down connection-lost 0 The connection was lost while waiting for the "
         "answer to MAIL: the server closed it")

DIALOGUE(some_recipients_refused, PIPED, "> send 1 a@x b@y,c@y,d@y", "C: MAIL FROM:<a@x>",
         "C: RCPT TO:<b@y>", "C: RCPT TO:<c@y>", "C: RCPT TO:<d@y>", "C: DATA", "C.", "S: 250 ok",
         "S: 550 5.1.1 unknown", "S: 250 ok", "S: 450 4.2.1 later", "S: 354 go", CONTENT, "C.",
         "S: 250 queued", "> send 2 a@x b@y", "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: DATA",
         "C.", "> lost eof", "E: refused RCPT 550", "E: refused RCPT 450",
         "E: done 1 b@y=failed/550 c@y=sent/250 d@y=deferred/450", "E: done 2 b@y=again/0",
         "E: closed*")

DIALOGUE(all_recipients_refused_and_data_answered_354_gets_a_lone_dot, PIPED, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: DATA", "C.", "S: 250 ok", "S: 550 no",
         "S: 354 go", "C: .", "C.", "S: 554 no recipients", "> send 2 a@x c@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>", "C: DATA", "C.", "> quit", "S: 250 ok",
         "S: 250 ok", "S: 354 go", CONTENT, "C.", "S: 250 ok", QUIT, "E: refused RCPT 550",
         "E: done 1 b@y=failed/550", "E: done 2 c@y=sent/250", "E: step quit", "E: closed ok")

DIALOGUE(all_recipients_refused_closes_the_connection_instead_of_rset, PIPED, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: DATA", "C.", "> send 2 a@x c@y", "C.",
         "S: 250 ok", "S: 550 no", "S: 503 no recipients", QUIT, "E: refused RCPT 550",
         "E: done 1 b@y=failed/550", "E: done 2 c@y=again/0", "E: step quit", "E: closed ok")

DIALOGUE(mail_refused_leaves_the_connection_usable, PIPED, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "C: RCPT TO:<b@y>", "C: DATA", "C.", "> send 2 a@z c@y", "C.", "S: 550 5.7.60 not you",
         "S: 503 no", "S: 503 no", "C: MAIL FROM:<a@z>", "C: RCPT TO:<c@y>", "C: DATA", "C.",
         "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT, "C.", "S: 250 ok", "> quit", QUIT,
         "E: refused MAIL 550", "E: done 1 b@y=suspect/550", "E: done 2 c@y=sent/250",
         "E: step quit", "E: closed ok")

DIALOGUE(only_one_mail_per_message, PIPED, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "C: RCPT TO:<b@y>", "C: DATA", "C.", "> send 2 a@x c@y", "S: 250 ok", "S: 250 ok",
         "S: 354 go", CONTENT, "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>", "C: DATA", "C.",
         "S: 250 taken", "S: 503 5.5.1 only one MAIL per message", "S: 503 no", "S: 503 no", QUIT,
         "E: done 1 b@y=sent/250", "E: refused MAIL 503", "E: learned one-message",
         "E: done 2 c@y=again/503", "E: step quit", "E: closed ok")

/* Not one message a connection: Haraka takes no MAIL behind a content. */
#define BEHIND                                                                                     \
    "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: DATA", "C.",                 \
        "> send 2 a@x c@y", "S: 250 ok", "S: 250 ok", "S: 354 go", CONTENT, "C: MAIL FROM:<a@x>",  \
        "C: RCPT TO:<c@y>", "C: DATA", "C.", "S: 250 taken"
#define BEHIND_END "S: 503 no", "S: 503 no", QUIT, "E: done 1 b@y=sent/250", "E: refused MAIL 503"
DIALOGUE(mail_behind_a_content_is_refused, PIPED, BEHIND, "S: 503 Bad sequence of commands",
         BEHIND_END, "E: learned no-streaming", "E: done 2 c@y=again/503", "E: step quit",
         "E: closed ok")
DIALOGUE(mail_behind_a_content_was_taken_before, PIPED, BEHIND, "> send 3 a@x d@y", "S: 250 ok",
         "S: 250 ok", "S: 354 go", CONTENT, "C: MAIL FROM:<a@x>", "C: RCPT TO:<d@y>", "C: DATA",
         "C.", "S: 250 taken", "S: 503 Bad sequence of commands", "S: 503 no", "S: 503 no", QUIT,
         "E: done 1 b@y=sent/250", "E: done 2 c@y=sent/250", "E: refused MAIL 503",
         "E: learned max-messages 2", "E: done 3 d@y=again/503", "E: step quit", "E: closed ok")

/* It takes no more: the others are not asked for. */
DIALOGUE(after_one_recipient_too_many_no_more_are_said, PLAIN, "> send 1 a@x b@y,c@y,d@y,e@y",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: RCPT TO:<c@y>",
         "S: 450 Too many recipient attempts", "C: DATA", "S: 354 go", CONTENT, "S: 250 ok",
         "> quit", QUIT, "E: refused RCPT 450", "E: learned max-recipients 1",
         "E: done 1 b@y=sent/250 c@y=again/450 d@y=again/450 e@y=again/450", "E: step quit",
         "E: closed ok")

DIALOGUE(login_required_blocks_and_fails_nobody, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "C.", "S: 530 5.7.0 Authentication required", "C.", "E: refused MAIL 530",
         "E: done 1 b@y=suspect/530", "E.")

#define DENIED "554 5.7.1 <b@y>: Relay access denied"
DIALOGUE(a_suspicion_keeps_the_connection, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 250 ok", "C: RCPT TO:<b@y>", "S: " DENIED, "C: RSET", "C.", "> send 2 a@x c@z", "C.",
         "S: 250 ok", "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<c@z>", "S: 250 ok", "C: DATA",
         "S: 354 go", CONTENT, "S: 250 ok", "> quit", QUIT, "E: refused RCPT 554",
         "E: done 1 b@y=suspect/554", "E: done 2 c@z=sent/250", "E: step quit", "E: closed ok")
DIALOGUE(a_suspicion_in_a_group, PIPED, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "C: RCPT TO:<b@y>", "C: DATA", "C.", "S: 250 ok", "S: " DENIED,
         "S: 554 no valid recipients", "C: RSET", "C.", "> quit", "C.", "S: 250 ok", QUIT,
         "E: refused RCPT 554", "E: done 1 b@y=suspect/554", "E: step quit", "E: closed ok")
DIALOGUE(a_server_that_knows_no_rset_is_left, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 250 ok", "C: RCPT TO:<b@y>", "S: " DENIED, "C: RSET", "S: 502 what?", "> more", "C.",
         "E: refused RCPT 554", "E: done 1 b@y=suspect/554", "E: closed ok")
DIALOGUE(behind_a_suspicion_the_next_has_begun, CHUNKED, "> send 1 a@x b@y", "C* 64", "S: 250 ok",
         "S: 250 ok", "S: 250 ok", "> send 2 a@x c@y", "> send 3 a@x d@y", "C* 128", "S: 250 ok",
         "S: " DENIED, "S: 554 no valid recipients", "S: 503 nested", "S: 503 no", "S: 503 no",
         QUIT, "E: done 1 b@y=sent/250", "E: refused RCPT 554", "E: done 2 c@y=suspect/554",
         "E: refused MAIL 503", "E: done 3 d@y=again/503", "E: step quit", "E: closed ok")

DIALOGUE(bdat_refused_is_learned_and_tried_again, CHUNKED, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "C: RCPT TO:<b@y>", BDAT, "C.", "S: 250 ok", "S: 250 ok",
         "S: 500 5.5.1 command unrecognized", "> more", "E: refused BDAT 500",
         "E: learned no-chunking", "E: done 1 b@y=again/500", "E: closed ok")

DIALOGUE(a_421_in_the_middle_of_a_window, CHUNKED, "> send 1 a@x b@y", "C* 64", "S: 250 ok",
         "S: 250 ok", "S: 250 ok", "> send 2 a@x c@y", "> send 3 a@x d@y", "C* 128", "S: 250 ok",
         "S: 250 ok", "S: 421 4.3.2 shutting down", "> more", "E: done 1 b@y=sent/250",
         "E: refused end of DATA 421", "E: done 2 c@y=again/421", "E: done 3 d@y=again/0",
         "E: closed *")

DIALOGUE(lost_before_any_answer_on_a_reused_connection_is_tried_again, PLAIN, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go",
         CONTENT, "S: 250 ok", "> send 2 a@x c@y", "C: MAIL FROM:<a@x>", "> lost reset",
         "E: done 1 b@y=sent/250", "E: done 2 c@y=again/0", "E: closed mail down *")

DIALOGUE(lost_on_a_fresh_connection_waits_for_the_relay, PLAIN, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "> lost eof", "E: done 1 b@y=down/0", "E: closed mail down *")

DIALOGUE(lost_after_the_dot_is_uncertain, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go", CONTENT,
         "> lost eof", "E: done 1 b@y=uncertain/0", "E: closed data down *")

DIALOGUE(end_not_wholly_written_is_certainly_not_taken, PLAIN, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA",
         "> unwritten 20", "S: 354 go", "C+ Subject: t\\r\\n\\r\\n..x\\r\\n.", "C.", "> lost eof",
         "E: done 1 b@y=down/0", "E: closed data down *")

DIALOGUE(no_answer_to_the_end_in_time_is_uncertain, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go", CONTENT,
         "> tick 599", "E.", "> tick 1", "E: done 1 b@y=uncertain/0",
         "E: closed data down timeout 0 The server did not answer end of DATA in time")

DIALOGUE(replies_swallowed_under_pipelining_are_learned, PIPED, "> send 1 a@x b@y", "C* 38",
         "S: 250 ok", "> tick 300", "E: learned no-pipelining", "E: done 1 b@y=down/0",
         "E: closed rcpt down timeout *")

DIALOGUE(garbage_ends_the_connection, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "S+ \\x00\\xffrubbish\\n", "> more", "E: done 1 b@y=down/0",
         "E: closed mail down not-smtp *")

DIALOGUE(a_reply_nobody_asked_for_ends_the_connection, PLAIN, "S: 250 hello again", "> more",
         "E: closed hello down not-smtp 0 the server sent a reply that no command asked for: 250 *")
DIALOGUE(an_idle_421_is_an_orderly_end, SERVED, "S: 421 4.4.2 idle too long", "> more",
         "E: closed ok")
DIALOGUE(an_idle_close_is_an_orderly_end, SERVED, "> lost eof", "E: closed ok")
DIALOGUE(a_421_to_a_session_that_carried_nothing_is_a_failure, PLAIN, "S: 421 4.3.2 no", "> more",
         "E: closed hello down service-unavailable 0 the server sent a reply that *")
DIALOGUE(a_close_of_a_session_that_carried_nothing_is_a_failure, PLAIN, "> lost eof",
         "E: closed hello down connection-lost 0 *")

DIALOGUE(an_early_refusal_in_the_middle_of_content_counts, PLAIN, "T* 300000", "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA",
         "> unwritten 1000", "S: 354 go", "C* 1000", "S: 552 5.3.4 too big", "> more",
         "E: refused end of DATA 552", "E: done 1 b@y=failed/552", "E: closed ok")

DIALOGUE(an_early_250_is_nonsense, PLAIN, "T* 300000", "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "> unwritten 1000", "S: 354 go",
         "C* 1000", "S: 250 thanks", "> more", "E: done 1 b@y=down/0",
         "E: closed data down not-smtp *")

DIALOGUE(ehlo_refused_falls_back_to_helo, "S: 220 old", "C: EHLO me.example", "S: 500 what",
         "C: HELO me.example", "C.", "S: 250 old", "> quit", QUIT, "E: step greeting",
         "E: refused EHLO 500", "E: learned no-ehlo", "E: step hello", "E: ready", "E: step quit",
         "E: closed ok")

DIALOGUE(helo_refused_too_leaves_the_first_reason, "S: 220 old", "C: EHLO me.example",
         "S: 500 what", "C: HELO me.example", "C.", "S: 550 nor this", QUIT, "E: step greeting",
         "E: refused EHLO 500", "E: refused HELO 550", "E: failed hello 550 again",
         "E: closed hello again no-ehlo 500 *")

DIALOGUE(lost_after_ehlo_refused_leaves_the_first_reason, "S: 220 old", "C: EHLO me.example",
         "S: 500 what", "C: HELO me.example", "> lost eof", "E: step greeting",
         "E: refused EHLO 500", "E: failed hello 0 down",
         "E: closed hello again no-ehlo 500 The server answered EHLO with 500 what")

DIALOGUE(greeting_refused, "S: 554 go away", "> more", "E: refused greeting 554",
         "E: failed greeting 554 blocked", "E: closed greeting blocked greeting-refused 554 *")
DIALOGUE(greeting_never_comes, "> tick 59", "E.", "> tick 1", "E: failed greeting 0 down",
         "E: closed greeting down greeting-timeout 0 The server did not greet in time")
DIALOGUE(greeting_of_another_protocol, "S: * OK IMAP4rev1 ready", "> more",
         "E: failed greeting 0 down",
         "E: closed greeting down not-smtp 0 the other side does not speak SMTP, it is an IMAP "
         "server: \"* OK IMAP4rev1 ready\"*")
DIALOGUE(greeting_of_a_pop3_server, "S: +OK ready", "> more", "E: failed greeting 0 down",
         "E: closed greeting down not-smtp 0 the other side does not speak SMTP, it is a POP3 "
         "server*")

DIALOGUE(starttls_forgets_what_was_offered_before, "O: tls=required", HELLO, "S: 250-relay.example",
         "S: 250-PIPELINING", "S: 250 STARTTLS", "C: STARTTLS", "C.", "S: 220 go", "> more",
         "E: step hello", "E: step starttls", "E: start tls", "> tls", "C: EHLO me.example", "C.",
         "S: 250 relay.example", "> more", "E: step hello", "E: ready", "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "C.", "> lost eof", "E: done 1 b@y=down/0", "E: closed*")

DIALOGUE(starttls_injection_is_refused, "O: tls=required", HELLO, "S: 250-relay.example",
         "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go", "S: 250 injected", "> more",
         "E: step hello", "E: step starttls", "E: start tls", "E: failed tls 0 down",
         "E: closed tls down starttls-injection *")

DIALOGUE(starttls_required_but_not_offered, "O: tls=required", HELLO, "S: 250 relay.example", QUIT,
         "E: step hello", "E: failed starttls 0 down",
         "E: closed starttls down starttls-not-offered *")
DIALOGUE(starttls_written_over_by_a_firewall_is_named, "O: tls=required", HELLO,
         "S: 250-relay.example", "S: 250 XXXXXXXA", QUIT, "E: step hello starttls-stripped",
         "E: failed starttls 0 down", "E: closed starttls down middlebox *")
DIALOGUE(starttls_refused_where_required, "O: tls=required", HELLO, "S: 250-relay.example",
         "S: 250 STARTTLS", "C: STARTTLS", "S: 454 4.7.0 not now", QUIT, "E: step hello",
         "E: refused STARTTLS 454", "E: failed starttls 454 down",
         "E: closed starttls down starttls-refused 454 *")
DIALOGUE(starttls_refused_where_opportunistic_goes_on, "O: tls=if", HELLO, "S: 250-relay.example",
         "S: 250 STARTTLS", "C: STARTTLS", "S: 454 4.7.0 not now", "> quit", QUIT, "E: step hello",
         "E: refused STARTTLS 454", "E: ready", "E: step quit", "E: closed ok")

DIALOGUE(plain_login, "O: tls=on user=me", HELLO, "S: 250-relay.example", "S: 250 AUTH PLAIN LOGIN",
         "> more", "E: step hello", "E: want secret PLAIN", "> secret pw", "C: AUTH PLAIN AG1lAHB3",
         "C.", "S: 235 in", "> quit", QUIT, "E: step auth", "E: ready", "E: step quit",
         "E: closed ok")
DIALOGUE(login_in_steps, "O: tls=on user=me auth=LOGIN", HELLO, "S: 250-relay.example",
         "S: 250 AUTH PLAIN LOGIN", "> more", "E: step hello", "E: want secret LOGIN",
         "> secret pw", "C: AUTH LOGIN", "C.", "S: 334 VXNlcm5hbWU6", "C: bWU=", "C.",
         "S: 334 UGFzc3dvcmQ6", "C: cHc=", "C.", "S: 235 in", "> quit", QUIT, "E: step auth",
         "E: ready", "E: step quit", "E: closed ok")
DIALOGUE(login_rejected, "O: tls=on user=me", HELLO, "S: 250-relay.example", "S: 250 AUTH PLAIN",
         "> secret pw", "C: AUTH PLAIN AG1lAHB3", "S: 535 5.7.8 no", QUIT, "E: step hello",
         "E: want secret PLAIN", "E: refused AUTH 535", "E: failed auth 535 blocked",
         "E: closed auth blocked auth-rejected 535 *")
DIALOGUE(a_repeated_secret_is_blanked, "O: tls=on user=me", HELLO, "S: 250-relay.example",
         "S: 250 AUTH PLAIN", "> secret s3cret-Pa55", "C: AUTH PLAIN AG1lAHMzY3JldC1QYTU1",
         "S: 535 5.7.8 not s3cret-Pa55 nor czNjcmV0LVBhNTU= nor AG1lAHMzY3JldC1QYTU1", QUIT,
         "E: step hello", "E: want secret PLAIN", "E: refused AUTH 535",
         "E: failed auth 535 blocked",
         "E: closed auth blocked auth-rejected 535 The server answered AUTH with 535 5.7.8 not "
         "[redacted] nor [redacted] nor [redacted]")
DIALOGUE(login_without_a_readable_secret, "O: tls=on user=me", HELLO, "S: 250-relay.example",
         "S: 250 AUTH PLAIN", "> nosecret", QUIT, "E: step hello", "E: want secret PLAIN",
         "E: failed auth 0 blocked", "E: closed auth blocked *")
DIALOGUE(an_empty_password_is_not_tried, "O: tls=on user=me", HELLO, "S: 250-relay.example",
         "S: 250 AUTH PLAIN", "> secret", QUIT, "E: step hello", "E: want secret PLAIN",
         "E: failed auth 0 blocked",
         "E: closed auth blocked auth-secret-unreadable 0 The password of SMTPSendPassword is "
         "empty, so no login was tried")
DIALOGUE(password_never_crosses_plain_text, "O: user=me", HELLO, "S: 250-relay.example",
         "S: 250 AUTH PLAIN", QUIT, "E: step hello", "E: failed auth 0 blocked",
         "E: closed auth blocked *")
DIALOGUE(
    xoauth2_error_challenge_is_answered_and_reported, "O: tls=on user=me auth=XOAUTH2", HELLO,
    "S: 250-relay.example", "S: 250 AUTH XOAUTH2", "> secret tok",
    "C: AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciB0b2sBAQ==", "C.",
    "S: 334 eyJzdGF0dXMiOiI0MDEifQ==", "C: ", "C.", "S: 535 5.7.8 no", QUIT, "E: step hello",
    "E: want secret XOAUTH2", "E: refused AUTH 535", "E: failed auth 535 blocked",
    "E: closed auth blocked auth-rejected 535 The server answered AUTH with 535 no (status: 401)")

DIALOGUE(parameters_as_offered, HELLO, "S: 250-relay.example", "S: 250-SIZE 1000",
         "S: 250-8BITMIME", "S: 250-SMTPUTF8", "S: 250 DSN",
         "> send 1 a@x b@y 8bit utf8 envid=a+b ret=2 notify=12 orcpt=rfc822;b+c@y",
         "C: MAIL FROM:<a@x> SIZE=18 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb", "S: 250 ok",
         "C: RCPT TO:<b@y> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b+2Bc@y", "> lost eof",
         "E: step hello", "E: ready", "E: done 1 b@y=down/0", "E: closed*")
DIALOGUE(what_the_server_cannot_take_fails_without_a_command, HELLO, "S: 250-relay.example",
         "S: 250 SIZE 10", "> send 1 a@x b@y", "C.", "T: a", "> send 2 a@x b@y 8bit",
         "> send 3 a@x b@y tls", "> send 4 a@x b@y,\xc3\xa4@y", "C: MAIL FROM:<a@x> SIZE=1",
         "> lost eof", "E: step hello", "E: ready", "E: done 1 b@y=failed/0",
         "E: done 2 b@y=failed/0", "E: done 3 b@y=failed/0",
         "E: done 4 b@y=down/0 \xc3\xa4@y=failed/0", "E: closed*")

DIALOGUE(limits_and_message_caps_end_the_connection, HELLO, "S: 250-relay.example",
         "S: 250-PIPELINING", "S: 250 LIMITS MAILMAX=1 RCPTMAX=2", "> send! 1 a@x b@y,c@y,d@y",
         "> send 1 a@x b@y", "> send! 2 a@x b@y", "C* 38", "S: 250 ok", "S: 250 ok", "S: 354 go",
         CONTENT, "C.", "S: 250 ok", QUIT, "E: step hello", "E: ready", "E: done 1 b@y=sent/250",
         "E: step quit", "E: closed ok")

DIALOGUE(too_many_recipients_are_learned, PIPED, "> send 1 a@x b@y,c@y", "C* 53", "S: 250 ok",
         "S: 250 ok", "S: 452 4.5.3 too many recipients", "S: 354 go", CONTENT, "S: 250 ok",
         "> more", "E: refused RCPT 452", "E: learned max-recipients 1",
         "E: done 1 b@y=sent/250 c@y=again/452")

DIALOGUE(content_that_is_not_in_memory_is_waited_for, PLAIN, "> send 1 a@x b@y", "> missing",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go",
         "C.", "> more", CONTENT, "C.", "S: 250 ok", "> more", "E: done 1 b@y=sent/250")
DIALOGUE(content_that_cannot_be_read_closes, PLAIN, "> send 1 a@x b@y", "> broken",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go",
         "C.", "E: done 1 b@y=deferred/0", "E: closed data again content-unreadable *")
DIALOGUE(large_content_waits_for_its_recipients, CHUNKED, "T* 70000", "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C.", "S: 250 ok", "S: 550 5.1.1 no", QUIT,
         "E: refused RCPT 550", "E: done 1 b@y=failed/550", "E: step quit", "E: closed ok")
DIALOGUE(content_without_a_line_end_gets_one, PLAIN, "T: .", "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: DATA", "S: 354 go",
         "C: ..", "C: .", "C.", "S: 250 ok", "> more", "E: done 1 b@y=sent/250")

DIALOGUE(the_trial_shows_whether_several_messages_are_taken, PLAIN, "> try a@x b@y",
         "C: MAIL FROM:<a@x>", "C.", "S: 250 ok", "C: RCPT TO:<b@y>", "C.", "S: 250 ok", "C: RSET",
         "C.", "S: 250 ok", "C: MAIL FROM:<a@x>", "C.", "S: 250 ok", "C: RSET", "C.", "S: 250 ok",
         "> quit", QUIT, "E: step mail", "E: step rcpt", "E: tried 1", "E: step quit",
         "E: closed ok")
DIALOGUE(the_trial_finds_one_message_per_connection, PLAIN, "> try a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 250 ok", "C: RCPT TO:<b@y>", "S: 250 ok", "C: RSET", "S: 250 ok", "C: MAIL FROM:<a@x>",
         "S: 503 only one MAIL per message", "> quit", QUIT, "E: step mail", "E: step rcpt",
         "E: refused MAIL 503", "E: learned one-message", "E: tried 0", "E: step quit",
         "E: closed ok")
DIALOGUE(the_trial_names_a_refused_sender, PLAIN, "> try a@x b@y", "C: MAIL FROM:<a@x>",
         "S: 553 5.7.1 not owned by", "> quit", QUIT, "E: refused MAIL 553",
         "E: failed mail 553 suspect", "E: tried 0", "E: step quit", "E: closed ok")

DIALOGUE(addresses_cannot_become_commands, PLAIN, "> send 1 a@x>\\ b@y", "E: done 1 b@y=failed/0",
         "> send 2 a@x b\r@y", "E: done 2 b\r@y=failed/0", "C.")
DIALOGUE(an_attempt_has_a_deadline_whatever_drips, "O: deadline=1000", PLAIN, "> send 1 a@x b@y",
         "C: MAIL FROM:<a@x>", "> tick 290", "S: 250 ok", "C: RCPT TO:<b@y>", "> tick 290",
         "S: 250 ok", "C: DATA", "> tick 290", "S: 354 go", CONTENT, "> tick 130",
         "E: done 1 b@y=uncertain/0", "E: closed data down timeout *")

void ss_suite_client(void)
{
    CU_pSuite suite = CU_add_suite("client", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, name)
    ADD(lock_step_without_pipelining);
    ADD(pipelining_takes_one_round_trip_a_message);
    ADD(chunking_window_grows_by_one_for_each_answer);
    ADD(some_recipients_refused);
    ADD(a_suspicion_keeps_the_connection);
    ADD(a_suspicion_in_a_group);
    ADD(a_server_that_knows_no_rset_is_left);
    ADD(behind_a_suspicion_the_next_has_begun);
    ADD(all_recipients_refused_and_data_answered_354_gets_a_lone_dot);
    ADD(all_recipients_refused_closes_the_connection_instead_of_rset);
    ADD(mail_refused_leaves_the_connection_usable);
    ADD(only_one_mail_per_message);
    ADD(mail_behind_a_content_is_refused);
    ADD(mail_behind_a_content_was_taken_before);
    ADD(after_one_recipient_too_many_no_more_are_said);
    ADD(login_required_blocks_and_fails_nobody);
    ADD(bdat_refused_is_learned_and_tried_again);
    ADD(a_421_in_the_middle_of_a_window);
    ADD(lost_before_any_answer_on_a_reused_connection_is_tried_again);
    ADD(lost_on_a_fresh_connection_waits_for_the_relay);
    ADD(lost_after_the_dot_is_uncertain);
    ADD(end_not_wholly_written_is_certainly_not_taken);
    ADD(no_answer_to_the_end_in_time_is_uncertain);
    ADD(replies_swallowed_under_pipelining_are_learned);
    ADD(garbage_ends_the_connection);
    ADD(a_reply_nobody_asked_for_ends_the_connection);
    ADD(an_idle_421_is_an_orderly_end);
    ADD(an_idle_close_is_an_orderly_end);
    ADD(an_early_refusal_in_the_middle_of_content_counts);
    ADD(an_early_250_is_nonsense);
    ADD(a_421_to_a_session_that_carried_nothing_is_a_failure);
    ADD(a_close_of_a_session_that_carried_nothing_is_a_failure);
    ADD(ehlo_refused_falls_back_to_helo);
    ADD(helo_refused_too_leaves_the_first_reason);
    ADD(lost_after_ehlo_refused_leaves_the_first_reason);
    ADD(greeting_refused);
    ADD(greeting_never_comes);
    ADD(greeting_of_another_protocol);
    ADD(greeting_of_a_pop3_server);
    ADD(starttls_forgets_what_was_offered_before);
    ADD(starttls_injection_is_refused);
    ADD(starttls_required_but_not_offered);
    ADD(starttls_written_over_by_a_firewall_is_named);
    ADD(starttls_refused_where_required);
    ADD(starttls_refused_where_opportunistic_goes_on);
    ADD(plain_login);
    ADD(login_in_steps);
    ADD(login_rejected);
    ADD(a_repeated_secret_is_blanked);
    ADD(login_without_a_readable_secret);
    ADD(an_empty_password_is_not_tried);
    ADD(password_never_crosses_plain_text);
    ADD(xoauth2_error_challenge_is_answered_and_reported);
    ADD(parameters_as_offered);
    ADD(what_the_server_cannot_take_fails_without_a_command);
    ADD(limits_and_message_caps_end_the_connection);
    ADD(too_many_recipients_are_learned);
    ADD(content_that_is_not_in_memory_is_waited_for);
    ADD(content_that_cannot_be_read_closes);
    ADD(large_content_waits_for_its_recipients);
    ADD(content_without_a_line_end_gets_one);
    ADD(the_trial_shows_whether_several_messages_are_taken);
    ADD(the_trial_finds_one_message_per_connection);
    ADD(the_trial_names_a_refused_sender);
    ADD(addresses_cannot_become_commands);
    ADD(an_attempt_has_a_deadline_whatever_drips);
}
