/* flush.h: "try everything at once". */
#ifndef SS_DELIVERY_FLUSH_H
#define SS_DELIVERY_FLUSH_H

typedef struct ss_relay_t ss_relay_t;

/* Tries at once: breakers and waits forgotten, in the store too (flush.c). */
void ss_flush_relay(ss_relay_t *relay, const char *who);

#endif
