/* conversion.h: convert.h for a large message, whose computing would take longer than the loop's
 * other business may wait: on another thread, before the message is handed over. */
#pragma once

#include "delivery/convert.h"
#include "delivery/ports.h"

/* content of more octets is converted so: a megabyte takes about 20 ms */
#define SS_CONVERSION_FROM (128 * 1024)
/* of a relay, under way or not handed over yet; further messages wait */
#define SS_CONVERSION_MAX 4

typedef struct {
    ss_convert_t asked, left; /* left: what could not be converted */
    int is_changed;
    const char *bytes; /* where is_changed */
    apr_size_t len;
    int is_running;
    /* private */
    apr_pool_t *pool;
    const ss_message_t *message;
    int *count; /* of the relay */
    int is_dropped;
    void (*done)(void *self);
    void *self;
} ss_conversion_t;

/* Begins it; done is called when it is over, unless it is over at once (is_running 0). Until then
 * the message, all of which must be in memory, must not change. *count is one more until
 * ss_conversion_drop. */
ss_conversion_t *ss_conversion_begin(const ss_ports_t *ports, const ss_message_t *m,
                                     ss_convert_t asked, int *count, void (*done)(void *self),
                                     void *self);
/* Whether it is over, and of what is asked. May be NULL. */
int ss_conversion_fits(const ss_conversion_t *c, ss_convert_t asked);
/* Frees it. 1; or 0: a thread still reads the message, which must stay, and done is not called. May
 * be NULL. */
int ss_conversion_drop(ss_conversion_t *c);
