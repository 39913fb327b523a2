/* queue_counts.h: how much the store holds, by relay and state. */
#ifndef SS_DELIVERY_QUEUE_COUNTS_H
#define SS_DELIVERY_QUEUE_COUNTS_H

#include "queue/store.h"

typedef struct ss_daemon_t ss_daemon_t;
typedef struct ss_relay_t ss_relay_t;

/* At the start, after the settings were read: counts what waits, or takes over the numbers that the
 * last daemon wrote down (saved; NULL: none), then lets the relays begin. */
void ss_queue_counts_begin(ss_daemon_t *d, const char *saved);
/* The numbers that stand in the settings (of ss_store_setting_t), or NULL. */
const char *ss_queue_counts_saved(const apr_array_header_t *settings);
/* The last thing that a daemon which leaves asks of the store. */
void ss_queue_counts_save(ss_daemon_t *d);
/* Adds what came into this node's keeping. */
void ss_queue_counts_add(ss_daemon_t *d, const ss_store_count_t *row);
/* New numbers (of ss_store_count_t) in place of all. */
void ss_queue_counts_replace(ss_daemon_t *d, const apr_array_header_t *rows);
/* What a purge deleted (of ss_store_count_t). */
void ss_queue_counts_purged(ss_daemon_t *d, const apr_array_header_t *rows);
/* What OLDEST is to be asked about this relay, and what it answered. */
void ss_queue_counts_ask_oldest(const ss_relay_t *relay, ss_store_oldest_t *request);
void ss_queue_counts_take_oldest(ss_daemon_t *d, const ss_store_oldest_t *request);

#endif
