#include "delivery/strikes.h"

/* So many at once, and then one in so much time: 6 + 10 / 2.5 = 10 in 10 s. */
#define AT_ONCE 6
#define PRICE (2500 * 1000)

int ss_strikes_add(ss_strikes_t *strikes, int round, int weight)
{
    if (round != strikes->round) return 0;
    strikes->round++;
    strikes->count += weight;
    return 1;
}

void ss_strikes_clear(ss_strikes_t *strikes)
{
    strikes->count = 0;
}

int ss_strikes_are_out(const ss_strikes_t *strikes)
{
    return strikes->count >= SS_STRIKES_DOWN;
}

int ss_strikes_has_room(const ss_strikes_t *strikes, int fresh, int useful)
{
    return fresh < (strikes->count ? 1 : SS_STRIKES_FRESH + useful);
}

void ss_strikes_pay(ss_strikes_t *strikes, ss_mono_t now)
{
    strikes->full = ss_mono_add(ss_mono_max(strikes->full, now), PRICE);
}

ss_mono_t ss_strikes_next(const ss_strikes_t *strikes, int fresh, ss_mono_t now)
{
    ss_mono_t paid = ss_mono_max(strikes->full, now),
              next = ss_mono_add(paid, (fresh - AT_ONCE + 1) * (apr_interval_time_t)PRICE);

    return ss_mono_before(now, next) ? next : (ss_mono_t){ 0 };
}
