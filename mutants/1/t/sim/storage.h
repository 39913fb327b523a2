/* storage.h: the real store (src/queue) under the simulator, without its thread: requests gather
 * until the simulator lets the store work, and are answered when it collects. One per process, in
 * a folder of its own. */
#ifndef T_SIM_STORAGE_H
#define T_SIM_STORAGE_H

#include "queue/store.h"
#include "world.h"

/* Empties it for the next run. */
void storage_begin(world_t *w);
/* Takes a request; it is answered later. */
void storage_post(world_t *w, ss_store_request_t *request);
/* Requests posted and not answered. */
int storage_waiting(void);
/* Outcomes posted and not committed. */
int storage_outcomes(void);
/* What the store's thread does: all writes that wait in one transaction, one step of each read.
 * 1: something was done. */
int storage_work(world_t *w);
/* Answers what is finished. 1: something was. */
int storage_collect(void);
/* Answers everything as a store that is gone does: its process ends. commits: what was posted is
 * committed first, and only the answer is lost. */
void storage_lose(world_t *w, int commits);
/* Closes and opens the database, where it is a file. */
void storage_reopen(world_t *w);
/* A message with its recipients, or NULL (finished and not kept); the caller destroys its pool. */
ss_message_t *storage_look(world_t *w, const char *id);
/* At the end of a run: nothing waits, and the counts agree with the rows and with expected. */
void storage_judge(world_t *w, const apr_int64_t expected[SS_STATES]);
int storage_keeps(void); /* finished messages stay */
/* At the end of the process. */
void storage_end(void);

#endif
