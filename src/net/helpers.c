/* helpers.c: the shared record is counted by its users (the loop and each thread) and freed by the
 * last: a name server that does not answer must not hold up the end of the process, nor may its
 * thread write into what is gone. */
#include "net/helpers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define IDLE_SECONDS 10 /* a thread without work ends after */
#define LEAVE_SECONDS 1

typedef struct job_t {
    void (*work)(void *baton);
    void (*done)(void *baton);
    void *baton;
    struct job_t *next;
} job_t;

struct ss_helpers_t {
    pthread_mutex_t mutex;
    pthread_cond_t more, left; /* more: a job came, or the end; left: a thread ended */
    apr_status_t (*post)(void *self, void (*done)(void *baton), void *baton);
    void *self; /* NULL: gone */
    job_t *first, **end;
    int waiting, threads, idle, max;
    int is_abandoned; /* the loop went without waiting longer: the last thread frees this */
};

ss_helpers_t *
ss_helpers_create(int max, apr_status_t (*post)(void *self, void (*done)(void *baton), void *baton),
                  void *self)
{
    ss_helpers_t *h = calloc(1, sizeof(*h));
    pthread_condattr_t attributes;

    if (!h) return NULL;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->more, &attributes);
    pthread_cond_init(&h->left, &attributes);
    pthread_condattr_destroy(&attributes);
    h->max = max;
    h->post = post;
    h->self = self;
    h->end = &h->first;
    return h;
}

static void free_helpers(ss_helpers_t *h)
{
    pthread_cond_destroy(&h->more);
    pthread_cond_destroy(&h->left);
    pthread_mutex_destroy(&h->mutex);
    free(h);
}

static struct timespec in_seconds(int seconds)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += seconds;
    return t;
}

/* With the mutex held. NULL: nothing came in time, or the loop is gone. */
static job_t *next_job(ss_helpers_t *h)
{
    struct timespec until = in_seconds(IDLE_SECONDS);
    int is_late = 0;

    while (!h->first && h->self && !is_late) {
        h->idle++;
        is_late = pthread_cond_timedwait(&h->more, &h->mutex, &until) != 0;
        h->idle--;
    }
    job_t *job = h->self ? h->first : NULL;
    if (job) {
        h->first = job->next;
        if (!h->first) h->end = &h->first;
        h->waiting--;
    }
    return job;
}

static void *help(void *baton)
{
    ss_helpers_t *h = baton;
    int is_last;

    pthread_mutex_lock(&h->mutex);
    for (job_t *job = next_job(h); job; job = next_job(h)) {
        pthread_mutex_unlock(&h->mutex);
        job->work(job->baton);
        pthread_mutex_lock(&h->mutex);
        /* Under the mutex: the loop cannot go away in between. */
        if (h->self) h->post(h->self, job->done, job->baton);
        free(job);
    }
    h->threads--;
    is_last = !h->threads && h->is_abandoned;
    pthread_cond_signal(&h->left);
    pthread_mutex_unlock(&h->mutex);
    if (is_last) free_helpers(h);
    return NULL;
}

/* Signals are the loop thread's. With the mutex held. */
static int start_thread(ss_helpers_t *h)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int rv;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = pthread_create(&thread, &attributes, help, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!rv) h->threads++;
    return rv;
}

apr_status_t ss_helpers_run(ss_helpers_t *h, void (*work)(void *baton), void (*done)(void *baton),
                            void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    job_t *job = calloc(1, sizeof(*job));

    if (!job) return APR_ENOMEM;
    *job = (job_t){ work, done, baton, NULL };
    pthread_mutex_lock(&h->mutex);
    if (h->waiting >= SS_HELPERS_JOBS_MAX)
        rv = APR_ENOSPC;
    else if (h->waiting >= h->idle && h->threads < h->max)
        rv = start_thread(h);
    /* A thread more was refused: those that run take it. */
    if (rv != APR_SUCCESS && rv != APR_ENOSPC && h->threads) rv = APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        *h->end = job;
        h->end = &job->next;
        h->waiting++;
        pthread_cond_signal(&h->more);
    }
    pthread_mutex_unlock(&h->mutex);
    if (rv != APR_SUCCESS) free(job);
    return rv;
}

void ss_helpers_destroy(ss_helpers_t *h)
{
    struct timespec until = in_seconds(LEAVE_SECONDS);
    int is_last, is_late = 0;

    pthread_mutex_lock(&h->mutex);
    h->self = NULL;
    while (h->first) {
        job_t *next = h->first->next;
        free(h->first);
        h->first = next;
    }
    pthread_cond_broadcast(&h->more);
    while (h->threads && !is_late)
        is_late = pthread_cond_timedwait(&h->left, &h->mutex, &until) != 0;
    is_last = !h->threads;
    h->is_abandoned = !is_last;
    pthread_mutex_unlock(&h->mutex);
    if (is_last) free_helpers(h);
}
