/* address_health.h: addresses to which a session failed before it carried mail: for 10 minutes they
 * are tried after the others of their name. Pure: time comes in as an argument. */
#pragma once

#include "net/resolve.h"

#define SS_ADDRESS_HEALTH_FOR (600 * APR_USEC_PER_SEC)
/* that are remembered; past it the oldest is forgotten */
#define SS_ADDRESS_HEALTH_MAX 64

typedef struct {
    struct {
        char text[SS_ADDRESS_TEXT];
        int port;
        ss_mono_t until; /* not set: none */
    } sick[SS_ADDRESS_HEALTH_MAX];
} ss_address_health_t;

void ss_address_health_failed(ss_address_health_t *health, const char *text, int port,
                              ss_mono_t now);
void ss_address_health_worked(ss_address_health_t *health, const char *text, int port);
/* Puts the sick ones last, the one first that failed first. Returns the number of the others; all
 * of them where all are sick. */
int ss_address_health_sort(const ss_address_health_t *health, ss_resolve_addresses_t *addresses,
                           int port, ss_mono_t now);
