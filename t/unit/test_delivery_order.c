/* test_delivery_order.c: what delivery sends first, where it depends on what happened before. */
#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "delivery/backlog.h"
#include "sending_rig.h"

static sending_rig_t rig;
static char asked[64]; /* of each RCPT, the recipient's number */
static const char *at_second;

static const char *hear(sending_rig_t *r, const char *command)
{
    const char *at = strstr(command, "<r");
    apr_size_t len = strlen(asked);

    (void)r;
    if (strncmp(command, "RCPT", 4) || !at) return NULL;
    if (len + 1 < sizeof(asked)) memcpy(asked + len, (char[]){ at[2], '\0' }, 2);
    return at[2] == '0' ? NULL : at_second;
}

static const char *put_off(sending_rig_t *r, const char *command)
{
    return hear(r, command) || strncmp(command, "RCPT", 4) ? NULL : "451 4.3.0 later";
}

static void begin(void)
{
    asked[0] = '\0';
    at_second = NULL;
    sending_rig_begin(&rig);
}

/* SMTPSendMaxRecipients 1, and a transaction every 40 s: the older message comes up for its second
 * attempt while the large one still has recipients without a first. */
static void untried_recipients_go_before_retries(void)
{
    begin();
    rig.reply = put_off;
    rig.settings.max_recipients = 1;
    rig.settings.rates = apr_array_make(rig.pool, 1, sizeof(ss_settings_rate_t));
    APR_ARRAY_PUSH(rig.settings.rates, ss_settings_rate_t) =
        (ss_settings_rate_t){ .count = 1, .per = 40 * RIG_SECOND };
    sending_rig_start(&rig);
    sending_rig_add(&rig, 1);
    sending_rig_run(&rig, RIG_SECOND);
    sending_rig_add(&rig, 4);
    sending_rig_run(&rig, 205 * RIG_SECOND);
    CU_ASSERT_STRING_EQUAL(asked, "001230");
    sending_rig_end(&rig);
}

/* The same where only its place is known: of the store's rows, the retry is the older one. */
static void places_with_untried_recipients_go_before_retries(void)
{
    begin();
    rig.reply = hear;
    rig.settings.max_recipients = 1;
    rig.settings.connections = 1;
    int old = sending_rig_put(&rig), large = sending_rig_put(&rig);
    rig.stored[old].rcpts[0].attempts = rig.stored[large].rcpts[1].attempts = 1;
    rig.stored[old].rcpts[0].state = rig.stored[large].rcpts[1].state = SS_STATE_DEFERRED;
    rig.stored[large].rcpts[1].number = 1;
    rig.stored[large].rcpts[1].address = "r1@example.net";
    rig.stored[large].rcpt_count = 2;
    rig.stored[old].created -= 3600 * RIG_SECOND;
    rig.holds_loads = 1;
    sending_rig_start(&rig);
    for (int i = 0; i < 2; i++) {
        const ss_job_t *job = ss_job_find(rig.delivery, rig.stored[i ? old : large].id);
        CU_ASSERT_PTR_NOT_NULL_FATAL(job);
        CU_ASSERT_EQUAL(job->entry.is_retry, i);
    }
    rig.holds_loads = 0;
    sending_rig_end(&rig);
}

/* The host refuses us whenever it hears of the recipient r1 of the oldest message, which is never
 * charged for that: it must not be the next one for ever. */
static void what_a_host_refuses_goes_behind_the_others(void)
{
    begin();
    rig.reply = hear;
    rig.settings.connections = rig.settings.max_recipients = 1;
    at_second = "450 4.7.0 hourly sending quota exceeded";
    sending_rig_start(&rig);
    int m = sending_rig_add(&rig, 2);
    for (int i = 0; i < 3; i++) sending_rig_add(&rig, 1);
    sending_rig_run(&rig, 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.bodies, 4);
    CU_ASSERT_EQUAL(rig.stored[m].rcpts[1].attempts, 0);
    at_second = NULL;
    sending_rig_run(&rig, 3700 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig.stored[m].rcpts[1].state, SS_STATE_SENT);
    sending_rig_end(&rig);
}

void ss_suite_delivery_order(void)
{
    CU_pSuite suite = CU_add_suite("delivery_order", NULL, NULL);

    CU_ADD_TEST(suite, untried_recipients_go_before_retries);
    CU_ADD_TEST(suite, places_with_untried_recipients_go_before_retries);
    CU_ADD_TEST(suite, what_a_host_refuses_goes_behind_the_others);
}
