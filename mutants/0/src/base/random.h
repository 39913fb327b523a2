/* random.h: random numbers that nobody can tell in advance. */
#pragma once

#include <apr.h>

/* 32 bits, drawn from the kernel for many calls at once. One thread of a process alone may call it.
 */
apr_uint32_t ss_random_32(void);
