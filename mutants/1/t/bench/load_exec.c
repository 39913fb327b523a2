/* load_exec.c: a command for each message, which gets it on standard input: what an application
 * that calls sendmail does. CPU of the commands and of what they wait for is counted here, since it
 * is gone with them: it belongs to the system that is measured. */
#include "bench.h"
#include "load.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define BACKGROUND_SECONDS INT64_C(20)

typedef struct {
    pid_t pid;
    int64_t asked_at;
} job_t;

/* The message as a file in memory: a command may read it when it likes. Programs get line feeds
 * only, as from every other caller of sendmail. */
static int message_file(const char *message, size_t len)
{
    int fd = memfd_create("message", MFD_CLOEXEC);

    if (fd < 0 || write(fd, message, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))
        bench_die("no file in memory: %s", strerror(errno));
    return fd;
}

static void begin(job_t *job, const char *message, size_t len)
{
    posix_spawn_file_actions_t actions;
    int fd = message_file(message, len), error;

    job->asked_at = bench_now();
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    error = posix_spawnp(&job->pid, load_options.command[0], &actions, NULL, load_options.command,
                         environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fd);
    if (error) bench_die("%s cannot be run: %s", load_options.command[0], strerror(error));
}

/* Waits for one of them. What they left in the background came to us and is buried on the way. */
static job_t *finish(job_t *jobs)
{
    int status = 0;
    pid_t pid = wait(&status);

    if (pid < 0) bench_die("wait: %s", strerror(errno));
    for (long i = 0; i < load_options.connections; i++) {
        if (jobs[i].pid != pid) continue;
        int is_good = WIFEXITED(status) && !WEXITSTATUS(status);
        if (!is_good) load_trouble("the command failed", 18);
        load_answered(is_good, !is_good, jobs[i].asked_at);
        jobs[i].pid = 0;
        return &jobs[i];
    }
    return NULL;
}

/* Gives what works on in the background time to end, so that its CPU is counted. */
static void bury(void)
{
    int64_t until = bench_now() + BACKGROUND_SECONDS * 1000000000;
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && bench_now() < until) {
        if (!pid) nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    }
}

static size_t without_returns(char *text, size_t len)
{
    size_t to = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\r') text[to++] = text[i];
    }
    return to;
}

static void next(job_t *job, char *copy, const char *message, size_t len, long *running)
{
    long pause = load_pause(), id;

    if (pause)
        nanosleep(&(struct timespec){ .tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000 },
                  NULL);
    id = load_take(1);
    if (id < 0) return;
    memcpy(copy, message, len);
    load_number(copy, id);
    begin(job, copy, without_returns(copy, len));
    ++*running;
}

void load_exec(void)
{
    size_t len;
    char *message = load_message(&len), *copy = malloc(len);
    job_t *jobs = calloc((size_t)load_options.connections, sizeof(*jobs));
    struct rusage used;
    long running = 0;

    if (!copy || !jobs || !*load_options.command) bench_die("exec: a command is needed after --");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    load_run.started = bench_now();
    for (long i = 0; i < load_options.connections; i++)
        next(&jobs[i], copy, message, len, &running);
    while (running) {
        job_t *job = finish(jobs);
        if (!job) continue;
        running--;
        next(job, copy, message, len, &running);
    }
    bury();
    getrusage(RUSAGE_CHILDREN, &used);
    load_run.children_cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                            (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}
