/* store_rig.h: a store in a folder of its own, asked from one thread, for the tests of src/queue.
 */
#ifndef T_UNIT_STORE_RIG_H
#define T_UNIT_STORE_RIG_H

#include "queue/store.h"

#define RIG_NOW apr_time_from_sec(1800000000)

typedef struct {
    char folder[64], file[96];
    ss_store_t *store;
    int wake[2];
    ss_result_t result; /* of the last opening or request that failed */
    ss_ident_source_t ids;
} store_rig_t;

/* Makes the folder. */
void store_rig_begin(store_rig_t *rig);
/* The outcome of ss_store_open. */
apr_status_t store_rig_open(store_rig_t *rig, apr_interval_time_t lock_wait);
void store_rig_close(store_rig_t *rig);
/* Closes and removes what is there. */
void store_rig_end(store_rig_t *rig);
/* begin and open; the test ends when that fails. */
void store_rig_start(store_rig_t *rig);

/* For requests: sets the int that is the baton; store_rig_wait looks there. */
void store_rig_done(ss_store_request_t *request);
void store_rig_post(store_rig_t *rig, ss_store_request_t *request);
/* Collects until *is_done; the test ends after twenty seconds. */
void store_rig_wait(store_rig_t *rig, const int *is_done);
/* Posts and waits. The caller destroys request->pool. */
apr_status_t store_rig_ask(store_rig_t *rig, ss_store_request_t *request);

/* A message for relay "default" with recipients r0@example.net ..., content of `size` bytes in
 * parts. Its pool is the caller's. */
ss_message_t *store_rig_message(store_rig_t *rig, int recipients, apr_size_t size);
/* What byte `at` of the content of such a message is. */
char store_rig_byte(apr_size_t at);
apr_status_t store_rig_accept(store_rig_t *rig, ss_message_t *m);
/* An outcome of one recipient. */
apr_status_t store_rig_finish(store_rig_t *rig, ss_message_t *m, int recipient, ss_state_t state,
                              const char *reply, int keep_history);
/* The message as the store has it ("queued", "partial" ..., "none"). */
const char *store_rig_state(store_rig_t *rig, const char *id);

#endif
