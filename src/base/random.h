/* random.h: random numbers that nobody can tell in advance. */
#ifndef SS_BASE_RANDOM_H
#define SS_BASE_RANDOM_H

#include <apr.h>

/* 32 bits, drawn from the kernel for many calls at once. One thread of a process alone may call it.
 */
apr_uint32_t ss_random_32(void);

#endif
