/* sink_received.c: which messages came, how often and when. Ids outside the expected range and
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
} received;

void received_expect(long first, long count)
{
    long open = received.open;

    free(received.seen);
    free(received.at);
    memset(&received, 0, sizeof(received));
    received.first = first;
    received.count = count;
    received.open = received.open_most = open;
    received.seen = calloc((size_t)count + 1, 1);
    received.at = calloc((size_t)count + 1, sizeof(*received.at));
    if (!received.seen || !received.at) bench_die("no memory for %ld ids", count);
}

void received_message(const char *head, size_t head_len, uint64_t size)
{
    long id = bench_id_read(head, head_len), i = id - received.first;
    int64_t now = bench_now();

    received.messages++;
    received.bytes += size;
    if (id < 0) {
        received.nameless++;
    } else if (i < 0 || i >= received.count) {
        received.strays++;
    } else if (received.seen[i]) {
        received.duplicates++;
        if (received.seen[i] < 255) received.seen[i]++;
    } else {
        received.seen[i] = 1;
        received.at[i] = now;
        received.unique++;
        if (!received.first_at) received.first_at = now;
        received.last_at = now;
    }
}

void received_connection(int is_new)
{
    received.open += is_new ? 1 : -1;
    if (is_new) received.connections++;
    if (received.open > received.open_most) received.open_most = received.open;
}

long received_unique(void)
{
    return received.unique;
}

void received_print(void)
{
    printf("{\"messages\":%" PRIu64 ",\"unique\":%ld,\"missing\":%ld,\"duplicates\":%" PRIu64
           ",\"strays\":%" PRIu64 ",\"nameless\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"connections\":%" PRIu64 ",\"connectionsMost\":%ld,\"firstAt\":%" PRId64
           ",\"lastAt\":%" PRId64 ",\"now\":%" PRId64 "}\n",
           received.messages, received.unique, received.count - received.unique,
           received.duplicates, received.strays, received.nameless, received.bytes,
           received.connections, received.open_most, received.first_at, received.last_at,
           bench_now());
    fflush(stdout);
}

void received_times(long first, long count)
{
    putchar('[');
    for (long id = first; id < first + count; id++) {
        long i = id - received.first;
        printf("%s%" PRId64, id > first ? "," : "",
               i >= 0 && i < received.count ? received.at[i] : 0);
    }
    puts("]");
    fflush(stdout);
}
