/* test_rate.c: a relay that takes only so much in a time: how fast it is sent to (pure, against
 * servers of three kinds), which waits its words name, and that no message is charged (virtual
 * time). */
#include <CUnit/Basic.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "delivery/rate.h"
#include "delivery/retry.h"
#include "sending_rig.h"

void ss_suite_rate(void);

#define SECOND APR_USEC_PER_SEC
#define HOUR (3600 * SECOND)

/* ---- the rate ---- */

typedef enum { BUCKET, FIXED, SLIDING, KINDS } kind_t;
#define TAKEN_MAX 4000

typedef struct {
    kind_t kind;
    int limit, seconds; /* so many in so long */
    double tokens;
    apr_int64_t at, window;
    int in_window, count;
    apr_int64_t taken[TAKEN_MAX];
} limiter_t;

static int takes(limiter_t *l, apr_int64_t now)
{
    int is_taken, recent = 0;

    switch (l->kind) {
    case BUCKET:
        l->tokens += (double)(now - l->at) * l->limit / ((double)l->seconds * SECOND);
        if (l->tokens > l->limit || !l->at) l->tokens = l->limit;
        l->at = now;
        is_taken = l->tokens >= 1;
        l->tokens -= is_taken;
        break;
    case FIXED:
        if (now / SECOND / l->seconds != l->window) l->in_window = 0;
        l->window = now / SECOND / l->seconds;
        is_taken = l->in_window < l->limit;
        l->in_window += is_taken;
        break;
    default:
        for (int i = l->count - 1; i >= 0 && l->taken[i] > now - l->seconds * SECOND; i--) recent++;
        is_taken = recent < l->limit;
    }
    if (is_taken) l->taken[l->count++] = now;
    return is_taken;
}

/* Sends so many messages; how long it takes. The answer comes 5 ms later. */
static apr_interval_time_t send_all(limiter_t *l, int count, int *refused)
{
    ss_throttle_t t = { 0 };
    apr_int64_t start = 1000 * SECOND + 370000, now = start;

    *refused = 0;
    while (l->count < count && now < start + 2 * HOUR) {
        ss_throttle_grow(&t, (ss_mono_t){ now });
        if (ss_mono_is_set(ss_throttle_wait(&t, (ss_mono_t){ now }))) {
            now += 1000;
            continue;
        }
        ss_throttle_spend(&t, (ss_mono_t){ now });
        if (takes(l, now)) {
            ss_throttle_took(&t, (ss_mono_t){ now }, (ss_mono_t){ now + 5000 });
        } else {
            ++*refused;
            ss_throttle_refused(&t, (ss_mono_t){ now }, 0, (ss_mono_t){ now + 5000 });
        }
        now += 200;
    }
    return now - start;
}

static void close_to_what_each_server_takes(void)
{
    static const struct {
        int limit, seconds, messages, within, refused;
    } rows[] = { { 14, 1, 200, 18, 3 },
                 { 5, 1, 200, 50, 6 },
                 { 100, 1, 3000, 37, 5 },
                 { 14, 60, 200, 1000, 20 },
                 { 100, 60, 3000, 2000, 160 } };
    static limiter_t l;
    int refused;

    for (int kind = 0; kind < KINDS; kind++) {
        for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            memset(&l, 0, sizeof(l));
            l.kind = (kind_t)kind;
            l.limit = rows[i].limit;
            l.seconds = rows[i].seconds;
            apr_interval_time_t took = send_all(&l, rows[i].messages, &refused);
            if (took > rows[i].within * SECOND || refused > rows[i].refused)
                fprintf(stderr, "\n  kind %d, %d in %d s: %.1f s, %d refused\n", kind,
                        rows[i].limit, rows[i].seconds, (double)took / SECOND, refused);
            CU_ASSERT(took <= rows[i].within * SECOND);
            CU_ASSERT(refused <= rows[i].refused);
        }
    }
}

static void what_was_on_its_way_lowers_nothing(void)
{
    ss_throttle_t t = { 0 };
    ss_mono_t now = { 1000 * SECOND };

    for (int i = 0; i < 10; i++) ss_throttle_took(&t, now, now);
    CU_ASSERT_EQUAL(ss_throttle_refused(&t, now, 0, ss_mono_add(now, 1000)), 1);
    CU_ASSERT_EQUAL(t.gap, SECOND / 8); /* ten a second, less a fifth */
    CU_ASSERT_EQUAL(ss_throttle_refused(&t, now, 0, ss_mono_add(now, 2000)), 0);
    CU_ASSERT_EQUAL(t.gap, SECOND / 8);
    ss_throttle_took(&t, now, ss_mono_add(now, 3000)); /* it was on its way, too: eleven */
    CU_ASSERT_EQUAL(t.gap, SECOND / 11 * 5 / 4);
    now = ss_mono_add(now, 10 * SECOND);
    CU_ASSERT_EQUAL(ss_throttle_refused(&t, now, 0, now), 0);
    CU_ASSERT_EQUAL(t.gap, SECOND / 11 * 5 / 4 * 2); /* nothing for seconds: half */
    for (int i = 0; i < 6; i++) {
        now = ss_mono_add(now, SECOND);
        ss_throttle_refused(&t, now, 0, now);
    }
    CU_ASSERT_EQUAL(t.gap, 60 * SECOND / 11 * 5 / 4); /* ... down to what it takes in a minute */
    CU_ASSERT_EQUAL(t.unit, 60 * SECOND);
    now = ss_mono_add(now, 100 * SECOND);
    ss_throttle_refused(&t, now, 0, now);
    CU_ASSERT_EQUAL(t.gap, 60 * SECOND / 11 * 5 / 4 * 2); /* nothing at all: half */
    for (int i = 0; i < 9; i++) {
        now = ss_mono_add(now, 100 * SECOND);
        ss_throttle_refused(&t, now, 0, now);
    }
    CU_ASSERT_EQUAL(t.gap, 120 * SECOND);
}

static void a_rate_that_grew_enough_is_no_bound(void)
{
    ss_throttle_t t = { 0 };
    ss_mono_t now = { 1000 * SECOND };

    ss_throttle_took(&t, now, now);
    ss_throttle_refused(&t, now, 0, now);
    CU_ASSERT_FALSE(ss_throttle_grow(&t, ss_mono_add(now, 100 * SECOND)));
    CU_ASSERT(ss_throttle_grow(&t, ss_mono_add(now, 110 * SECOND)));
    CU_ASSERT_EQUAL(t.gap, 0);
    CU_ASSERT_FALSE(ss_mono_is_set(ss_throttle_wait(&t, now)));
}

/* ---- times that a server names ---- */

static void waits_that_are_named(void)
{
    static const struct {
        const char *text;
        apr_interval_time_t want;
    } rows[] = {
        { "Greylisted, try again in 5 minutes", 300 * SECOND },
        { "please retry in 300 seconds", 300 * SECOND },
        { "try again in 00:04:59", 299 * SECOND },
        { "come back later in 90s", 90 * SECOND },
        { "Please wait 1 hour before sending more", HOUR },
        { "Relay quota will reset in 1.5 hours.", HOUR * 3 / 2 },
        { "retry timeout: 2 mins", 120 * SECOND },
        { "Retry-After: 30", 30 * SECOND },
        { "rate limit, retry after 7", 7 * SECOND },
        { "try again in 3 days", 24 * HOUR },
        { "try again later", 0 },
        { "4.7.1 try again 5.2.1 later", 0 },
        { "100 messages in 60 seconds are allowed", 0 },
        { "try again in 5 months", 0 },
        { "try again in 0 minutes", 0 },
        { "", 0 },
    };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_interval_time_t got = ss_retry_named(rows[i].text);
        if (got != rows[i].want)
            fprintf(stderr, "\n  %s: %ld s\n", rows[i].text, (long)(got / SECOND));
        CU_ASSERT_EQUAL(got, rows[i].want);
    }
}

static void the_length_of_a_quota(void)
{
    apr_time_t noon = 1800 * 24 * HOUR + 12 * HOUR, late = noon + 12 * HOUR - 60 * SECOND;

    CU_ASSERT_EQUAL(ss_retry_quota("too many messages per hour", 0, noon), HOUR);
    CU_ASSERT_EQUAL(ss_retry_quota("Maximum credits exceeded", 0, noon), HOUR);
    CU_ASSERT_EQUAL(ss_retry_quota("Daily user sending quota exceeded", 0, noon), 12 * HOUR);
    CU_ASSERT_EQUAL(ss_retry_quota("Daily user sending quota exceeded", 0, late), HOUR);
    CU_ASSERT_EQUAL(ss_retry_quota("Daily user sending quota exceeded", 1, noon), HOUR);
    CU_ASSERT_EQUAL(ss_retry_quota("24-hour limit, reset in 2 hours", 0, noon), 2 * HOUR);
}

/* ---- a relay ---- */

static sending_rig_t rig;
static limiter_t server;
static const char *words, *at;

static const char *limited(sending_rig_t *r, const char *command)
{
    if (strncmp(command, at, strlen(at)) || !*command) return NULL;
    return takes(&server, r->mono.us) ? NULL : words;
}

static void start(const char *command, const char *reply)
{
    memset(&server, 0, sizeof(server));
    server = (limiter_t){ .kind = SLIDING, .limit = 14, .seconds = 1 };
    at = command;
    words = reply;
    sending_rig_begin(&rig);
    rig.reply = limited;
    rig.log.level = SS_LOG_WARN;
    sending_rig_start(&rig);
}

static void all_are_sent_uncharged(int count)
{
    for (int i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(sending_rig_state(&rig, i), SS_STATE_SENT);
        CU_ASSERT_EQUAL(sending_rig_attempts(&rig, i), 1);
    }
}

static void two_hundred_messages_at_fourteen_a_second(void)
{
    static const char *const steps[][2] = {
        { ".", "454 Throttling failure: Maximum sending rate exceeded." },
        { "MAIL", "550 5.7.0 Requested action not taken: too many emails per second" },
        { "RCPT", "421 4.7.0 Try again later, closing connection." },
    };
    const char *cause, *advice;

    for (int step = 0; step < 3; step++) {
        start(steps[step][0], steps[step][1]);
        for (int i = 0; i < 200; i++) sending_rig_add(&rig, 1);
        sending_rig_run(&rig, SECOND);
        CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "slow");
        CU_ASSERT_STRING_EQUAL(advice, "rate-limited");
        CU_ASSERT_PTR_NOT_NULL(strstr(cause, steps[step][1]));
        sending_rig_run(&rig, 18 * SECOND);
        all_are_sent_uncharged(200);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSend-227"));
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSendRate 11/s makes it permanent"));
        sending_rig_run(&rig, 200 * SECOND);
        sending_rig_add(&rig, 1);
        sending_rig_run(&rig, 0);
        CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
        sending_rig_end(&rig);
    }
}

static void a_message_waits_for_the_time_that_is_named(void)
{
    start("MAIL", "450 4.7.1 rate limit exceeded, try again in 5 minutes");
    server.limit = 1;
    server.seconds = 60;
    sending_rig_add(&rig, 1);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 299 * SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 1);
    sending_rig_run(&rig, 4 * SECOND);
    all_are_sent_uncharged(2);
    sending_rig_end(&rig);
}

static const char *greylisted(sending_rig_t *r, const char *command)
{
    return !strncmp(command, "RCPT", 4) && r->mono.us < 1000 * SECOND + 240 * SECOND
               ? "450 4.2.0 Greylisted, try again in 4 minutes"
               : NULL;
}

static void a_deferred_recipient_is_tried_at_the_time_that_is_named(void)
{
    const char *cause, *advice;

    start("x", "");
    rig.reply = greylisted;
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 239 * SECOND);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, 0), 1);
    sending_rig_run(&rig, 4 * SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, 0), SS_STATE_SENT);
    CU_ASSERT_EQUAL(sending_rig_attempts(&rig, 0), 2);
    sending_rig_end(&rig);
}

/* ---- quotas of hours and days ---- */

static int quota, asked;
static const char *quota_of;

/* So many messages of that sender, "" any, in an hour from the first one on. */
static const char *metered(sending_rig_t *r, const char *command)
{
    if (strncmp(command, "MAIL", 4) || !strstr(command, quota_of)) return NULL;
    if (!server.at || r->mono.us >= server.at + HOUR) {
        server.at = r->mono.us;
        server.count = 0;
    }
    asked++;
    return server.count++ < quota ? NULL : words;
}

static void start_metered(int limit, const char *sender, const char *reply)
{
    start("x", reply);
    rig.reply = metered;
    quota = limit;
    quota_of = sender;
    asked = 0;
}

static int count_sent(void)
{
    int sent = 0;

    for (int i = 0; i < rig.count; i++) sent += sending_rig_state(&rig, i) == SS_STATE_SENT;
    return sent;
}

static void a_quota_blocks_until_its_period_is_over(void)
{
    const char *cause, *advice;

    start_metered(50, "", "550 Domain x has exceeded the max emails per hour (50) allowed");
    for (int i = 0; i < 120; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, HOUR - SECOND);
    CU_ASSERT_EQUAL(count_sent(), 50);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "blocked");
    CU_ASSERT_STRING_EQUAL(advice, "quota");
    CU_ASSERT_PTR_NOT_NULL(strstr(cause, "max emails per hour"));
    CU_ASSERT_PTR_NOT_NULL(strstr(cause, "(message "));
    CU_ASSERT(asked <= 50 + 50); /* what was on its way, and one to compare with */
    for (int i = 0; i < 120; i++) {
        CU_ASSERT(sending_rig_state(&rig, i) != SS_STATE_FAILED);
        CU_ASSERT(sending_rig_attempts(&rig, i) <= 1);
    }
    sending_rig_run(&rig, 10 * SECOND);
    CU_ASSERT_EQUAL(count_sent(), 100);
    sending_rig_run(&rig, HOUR + 10 * SECOND);
    all_are_sent_uncharged(120);
    sending_rig_end(&rig);
}

static void the_quota_of_one_sender_stops_no_other(void)
{
    const char *cause, *advice;
    int others[20];

    start_metered(3, "@a.example",
                  "550 Domain a.example has exceeded the max emails per hour (3) allowed");
    rig.settings.connections = 1;
    for (int i = 0; i < 20; i++) {
        sending_rig_add_to(&rig, "app@a.example", "r@example.net");
        others[i] = sending_rig_add_to(&rig, "app@b.example", "r@example.net");
    }
    sending_rig_run(&rig, 5 * SECOND);
    for (int i = 0; i < 20; i++) CU_ASSERT_EQUAL(sending_rig_state(&rig, others[i]), SS_STATE_SENT);
    CU_ASSERT_EQUAL(count_sent(), 23);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    /* Only that sender's mail waits; another one's passes at once, blocked or not. */
    for (int i = 0; i < 5; i++) sending_rig_add_to(&rig, "app@a.example", "r@example.net");
    sending_rig_run(&rig, 5 * SECOND);
    int other = sending_rig_add_to(&rig, "app@c.example", "r@example.net");
    sending_rig_run(&rig, SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, other), SS_STATE_SENT);
    for (int i = 0; i < 9; i++) sending_rig_run(&rig, HOUR);
    all_are_sent_uncharged(rig.count);
    sending_rig_end(&rig);
}

/* The message waits for hours and is not kept in memory: the reply is, for people and for what is
 * said when it expires. */
static void what_a_waiting_message_met_is_known(void)
{
    start_metered(0, "@a.example",
                  "550 a.example has exceeded the max emails per hour (0) allowed");
    rig.settings.expire = 3 * HOUR;
    sending_rig_add_to(&rig, "app@b.example", "r@example.net");
    sending_rig_run(&rig, SECOND);
    for (int i = 0; i < 2; i++) sending_rig_add_to(&rig, "app@a.example", "r@example.net");
    sending_rig_run(&rig, SECOND);
    sending_rig_add_to(&rig, "app@b.example", "r@example.net");
    sending_rig_run(&rig, 60 * SECOND);
    const ss_job_t *job = ss_job_find(rig.delivery, rig.stored[1].id);
    CU_ASSERT_PTR_NULL(job->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(job->met);
    CU_ASSERT_PTR_NOT_NULL(strstr(job->met->reply, "550 a.example has exceeded"));
    CU_ASSERT_STRING_EQUAL(job->met->advice, "quota");
    for (int i = 0; i < 4; i++) sending_rig_run(&rig, HOUR);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, 1), SS_STATE_EXPIRED);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "SMTPSendExpire; last: 550 a.example has exceeded"));
    sending_rig_end(&rig);
}

/* While the relay is blocked for one sender's quota, mail of another sender shows that it is not
 * everybody's. */
static void another_sender_is_tried_at_once(void)
{
    const char *cause, *advice;

    start_metered(0, "@a.example", "452 4.7.1 hourly sending limit exceeded");
    for (int i = 0; i < 4; i++) sending_rig_add_to(&rig, "app@a.example", "r@example.net");
    sending_rig_run(&rig, 60 * SECOND);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "blocked");
    CU_ASSERT(asked <= 4);
    int other = sending_rig_add_to(&rig, "app@b.example", "r@example.net");
    sending_rig_run(&rig, SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, other), SS_STATE_SENT);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    sending_rig_end(&rig);
}

static void a_quota_outlasts_a_restart(void)
{
    const char *cause, *advice;

    start_metered(5, "", "550 Domain x has exceeded the max emails per hour (5) allowed");
    for (int i = 0; i < 12; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 10 * SECOND);
    int before = asked;
    rig.log.level = SS_LOG_NOTICE;
    sending_rig_restart(&rig, 600 * SECOND);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "is left alone for 50min, as before this start"));
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "blocked");
    CU_ASSERT_PTR_NOT_NULL(strstr(cause, "max emails per hour"));
    CU_ASSERT_STRING_EQUAL(advice, "quota");
    sending_rig_run(&rig, 2900 * SECOND);
    CU_ASSERT_EQUAL(asked, before);
    CU_ASSERT_EQUAL(count_sent(), 5);
    /* A sender for whom it was not asked may show that it takes some. */
    int other = sending_rig_add_to(&rig, "app@other.example", "r@example.net");
    server.count = 0;
    sending_rig_run(&rig, SECOND);
    CU_ASSERT_EQUAL(sending_rig_state(&rig, other), SS_STATE_SENT);
    for (int i = 0; i < 4; i++) sending_rig_run(&rig, HOUR);
    all_are_sent_uncharged(13);
    /* Nothing of it is left. */
    sending_rig_restart(&rig, SECOND);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    CU_ASSERT_STRING_EQUAL(rig.settings_rows[0][0], "");
    sending_rig_end(&rig);
}

static void a_quota_that_ended_meanwhile_is_none(void)
{
    const char *cause, *advice;

    start_metered(5, "", "550 Domain x has exceeded the max emails per hour (5) allowed");
    for (int i = 0; i < 8; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 10 * SECOND);
    sending_rig_restart(&rig, HOUR);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    sending_rig_run(&rig, SECOND);
    all_are_sent_uncharged(8);
    sending_rig_end(&rig);
}

static void a_rate_outlasts_a_restart(void)
{
    const char *cause, *advice;

    start("MAIL", "454 Throttling failure: Maximum sending rate exceeded.");
    server.limit = 14;
    server.seconds = 1;
    for (int i = 0; i < 60; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 3 * SECOND);
    apr_interval_time_t gap = rig.relay->throttle.gap;
    CU_ASSERT(gap > 0);
    sending_rig_restart(&rig, 10 * SECOND);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "slow");
    CU_ASSERT_PTR_NOT_NULL(strstr(cause, "454 Throttling failure"));
    CU_ASSERT(rig.relay->throttle.gap < gap * 9 / 10); /* it grew meanwhile */
    CU_ASSERT(rig.relay->throttle.gap > gap / 2);
    sending_rig_run(&rig, 10 * SECOND);
    all_are_sent_uncharged(60);
    sending_rig_restart(&rig, HOUR);
    CU_ASSERT_STRING_EQUAL(ss_relay_state(rig.relay, &cause, &advice), "up");
    sending_rig_end(&rig);
}

static void a_bound_that_cannot_be_right_is_not_restored(void)
{
    ss_throttle_t t = { 0 };
    ss_mono_t now = { 1000 * SECOND };

    CU_ASSERT_FALSE(ss_throttle_restore(&t, 0, SECOND, SECOND, now, now));
    CU_ASSERT_FALSE(ss_throttle_restore(&t, -1, SECOND, SECOND, now, now));
    CU_ASSERT_FALSE(ss_throttle_restore(&t, 2, SECOND, 1, now, now));
    CU_ASSERT_FALSE(ss_throttle_restore(&t, SECOND, SECOND, HOUR, now, now));
    CU_ASSERT_FALSE(ss_throttle_restore(&t, SECOND, 7, SECOND, now, now));
    CU_ASSERT_EQUAL(t.gap, 0);
    CU_ASSERT(ss_throttle_restore(&t, SECOND, 60 * SECOND, SECOND, now, now));
    CU_ASSERT_EQUAL(t.gap, SECOND);
}

void ss_suite_rate(void)
{
    CU_pSuite suite = CU_add_suite("rate", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, name)
    ADD(close_to_what_each_server_takes);
    ADD(what_was_on_its_way_lowers_nothing);
    ADD(a_rate_that_grew_enough_is_no_bound);
    ADD(waits_that_are_named);
    ADD(the_length_of_a_quota);
    ADD(two_hundred_messages_at_fourteen_a_second);
    ADD(a_message_waits_for_the_time_that_is_named);
    ADD(a_quota_blocks_until_its_period_is_over);
    ADD(the_quota_of_one_sender_stops_no_other);
    ADD(another_sender_is_tried_at_once);
    ADD(what_a_waiting_message_met_is_known);
    ADD(a_quota_outlasts_a_restart);
    ADD(a_quota_that_ended_meanwhile_is_none);
    ADD(a_rate_outlasts_a_restart);
    ADD(a_bound_that_cannot_be_right_is_not_restored);
    ADD(a_deferred_recipient_is_tried_at_the_time_that_is_named);
}
