/* test_prove.c: what a server offers and has not shown yet (SS_PROVE_): it is tried with little at
 * stake, what fails is not used any more, and no message is charged or uncertain for that. */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "dialogue.h"

void ss_suite_prove(void);

#define HELLO "S: 220 relay.example ESMTP", "C: EHLO me.example", "C.", "E: step greeting"
#define READY                                                                                      \
    HELLO, "S: 250-relay.example", "S: 250-PIPELINING", "S: 250 CHUNKING", "> more",               \
        "E: step hello", "E: ready"
/* It has shown that it takes a message, and nothing of what it offers. */
#define KNOWN "O: unproven=6", "T: Subject: t\\r\\n\\r\\nx\\r\\n", READY, "> send 1 a@x b@y"
#define GROUP "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C."
#define CHUNK "C: BDAT 15", "C+ Subject: t\\r\\n\\r\\nx", "C."
#define AGAIN "E: done 1 b@y=down/0", "E: closed "

DIALOGUE(the_first_message_goes_one_command_at_a_time, "O: unproven=7", "T: Subject: t\\r\\n",
         READY, "> send 1 a@x b@y", "> send! 2 a@x c@y", "C: MAIL FROM:<a@x>", "C.", "S: 250 ok",
         "C: RCPT TO:<b@y>", "C.", "S: 250 ok", "C: DATA", "C.", "S: 354 go", "C: Subject: t",
         "C: .", "S: 250 taken", "> more", "E: done 1 b@y=sent/250", "> send 2 a@x c@y",
         "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>", "C.", "S: 250 ok", "S: 250 ok", "C: BDAT 10",
         "C+ Subject: t", "C.", "S: 250 more", "C: BDAT 2 LAST", "C+ \\r\\n", "C.", "S: 250 taken",
         "> more", "E: done 2 c@y=sent/250", "> send 3 a@x d@y", "C: MAIL FROM:<a@x>",
         "C: RCPT TO:<d@y>", "C: BDAT 12 LAST", "C: Subject: t", "C.", "> send 4 a@x e@y", "C* 58")

/* ---- PIPELINING ---- */

DIALOGUE(a_close_at_the_first_group_is_learned, KNOWN, GROUP, "> lost eof",
         "E: learned no-pipelining", AGAIN "mail down *")
DIALOGUE(a_dropped_group_is_learned_soon, KNOWN, GROUP, "> tick 3", "E.", "> tick 1",
         "E: learned no-pipelining", AGAIN "mail down timeout *")
DIALOGUE(a_group_that_is_answered_in_part_is_learned_soon, KNOWN, GROUP, "S: 250 ok", "> tick 3",
         "E.", "> tick 1", "E: learned no-pipelining", AGAIN "rcpt down timeout *")
DIALOGUE(a_group_that_is_answered_as_one_command_is_learned, KNOWN, GROUP, "S: 500 what?", "> more",
         "E: refused MAIL 500", "E: learned no-pipelining", "E: done 1 b@y=again/500",
         "E: closed ok")
DIALOGUE(a_group_in_disorder_is_learned, KNOWN, GROUP, "S: 250 ok", "S: 503 bad sequence", "> more",
         "E: refused RCPT 503", "E: learned no-pipelining", "E: done 1 b@y=again/503",
         "E: closed ok")
DIALOGUE(a_refused_recipient_is_no_refused_group, KNOWN, GROUP, "S: 250 ok", "S: 550 5.1.1 no",
         "> more", "E: refused RCPT 550", "E: done 1 b@y=failed/550", "C: QUIT")
/* ... and shows nothing: it may be a reply that nobody asked for. */
#define WITH_DATA "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: DATA", "C."
DIALOGUE(a_refusal_does_not_show_that_groups_are_answered, "O: unproven=2 chunking=0 max=0",
         "T: Subject: t\\r\\n", READY, "> send 1 a@x b@y", WITH_DATA, "S: 250 ok",
         "S: 554 5.7.1 <b@y>: Relay access denied", "S: 554 no valid recipients", "C: RSET", "C.",
         "S: 250 ok", "> more", "E: refused RCPT 554", "E: done 1 b@y=suspect/554",
         "> send 2 a@x b@y", WITH_DATA, "> tick 3", "E.", "> tick 1", "E: done 2 b@y=again/0",
         "E: closed *")
/* A server that drops what follows a command would leave it open whether it took the message. */
DIALOGUE(the_end_of_a_message_is_no_part_of_the_first_group, "O: unproven=2", "T: Subject: t\\r\\n",
         READY, "> send 1 a@x b@y", GROUP, "S: 250 ok", "S: 250 ok", "C: BDAT 12 LAST",
         "C: Subject: t", "C.", "S: 250 taken", "> more", "E: done 1 b@y=sent/250")
/* It may have had enough of the session as well. */
DIALOGUE(a_close_of_a_used_connection_teaches_nothing, "O: unproven=7", "T: Subject: t\\r\\n",
         READY, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "S: 250 ok", "C: RCPT TO:<b@y>",
         "S: 250 ok", "C: DATA", "S: 354 go", "C: Subject: t", "C: .", "S: 250 taken", "> more",
         "E: done 1 b@y=sent/250", "> send 2 a@x c@y", "C: MAIL FROM:<a@x>", "C: RCPT TO:<c@y>",
         "C.", "> lost eof", "E: done 2 c@y=again/0", "E: closed mail down *")
/* A server that takes its time gets it. */
DIALOGUE(a_slow_server_is_waited_for, "O: unproven=6", "T: Subject: t\\r\\n",
         "S: 220 relay.example ESMTP", "C: EHLO me.example", "E: step greeting", "> tick 2",
         "S: 250-relay.example", "S: 250 PIPELINING", "> more", "E: step hello", "E: ready",
         "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C* 6", "> tick 290", "E.")

/* ---- CHUNKING ---- */

#define AT_CHUNK KNOWN, GROUP, "S: 250 ok", "S: 250 ok", CHUNK

DIALOGUE(a_close_at_the_first_chunk_is_learned, AT_CHUNK, "> lost eof", "E: learned no-chunking",
         AGAIN "data down *")
DIALOGUE(a_reset_at_the_first_chunk_is_learned, AT_CHUNK, "> lost reset", "E: learned no-chunking",
         AGAIN "data down *")
DIALOGUE(a_hang_at_the_first_chunk_is_learned_soon, AT_CHUNK, "> tick 3", "E.", "> tick 1",
         "E: learned no-chunking", AGAIN "data down timeout *")
DIALOGUE(a_421_at_the_first_chunk_is_learned, AT_CHUNK, "S: 421 4.3.2 no", "> more",
         "E: learned no-chunking", "E: refused BDAT 421", "E: done 1 b@y=again/421",
         "E: closed data again service-unavailable 421 *")
DIALOGUE(a_354_at_the_first_chunk_is_learned, AT_CHUNK, "S: 354 go", "> more",
         "E: learned no-chunking", AGAIN "data down not-smtp *")
DIALOGUE(any_refusal_of_the_first_chunk_is_learned, AT_CHUNK, "S: 451 try later", "> more",
         "E: refused BDAT 451", "E: learned no-chunking", "E: done 1 b@y=again/451", "E: closed ok")
DIALOGUE(a_fault_at_the_first_chunk_is_learned, AT_CHUNK, "S: 452 4.3.1 no room", "> more",
         "E: refused BDAT 452", "E: learned no-chunking", "E: done 1 b@y=again/452", "E: closed ok")
DIALOGUE(bdat_by_name_is_not_the_content, AT_CHUNK, "S: 550 5.7.1 BDAT is not allowed", "> more",
         "E: refused BDAT 550", "E: learned no-chunking", "E: done 1 b@y=again/550", "E: closed ok")
DIALOGUE(a_refusal_of_the_content_is_not, AT_CHUNK, "S: 552 5.3.4 too big", "> more",
         "E: refused BDAT 552", "E: done 1 b@y=failed/552", "C: QUIT")
DIALOGUE(the_last_chunk_is_uncertain_when_lost, AT_CHUNK, "S: 250 more", "C: BDAT 2 LAST",
         "C+ \\r\\n", "> lost eof", "E: learned no-chunking", "E: done 1 b@y=uncertain/0",
         "E: closed data down *")
DIALOGUE(our_own_end_teaches_nothing, AT_CHUNK, "> lost aborted", AGAIN "data down *")

/* ---- out of step ---- */

DIALOGUE(ehlo_answered_twice_is_seen_at_any_command, "O: unproven=7", "T: Subject: t\\r\\n", READY,
         "> send 1 a@x b@y", "C: MAIL FROM:<a@x>", "S: 250-relay.example", "S: 250-PIPELINING",
         "S: 250 CHUNKING", "> more",
         AGAIN "mail down not-smtp 0 the server answered EHLO twice (MAIL)")
DIALOGUE(starttls_is_answered_220, "O: tls=if", HELLO, "S: 250-relay.example", "S: 250 STARTTLS",
         "> more", "E: step hello", "C: STARTTLS", "S: 250 ok", "> more", "E: failed *",
         "E: closed starttls down not-smtp *")

/* ---- the connection test ---- */

#define PIPED                                                                                      \
    HELLO, "S: 250-relay.example", "S: 250 PIPELINING", "> more", "E: step hello", "E: ready"
#define TRIAL PIPED, "> try a@x -", "C: MAIL FROM:<a@x>", "C: RSET", "C."

DIALOGUE(the_trial_sends_a_group, TRIAL, "S: 250 ok", "S: 250 ok", "> more", "> quit", "C: QUIT",
         "S: 221 bye", "> more", "E: tried 1", "E: step quit", "E: closed ok")
DIALOGUE(a_close_of_the_trials_group_is_reported, TRIAL, "> lost eof",
         "E: tried 1 the server offers PIPELINING and does not bear it: *", "E: closed ok")
DIALOGUE(a_silent_group_of_the_trial_is_reported_soon, TRIAL, "S: 250 ok", "> tick 4",
         "E: tried 1 the server offers PIPELINING and does not bear it: *", "E: closed ok")
DIALOGUE(a_refused_group_of_the_trial_is_reported, TRIAL, "S: 500 what?", "> more",
         "E: tried 1 the server offers PIPELINING and does not bear it: *", "E: closed ok")
DIALOGUE(a_trial_that_is_out_of_step_fails, TRIAL, "S: 535 no", "S: 250 ok", "> more", "> quit",
         "C: QUIT", "S: 250 ok", "S: 221 bye", "> more", "E: tried 1",
         "E: closed quit down not-smtp 0 the server sent one reply too many: *")
DIALOGUE(another_reply_to_quit_is_none_too_many, TRIAL, "S: 250 ok", "S: 250 ok", "> more",
         "> quit", "C: QUIT", "S: 250 bye", "> more", "> lost eof", "E: tried 1", "E: closed ok")
DIALOGUE(a_421_in_the_trial_fails, TRIAL, "S: 421 4.3.2 busy", "> more", "E: refused MAIL 421",
         "E: failed mail 421 *", "E: closed mail again *")

#define ADD(name) CU_add_test(suite, #name, name)

void ss_suite_prove(void)
{
    CU_pSuite suite = CU_add_suite("prove", NULL, NULL);

    ADD(the_first_message_goes_one_command_at_a_time);
    ADD(a_close_at_the_first_group_is_learned);
    ADD(a_dropped_group_is_learned_soon);
    ADD(a_group_that_is_answered_in_part_is_learned_soon);
    ADD(a_group_that_is_answered_as_one_command_is_learned);
    ADD(a_group_in_disorder_is_learned);
    ADD(a_refused_recipient_is_no_refused_group);
    ADD(a_refusal_does_not_show_that_groups_are_answered);
    ADD(the_end_of_a_message_is_no_part_of_the_first_group);
    ADD(a_close_of_a_used_connection_teaches_nothing);
    ADD(a_slow_server_is_waited_for);
    ADD(a_close_at_the_first_chunk_is_learned);
    ADD(a_reset_at_the_first_chunk_is_learned);
    ADD(a_hang_at_the_first_chunk_is_learned_soon);
    ADD(a_421_at_the_first_chunk_is_learned);
    ADD(a_354_at_the_first_chunk_is_learned);
    ADD(any_refusal_of_the_first_chunk_is_learned);
    ADD(a_fault_at_the_first_chunk_is_learned);
    ADD(bdat_by_name_is_not_the_content);
    ADD(a_refusal_of_the_content_is_not);
    ADD(the_last_chunk_is_uncertain_when_lost);
    ADD(our_own_end_teaches_nothing);
    ADD(ehlo_answered_twice_is_seen_at_any_command);
    ADD(starttls_is_answered_220);
    ADD(the_trial_sends_a_group);
    ADD(a_close_of_the_trials_group_is_reported);
    ADD(a_silent_group_of_the_trial_is_reported_soon);
    ADD(a_refused_group_of_the_trial_is_reported);
    ADD(a_trial_that_is_out_of_step_fails);
    ADD(another_reply_to_quit_is_none_too_many);
    ADD(a_421_in_the_trial_fails);
}
