/* test_suspicion.c: whom a reply is about that may be about us: the rule itself, and what delivery
 * does with it, over the real SMTP client, in virtual time. */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "delivery/connection.h"
#include "delivery/connection_events.h"
#include "delivery/flush.h"
#include "delivery/relay_host.h"
#include "delivery/suspects.h"
#include "sending_rig.h"

void ss_suite_suspicion(void);

/* ---- the rule ---- */

#define SECOND APR_USEC_PER_SEC

static ss_mono_t at(apr_int64_t seconds)
{
    return (ss_mono_t){ (1000 + seconds) * SECOND };
}

static ss_suspicion_finding_t refused(ss_suspicion_t *s, const char *id, const char *advice,
                                      apr_int64_t seconds)
{
    ss_result_t cause;

    ss_result_clear(&cause);
    ss_result_set(&cause, "rcpt", "554", advice, "no");
    return ss_suspicion_refused(s, id, &cause, (ss_mono_t){ 0 }, 0, at(seconds));
}

static void a_host_that_took_mail_is_trusted_for_ten_minutes(void)
{
    ss_suspicion_t s = { 0 };
    ss_result_t cause;

    ss_suspicion_took(&s, at(0));
    CU_ASSERT_EQUAL(refused(&s, "a", "relay-denied", 600), SS_SUSPICION_HIS);
    CU_ASSERT_EQUAL(refused(&s, "a", "relay-denied", 601), SS_SUSPICION_ASIDE);
    CU_ASSERT(s.is_active);
    CU_ASSERT(ss_suspicion_took(&s, at(602)));
    CU_ASSERT_FALSE(s.is_active);
    CU_ASSERT_FALSE(ss_suspicion_took(&s, at(603)));
    /* A connection that took some is trusted for as long as it lasts. */
    ss_result_clear(&cause);
    CU_ASSERT_EQUAL(ss_suspicion_refused(&s, "b", &cause, at(603), 0, at(5000)), SS_SUSPICION_HIS);
}

static void the_same_of_another_message_confirms(void)
{
    ss_suspicion_t s = { 0 };

    CU_ASSERT_EQUAL(refused(&s, "a", "relay-denied", 0), SS_SUSPICION_ASIDE);
    CU_ASSERT_EQUAL(refused(&s, "a", "relay-denied", 1), SS_SUSPICION_ASIDE);
    CU_ASSERT_EQUAL(refused(&s, "b", "address-listed", 1), SS_SUSPICION_ASIDE);
    CU_ASSERT_EQUAL(refused(&s, "c", "reverse-dns", 1), SS_SUSPICION_CONFIRMED);
    CU_ASSERT(ss_suspicion_is_alike("relay-denied", "auth-required"));
    CU_ASSERT(ss_suspicion_is_alike("account-sandbox", "sender-refused"));
    CU_ASSERT(ss_suspicion_is_alike("relay-storage", "deferred"));
    CU_ASSERT_FALSE(ss_suspicion_is_alike("relay-storage", "relay-denied"));
    CU_ASSERT(ss_suspicion_is_alike("other", "other"));
    CU_ASSERT_FALSE(ss_suspicion_is_alike("other", "another"));
    CU_ASSERT_FALSE(ss_suspicion_is_alike("relay-denied", "account-sandbox"));
    CU_ASSERT_FALSE(ss_suspicion_is_alike(NULL, "relay-denied"));
}

/* An account that is closed must not fail all that waits. */
static void trust_ends_after_many_refusals_in_a_row(void)
{
    ss_suspicion_t s = { 0 };
    ss_result_t cause;
    char id[16];

    ss_suspicion_took(&s, at(0));
    for (int i = 0; i < SS_SUSPICION_ROW; i++) {
        snprintf(id, sizeof(id), "%d", i);
        CU_ASSERT_EQUAL(refused(&s, id, "relay-denied", 1), SS_SUSPICION_HIS);
    }
    ss_result_clear(&cause);
    CU_ASSERT_EQUAL(ss_suspicion_refused(&s, "w", &cause, at(0), 1, at(1)), SS_SUSPICION_HIS);
    CU_ASSERT_EQUAL(refused(&s, "x", "relay-denied", 1), SS_SUSPICION_ASIDE);
    ss_result_clear(&cause);
    CU_ASSERT_EQUAL(ss_suspicion_refused(&s, "y", &cause, at(0), 0, at(2)), SS_SUSPICION_ASIDE);
    ss_suspicion_took(&s, at(3));
    CU_ASSERT_EQUAL(refused(&s, "x", "relay-denied", 4), SS_SUSPICION_HIS);
}

static void when_a_message_is_tried(void)
{
    ss_suspicion_t s = { 0 };
    ss_mono_t none = { 0 };

    refused(&s, "a", "relay-denied", 0);
    CU_ASSERT(ss_mono_reached(ss_suspicion_next(&s, 1, none, at(4)), at(4)));
    refused(&s, "b", "relay-denied", 5);
    CU_ASSERT_EQUAL(ss_suspicion_next(&s, 1, none, at(5)).us, at(5).us + SS_SUSPICION_PACE);
    CU_ASSERT_EQUAL(ss_suspicion_next(&s, 1, at(5), at(5)).us, at(5).us);
    CU_ASSERT_EQUAL(ss_suspicion_next(&s, 0, at(60), at(5)).us, at(60).us);
    CU_ASSERT_FALSE(ss_mono_is_set(ss_suspicion_next(&s, 0, none, at(5))));
    /* After a silence, at once again. */
    refused(&s, "c", "relay-denied", 11);
    CU_ASSERT(ss_mono_reached(ss_suspicion_next(&s, 1, none, at(11)), at(11)));
}

static void how_much_a_message_tells(void)
{
    ss_suspicion_t s = { 0 };

    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 1, 1), 3);
    ss_suspicion_see(&s, 1, 10);
    ss_suspicion_see(&s, 2, 20);
    ss_suspicion_see(&s, 2, 20);
    CU_ASSERT_EQUAL(s.seen_count, 2);
    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 1, 10), 0);
    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 2, 10), 0);
    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 3, 10), 1);
    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 1, 30), 2);
    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 3, 30), 3);
    for (apr_uint32_t i = 0; i < SS_SUSPICION_SEEN; i++) ss_suspicion_see(&s, 100 + i, 100 + i);
    CU_ASSERT_EQUAL(ss_suspicion_tells(&s, 1, 10), 3);
}

/* ---- what delivery does ---- */

static sending_rig_t rig;
static const char *denial; /* the reply to what is refused */
static char refuses;       /* 'M', 'R', 'E': what has "bad" in its sender or recipient */
static int is_bad, tries, most_at_once;

/* What the last transaction is about decides. */
static const char *picky(sending_rig_t *r, const char *command)
{
    if (!strncmp(command, "MAIL", 4)) {
        is_bad = strstr(command, "bad") != NULL;
        tries++;
        if (r->relay->in_flight > most_at_once) most_at_once = r->relay->in_flight;
        return is_bad && refuses == 'M' ? denial : NULL;
    }
    if (!strncmp(command, "RCPT", 4)) {
        int is_bad_rcpt = strstr(command, "bad") != NULL;
        is_bad |= is_bad_rcpt;
        return is_bad_rcpt && refuses == 'R' ? denial : NULL;
    }
    return !strcmp(command, ".") && is_bad && refuses == 'E' ? denial : NULL;
}

static void begin(void)
{
    denial = "554 5.7.1 <x>: Relay access denied";
    refuses = 'R';
    tries = most_at_once = 0;
    sending_rig_begin(&rig);
    rig.reply = picky;
}

static void start(void)
{
    begin();
    sending_rig_start(&rig);
}

static int bad(int number)
{
    return sending_rig_add_to(&rig, refuses == 'M' ? "bad@example.com" : NULL,
                              apr_psprintf(rig.pool, "bad%d@other.example", number));
}

static int good(int number)
{
    return sending_rig_add_to(&rig, NULL, apr_psprintf(rig.pool, "r%d@example.net", number));
}

static int count(ss_state_t state)
{
    int found = 0;

    for (int i = 0; i < rig.count; i++) found += sending_rig_state(&rig, i) == state;
    return found;
}

/* Any k of n, refused in any way: the others arrive, and the code decides about the refused. */
static void what_is_refused_stops_nobody(void)
{
    static const char *const words[] = {
        "554 5.7.1 <bad@other.example>: Relay access denied",
        "454 4.7.1 <bad@other.example>: Relay access denied",
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using x",
        "554 5.7.1 sandbox: not an authorized recipient",
        "450 4.7.1 sandbox",
        "530 5.7.0 Authentication required",
        "550 5.7.60 not allowed to send as this sender",
        "550 account is under review",
        "451 4.7.25 no reverse DNS",
        "550 Must issue a STARTTLS command first",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) * 3; i++) {
        for (unsigned pattern = 0; pattern < 64; pattern += 7) {
            begin();
            refuses = "MRE"[i % 3];
            /* At the end of the content the script does not know on which connection. */
            if (refuses == 'E') rig.settings.connections = 1;
            sending_rig_start(&rig);
            denial = words[i / 3];
            int bads = 0;
            for (int k = 0; k < 6; k++) {
                bads += (int)(pattern >> k & 1);
                (pattern >> k & 1 ? bad : good)(k);
            }
            sending_rig_run(&rig, 5 * RIG_SECOND);
            CU_ASSERT_EQUAL(rig.bodies, 6 - bads);
            if (count(SS_STATE_SENT) != 6 - bads)
                fprintf(stderr, "\n  %c %s, pattern %u\n", refuses, denial, pattern);
            CU_ASSERT_EQUAL(count(SS_STATE_SENT), 6 - bads);
            if (bads < 6)
                CU_ASSERT_EQUAL(count(*denial == '5' ? SS_STATE_FAILED : SS_STATE_DEFERRED), bads);
            if ((rig.relay->hosts[0].condition == SS_HOST_BLOCKED) != (bads == 6))
                fprintf(stderr, "\n  %c %s, pattern %u\n", refuses, denial, pattern);
            CU_ASSERT_EQUAL(rig.relay->hosts[0].condition,
                            bads == 6 ? SS_HOST_BLOCKED : SS_HOST_UP);
            CU_ASSERT(rig.opened <= 10);
            sending_rig_end(&rig);
        }
    }
}

static void many_may_be_refused_before_one_is_taken(void)
{
    start();
    for (int i = 0; i < 60; i++) bad(i);
    int last = sending_rig_add_to(&rig, NULL, "r@other.example");
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, last), SS_STATE_SENT);
    CU_ASSERT_EQUAL(count(SS_STATE_FAILED), 60);
    CU_ASSERT(rig.opened <= 18);
    sending_rig_end(&rig);
}

static char tried[100][40];

static const char *note(sending_rig_t *r, const char *command)
{
    const char *reply = picky(r, command);

    if (!strncmp(command, "RCPT", 4) && tries < 100) snprintf(tried[tries], 40, "%s", command);
    return reply;
}

/* The next one tried is for another domain and of another sender, wherever it waits. */
static void what_tells_most_is_tried_next(void)
{
    start();
    for (int i = 0; i < 20; i++) bad(i);
    sending_rig_add_to(&rig, "other@example.com", "x@other.example");
    sending_rig_add_to(&rig, NULL, "y@example.net");
    sending_rig_add_to(&rig, "other@example.com", "z@example.net");
    rig.relay->connection_limit = 1;
    rig.reply = note;
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_PTR_NOT_NULL(strstr(tried[1], "bad"));
    CU_ASSERT(strstr(tried[2], "z@example.net") || strstr(tried[3], "z@example.net"));
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 3);
    sending_rig_end(&rig);
}

/* Hundreds from a few senders to a few domains stand before it. */
static void of_many_the_one_that_was_not_seen_yet_is_tried_next(void)
{
    start();
    for (int i = 0; i < 600; i++)
        sending_rig_add_to(&rig, apr_psprintf(rig.pool, "app%d@example.com", i % 4),
                           apr_psprintf(rig.pool, "bad%d@other%d.example", i, i % 5));
    sending_rig_add_to(&rig, "else@example.com", "z@example.net");
    rig.relay->connection_limit = 1;
    tried[0][0] = '\0';
    rig.reply = note;
    sending_rig_run(&rig, 0);
    int found = 0;
    for (int i = 1; i < 10; i++) found |= strstr(tried[i], "z@example.net") != NULL;
    CU_ASSERT(found);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 1);
    sending_rig_end(&rig);
}

static int sessions_refused;

/* postscreen: whoever it did not know, or refuses, is so until the end of the session. */
static const char *first_sessions(sending_rig_t *r, const char *command)
{
    return strncmp(command, "RCPT", 4) || r->session > sessions_refused ? NULL : denial;
}

static void a_session_that_takes_nothing_is_followed_by_the_next(void)
{
    for (int sessions = 1; sessions <= 4; sessions++) {
        for (int count = 1; count <= 20; count += 19) {
            start();
            sessions_refused = sessions;
            denial = "450 4.3.2 Service currently unavailable";
            rig.reply = first_sessions;
            for (int i = 0; i < count; i++) good(i);
            sending_rig_run(&rig, (sessions < 3 ? 1 : 9) * RIG_SECOND);
            CU_ASSERT_EQUAL(rig.bodies, count);
            CU_ASSERT(rig.opened <= sessions + 6);
            for (int i = 0; i < count; i++) CU_ASSERT_EQUAL(sending_rig_attempts(&rig, i), 1);
            sending_rig_end(&rig);
        }
    }
}

/* The administrator lets us in: the sessions from before that stay refused are not used. */
static void after_a_flush_sessions_are_new(void)
{
    start();
    sessions_refused = 1000;
    denial = "550 5.3.2 Service currently unavailable";
    rig.reply = first_sessions;
    for (int i = 0; i < 2; i++) good(i);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT(rig.open > 0);
    sessions_refused = rig.opened;
    ss_flush_relay(rig.relay, "me");
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 2);
    sending_rig_end(&rig);
}

static unsigned refused_sessions; /* a bit for each */

static const char *some_sessions(sending_rig_t *r, const char *command)
{
    return strncmp(command, "RCPT", 4) || !(refused_sessions >> r->session & 1) ? NULL : denial;
}

/* Nothing fails for it. */
static void what_one_session_refuses_another_may_take(void)
{
    for (unsigned pattern = 1; pattern < 64; pattern++) {
        start();
        refused_sessions = pattern << 1;
        denial = "550 5.3.2 Service currently unavailable";
        rig.reply = some_sessions;
        for (int i = 0; i < 10; i++) good(i);
        sending_rig_run(&rig, 5 * RIG_SECOND);
        CU_ASSERT_EQUAL(count(SS_STATE_FAILED), 0);
        sending_rig_end(&rig);
    }
}

/* Messages at which the session ends, before any mail was taken: the others are not behind them. */
static void messages_that_end_their_sessions_stop_nobody(void)
{
    static const char *const ends[] = { "drop", "421 4.7.1 Relaying denied", "421 no" };

    for (int i = 0; i < 9; i++) {
        for (int bads = 1; bads <= 8; bads++) {
            begin();
            refuses = "MRE"[i / 3];
            if (refuses == 'E') rig.settings.connections = 1;
            sending_rig_start(&rig);
            denial = ends[i % 3];
            for (int k = 0; k < bads; k++) bad(k);
            /* later than the first failures */
            sending_rig_run(&rig, RIG_SECOND / 2);
            for (int k = 0; k < 4; k++) good(k);
            sending_rig_run(&rig, 5 * RIG_SECOND);
            if (rig.bodies != 4)
                fprintf(stderr, "\n  %c %s, %d: %d\n", refuses, denial, bads, rig.bodies);
            CU_ASSERT_EQUAL(rig.bodies, 4);
            CU_ASSERT(rig.opened <= 10 + 2); /* ... and those that carried mail */
            sending_rig_end(&rig);
        }
    }
}

/* A temporary refusal at RCPT that is the mail system's and not the recipient's. */
static void a_fault_of_the_system_at_rcpt_is_the_hosts(void)
{
    static const struct {
        const char *reply;
        int is_hosts;
    } cases[] = { { "451 4.3.0 <x>: Temporary lookup failure", 1 },
                  { "452 4.3.1 Insufficient system storage", 1 },
                  { "451 4.3.5 Server configuration error", 1 },
                  { "451 Temporary local problem - please try later", 1 },
                  { "450 4.4.2 <local problem@x.example>: try later", 0 },
                  { "450 <local problem@x.example>: try later", 0 },
                  { "450 4.2.0 <x>: Greylisted", 0 },
                  { "450 try later", 0 } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start();
        denial = cases[i].reply;
        for (int k = 0; k < 3; k++) bad(k);
        sending_rig_run(&rig, 0);
        denial = NULL;
        sending_rig_run(&rig, 5 * RIG_SECOND);
        if (count(SS_STATE_SENT) != 3 * cases[i].is_hosts) fprintf(stderr, "%s\n", cases[i].reply);
        CU_ASSERT_EQUAL(count(SS_STATE_SENT), 3 * cases[i].is_hosts);
        CU_ASSERT_EQUAL(count(SS_STATE_DEFERRED), 3 * !cases[i].is_hosts);
        sending_rig_end(&rig);
    }
}

/* With nothing to compare with it waits as for a blocked relay; what comes later tells. */
static void a_single_message_waits(void)
{
    start();
    int lonely = bad(1);
    sending_rig_run(&rig, 50 * RIG_SECOND);
    CU_ASSERT_EQUAL(tries, 1);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, rig.stored[lonely].id));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.relay->hosts[0].cause.text, "Relay access denied"));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.relay->hosts[0].cause.text, rig.stored[lonely].id));
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.relay->hosts[0].cause.text, "bad1@other.example"));
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, lonely), 0);
    int later = good(1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, later), SS_STATE_SENT);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, lonely), SS_STATE_FAILED);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
    sending_rig_end(&rig);
}

static void a_single_message_expires(void)
{
    begin();
    rig.settings.expire = 90 * RIG_SECOND;
    sending_rig_start(&rig);
    int lonely = bad(1);
    sending_rig_run(&rig, 89 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, lonely), SS_STATE_QUEUED);
    sending_rig_run(&rig, 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, lonely), SS_STATE_EXPIRED);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "Relay access denied"));
    sending_rig_end(&rig);
}

/* A relay that refuses all of them: each is tried once, then one a minute and seldomer, each time
 * another one, one at a time; none is charged. */
static void a_relay_that_refuses_everything_is_blocked(void)
{
    start();
    for (int i = 0; i < 20; i++) bad(i);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT(tries >= 20 && tries <= 21);
    /* Servers get slow with a client that makes many errors. */
    CU_ASSERT(rig.opened >= 3 && rig.opened <= 10);
    int before = tries;
    sending_rig_run(&rig, 50 * RIG_SECOND);
    CU_ASSERT_EQUAL(tries, before);
    most_at_once = 0;
    sending_rig_run(&rig, 3000 * RIG_SECOND);
    CU_ASSERT(tries >= before + 5 && tries <= before + 7);
    CU_ASSERT_EQUAL(most_at_once, 1);
    CU_ASSERT_EQUAL(count(SS_STATE_QUEUED), 20);
    denial = NULL; /* the administrator corrected it */
    ss_flush_relay(rig.relay, "me");
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 20);
    sending_rig_end(&rig);
}

/* A connection that was being made is lost: from then on the host is one that is down, and what
 * waited for the end of the block goes when it is back. */
static void a_blocked_relay_that_goes_down_is_tried_when_it_is_back(void)
{
    ss_result_t cause;

    start();
    bad(1);
    bad(2);
    sending_rig_run(&rig, 30 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    denial = NULL;
    ss_result_clear(&cause);
    ss_result_set(&cause, "hello", "", NULL, "the connection was lost");
    ss_relay_host_failed(rig.relay, 0, SS_HOST_DOWN, &cause);
    sending_rig_run(&rig, 3 * RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 2);
    sending_rig_end(&rig);
}

static const char *hanging(sending_rig_t *r, const char *command)
{
    (void)r;
    return *command ? NULL : "hang";
}

/* One login at a time: while a probe is being connected, the end of an older one starts no other.
 */
static void an_older_probe_that_ends_is_not_the_last(void)
{
    start();
    ss_breaker_t *host = &rig.relay->hosts[0];
    host->condition = SS_HOST_DOWN;
    host->is_of_messages = 1;
    ss_connection_open(rig.relay, 0);
    sending_rig_run(&rig, 0);
    ss_connection_t *older = APR_RING_FIRST(&rig.relay->connections);
    CU_ASSERT_FATAL(older->is_ready && older->is_probe);
    rig.reply = hanging;
    ss_connection_open(rig.relay, 0);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.relay->connecting, 1);
    ss_connection_quit(older);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.relay->connection_count, 1);
    CU_ASSERT(host->is_probing);
    sending_rig_end(&rig);
}

static void each_probe_is_another_message(void)
{
    start();
    rig.reply = note;
    for (int i = 0; i < 4; i++) bad(i);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    int first = tries;
    sending_rig_run(&rig, 2000 * RIG_SECOND);
    CU_ASSERT_FATAL(tries >= first + 4);
    for (int i = first + 1; i <= first + 4; i++)
        for (int k = first + 1; k < i; k++) CU_ASSERT_STRING_NOT_EQUAL(tried[i], tried[k]);
    sending_rig_end(&rig);
}

/* New mail is tried when it comes, though not more than nine a second in the long run. */
static void new_mail_is_tried_at_a_blocked_relay(void)
{
    start();
    for (int i = 0; i < 10; i++) bad(i);
    sending_rig_run(&rig, 6 * RIG_SECOND);
    int before = tries;
    for (int i = 0; i < 400; i++) {
        bad(100 + i);
        sending_rig_run(&rig, RIG_SECOND / 40);
    }
    CU_ASSERT(tries > before + 60 && tries < before + 150);
    int m = good(1);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT(count(SS_STATE_FAILED) > 50);
    sending_rig_end(&rig);
}

static void a_trusted_host_is_not_suspected(void)
{
    start();
    good(1);
    sending_rig_run(&rig, 500 * RIG_SECOND);
    int m = bad(1);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_FAILED);
    CU_ASSERT_PTR_NULL(strstr(rig.said, "blocked"));
    sending_rig_run(&rig, 700 * RIG_SECOND);
    m = bad(2);
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    sending_rig_end(&rig);
}

/* Others of the same message that are taken count, in one transaction or in several. */
static void one_recipient_among_many(void)
{
    for (int most = 1; most <= 4; most++) {
        begin();
        rig.settings.max_recipients = most;
        sending_rig_start(&rig);
        sending_rig_add_to(&rig, NULL, "bad1@a.example r1@a.example bad2@b.example r2@b.example");
        sending_rig_run(&rig, RIG_SECOND);
        const ss_recipient_t *rcpts = rig.stored[0].rcpts;
        CU_ASSERT_EQUAL(rcpts[0].state, SS_STATE_FAILED);
        CU_ASSERT_EQUAL(rcpts[1].state, SS_STATE_SENT);
        CU_ASSERT_EQUAL(rcpts[2].state, SS_STATE_FAILED);
        CU_ASSERT_EQUAL(rcpts[3].state, SS_STATE_SENT);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
        sending_rig_end(&rig);
    }
}

/* RCPT was accepted for others, and the content refused for its own sake. */
static const char *content_refused(sending_rig_t *r, const char *command)
{
    return !strcmp(command, ".") ? "550 5.7.1 spam" : picky(r, command);
}

static void an_accepted_recipient_clears_another(void)
{
    start();
    rig.reply = content_refused;
    sending_rig_add_to(&rig, NULL, "bad1@a.example r1@a.example");
    sending_rig_run(&rig, 0);
    CU_ASSERT_EQUAL(rig.stored[0].rcpts[0].state, SS_STATE_FAILED);
    CU_ASSERT_EQUAL(rig.stored[0].rcpts[1].state, SS_STATE_FAILED);
    sending_rig_end(&rig);
}

/* An unknown mailbox proves nothing. */
static const char *unknown(sending_rig_t *r, const char *command)
{
    return strstr(command, "RCPT TO:<r") ? "550 5.1.1 unknown" : picky(r, command);
}

static void a_recipient_that_fails_clears_nobody(void)
{
    start();
    rig.reply = unknown;
    int m = bad(1);
    sending_rig_run(&rig, RIG_SECOND);
    good(1);
    sending_rig_run(&rig, 10 * RIG_SECOND);
    CU_ASSERT_PTR_NULL(strstr(rig.said, "works again"));
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_QUEUED);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m + 1), SS_STATE_FAILED);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    sending_rig_end(&rig);
}

/* The first host refuses us, the second one does not. */
static const char *first_host_denies(sending_rig_t *r, const char *command)
{
    return !strncmp(command, "RCPT", 4) && r->relay->hosts[0].condition == SS_HOST_UP ? denial
                                                                                      : NULL;
}

static void the_next_host_takes_over(void)
{
    begin();
    APR_ARRAY_PUSH(rig.settings.hosts, ss_settings_host_t) =
        (ss_settings_host_t){ .name = "second.example", .port = 25 };
    rig.reply = first_host_denies;
    sending_rig_start(&rig);
    for (int i = 0; i < 10; i++) good(i);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 10);
    CU_ASSERT_EQUAL(rig.served[1], 10);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    sending_rig_end(&rig);
}

/* A host that defers everything, without a reason in the messages: 451 at MAIL, or to the content.
 */
static const char *first_host_defers(sending_rig_t *r, const char *command)
{
    int is_it = refuses == 'M'   ? !strncmp(command, "MAIL", 4)
                : refuses == 'D' ? !strncmp(command, "DATA", 4)
                                 : !strcmp(command, ".");

    tries += is_it;
    return is_it && r->host == 0 ? denial : NULL;
}

static void two_hosts(const char *reply)
{
    begin();
    denial = reply;
    APR_ARRAY_PUSH(rig.settings.hosts, ss_settings_host_t) =
        (ss_settings_host_t){ .name = "second.example", .port = 25 };
}

static void a_host_that_defers_everything_is_left_for_the_next(void)
{
    for (int i = 0; i < 2; i++) {
        two_hosts("451 4.3.0 local problem");
        refuses = "ME"[i];
        rig.reply = first_host_defers;
        sending_rig_start(&rig);
        int m = good(0);
        sending_rig_run(&rig, 2 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 1);
        for (int k = 1; k < 20; k++) good(k);
        sending_rig_run(&rig, 2 * RIG_SECOND);
        CU_ASSERT_EQUAL(count(SS_STATE_SENT), 20);
        CU_ASSERT_EQUAL(rig.served[1], 20);
        sending_rig_end(&rig);
    }
}

static const char *only_first_denies(sending_rig_t *r, const char *command)
{
    return !strncmp(command, "RCPT", 4) && r->host == 0 ? denial : NULL;
}

/* It puts every session off: the next one takes over. */
static void a_host_that_puts_all_sessions_off_is_left_for_the_next(void)
{
    two_hosts("450 4.3.2 Service currently unavailable");
    rig.reply = only_first_denies;
    sending_rig_start(&rig);
    for (int k = 0; k < 8; k++) good(k);
    sending_rig_run(&rig, 3 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.served[1], 8);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_DOWN);
    CU_ASSERT(rig.opened_to[0] <= 5);
    sending_rig_end(&rig);
}

/* There is nothing to compare it with, but another host to try it at. */
static void a_single_refused_message_goes_to_the_next_host(void)
{
    two_hosts("554 5.7.1 Relay access denied");
    rig.reply = only_first_denies;
    sending_rig_start(&rig);
    int m = good(0);
    sending_rig_run(&rig, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    CU_ASSERT_EQUAL(rig.served[1], 1);
    sending_rig_end(&rig);
}

static void a_trusted_host_that_defers_three_in_a_row_is_left_too(void)
{
    two_hosts("451 4.3.0 local problem");
    refuses = 'M';
    sending_rig_start(&rig);
    for (int k = 0; k < 5; k++) good(k);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(rig.served[0], 5);
    rig.reply = first_host_defers;
    for (int k = 5; k < 30; k++) good(k);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT(rig.served[1] >= 20);
    sending_rig_run(&rig, 120 * RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 30);
    sending_rig_end(&rig);
}

/* What the message or the rate is the cause of says nothing about the host. */
static void what_is_about_the_message_leaves_the_host(void)
{
    static const char *const replies[] = { "451 4.7.1 Greylisted, come back later",
                                           "450 4.2.2 mailbox full", "454 4.7.1 slow down" };

    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        two_hosts(replies[i]);
        refuses = 'E';
        rig.reply = first_host_defers;
        sending_rig_start(&rig);
        for (int k = 0; k < 5; k++) good(k);
        sending_rig_run(&rig, RIG_SECOND / 2);
        CU_ASSERT_EQUAL(rig.served[1], 0);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
        sending_rig_end(&rig);
    }
}

/* The only host, too, is down then: no message is charged, and one at a time is tried. */
static void the_only_host_that_defers_everything_is_down(void)
{
    const char *cause, *advice;

    for (int i = 0; i < 3; i++) {
        begin();
        denial = "451 4.3.0 local problem";
        refuses = "MDE"[i];
        rig.reply = first_host_defers;
        sending_rig_start(&rig);
        for (int k = 0; k < 20; k++) good(k);
        sending_rig_run(&rig, 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_DOWN);
        CU_ASSERT(rig.opened <= 10);
        CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "down");
        CU_ASSERT_PTR_NOT_NULL(strstr(cause, "451 4.3.0 local problem (message "));
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "is down (it defers everything)"));
        int opened = rig.opened;
        tries = 0;
        sending_rig_run(&rig, 100 * RIG_SECOND);
        CU_ASSERT(tries >= 20 && tries <= 25);
        CU_ASSERT(rig.opened <= opened + 25);
        CU_ASSERT_EQUAL(count(SS_STATE_QUEUED), 20);
        denial = NULL;
        sending_rig_run(&rig, 6 * RIG_SECOND);
        CU_ASSERT_EQUAL(count(SS_STATE_SENT), 20);
        for (int k = 0; k < 20; k++) CU_ASSERT_EQUAL(sending_rig_attempts(&rig, k), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "works again"));
        sending_rig_end(&rig);
    }
}

/* "451 local problem" for some only: the others arrive, and those are deferred like any message. */
static void what_is_deferred_stops_nobody(void)
{
    for (unsigned pattern = 1; pattern < 63; pattern++) {
        begin();
        denial = "451 4.3.0 local problem";
        refuses = "ME"[pattern % 2];
        rig.settings.connections = 1;
        sending_rig_start(&rig);
        int bads = 0;
        for (int k = 0; k < 6; k++) {
            bads += (int)(pattern >> k & 1);
            (pattern >> k & 1 ? bad : good)(k);
        }
        sending_rig_run(&rig, 5 * RIG_SECOND);
        CU_ASSERT_EQUAL(count(SS_STATE_SENT), 6 - bads);
        /* Three in a row at the end look like the host's fault, until another one is taken. */
        good(6);
        sending_rig_run(&rig, RIG_SECOND);
        CU_ASSERT_EQUAL(count(SS_STATE_SENT), 7 - bads);
        CU_ASSERT_EQUAL(count(SS_STATE_DEFERRED), bads);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
        sending_rig_end(&rig);
    }
}

/* A message that is alone is deferred; the third one without a success in between shows that it is
 * the host. */
static void what_is_alone_waits_for_itself(void)
{
    begin();
    denial = "451 4.3.0 local problem";
    refuses = 'M';
    rig.reply = first_host_defers;
    sending_rig_start(&rig);
    for (int k = 0; k < 2; k++) {
        int m = good(k);
        sending_rig_run(&rig, 20 * RIG_SECOND);
        CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_DEFERRED);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 1);
        CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_UP);
    }
    int m = good(2);
    sending_rig_run(&rig, 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, m), 0);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_DOWN);
    denial = NULL;
    sending_rig_run(&rig, 6 * RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    /* Those that it deferred before do not wait for their time: one of them was to wait 5 min. */
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 3);
    sending_rig_end(&rig);
}

/* A login fails on another connection while the probe's messages are refused: they stop. */
static const char *login_fails_meanwhile(sending_rig_t *r, const char *command)
{
    const char *reply = picky(r, command);
    ss_result_t cause;

    if (reply && r->relay->hosts[0].condition == SS_HOST_DOWN) {
        ss_result_clear(&cause);
        ss_result_set(&cause, "auth", "451", "auth-temporary", "not now");
        ss_relay_host_failed(r->relay, 0, SS_HOST_BLOCKED, &cause);
    }
    return reply;
}

static void a_probe_of_a_host_that_refuses_the_login_meanwhile_ends(void)
{
    begin();
    rig.refuses = 1;
    sending_rig_start(&rig);
    bad(1);
    bad(2);
    sending_rig_run(&rig, 2 * RIG_SECOND);
    rig.refuses = 0;
    rig.reply = login_fails_meanwhile;
    denial = "454 4.7.1 <bad@other.example>: Relay access denied";
    /* As if it had carried nothing, so that a session that is ready proves nothing. */
    rig.relay->hosts[0].strikes.count = SS_STRIKES_DOWN;
    sending_rig_run(&rig, 20 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    CU_ASSERT(tries <= 3);
    sending_rig_end(&rig);
}

/* It cannot be reached any more: what it deferred goes when it is back. */
static void a_host_that_defers_and_then_goes_is_tried_when_it_is_back(void)
{
    begin();
    denial = "451 4.3.0 local problem";
    refuses = 'M';
    rig.reply = first_host_defers;
    sending_rig_start(&rig);
    for (int k = 0; k < 5; k++) good(k);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    rig.refuses = 1;
    sending_rig_run(&rig, 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_DOWN);
    rig.refuses = 0;
    denial = NULL;
    sending_rig_run(&rig, 6 * RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 5);
    sending_rig_end(&rig);
}

/* After a restart nothing is known, and the messages are in the store alone. */
static void after_a_restart(void)
{
    begin();
    for (int i = 0; i < 30; i++) {
        int m = sending_rig_put(&rig);
        rig.stored[m].rcpts[0].address = i % 3 ? "bad@other.example" : "r@example.net";
    }
    sending_rig_start(&rig);
    sending_rig_run(&rig, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_SENT), 10);
    CU_ASSERT_EQUAL(count(SS_STATE_FAILED), 20);
    sending_rig_end(&rig);
}

/* "smtp-send retry": at once, although a moment ago it was refused. */
static void a_person_may_try_it_again(void)
{
    start();
    int m = bad(1);
    sending_rig_run(&rig, 20 * RIG_SECOND);
    denial = NULL;
    ss_job_refresh(rig.delivery, rig.stored[m].id, rig.relay);
    sending_rig_run(&rig, RIG_SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, m), SS_STATE_SENT);
    sending_rig_end(&rig);
}

/* A login that is refused meanwhile is no matter of messages: the wait for it begins. */
static void a_refused_login_ends_the_trials(void)
{
    ss_result_t cause;

    start();
    bad(1);
    sending_rig_run(&rig, 40 * RIG_SECOND);
    CU_ASSERT(ss_suspects_is(rig.relay, 0));
    ss_result_clear(&cause);
    ss_result_set(&cause, "auth", "535", "auth-rejected", "no");
    ss_relay_host_failed(rig.relay, 0, SS_HOST_BLOCKED, &cause);
    CU_ASSERT_FALSE(ss_suspects_is(rig.relay, 0));
    CU_ASSERT_STRING_EQUAL(rig.relay->hosts[0].cause.text, "no");
    CU_ASSERT(ss_mono_since(rig.relay->hosts[0].next, rig.mono) >= 60 * RIG_SECOND);
    int before = tries;
    bad(2);
    sending_rig_run(&rig, 50 * RIG_SECOND);
    CU_ASSERT_EQUAL(tries, before);
    sending_rig_end(&rig);
}

/* A whole queue is not failed because the host took one message lately. */
static void an_account_that_is_closed_fails_few(void)
{
    start();
    good(1);
    sending_rig_run(&rig, 0);
    for (int i = 0; i < 500; i++) bad(i);
    sending_rig_run(&rig, 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(count(SS_STATE_FAILED), SS_SUSPICION_ROW);
    CU_ASSERT_EQUAL(rig.relay->hosts[0].condition, SS_HOST_BLOCKED);
    sending_rig_end(&rig);
}

void ss_suite_suspicion(void)
{
    CU_pSuite suite = CU_add_suite("suspicion", NULL, NULL);

    CU_ADD_TEST(suite, a_host_that_took_mail_is_trusted_for_ten_minutes);
    CU_ADD_TEST(suite, the_same_of_another_message_confirms);
    CU_ADD_TEST(suite, trust_ends_after_many_refusals_in_a_row);
    CU_ADD_TEST(suite, when_a_message_is_tried);
    CU_ADD_TEST(suite, how_much_a_message_tells);
    CU_ADD_TEST(suite, what_is_refused_stops_nobody);
    CU_ADD_TEST(suite, many_may_be_refused_before_one_is_taken);
    CU_ADD_TEST(suite, what_tells_most_is_tried_next);
    CU_ADD_TEST(suite, of_many_the_one_that_was_not_seen_yet_is_tried_next);
    CU_ADD_TEST(suite, a_session_that_takes_nothing_is_followed_by_the_next);
    CU_ADD_TEST(suite, after_a_flush_sessions_are_new);
    CU_ADD_TEST(suite, what_one_session_refuses_another_may_take);
    CU_ADD_TEST(suite, messages_that_end_their_sessions_stop_nobody);
    CU_ADD_TEST(suite, a_fault_of_the_system_at_rcpt_is_the_hosts);
    CU_ADD_TEST(suite, a_single_message_waits);
    CU_ADD_TEST(suite, a_single_message_expires);
    CU_ADD_TEST(suite, a_relay_that_refuses_everything_is_blocked);
    CU_ADD_TEST(suite, a_blocked_relay_that_goes_down_is_tried_when_it_is_back);
    CU_ADD_TEST(suite, an_older_probe_that_ends_is_not_the_last);
    CU_ADD_TEST(suite, each_probe_is_another_message);
    CU_ADD_TEST(suite, new_mail_is_tried_at_a_blocked_relay);
    CU_ADD_TEST(suite, a_trusted_host_is_not_suspected);
    CU_ADD_TEST(suite, one_recipient_among_many);
    CU_ADD_TEST(suite, an_accepted_recipient_clears_another);
    CU_ADD_TEST(suite, a_recipient_that_fails_clears_nobody);
    CU_ADD_TEST(suite, the_next_host_takes_over);
    CU_ADD_TEST(suite, a_host_that_defers_everything_is_left_for_the_next);
    CU_ADD_TEST(suite, a_host_that_puts_all_sessions_off_is_left_for_the_next);
    CU_ADD_TEST(suite, a_single_refused_message_goes_to_the_next_host);
    CU_ADD_TEST(suite, a_trusted_host_that_defers_three_in_a_row_is_left_too);
    CU_ADD_TEST(suite, what_is_about_the_message_leaves_the_host);
    CU_ADD_TEST(suite, the_only_host_that_defers_everything_is_down);
    CU_ADD_TEST(suite, what_is_deferred_stops_nobody);
    CU_ADD_TEST(suite, what_is_alone_waits_for_itself);
    CU_ADD_TEST(suite, a_probe_of_a_host_that_refuses_the_login_meanwhile_ends);
    CU_ADD_TEST(suite, a_host_that_defers_and_then_goes_is_tried_when_it_is_back);
    CU_ADD_TEST(suite, after_a_restart);
    CU_ADD_TEST(suite, a_person_may_try_it_again);
    CU_ADD_TEST(suite, a_refused_login_ends_the_trials);
    CU_ADD_TEST(suite, an_account_that_is_closed_fails_few);
}
