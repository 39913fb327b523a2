/* queue.h: the real store (src/queue) under the simulator: requests gather until a commit, a crash
 * forgets what was gathered, a restart reads what is there. One a process, in a folder of its own;
 * its thread's work is done by whoever calls. */
#ifndef T_SIM_QUEUE_H
#define T_SIM_QUEUE_H

#include "queue/store.h"
#include "world.h"

/* Empties it for the next run. keeps: finished messages stay. */
void queue_begin(world_t *w, int keeps);
/* 1: the message is in the store, and all that was gathered; 0: the disk was full, the message was
 * refused. */
int queue_accept(world_t *w, const job_t *job);
/* Gathers what became of some recipients. */
void queue_outcome(world_t *w, const job_t *job, const int *numbers, int count);
/* A person's action. 1: it is on the disk, with all that was gathered; 0: the disk was full, the
 * person is told so. */
int queue_control(world_t *w, const job_t *job, ss_store_action_t control);
/* 1: all of it is on the disk; 0: the disk was full, outcomes are kept for the next time. */
int queue_commit(world_t *w);
/* The process dies: what was gathered is gone; then what the store has is read into the jobs, as a
 * daemon that starts does. */
void queue_crash(world_t *w, int reopens);
/* When all is over: the store says the same as the jobs, nothing waits in it, and its counts are
 * right. */
void queue_judge(world_t *w);
/* At the process's end. */
void queue_end(void);

#endif
