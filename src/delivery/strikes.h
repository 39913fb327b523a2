/* strikes.h: sessions of a host that carried no mail: how many ended in a row, and when the next
 * connection may be opened. Pure: time comes in as an argument. Whatever a server does, no more
 * than 10 connections that carry nothing are opened to it within 10 s, and fewer than one a second
 * after that. */
#pragma once

#include "base/mono.h"

/* so many in a row, without mail in between: the host is down */
#define SS_STRIKES_DOWN 3
/* connections that have not carried anything yet: at first; after a strike one */
#define SS_STRIKES_FRESH 3

typedef struct {
    int count;      /* in a row */
    int round;      /* of the sessions that are opened now: one more with each strike */
    ss_mono_t full; /* the limiter's: all that was opened in vain is paid for at this time */
} ss_strikes_t;

/* A session of that round ended and had carried nothing: so many strikes. Sessions of an earlier
 * round were open at the last strike and failed together with it: they do not count again. Returns
 * 1 if it counts. */
int ss_strikes_add(ss_strikes_t *strikes, int round, int weight);
/* A session carried mail. */
void ss_strikes_clear(ss_strikes_t *strikes);
/* Whether the host is down because of them. */
int ss_strikes_are_out(const ss_strikes_t *strikes);
/* Whether one more may be open beside so many of this round that have carried nothing yet (fresh)
 * and so many that have (useful). */
int ss_strikes_has_room(const ss_strikes_t *strikes, int fresh, int useful);
/* A connection was opened in vain, whatever the reason. */
void ss_strikes_pay(ss_strikes_t *strikes, ss_mono_t now);
/* When the next connection may be opened; not set: now. fresh: as above. */
ss_mono_t ss_strikes_next(const ss_strikes_t *strikes, int fresh, ss_mono_t now);
