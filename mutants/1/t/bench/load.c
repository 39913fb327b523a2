/* load.c: submits messages that carry numbers, by HTTP, SMTP or a command each, and says how long
 * it took. One thread, epoll, bounded by --seconds. usage: load http|smtp --to 127.0.0.1:PORT
 * [--path /mail] [--connections N] [--count N] [--first ID] [--size OCTETS] [--batch N]
 *             [--interval MS] [--seconds N] [--times FILE]
 *        load exec [--connections N] [--count N] ... -- COMMAND ARGUMENT...
 * --batch: NDJSON, that many messages a request. --interval: one message each MS ms (one
 * connection), what an idle system's latency is measured with. Prints one line of JSON. Exit code 0
 * also where messages were refused: the line tells. */
#include "bench.h"
#include "load.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

load_options_t load_options = {
    .path = "/mail", .connections = 32, .count = 1000, .size = 2048, .batch = 1, .seconds = 120
};
load_t load_run;

long load_take(long how_many)
{
    long from = load_run.next;
    int64_t now = bench_now();

    if (from >= load_options.count || now > load_run.deadline) return -1;
    if (how_many > load_options.count - from) how_many = load_options.count - from;
    for (long i = 0; i < how_many; i++) load_run.begun[from + i] = now;
    load_run.next += how_many;
    return load_options.first + from;
}

void load_answered(long accepted, long refused, int64_t asked_at)
{
    int64_t now = bench_now();

    load_run.accepted += accepted;
    load_run.refused += refused;
    load_run.ended = now;
    if (load_run.answers < load_options.count)
        load_run.latency[load_run.answers++] = (uint32_t)((now - asked_at) / 1000);
}

void load_trouble(const char *text, size_t len)
{
    if (*load_run.trouble) return;
    if (len > sizeof(load_run.trouble) - 1) len = sizeof(load_run.trouble) - 1;
    for (size_t i = 0; i < len; i++)
        load_run.trouble[i] =
            text[i] < ' ' || text[i] == '"' || text[i] == '\\' || text[i] == 127 ? ' ' : text[i];
}

long load_pause(void)
{
    int64_t due = load_run.started + load_run.next * load_options.interval_ms * 1000000,
            now = bench_now();

    return load_options.interval_ms && due > now ? (long)((due - now) / 1000000) + 1 : 0;
}

static const char head[] =
    "From: <bench@sender.example>\r\nTo: <bench@sink.example>\r\nSubject: A message of the "
    "bench\r\n"
    "Date: Mon, 05 Jan 2026 12:00:00 +0000\r\nMessage-ID: "
    "<0000000000.bench@sender.example>\r\n" BENCH_ID_FIELD "0000000000\r\n\r\n";

/* The place of a number of ten noughts in the head: in Message-ID, then in the bench's own field.
 */
static char *number_place(char *from)
{
    return memmem(from, strlen(from), "0000000000", BENCH_ID_DIGITS);
}

void load_number(char *message, long id)
{
    static size_t places[2];

    if (!places[0]) {
        char copy[sizeof(head)];
        memcpy(copy, head, sizeof(head));
        places[0] = (size_t)(number_place(copy) - copy);
        places[1] = (size_t)(number_place(copy + places[0] + BENCH_ID_DIGITS) - copy);
    }
    for (int i = 0; i < 2; i++) bench_id_write(message + places[i], id);
}

char *load_message(size_t *len)
{
    static const char line[] =
        "The quick brown fox jumps over the lazy dog, and so does this line.\r\n";
    size_t size = (size_t)load_options.size, body = 0;
    char *text = malloc(sizeof(head) + size + sizeof(line));

    if (!text) bench_die("no memory for a message of %zu octets", size);
    memcpy(text, head, sizeof(head) - 1);
    while (body < size) {
        size_t n = size - body < sizeof(line) - 1 ? size - body : sizeof(line) - 1;
        memcpy(text + sizeof(head) - 1 + body, line + (sizeof(line) - 1 - n), n);
        body += n;
    }
    *len = sizeof(head) - 1 + size;
    return text;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static uint32_t percentile(double part)
{
    return load_run.answers ? load_run.latency[(long)(part * (double)(load_run.answers - 1))] : 0;
}

static void report(void)
{
    qsort(load_run.latency, (size_t)load_run.answers, sizeof(*load_run.latency), by_value);
    printf(
        "{\"asked\":%ld,\"accepted\":%ld,\"refused\":%ld,\"errors\":%ld,\"reconnects\":%ld,"
        "\"repeated\":%ld,\"startedAt\":%" PRId64 ",\"endedAt\":%" PRId64
        ",\"p50\":%u,\"p90\":%u,\"p99\":%u,\"max\":%u,\"childrenCpu\":%.3f,\"trouble\":\"%s\"}\n",
        load_run.next, load_run.accepted, load_run.refused, load_run.errors, load_run.reconnects,
        load_run.repeated, load_run.started, load_run.ended, percentile(0.5), percentile(0.9),
        percentile(0.99), percentile(1), load_run.children_cpu, load_run.trouble);
    if (!load_options.times) return;
    FILE *file = fopen(load_options.times, "w");
    if (!file) bench_die("%s cannot be written", load_options.times);
    for (long i = 0; i < load_run.next; i++) fprintf(file, "%" PRId64 "\n", load_run.begun[i]);
    if (fclose(file)) bench_die("%s cannot be written", load_options.times);
}

static void read_options(int argc, char **argv)
{
    static const struct option options[] = {
        { "to", 1, NULL, 't' },    { "path", 1, NULL, 'p' },     { "connections", 1, NULL, 'c' },
        { "count", 1, NULL, 'n' }, { "first", 1, NULL, 'f' },    { "size", 1, NULL, 's' },
        { "batch", 1, NULL, 'b' }, { "interval", 1, NULL, 'i' }, { "seconds", 1, NULL, 'S' },
        { "times", 1, NULL, 'T' }, { NULL, 0, NULL, 0 }
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (letter == 't')
            load_options.to = optarg;
        else if (letter == 'p')
            load_options.path = optarg;
        else if (letter == 'T')
            load_options.times = optarg;
        else if (letter == 'c')
            load_options.connections =
                bench_number(optarg, 1, LOAD_CONNECTIONS_MAX, "--connections");
        else if (letter == 'n')
            load_options.count = bench_number(optarg, 1, BENCH_MESSAGES_MAX, "--count");
        else if (letter == 'f')
            load_options.first = bench_number(optarg, 0, 1000000000, "--first");
        else if (letter == 's')
            load_options.size = bench_number(optarg, 1, 64 << 20, "--size");
        else if (letter == 'b')
            load_options.batch = bench_number(optarg, 1, LOAD_BATCH_MAX, "--batch");
        else if (letter == 'i')
            load_options.interval_ms = bench_number(optarg, 1, 60000, "--interval");
        else if (letter == 'S')
            load_options.seconds = bench_number(optarg, 1, 3600, "--seconds");
        else
            exit(2);
    }
    load_options.command = argv + optind;
    if (load_options.interval_ms) load_options.connections = 1;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";

    if (argc > 1) read_options(argc - 1, argv + 1);
    load_run.begun = calloc((size_t)load_options.count, sizeof(*load_run.begun));
    load_run.latency = calloc((size_t)load_options.count, sizeof(*load_run.latency));
    if (!load_run.begun || !load_run.latency)
        bench_die("no memory for %ld messages", load_options.count);
    signal(SIGPIPE, SIG_IGN);
    load_run.started = bench_now();
    load_run.deadline = load_run.started + load_options.seconds * 1000000000;
    if (strcmp(way, "exec") && !load_options.to)
        bench_die(
            "usage: load http|smtp --to ADDRESS:PORT [options], load exec [options] -- COMMAND");
    if (!strcmp(way, "http"))
        load_http();
    else if (!strcmp(way, "smtp"))
        load_smtp();
    else if (!strcmp(way, "exec"))
        load_exec();
    else
        bench_die("the first argument is http, smtp or exec");
    report();
    return 0;
}
