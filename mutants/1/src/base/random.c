#include "base/random.h"

#include <sys/random.h>

#include "base/clock.h"

#define WORDS 64

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
