/* trouble.h: why the delivery daemon cannot be reached, in memory that all of httpd's processes
 * share: the parent and the daemon write it, web processes say it to their clients. */
#pragma once

#include <apr_pools.h>

#include "base/mono.h"

#define SS_TROUBLE_TEXT 320
/* a daemon needs no longer before it takes requests: the one before it has 10 s to leave */
#define SS_TROUBLE_READY_WITHIN (15 * APR_USEC_PER_SEC)
/* nor to look at what has come; clients look again each SS_TROUBLE_LOOK, so that a person hears of
 * it within two seconds */
#define SS_TROUBLE_LOOK (4 * APR_USEC_PER_SEC / 5)
#define SS_TROUBLE_TURN_WITHIN (3 * APR_USEC_PER_SEC / 2)

typedef struct {                  /* each "" where nothing is wrong */
    char socket[SS_TROUBLE_TEXT]; /* the local socket cannot be opened */
    char start[SS_TROUBLE_TEXT];  /* the daemon cannot start */
    volatile apr_int64_t started; /* ss_mono_t of the last start; 0: none yet */
    /* ss_mono_t of the last turn of the loop of a daemon that takes requests; 0: none does */
    volatile apr_int64_t turned;
} ss_trouble_t;

/* Shared with processes that are forked later, and with one that gets *fd. Stays until the process
 * ends; where the system refuses shared memory it is the pool's, only this process knows the texts,
 * and *fd is -1. */
ss_trouble_t *ss_trouble_create(int *fd, apr_pool_t *pool);
/* The same memory in a process that got the descriptor; NULL: the system refuses. */
ss_trouble_t *ss_trouble_attach(int fd);
/* Changes one text. Returns 1 where it was another one, so that each is logged once. */
int ss_trouble_set(char place[SS_TROUBLE_TEXT], const char *text);
/* A sentence, or NULL: nothing is wrong. trouble may be NULL. asked: when a request began that
 * the daemon has not answered; not set: none has, and what is wrong with the socket is not said,
 * since the parent learns only later that it is there again. */
const char *ss_trouble_text(const ss_trouble_t *trouble, ss_mono_t asked, ss_mono_t now);
/* The sentence for a daemon that is there and does not react. */
extern const char ss_trouble_hangs[];
