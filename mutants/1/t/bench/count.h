/* count.h: what count.c writes for each process, read by tools.py (Counts); all since the process
 * began. */
#ifndef T_BENCH_COUNT_H
#define T_BENCH_COUNT_H

#include <stdint.h>

typedef struct {
    uint64_t pid;          /* 0: the slot is free */
    uint64_t allocations;  /* calls of malloc and its kin */
    uint64_t allocated;    /* bytes asked for */
    uint64_t copies;       /* calls of memcpy and memmove */
    uint64_t copied;       /* bytes of them */
    uint64_t kernel_bytes; /* bytes read and written by system calls, files and sockets */
} count_t;

#endif
