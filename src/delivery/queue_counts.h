/* queue_counts.h: how much the store holds, by relay and state. Counted once at the start and kept
 * up after that. A process that leaves in order writes its numbers down for the next one, since
 * counting a million messages takes seconds in which nothing would be sent. Counting that failed,
 * or during which mail moved, is repeated; mail is accepted and sent meanwhile. */
#pragma once

#include "delivery/relay.h"
#include "queue/store.h"

#define SS_QUEUE_COUNTS_KEY "tally" /* of the row with the numbers */
/* At the start: takes over the numbers that the last process wrote down (saved; NULL: none), or
 * counts. done is called once, maybe within the call, after the first try. */
void ss_queue_counts_begin(ss_delivery_t *d, const char *saved, void (*done)(ss_delivery_t *d));
/* The numbers are not right any more: they are counted again as soon as nothing moves, or after
 * some tries although mail moves. */
void ss_queue_counts_again(ss_delivery_t *d);
/* How long to wait for the next try after the last wait (0: none). is_ok: the store counted, only
 * not exactly, so that it is known about how much waits. Pure. */
apr_interval_time_t ss_queue_counts_wait(apr_interval_time_t last, int is_ok, int tries);
/* The last thing that a process which leaves asks of the store. */
void ss_queue_counts_save(ss_delivery_t *d);
/* Adds what came into this node's keeping. */
void ss_queue_counts_add(ss_delivery_t *d, const ss_store_count_t *row);
/* What a purge deleted (of ss_store_count_t). */
void ss_queue_counts_purged(ss_delivery_t *d, const apr_array_header_t *rows);
/* Adds to the request what is asked about this relay; takes what it answered. */
void ss_queue_counts_ask_oldest(const ss_relay_t *relay, ss_store_oldest_t *request);
void ss_queue_counts_take_oldest(ss_delivery_t *d, const ss_store_oldest_t *request);
