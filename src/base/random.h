/* random.h: random numbers that nobody can tell in advance. */
#pragma once

#include <apr.h>

/* 32 bits, drawn from the kernel for many calls at once. One thread of a process alone may call it.
 */
apr_uint32_t ss_random_32(void);
/* Any number of bytes; any thread, and in a forked process others than in its parent's. Returns 0
 * where the system has none. */
int ss_random_bytes(void *into, apr_size_t len);
