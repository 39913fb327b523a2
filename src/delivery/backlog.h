/* backlog.h: what the store holds and memory does not: the order of the waiting messages, read in
 * steps, and the messages themselves, read when it is their turn. */
#pragma once

#include "delivery/job.h"

/* messages of a relay being read from the store at once */
#define SS_BACKLOG_LOADS_MAX 64
/* a larger message is never whole in memory: its parts are read as they are sent */
#define SS_BACKLOG_WHOLE_MAX (2 * SS_PART_MAX)

/* Reads the order of the waiting messages from the start (start, after entries were dropped, after
 * a node was taken over). Nothing happens while it is being read. */
void ss_backlog_read(ss_relay_t *relay);
/* The same, also if it is being read now: again when that has ended. */
void ss_backlog_read_again(ss_relay_t *relay);
/* Reads more when entries were dropped for room, and most of what was kept is sent. */
void ss_backlog_refill(ss_relay_t *relay);
/* Reads the message of a job that has only its place (at most SS_BACKLOG_LOADS_MAX at once, which
 * the caller sees to), then puts it into the order. */
void ss_backlog_load(ss_job_t *job);
/* A message that cannot be read, though others can, is put on hold with the reason. Where not even
 * that can be written, it is tried again later. Nothing may be sending it. */
void ss_backlog_set_aside(ss_job_t *job, const char *reason);
