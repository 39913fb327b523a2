/* pause.h: a relay's pause: by directive or made while running. */
#ifndef SS_DELIVERY_PAUSE_H
#define SS_DELIVERY_PAUSE_H

#include <jansson.h>
#include "base/mono.h"

typedef struct ss_relay_t ss_relay_t;

typedef struct {
    int directive;              /* SMTPSendPause On */
    int stored;                 /* made while running */
    const char *reason, *who;   /* malloc'ed */
    apr_time_t since, until;    /* of the stored one; until 0: open */
    apr_time_t effective_since; /* paused by either (or engine off) since; 0: not */
    apr_interval_time_t total;  /* paused time before effective_since, over all restarts */
    ss_mono_t said;             /* last line in the log */
    /* of the sign of life before the last change here (share.h): what that one reads is older */
    apr_uint64_t number;
} ss_pause_t;

/* pause.c. until 0: open end. Persist first, then take effect; done(baton, rv) when on stable
 * storage. */
void ss_pause_restore(ss_relay_t *relay, const char *json, apr_time_t now);
/* What stands in the queue that several nodes share, read by the sign of life of that number:
 * another node's pause or resume takes effect. */
void ss_pause_share(ss_relay_t *relay, const char *json, apr_uint64_t number, apr_time_t now);
apr_status_t ss_pause_set(ss_relay_t *relay, const char *reason, const char *who, apr_time_t until,
                          apr_time_t now);
apr_status_t ss_pause_clear(ss_relay_t *relay, const char *who, apr_time_t now);
void ss_pause_begin(ss_relay_t *relay, apr_time_t now);
/* The pause as a JSON object for the status document. */
json_t *ss_pause_json(const ss_relay_t *relay);

#endif
