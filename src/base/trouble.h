/* trouble.h: why the delivery daemon cannot be reached, in memory that all of httpd's processes
 * share: the parent and the daemon write it, web processes say it to their clients. */
#pragma once

#include <apr_pools.h>

#define SS_TROUBLE_TEXT 320

typedef struct {                  /* each "" where nothing is wrong */
    char socket[SS_TROUBLE_TEXT]; /* the local socket cannot be opened */
    char start[SS_TROUBLE_TEXT];  /* the daemon cannot start */
} ss_trouble_t;

/* Shared with processes that are forked later, and with one that gets *fd. Stays until the process
 * ends; where the system refuses shared memory it is the pool's, only this process knows the texts,
 * and *fd is -1. */
ss_trouble_t *ss_trouble_create(int *fd, apr_pool_t *pool);
/* The same memory in a process that got the descriptor; NULL: the system refuses. */
ss_trouble_t *ss_trouble_attach(int fd);
/* Changes one text. Returns 1 where it was another one, so that each is logged once. */
int ss_trouble_set(char place[SS_TROUBLE_TEXT], const char *text);
/* A sentence, or NULL: nothing is wrong. trouble may be NULL. */
const char *ss_trouble_text(const ss_trouble_t *trouble);
