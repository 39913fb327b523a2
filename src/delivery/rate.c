#include "delivery/rate.h"

#include <apr_strings.h>
#include <string.h>

#include "delivery/delivery_impl.h"
#include "delivery/kept.h"
#include "delivery/retry.h"
#include "smtp/phrase.h"

/* For people, and as SMTPSendRate takes it: "14/s", "40/min". */
static const char *rate_of(const ss_throttle_t *t, char *text, apr_size_t size)
{
    apr_int64_t in_minute = 60 * APR_USEC_PER_SEC / t->gap;

    if (in_minute >= 120)
        apr_snprintf(text, size, "%" APR_INT64_T_FMT "/s", in_minute / 60);
    else
        apr_snprintf(text, size, "%" APR_INT64_T_FMT "/min", in_minute > 1 ? in_minute : 1);
    return text;
}

/* The relay's words, as they are shown with its state. */
void ss_rate_describe(ss_relay_t *relay)
{
    char rate[32];

    apr_snprintf(relay->slow, sizeof(relay->slow),
                 "the server asks for a lower rate: about %s after its reply %s",
                 rate_of(&relay->throttle, rate, sizeof(rate)), relay->slow_reply);
    for (char *p = relay->slow; *p; p++) {
        if (*p == '\r' || *p == '\n') *p = ' ';
    }
}

static void refused(ss_relay_t *relay, const ss_client_message_t *message,
                    const ss_client_rcpt_t *rcpt)
{
    int is_minute = ss_phrase_is_in("minute|per min|/min", rcpt->text);

    if (ss_throttle_refused(&relay->throttle, message->started, is_minute,
                            ss_delivery_mono(relay->delivery)))
        relay->is_slow_new = 1;
    apr_snprintf(relay->slow_reply, sizeof(relay->slow_reply), "%d %s%s%s", rcpt->code,
                 rcpt->has_dsn ? rcpt->dsn : "", rcpt->has_dsn ? " " : "", rcpt->text);
    ss_rate_describe(relay);
}

/* What was on its way has been answered: the rate is known. */
static void say(ss_relay_t *relay)
{
    char rate[32];

    relay->is_slow_new = 0;
    ss_kept_save(relay);
    ss_rate_describe(relay);
    ss_log(relay->delivery->log, SS_LOG_WARN, 227,
           "relay \"%s\": %s; the rate grows again until it refuses more. No message is charged an "
           "attempt. SMTPSendRate %s makes it permanent",
           relay->name, relay->slow, rate_of(&relay->throttle, rate, sizeof(rate)));
}

void ss_rate_judge(ss_relay_t *relay, const ss_client_message_t *message)
{
    const ss_client_rcpt_t *limited = NULL;
    int is_sent = 0;

    for (int i = 0; i < message->rcpt_count; i++) {
        is_sent |= message->rcpts[i].fate == SS_FATE_SENT;
        if (message->rcpts[i].fate == SS_FATE_LIMITED &&
            strcmp(message->rcpts[i].advice, "too-many-connections") &&
            !ss_retry_is_quota(message->rcpts[i].advice))
            limited = &message->rcpts[i];
    }
    if (is_sent)
        ss_throttle_took(&relay->throttle, message->started, ss_delivery_mono(relay->delivery));
    if (limited) refused(relay, message, limited);
}

int ss_rate_allows(ss_relay_t *relay)
{
    const ss_delivery_t *d = relay->delivery;

    if (ss_throttle_grow(&relay->throttle, ss_delivery_mono(d))) {
        ss_kept_save(relay);
        ss_log(d->log, SS_LOG_NOTICE, 228,
               "relay \"%s\": the server has taken a much higher rate for a while: it is no longer "
               "limited",
               relay->name);
    }
    ss_mono_t when = ss_throttle_wait(&relay->throttle, ss_delivery_mono(d));
    if (!ss_mono_is_set(when)) {
        if (relay->is_slow_new && relay->throttle.gap) say(relay);
        return 1;
    }
    ss_delivery_timer(d, &relay->timer, when);
    return 0;
}

void ss_rate_spend(ss_relay_t *relay)
{
    ss_throttle_spend(&relay->throttle, ss_delivery_mono(relay->delivery));
}
