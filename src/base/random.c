#include "base/random.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

#define WORDS 64
#define KEPT 256 /* bytes: getrandom gives so many at once, or fails */

apr_uint32_t ss_random_32(void)
{
    static apr_uint32_t words[WORDS];
    static apr_size_t left;

    if (!left) {
        /* Only a kernel that has just started has none. */
        if (getrandom(words, sizeof(words), GRND_NONBLOCK) != (ssize_t)sizeof(words))
            return (apr_uint32_t)ss_wall_now();
        left = WORDS;
    }
    return words[--left];
}

int ss_random_bytes(void *into, apr_size_t len)
{
    static __thread unsigned char kept[KEPT];
    static __thread apr_size_t left;
    static __thread pid_t owner;
    unsigned char *to = into;

    for (; len; len--) {
        /* A fork has a copy of what its parent draws next. */
        if (!left || owner != getpid()) {
            if (getrandom(kept, sizeof(kept), 0) != (ssize_t)sizeof(kept)) return 0;
            left = KEPT;
            owner = getpid();
        }
        *to++ = kept[--left];
        kept[left] = 0;
    }
    return 1;
}
