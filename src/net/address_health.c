#include "net/address_health.h"

#include <apr_strings.h>
#include <string.h>

static int find(const ss_address_health_t *health, const char *text, int port)
{
    for (int i = 0; i < SS_ADDRESS_HEALTH_MAX; i++) {
        if (health->sick[i].port == port && !strcmp(health->sick[i].text, text)) return i;
    }
    return -1;
}

void ss_address_health_failed(ss_address_health_t *health, const char *text, int port,
                              ss_mono_t now)
{
    int at = find(health, text, port);

    for (int i = 0, oldest = at; at < 0 && i < SS_ADDRESS_HEALTH_MAX; i++) {
        if (oldest < 0 || ss_mono_before(health->sick[i].until, health->sick[oldest].until))
            oldest = i;
        if (i + 1 == SS_ADDRESS_HEALTH_MAX) at = oldest;
    }
    apr_cpystrn(health->sick[at].text, text, sizeof(health->sick[at].text));
    health->sick[at].port = port;
    health->sick[at].until = ss_mono_add(now, SS_ADDRESS_HEALTH_FOR);
}

void ss_address_health_worked(ss_address_health_t *health, const char *text, int port)
{
    int at = find(health, text, port);

    if (at >= 0) health->sick[at].until = (ss_mono_t){ 0 };
}

/* Until when it is sick; not set: it is not. */
static ss_mono_t until(const ss_address_health_t *health, const char *text, int port, ss_mono_t now)
{
    int at = find(health, text, port);

    return at < 0 || ss_mono_reached(health->sick[at].until, now) ? (ss_mono_t){ 0 }
                                                                  : health->sick[at].until;
}

int ss_address_health_sort(const ss_address_health_t *health, ss_resolve_addresses_t *addresses,
                           int port, ss_mono_t now)
{
    int healthy = 0;

    /* insertion: equal ones keep their order */
    for (int i = 0; i < addresses->count; i++) {
        ss_resolve_address_t moved = addresses->list[i];
        ss_mono_t own = until(health, moved.text, port, now);
        int to = i;
        for (;
             to > 0 && ss_mono_before(own, until(health, addresses->list[to - 1].text, port, now));
             to--)
            addresses->list[to] = addresses->list[to - 1];
        addresses->list[to] = moved;
        healthy += !ss_mono_is_set(own);
    }
    return healthy ? healthy : addresses->count;
}
