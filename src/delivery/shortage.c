#include "delivery/shortage.h"

#include "delivery/delivery_impl.h"
#include "delivery/delivery_ports.h"
#include "smtp/advice.h"

void ss_shortage_begin(ss_relay_t *relay, const ss_result_t *result)
{
    const ss_delivery_t *d = relay->delivery;

    relay->shortage = *result;
    relay->shortage_until = ss_mono_add(ss_delivery_mono(d), SS_SHORTAGE_AGAIN);
    ss_delivery_timer(d, &relay->timer, relay->shortage_until);
    if (!ss_delivery_may_log(d, "relay \"%s\": this machine is short of resources", relay->name))
        return;
    ss_log(
        d->log, SS_LOG_WARN, 291,
        "relay \"%s\": %s; the relay itself is not to blame, mail waits and is tried again every "
        "second. %s",
        relay->name, relay->shortage.text, ss_advice_find(relay->shortage.advice)->remedy);
}

void ss_shortage_end(ss_relay_t *relay)
{
    ss_result_clear(&relay->shortage);
    relay->shortage_until = (ss_mono_t){ 0 };
}

int ss_shortage_lasts(ss_relay_t *relay)
{
    const ss_delivery_t *d = relay->delivery;

    if (!ss_mono_is_set(relay->shortage_until) ||
        ss_mono_reached(relay->shortage_until, ss_delivery_mono(d)))
        return 0;
    ss_delivery_timer(d, &relay->timer, relay->shortage_until);
    return 1;
}
