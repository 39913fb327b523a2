/* learned.h: what hosts were found to need. */
#ifndef SS_DELIVERY_LEARNED_H
#define SS_DELIVERY_LEARNED_H

#include <jansson.h>
#include "base/mono.h"

typedef struct ss_daemon_t ss_daemon_t;

/* What a host was found to need, remembered for a day (learned.c). host: "name:port". */
unsigned ss_learned_bits(ss_daemon_t *d, const char *host, int *recipients, apr_time_t now);
void ss_learned_add(ss_daemon_t *d, const char *host, unsigned bit, int recipients,
                    const char *words, apr_time_t now);
void ss_learned_restore(ss_daemon_t *d, const char *host, const char *json, apr_time_t now);
json_t *ss_learned_json(ss_daemon_t *d, const char *host);

#endif
