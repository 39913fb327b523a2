/* learned.h: what a host was found to need, remembered for a day, over restarts, and logged once
 * with the directive that makes it permanent. host: its name, "mail.example.com:465". Times are
 * wall times: they are stored. */
#pragma once

#include "base/json.h"

typedef struct ss_delivery_t ss_delivery_t;

/* hosts; past it nothing new is remembered */
#define SS_LEARNED_MAX 256

/* The SS_LEARN_ bits of a host. *recipients (or NULL): the most that it takes in a transaction; 0:
 * not known. */
unsigned ss_learned_bits(ss_delivery_t *d, const char *host, int *recipients);
/* One more bit; recipients: for SS_LEARN_MAX_RECIPIENTS. words: the server's, for the log. A lost
 * connection (SS_LEARN_NO_STREAMING) counts only when it is the second within an hour. */
void ss_learned_add(ss_delivery_t *d, const char *host, unsigned bit, int recipients,
                    const char *words);
/* Takes over the row "learned/<host>" of the setting table, this node's or another's. */
void ss_learned_restore(ss_delivery_t *d, const char *host, const char *json);
/* [{"host","what","directive"}] */
json_t *ss_learned_json(ss_delivery_t *d, const char *host);
