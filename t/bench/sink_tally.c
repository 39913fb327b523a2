/* sink_tally.c: which messages came, how often and when. Ids outside the expected range and
 * messages without one are counted apart: a late duplicate of an earlier run is never taken for a
 * message of this one. */
#include "bench.h"
#include "sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    long first, count, unique;
    uint64_t messages, duplicates, strays, nameless, bytes, connections;
    long open, open_most;
    int64_t first_at, last_at;
    unsigned char *seen;
    int64_t *at;
} tally;

void tally_expect(long first, long count)
{
    long open = tally.open;

    free(tally.seen);
    free(tally.at);
    memset(&tally, 0, sizeof(tally));
    tally.first = first;
    tally.count = count;
    tally.open = tally.open_most = open;
    tally.seen = calloc((size_t)count + 1, 1);
    tally.at = calloc((size_t)count + 1, sizeof(*tally.at));
    if (!tally.seen || !tally.at) bench_die("no memory for %ld ids", count);
}

void tally_message(const char *head, size_t head_len, uint64_t size)
{
    long id = bench_id_read(head, head_len), i = id - tally.first;
    int64_t now = bench_now();

    tally.messages++;
    tally.bytes += size;
    if (id < 0) {
        tally.nameless++;
    } else if (i < 0 || i >= tally.count) {
        tally.strays++;
    } else if (tally.seen[i]) {
        tally.duplicates++;
        if (tally.seen[i] < 255) tally.seen[i]++;
    } else {
        tally.seen[i] = 1;
        tally.at[i] = now;
        tally.unique++;
        if (!tally.first_at) tally.first_at = now;
        tally.last_at = now;
    }
}

void tally_connection(int is_new)
{
    tally.open += is_new ? 1 : -1;
    if (is_new) tally.connections++;
    if (tally.open > tally.open_most) tally.open_most = tally.open;
}

long tally_unique(void)
{
    return tally.unique;
}

void tally_print(void)
{
    printf("{\"messages\":%" PRIu64 ",\"unique\":%ld,\"missing\":%ld,\"duplicates\":%" PRIu64
           ",\"strays\":%" PRIu64 ",\"nameless\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"connections\":%" PRIu64 ",\"connectionsMost\":%ld,\"firstAt\":%" PRId64
           ",\"lastAt\":%" PRId64 ",\"now\":%" PRId64 "}\n",
           tally.messages, tally.unique, tally.count - tally.unique, tally.duplicates, tally.strays,
           tally.nameless, tally.bytes, tally.connections, tally.open_most, tally.first_at,
           tally.last_at, bench_now());
    fflush(stdout);
}

void tally_times(long first, long count)
{
    putchar('[');
    for (long id = first; id < first + count; id++) {
        long i = id - tally.first;
        printf("%s%" PRId64, id > first ? "," : "", i >= 0 && i < tally.count ? tally.at[i] : 0);
    }
    puts("]");
    fflush(stdout);
}
