/* test_session.c: from the greeting to being logged in, the trial and the ways out
 * (src/smtp/client_session.c), as dialogues in every split. See dialogue.h. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>

#include "dialogue.h"
#include "fill.h"

void ss_suite_session(void);

#define HELLO "S: 220 relay.example ESMTP", "C: EHLO me.example", "C.", "E: step greeting"
#define PLAIN HELLO, "S: 250 relay.example", "> more", "E: step hello", "E: ready"
#define OFFERS(auth) HELLO, "S: 250-relay.example", "S: 250 AUTH " auth, "> more", "E: step hello"
#define QUIT "C: QUIT", "C.", "S: 221 bye", "> more"

/* ---- greeting and hello ---- */

DIALOGUE(a_greeting_of_asterisks_is_named, "S: 220 ***************", "C: EHLO me.example",
         "S: 250-relay.example", "S: 250 XXXXXXXA", "> quit", QUIT,
         "E: step greeting greeting-asterisks", "E: step hello starttls-stripped", "E: ready",
         "E: step quit", "E: closed ok")
DIALOGUE(
    a_remembered_helo_that_is_refused_is_the_reason, "O: helo=1", "S: 220 old",
    "C: HELO me.example", "C.", "S: 501 5.5.4 invalid helo", QUIT, "E: step greeting",
    "E: refused HELO 501", "E: failed hello 501 blocked",
    "E: closed hello blocked helo-name 501 The server answered HELO with 501 5.5.4 invalid helo")
DIALOGUE(a_name_that_would_be_a_second_command_is_never_said, "O: name=me\r\nDATA",
         "S: 220 relay.example", "C.", "E: step greeting", "E: failed hello 0 down",
         "E: closed hello down not-smtp 0 a command cannot be written: its argument has control "
         "characters (greeting)")
DIALOGUE(a_leaving_server_is_not_asked_again_with_helo, HELLO, "S: 421 4.3.2 leaving", "> more",
         "E: refused EHLO 421", "E: failed hello 421 down",
         "E: closed hello down service-unavailable 421 *")

/* ---- TLS ---- */

DIALOGUE(where_tls_is_not_offered_plain_text_goes_on, "O: tls=if", HELLO, "S: 250 relay.example",
         "> quit", QUIT, "E: step hello", "E: ready", "E: step quit", "E: closed ok")
DIALOGUE(tls_that_nobody_waits_for_changes_nothing, PLAIN, "> tls 0123456789abcdef", "C.", "> quit",
         QUIT, "E: step quit", "E: closed ok")
DIALOGUE(starttls_is_not_advised_where_tls_is_on, "O: tls=on user=me", HELLO,
         "S: 250-relay.example", "S: 250 STARTTLS", QUIT, "E: step hello",
         "E: failed auth 0 blocked",
         "E: closed auth blocked auth-not-offered 0 the server does not offer a login (no AUTH in "
         "its reply to EHLO), but a user name is set")
DIALOGUE(a_bound_login_uses_the_channel, "O: tls=on user=me", "> tls 0123456789abcdef",
         OFFERS("SCRAM-SHA-256-PLUS SCRAM-SHA-256"), "E: want secret SCRAM-SHA-256-PLUS",
         "> secret pencil", "C* 90", "C.", "> lost eof", "E: failed auth 0 down",
         "E: closed auth down connection-lost 0 *")
DIALOGUE(a_channel_after_starttls_is_bound_too, "O: tls=required user=me", HELLO,
         "S: 250-relay.example", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go",
         "> tls 0123456789abcdef", "C: EHLO me.example", "S: 250-relay.example",
         "S: 250 AUTH SCRAM-SHA-256-PLUS", "> more", "E: step hello", "E: step starttls",
         "E: start tls", "E: step hello", "E: want secret SCRAM-SHA-256-PLUS", "> lost eof",
         "E: failed auth 0 down", "E: closed auth down*")

/* ---- login ---- */

DIALOGUE(a_password_that_the_login_cannot_carry_is_not_sent, "O: tls=on user=me", OFFERS("PLAIN"),
         "E: want secret PLAIN", "> secret p\xff\xfe", QUIT, "E: failed auth 0 blocked",
         "E: closed auth blocked auth-secret-malformed 0 the password is not valid UTF-8, the "
         "login cannot carry it")
DIALOGUE(external_without_a_name_says_an_empty_response, "O: tls=on auth=EXTERNAL",
         OFFERS("EXTERNAL"), "C: AUTH EXTERNAL =", "C.", "S: 235 in", "> quit", QUIT,
         "E: step auth", "E: ready", "E: step quit", "E: closed ok")
DIALOGUE(a_challenge_that_is_none_ends_the_exchange, "O: tls=on user=me auth=CRAM-MD5",
         OFFERS("CRAM-MD5"), "E: want secret CRAM-MD5", "> secret pw", "C: AUTH CRAM-MD5",
         "S: 334 what?", "C: *", "C.", "S: 501 5.7.0 cancelled", QUIT, "E: refused AUTH 501",
         "E: failed auth 501 blocked",
         "E: closed auth blocked auth-malformed 501 the server's challenge is not base64")
DIALOGUE(a_server_that_asks_on_after_the_end_of_the_exchange_is_none,
         "O: tls=on user=me auth=CRAM-MD5", OFFERS("CRAM-MD5"), "E: want secret CRAM-MD5",
         "> secret pw", "C: AUTH CRAM-MD5", "S: 334 what?", "C: *", "S: 334 PDFAcj4=", "> more",
         "E: failed auth 0 down",
         "E: closed auth down not-smtp 0 the server continues a login that was ended (AUTH)")
DIALOGUE(a_server_that_accepts_an_ended_exchange_is_none, "O: tls=on user=me auth=CRAM-MD5",
         OFFERS("CRAM-MD5"), "E: want secret CRAM-MD5", "> secret pw", "C: AUTH CRAM-MD5",
         "S: 334 what?", "C: *", "S: 235 in", "> more", "E: failed auth 0 down",
         "E: closed auth down not-smtp 0 the server continues a login that was ended (AUTH)")
DIALOGUE(a_server_that_goes_on_with_another_3xx_is_none, "O: tls=on user=me", OFFERS("PLAIN"),
         "E: want secret PLAIN", "> secret pw", "C: AUTH PLAIN AG1lAHB3", "S: 354 go", "> more",
         "E: failed auth 0 down", "E: closed auth down not-smtp*")
DIALOGUE(scram_that_proves_nothing_is_no_login, "O: tls=on user=me auth=SCRAM-SHA-256",
         OFFERS("SCRAM-SHA-256"), "E: want secret SCRAM-SHA-256", "> secret pencil", "C* 69",
         "S: 235 in", QUIT, "E: failed auth 0 blocked",
         "E: closed auth blocked auth-server-unproven 0 the server accepted the login by "
         "SCRAM-SHA-256 without proving that it knows the password")
DIALOGUE(a_mechanism_that_is_none_after_all_makes_room_for_the_next, "O: tls=on user=me",
         OFFERS("LOGIN CRAM-MD5 PLAIN"), "E: want secret CRAM-MD5", "> secret pw",
         "C: AUTH CRAM-MD5", "S: 504 5.5.4 unrecognized", "> more", "E: refused AUTH 504",
         "E: step auth auth-mechanism-refused", "E: want secret PLAIN", "> secret pw",
         "C: AUTH PLAIN AG1lAHB3", "S: 504 5.5.4 unrecognized", "> more", "E: refused AUTH 504",
         "E: step auth auth-mechanism-refused", "E: want secret LOGIN", "> secret pw",
         "C: AUTH LOGIN", "S: 504 5.5.4 unrecognized", QUIT, "E: refused AUTH 504",
         "E: failed auth 504 blocked", "E: closed auth blocked auth-none-common 504 *")
DIALOGUE(the_only_wanted_mechanism_that_is_none_ends_the_login, "O: tls=on user=me auth=LOGIN",
         OFFERS("PLAIN LOGIN"), "E: want secret LOGIN", "> secret pw", "C: AUTH LOGIN",
         "S: 504 5.5.4 unrecognized", QUIT, "E: refused AUTH 504", "E: failed auth 504 blocked",
         "E: closed auth blocked auth-none-common 504 *")
DIALOGUE(a_504_to_an_ended_exchange_is_no_reason_to_try_another, "O: tls=on user=me",
         OFFERS("CRAM-MD5 PLAIN"), "E: want secret CRAM-MD5", "> secret pw", "C: AUTH CRAM-MD5",
         "S: 334 what?", "C: *", "S: 504 5.5.4 what", QUIT, "E: refused AUTH 504",
         "E: failed auth 504 blocked",
         "E: closed auth blocked auth-malformed 504 the server's challenge is not base64")
#define REFUSED(code) "> more", "E: refused AUTH " code, "E: step auth auth-mechanism-refused"
DIALOGUE(a_refused_mechanism_makes_room_for_the_next, "O: tls=on user=me logins=3",
         OFFERS("CRAM-MD5 PLAIN LOGIN"), "E: want secret CRAM-MD5", "> secret pw",
         "C: AUTH CRAM-MD5", "S: 535 5.7.8 no", REFUSED("535"), "E: want secret PLAIN",
         "> secret pw", "C: AUTH PLAIN AG1lAHB3", "S: 235 in", "> more", "E: step auth", "E: ready",
         "> quit", QUIT, "E: step quit", "E: closed ok")
DIALOGUE(not_more_mechanisms_than_allowed_are_tried, "O: tls=on user=me logins=2",
         OFFERS("CRAM-MD5 PLAIN LOGIN"), "E: want secret CRAM-MD5", "> secret pw",
         "C: AUTH CRAM-MD5", "S: 501 5.5.2 no", REFUSED("501"), "E: want secret PLAIN",
         "> secret pw", "C: AUTH PLAIN AG1lAHB3", "S: 535 5.7.8 no", QUIT, "E: refused AUTH 535",
         "E: failed auth 535 blocked", "E: closed auth blocked auth-rejected 535 *")
DIALOGUE(one_refused_login_is_enough_where_no_more_are_allowed, "O: tls=on user=me",
         OFFERS("CRAM-MD5 PLAIN LOGIN"), "E: want secret CRAM-MD5", "> secret pw",
         "C: AUTH CRAM-MD5", "S: 535 5.7.8 no", QUIT, "E: refused AUTH 535",
         "E: failed auth 535 blocked", "E: closed auth blocked auth-rejected 535 *")
DIALOGUE(a_locked_account_is_not_asked_by_other_mechanisms, "O: tls=on user=me logins=3",
         OFFERS("CRAM-MD5 PLAIN"), "E: want secret CRAM-MD5", "> secret pw", "C: AUTH CRAM-MD5",
         "S: 454 4.7.0 Too many login attempts", QUIT, "E: refused AUTH 454",
         "E: failed auth 454 blocked", "E: closed auth blocked auth-too-many 454 *")
DIALOGUE(a_named_mechanism_is_the_only_one, "O: tls=on user=me auth=CRAM-MD5 logins=3",
         OFFERS("CRAM-MD5 PLAIN"), "E: want secret CRAM-MD5", "> secret pw", "C: AUTH CRAM-MD5",
         "S: 535 5.7.8 no", QUIT, "E: refused AUTH 535", "E: failed auth 535 blocked",
         "E: closed auth blocked auth-rejected 535 *")
DIALOGUE(what_worked_before_goes_first, "O: tls=on user=me first=LOGIN",
         OFFERS("CRAM-MD5 PLAIN LOGIN"), "E: want secret LOGIN", "> secret pw", "C: AUTH LOGIN",
         "S: 334 VXNlcm5hbWU6", "C: bWU=", "S: 334 UGFzc3dvcmQ6", "C: cHc=", "S: 235 in", "> more",
         "E: step auth", "E: ready", "> quit", QUIT, "E: step quit", "E: closed ok")
DIALOGUE(where_the_server_hung_up_another_is_tried, "O: tls=on user=me lost=CRAM-MD5",
         OFFERS("CRAM-MD5 PLAIN"), "E: want secret PLAIN", "> secret pw", "C: AUTH PLAIN AG1lAHB3",
         "S: 235 in", "> more", "E: step auth", "E: ready", "> quit", QUIT, "E: step quit",
         "E: closed ok")
DIALOGUE(where_it_hung_up_at_the_only_one_that_is_tried_again, "O: tls=on user=me lost=PLAIN",
         OFFERS("PLAIN"), "E: want secret PLAIN", "> secret pw", "C: AUTH PLAIN AG1lAHB3",
         "S: 235 in", "> more", "E: step auth", "E: ready", "> quit", QUIT, "E: step quit",
         "E: closed ok")
DIALOGUE(prompts_of_login_count_by_their_order, "O: tls=on user=me", OFFERS("LOGIN"),
         "E: want secret LOGIN", "> secret pw", "C: AUTH LOGIN",
         "S: 334 Username:", "C: bWU=", "S: 334 UGFzc3dvcmQ6=", "C: cHc=", "S: 235 in", "> more",
         "E: step auth", "E: ready", "> quit", QUIT, "E: step quit", "E: closed ok")
DIALOGUE(
    a_235_in_the_middle_is_no_login, "O: tls=on user=me", OFFERS("LOGIN"), "E: want secret LOGIN",
    "> secret pw", "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: bWU=", "S: 235 in", QUIT,
    "E: failed auth 0 blocked",
    "E: closed auth blocked auth-malformed 0 the server accepted a login by LOGIN that was not "
    "complete: that is no login")
DIALOGUE(who_is_logged_in_already_is_logged_in, "O: tls=on user=me", OFFERS("PLAIN"),
         "E: want secret PLAIN", "> secret pw", "C: AUTH PLAIN AG1lAHB3",
         "S: 503 5.5.1 already authenticated", "> more", "E: step auth", "E: ready", "> quit", QUIT,
         "E: step quit", "E: closed ok")
DIALOGUE(a_secret_that_nobody_waits_for_changes_nothing, PLAIN, "> secret pw", "C.", "> quit", QUIT,
         "E: step quit", "E: closed ok")
DIALOGUE(
    a_server_that_tires_of_waiting_for_the_secret_is_heard, "O: tls=on user=me", OFFERS("PLAIN"),
    "E: want secret PLAIN", "S: 421 4.4.2 too slow", "> more",
    "E: closed auth down service-unavailable 421 The server answered AUTH with 421 4.4.2 too slow")

/* RFC 4954 4: a token too long for AUTH's own line follows an empty 334. */
static void a_long_token_waits_for_an_empty_challenge(void)
{
    apr_pool_t *pool;
    char line[40];

    apr_pool_create(&pool, NULL);
    /* The name, the frame and 9300 bytes of token: 9322 bytes, 12432 in base64. */
    apr_snprintf(line, sizeof(line), "C* %d", 12432 + 2);
    const char *const script[] = { "O: tls=on user=me auth=XOAUTH2",
                                   OFFERS("XOAUTH2"),
                                   "E: want secret XOAUTH2",
                                   apr_pstrcat(pool, "> secret ", fill(pool, 't', 9300), NULL),
                                   "C: AUTH XOAUTH2",
                                   "C.",
                                   "S: 334 ",
                                   line,
                                   "C.",
                                   "S: 235 in",
                                   "> quit",
                                   QUIT,
                                   "E: step auth",
                                   "E: ready",
                                   "E: step quit",
                                   "E: closed ok" };
    const char *wrong = dialogue_play(script, (int)(sizeof(script) / sizeof(script[0])));
    if (wrong) fprintf(stderr, "\n  %s\n", wrong);
    CU_ASSERT_PTR_NULL(wrong);
    apr_pool_destroy(pool);
}

/* ---- the trial ---- */

DIALOGUE(a_trial_with_a_sender_that_is_none_says_so, PLAIN, "> try a@x> b@y", "C.",
         "E: failed mail 0 failed", "E: tried 0", "> quit", QUIT, "E: step quit", "E: closed ok")
DIALOGUE(a_trial_with_a_recipient_that_is_none_says_so, PLAIN, "> try a@x b@y>",
         "C: MAIL FROM:<a@x>", "S: 250 ok", "C.", "E: step mail", "E: failed rcpt 0 failed",
         "E: tried 0", "> quit", QUIT, "E: step quit", "E: closed ok")
DIALOGUE(no_trial_beside_a_message, PLAIN, "> send 1 a@x b@y", "C: MAIL FROM:<a@x>",
         "> try a@x b@y", "C.", "> lost eof", "E: done 1 b@y=down/0", "E: closed mail down*")
DIALOGUE(no_trial_before_the_session_stands, HELLO, "> try a@x b@y", "C.", "> lost eof",
         "E: failed hello 0 down", "E: closed hello down*")
DIALOGUE(quitting_in_the_middle_of_the_trial_waits_for_its_end, PLAIN, "> try a@x b@y",
         "C: MAIL FROM:<a@x>", "> quit", "C.", "S: 550 no", QUIT, "E: refused MAIL 550",
         "E: failed mail 550 failed", "E: tried 0", "E: step quit", "E: closed ok")

void ss_suite_session(void)
{
    CU_pSuite suite = CU_add_suite("session", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, name)
    ADD(a_greeting_of_asterisks_is_named);
    ADD(a_remembered_helo_that_is_refused_is_the_reason);
    ADD(a_name_that_would_be_a_second_command_is_never_said);
    ADD(a_leaving_server_is_not_asked_again_with_helo);
    ADD(where_tls_is_not_offered_plain_text_goes_on);
    ADD(tls_that_nobody_waits_for_changes_nothing);
    ADD(starttls_is_not_advised_where_tls_is_on);
    ADD(a_bound_login_uses_the_channel);
    ADD(a_channel_after_starttls_is_bound_too);
    ADD(a_password_that_the_login_cannot_carry_is_not_sent);
    ADD(external_without_a_name_says_an_empty_response);
    ADD(a_challenge_that_is_none_ends_the_exchange);
    ADD(a_server_that_asks_on_after_the_end_of_the_exchange_is_none);
    ADD(a_server_that_accepts_an_ended_exchange_is_none);
    ADD(a_server_that_goes_on_with_another_3xx_is_none);
    ADD(scram_that_proves_nothing_is_no_login);
    ADD(a_mechanism_that_is_none_after_all_makes_room_for_the_next);
    ADD(the_only_wanted_mechanism_that_is_none_ends_the_login);
    ADD(a_504_to_an_ended_exchange_is_no_reason_to_try_another);
    ADD(a_refused_mechanism_makes_room_for_the_next);
    ADD(not_more_mechanisms_than_allowed_are_tried);
    ADD(one_refused_login_is_enough_where_no_more_are_allowed);
    ADD(a_locked_account_is_not_asked_by_other_mechanisms);
    ADD(a_named_mechanism_is_the_only_one);
    ADD(what_worked_before_goes_first);
    ADD(where_the_server_hung_up_another_is_tried);
    ADD(where_it_hung_up_at_the_only_one_that_is_tried_again);
    ADD(prompts_of_login_count_by_their_order);
    ADD(a_235_in_the_middle_is_no_login);
    ADD(who_is_logged_in_already_is_logged_in);
    ADD(a_secret_that_nobody_waits_for_changes_nothing);
    ADD(a_server_that_tires_of_waiting_for_the_secret_is_heard);
    ADD(a_long_token_waits_for_an_empty_challenge);
    ADD(a_trial_with_a_sender_that_is_none_says_so);
    ADD(a_trial_with_a_recipient_that_is_none_says_so);
    ADD(no_trial_beside_a_message);
    ADD(no_trial_before_the_session_stands);
    ADD(quitting_in_the_middle_of_the_trial_waits_for_its_end);
}
