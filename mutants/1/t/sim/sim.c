/* sim.c: the simulator as a program.
 *
 *   sim [-f FAMILIES] N [SEED]   N runs with the seeds SEED, SEED + 1, ... (the time, printed), in
 *                                one process per processor
 *   sim [-f FAMILIES] =SEED      one run, printed step by step
 *
 * FAMILIES: the kinds of faults, a sum of world.h's numbers; 0: none. Every run that fails is named
 * with its seed; the exit code is 1 then. */
#include <apr_general.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storage.h"

#define PROCESSES_MAX 64
#define SHOWN_MAX 10 /* failures that are printed; more are counted */

typedef struct {
    long runs, wrong, sent, failed, duplicates, uncertain, crashes, restarts, connections, faults;
} total_t;

static void add(total_t *total, const counts_t *counts)
{
    total->sent += counts->sent;
    total->failed += counts->failed;
    total->duplicates += counts->duplicates;
    total->uncertain += counts->uncertain;
    total->crashes += counts->crashes;
    total->restarts += counts->restarts;
    total->connections += counts->connections;
    total->faults += counts->faults;
}

/* Every count'th seed from the first on. */
static total_t run_some(uint64_t seed, int families, long runs, int first, int count)
{
    total_t total = { 0 };

    for (long i = first; i < runs; i += count) {
        counts_t counts;
        const char *wrong = world_run(seed + (uint64_t)i, families, 0, &counts);
        total.runs++;
        add(&total, &counts);
        if (!wrong) continue;
        if (total.wrong++ < SHOWN_MAX)
            printf("seed %" PRIu64 ": %s (again: sim -f %d =%" PRIu64 ")\n", seed + (uint64_t)i,
                   wrong, families, seed + (uint64_t)i);
    }
    return total;
}

static void add_total(total_t *into, const total_t *from)
{
    const long *add_from = (const long *)from;
    long *add_into = (long *)into;

    for (size_t i = 0; i < sizeof(total_t) / sizeof(long); i++) add_into[i] += add_from[i];
}

/* Shares the runs among processes. 0: all went well. */
static int run_all(uint64_t seed, int families, long runs)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int count = processors < 1               ? 1
                : processors > PROCESSES_MAX ? PROCESSES_MAX
                                             : (int)processors,
        is_bad = 0;
    int results[PROCESSES_MAX];
    total_t total = { 0 }, part;

    fflush(stdout);
    for (int i = 0; i < count; i++) {
        int ends[2];
        if (pipe(ends)) return 1;
        results[i] = ends[0];
        pid_t pid = fork();
        if (pid < 0) return 1;
        if (!pid) {
            part = run_some(seed, families, runs, i, count);
            storage_end();
            fflush(stdout);
            _exit(write(ends[1], &part, sizeof(part)) != (ssize_t)sizeof(part));
        }
        close(ends[1]);
    }
    for (int i = 0; i < count; i++) {
        if (read(results[i], &part, sizeof(part)) == (ssize_t)sizeof(part))
            add_total(&total, &part);
        else
            is_bad = 1;
    }
    for (int status; wait(&status) > 0;) is_bad |= status;
    printf("%ld runs, %ld wrong: %ld recipients sent, %ld failed, %ld deliveries twice, %ld "
           "uncertain, %ld connections, %ld faults, %ld crashes, %ld restarts\n",
           total.runs, total.wrong, total.sent, total.failed, total.duplicates, total.uncertain,
           total.connections, total.faults, total.crashes, total.restarts);
    return is_bad || total.wrong || total.runs != runs;
}

int main(int argc, char **argv)
{
    int families = FAULTS_BY_SEED;
    counts_t counts;

    if (apr_initialize() != APR_SUCCESS) return 2;
    if (argc > 2 && !strcmp(argv[1], "-f")) {
        families = (int)strtol(argv[2], NULL, 10);
        argc -= 2;
        argv += 2;
    }
    if (argc > 1 && argv[1][0] == '=') {
        const char *wrong = world_run(strtoull(argv[1] + 1, NULL, 10), families, 1, &counts);
        printf("%s\n", wrong ? wrong : "went well");
        storage_end();
        return wrong != NULL;
    }
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
    uint64_t seed =
        argc > 2 && *argv[2] ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000000;
    printf("simulator: %ld runs from seed %" PRIu64 "\n", runs, seed);
    int is_bad = run_all(seed, families, runs);
    apr_terminate();
    return is_bad;
}
