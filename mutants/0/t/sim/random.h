/* random.h: the simulator's only source of chance: one 64-bit number gives the whole run
 * (splitmix64). */
#ifndef T_SIM_RANDOM_H
#define T_SIM_RANDOM_H

#include <stdint.h>

typedef struct {
    uint64_t state;
} random_t;

static inline uint64_t random_next(random_t *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* From 0 to below n; n > 0. */
static inline int random_below(random_t *r, int n)
{
    return (int)(random_next(r) % (uint64_t)n);
}

/* Once in n. */
static inline int random_once(random_t *r, int n)
{
    return random_below(r, n) == 0;
}

#endif
