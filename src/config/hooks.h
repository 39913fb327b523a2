/* hooks.h: the keys of webhooks' signatures. A message carries which key signs for it, never the
 * key: the queue is a file. */
#pragma once

#include <apr_pools.h>

/* A secret of the configuration is remembered (while it is read; forgotten with pool, which is that
 * of the configuration). Gives what it is called, in the pool: the beginning of its hash. */
const char *ss_hooks_add(const char *secret, apr_pool_t *pool);
/* Each secret in turn, from 0; NULL after the last. */
const char *ss_hooks_at(int i);
/* Overwrites what httpd's read buffers keep of them (before it forks). */
void ss_hooks_scrub(void);
/* A location of the configuration has a webhook, or lets submissions name one. */
void ss_hooks_use(void);
int ss_hooks_are_used(void);
/* The secret of that name, or NULL: the configuration has it no longer. */
const char *ss_hooks_find(const char *name);
