/* loop.c: one thread's event loop over epoll. Other threads reach it by a list under a mutex and
 * one eventfd, written only when the list was empty. Nothing wakes it while nothing is due. */
#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/helpers.h"

#define EVENTS_A_TURN 256
#define HELPERS_MAX 8       /* threads; more work waits in order */
#define LONG_HELPERS_MAX 16 /* the same */
#define COMPUTERS_MAX 2     /* the same */
/* past it a timer is refused and the log says so: far above descriptors and waiting messages in
 * memory */
#define TIMERS_MAX (1 << 20)
#define POSTED_MAX (1 << 20)           /* what other threads may have waiting: past it APR_ENOMEM */
#define WAIT_MAX_MS (24 * 3600 * 1000) /* epoll takes an int of milliseconds */

/* bits of ss_loop_watch_t.is_registered: known to the loop, known to epoll */
enum { COUNTED = 1, POLLED = 2 };

typedef struct posted_t {
    void (*call)(void *baton);
    void *baton;
    struct posted_t *next;
} posted_t;

struct ss_loop_t {
    const ss_log_t *log;
    int epoll, wake;
    int count; /* of watches */
    int is_stopped;
    ss_mono_t now; /* both clocks at the start of the turn */
    apr_time_t wall;
    volatile apr_int64_t *beat; /* of other processes; or NULL */
    ss_heap_t timers;
    struct epoll_event found[EVENTS_A_TURN];
    int found_count;
    ss_deferred_list_t deferred;
    pthread_mutex_t mutex; /* guards the posted list alone */
    posted_t *posted, **posted_end;
    int posted_count;
    ss_helpers_t *helpers, *long_helpers, *computers;
};

static apr_status_t open_descriptors(ss_loop_t *loop)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) return errno;
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake < 0) return errno;
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &event) ? errno : APR_SUCCESS;
}

static void close_descriptors(ss_loop_t *loop)
{
    if (loop->wake >= 0) close(loop->wake);
    if (loop->epoll >= 0) close(loop->epoll);
}

static void read_clocks(ss_loop_t *loop)
{
    loop->now = ss_mono_now();
    loop->wall = ss_wall_now();
}

static apr_status_t post_from_helper(void *self, void (*done)(void *baton), void *baton)
{
    return ss_loop_post(self, done, baton);
}

apr_status_t ss_loop_create(ss_loop_t **out, const ss_log_t *log, apr_pool_t *pool)
{
    ss_loop_t *loop = apr_pcalloc(pool, sizeof(*loop));

    loop->log = log;
    loop->epoll = loop->wake = -1;
    apr_status_t rv = open_descriptors(loop);
    if (rv == APR_SUCCESS) {
        loop->helpers = ss_helpers_create(HELPERS_MAX, post_from_helper, loop);
        loop->long_helpers = ss_helpers_create(LONG_HELPERS_MAX, post_from_helper, loop);
        loop->computers = ss_helpers_create(COMPUTERS_MAX, post_from_helper, loop);
        if (!loop->helpers || !loop->long_helpers || !loop->computers) rv = APR_ENOMEM;
    }
    if (rv != APR_SUCCESS) {
        if (loop->helpers) ss_helpers_destroy(loop->helpers);
        if (loop->long_helpers) ss_helpers_destroy(loop->long_helpers);
        if (loop->computers) ss_helpers_destroy(loop->computers);
        close_descriptors(loop);
        return rv;
    }
    pthread_mutex_init(&loop->mutex, NULL);
    loop->posted_end = &loop->posted;
    ss_heap_init(&loop->timers, TIMERS_MAX);
    read_clocks(loop);
    *out = loop;
    return APR_SUCCESS;
}

void ss_loop_destroy(ss_loop_t *loop)
{
    /* First, so that no helper posts any more. */
    ss_helpers_destroy(loop->helpers);
    ss_helpers_destroy(loop->long_helpers);
    ss_helpers_destroy(loop->computers);
    while (loop->posted) {
        posted_t *next = loop->posted->next;
        free(loop->posted);
        loop->posted = next;
    }
    pthread_mutex_destroy(&loop->mutex);
    ss_heap_free(&loop->timers);
    close_descriptors(loop);
}

ss_mono_t ss_loop_now(const ss_loop_t *loop)
{
    return loop->now;
}

apr_time_t ss_loop_wall(const ss_loop_t *loop)
{
    return loop->wall;
}

void ss_loop_stop(ss_loop_t *loop)
{
    loop->is_stopped = 1;
}

/* ---- descriptors ---- */

/* A descriptor with no events is taken out of epoll, which would go on reporting hang-ups. */
apr_status_t ss_loop_watch(ss_loop_t *loop, ss_loop_watch_t *watch, int events)
{
    struct epoll_event event = { .events = 0, .data.ptr = watch };
    int is_polled = (watch->is_registered & POLLED) != 0;

    if (!watch->is_registered && loop->count >= SS_LOOP_DESCRIPTORS_MAX) return APR_ENOSPC;
    if (events & SS_LOOP_READ) event.events |= EPOLLIN;
    if (events & SS_LOOP_WRITE) event.events |= EPOLLOUT;
    if (events & SS_LOOP_GONE) event.events |= EPOLLRDHUP;
    if (events && !(is_polled && watch->events == events)) {
        if (epoll_ctl(loop->epoll, is_polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd, &event))
            return errno;
    } else if (!events && is_polled) {
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, &event);
    }
    if (!watch->is_registered) loop->count++;
    watch->events = events;
    watch->is_registered = COUNTED | (events ? POLLED : 0);
    return APR_SUCCESS;
}

void ss_loop_unwatch(ss_loop_t *loop, ss_loop_watch_t *watch)
{
    struct epoll_event event = { .events = 0 };

    if (!watch->is_registered) return;
    if (watch->is_registered & POLLED) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, &event);
    watch->is_registered = 0;
    watch->events = 0;
    loop->count--;
    for (int i = 0; i < loop->found_count; i++) {
        if (loop->found[i].data.ptr == watch) loop->found[i].data.ptr = NULL;
    }
}

static void call_ready(ss_loop_t *loop)
{
    for (int i = 0; i < loop->found_count; i++) {
        ss_loop_watch_t *watch = loop->found[i].data.ptr;
        uint32_t found = loop->found[i].events;
        int events = 0;
        if (!watch) continue;
        if (found & EPOLLIN) events |= SS_LOOP_READ;
        if (found & EPOLLOUT) events |= SS_LOOP_WRITE;
        if (found & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) events |= SS_LOOP_GONE & watch->events;
        if (found & (EPOLLERR | EPOLLHUP)) events |= SS_LOOP_READ | SS_LOOP_WRITE;
        /* A callback before this one may have lost interest. */
        else
            events &= watch->events;
        if (events && (watch->is_registered & POLLED)) watch->ready(watch, events, loop->now);
    }
    loop->found_count = 0;
}

/* ---- timers and calls at the turn's end ---- */

void ss_loop_timer(ss_loop_t *loop, ss_timer_t *timer, ss_mono_t when)
{
    if (ss_timer_set(&loop->timers, timer, when) != APR_SUCCESS) {
        ss_log(loop->log, SS_LOG_ERROR, 400,
               "out of memory: a timer was not set; one operation now has no timeout");
    }
}

void ss_loop_untimer(ss_loop_t *loop, ss_timer_t *timer)
{
    ss_heap_remove(&loop->timers, &timer->node);
}

void ss_loop_defer(ss_loop_t *loop, ss_deferred_t *deferred)
{
    ss_deferred_add(&loop->deferred, deferred);
}

void ss_loop_undefer(ss_loop_t *loop, ss_deferred_t *deferred)
{
    ss_deferred_cancel(&loop->deferred, deferred);
}

/* ---- other threads ---- */

apr_status_t ss_loop_post(ss_loop_t *loop, void (*call)(void *baton), void *baton)
{
    posted_t *posted = malloc(sizeof(*posted));
    apr_uint64_t one = 1;
    int is_first;

    if (!posted) return APR_ENOMEM;
    *posted = (posted_t){ call, baton, NULL };
    pthread_mutex_lock(&loop->mutex);
    if (loop->posted_count >= POSTED_MAX) {
        pthread_mutex_unlock(&loop->mutex);
        free(posted);
        return APR_ENOMEM;
    }
    is_first = !loop->posted;
    *loop->posted_end = posted;
    loop->posted_end = &posted->next;
    loop->posted_count++;
    pthread_mutex_unlock(&loop->mutex);
    /* Fails only when the counter is full: then the loop is woken already. */
    if (is_first && write(loop->wake, &one, sizeof(one)) < 0) return APR_SUCCESS;
    return APR_SUCCESS;
}

static void call_posted(ss_loop_t *loop)
{
    apr_uint64_t count;
    posted_t *list;

    /* Read before the list is taken: what is posted after that wakes again. */
    if (read(loop->wake, &count, sizeof(count)) < 0) count = 0;
    pthread_mutex_lock(&loop->mutex);
    list = loop->posted;
    loop->posted = NULL;
    loop->posted_end = &loop->posted;
    loop->posted_count = 0;
    pthread_mutex_unlock(&loop->mutex);
    while (list) {
        posted_t *next = list->next;
        void (*call)(void *) = list->call;
        void *baton = list->baton;
        free(list);
        list = next;
        call(baton);
    }
}

apr_status_t ss_loop_help(ss_loop_t *loop, void (*work)(void *baton), void (*done)(void *baton),
                          void *baton)
{
    return ss_helpers_run(loop->helpers, work, done, baton);
}

apr_status_t ss_loop_help_long(ss_loop_t *loop, void (*work)(void *baton),
                               void (*done)(void *baton), void *baton)
{
    return ss_helpers_run(loop->long_helpers, work, done, baton);
}

apr_status_t ss_loop_compute(ss_loop_t *loop, void (*work)(void *baton), void (*done)(void *baton),
                             void *baton)
{
    return ss_helpers_run(loop->computers, work, done, baton);
}

/* ---- turning ---- */

static int wait_ms(const ss_loop_t *loop, apr_interval_time_t most)
{
    apr_interval_time_t wait = most;
    ss_mono_t first;

    if (ss_deferred_any(&loop->deferred)) return 0;
    if (ss_timer_next(&loop->timers, &first)) {
        apr_interval_time_t until = ss_mono_since(first, ss_mono_now());
        if (until < 0) until = 0;
        if (wait < 0 || until < wait) wait = until;
    }
    if (wait < 0) return -1;
    /* Rounded up: waking early would be a wake-up for nothing. */
    wait = (wait + 999) / 1000;
    return wait > WAIT_MAX_MS ? WAIT_MAX_MS : (int)wait;
}

apr_status_t ss_loop_turn(ss_loop_t *loop, apr_interval_time_t most)
{
    int is_woken = 0;
    int count = epoll_wait(loop->epoll, loop->found, EVENTS_A_TURN, wait_ms(loop, most));

    if (count < 0 && errno != EINTR) return errno;
    loop->found_count = count < 0 ? 0 : count;
    read_clocks(loop);
    if (loop->beat) *loop->beat = loop->now.us;
    for (int i = 0; i < loop->found_count; i++) is_woken |= !loop->found[i].data.ptr;
    call_ready(loop);
    if (is_woken) call_posted(loop);
    ss_timer_fire(&loop->timers, loop->now);
    ss_deferred_run(&loop->deferred, loop->now);
    return APR_SUCCESS;
}

void ss_loop_beat(ss_loop_t *loop, volatile apr_int64_t *beat)
{
    loop->beat = beat;
    if (beat) *beat = loop->now.us;
}

apr_status_t ss_loop_run(ss_loop_t *loop)
{
    apr_status_t rv = APR_SUCCESS;

    while (!loop->is_stopped && rv == APR_SUCCESS) rv = ss_loop_turn(loop, -1);
    loop->is_stopped = 0;
    return rv;
}
