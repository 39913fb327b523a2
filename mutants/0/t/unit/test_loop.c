/* test_loop.c: the event loop: descriptors, timers, what other threads post, helper threads. */
#include <CUnit/CUnit.h>
#include <apr_pools.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"

void ss_suite_loop(void);

#define TURNS_MAX 1000

static apr_pool_t *pool;
static ss_loop_t *loop;
static char seen[64]; /* what was called, a letter each */

static void open_loop(void)
{
    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL_FATAL(ss_loop_create(&loop, NULL, pool), APR_SUCCESS);
    memset(seen, 0, sizeof(seen));
}

static void close_loop(void)
{
    ss_loop_destroy(loop);
    apr_pool_destroy(pool);
}

static void see(const char *letter)
{
    apr_size_t len = strlen(seen);

    if (len + 1 < sizeof(seen)) seen[len] = *letter;
}

static void on_timer(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    see(timer->self);
}

static void timers_fire_in_order_of_time(void)
{
    ss_timer_t a = { .fired = on_timer, .self = "a" }, b = { .fired = on_timer, .self = "b" },
               c = { .fired = on_timer, .self = "c" };

    open_loop();
    ss_mono_t now = ss_loop_now(loop);
    ss_loop_timer(loop, &a, ss_mono_add(now, -1));
    ss_loop_timer(loop, &b, ss_mono_add(now, -3));
    ss_loop_timer(loop, &c, ss_mono_add(now, -2));
    ss_loop_timer(loop, &a, ss_mono_add(now, -4)); /* moved */
    ss_loop_turn(loop, 0);
    CU_ASSERT_STRING_EQUAL(seen, "abc");
    ss_loop_timer(loop, &a, ss_mono_add(now, -1));
    ss_loop_untimer(loop, &a);
    ss_loop_turn(loop, 0);
    CU_ASSERT_STRING_EQUAL(seen, "abc");
    close_loop();
}

static void on_again(ss_timer_t *timer, ss_mono_t now)
{
    see("x");
    ss_loop_timer(loop, timer, now);
}

static void a_timer_that_sets_itself_to_now_fires_once_a_turn(void)
{
    ss_timer_t x = { .fired = on_again };

    open_loop();
    ss_loop_timer(loop, &x, ss_loop_now(loop));
    ss_loop_turn(loop, 0);
    CU_ASSERT_STRING_EQUAL(seen, "x");
    ss_loop_turn(loop, -1); /* does not sleep: it is due */
    CU_ASSERT_STRING_EQUAL(seen, "xx");
    ss_loop_untimer(loop, &x);
    close_loop();
}

static void on_read(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    char byte;

    (void)now;
    see(events & SS_LOOP_READ ? "r" : "w");
    if ((events & SS_LOOP_READ) && read(watch->fd, &byte, 1) < 1) see("0");
}

static void a_descriptor_is_ready_when_bytes_come(void)
{
    int fds[2];

    open_loop();
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    ss_loop_watch_t watch = { .fd = fds[0], .ready = on_read };
    CU_ASSERT_EQUAL(ss_loop_watch(loop, &watch, SS_LOOP_READ), APR_SUCCESS);
    ss_loop_turn(loop, 0);
    CU_ASSERT_STRING_EQUAL(seen, "");
    CU_ASSERT_EQUAL(write(fds[1], "x", 1), 1);
    ss_loop_turn(loop, -1);
    CU_ASSERT_STRING_EQUAL(seen, "r");
    ss_loop_watch(loop, &watch, SS_LOOP_WRITE);
    ss_loop_turn(loop, -1);
    CU_ASSERT_STRING_EQUAL(seen, "rw");
    ss_loop_unwatch(loop, &watch);
    ss_loop_unwatch(loop, &watch);
    close(fds[0]);
    close(fds[1]);
    close_loop();
}

static void a_silent_descriptor_does_not_report_hang_up(void)
{
    int fds[2];

    open_loop();
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    ss_loop_watch_t watch = { .fd = fds[0], .ready = on_read };
    ss_loop_watch(loop, &watch, SS_LOOP_READ);
    ss_loop_watch(loop, &watch, 0);
    close(fds[1]);
    ss_loop_turn(loop, 0);
    CU_ASSERT_STRING_EQUAL(seen, "");
    ss_loop_watch(loop, &watch, SS_LOOP_WRITE);
    ss_loop_turn(loop, 0);
    /* a hang-up shows as both, whatever was asked for */
    CU_ASSERT_STRING_EQUAL(seen, "r0");
    ss_loop_unwatch(loop, &watch);
    close(fds[0]);
    close_loop();
}

static ss_loop_watch_t pair[2];

static void on_first(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    (void)events;
    (void)now;
    see("1");
    ss_loop_unwatch(loop, watch == &pair[0] ? &pair[1] : &pair[0]);
}

static void unwatching_holds_for_what_this_turn_found(void)
{
    int a[2], b[2];

    open_loop();
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    pair[0] = (ss_loop_watch_t){ .fd = a[0], .ready = on_first };
    pair[1] = (ss_loop_watch_t){ .fd = b[0], .ready = on_first };
    ss_loop_watch(loop, &pair[0], SS_LOOP_WRITE);
    ss_loop_watch(loop, &pair[1], SS_LOOP_WRITE);
    ss_loop_turn(loop, 0);
    CU_ASSERT_STRING_EQUAL(seen, "1");
    ss_loop_unwatch(loop, &pair[0]);
    ss_loop_unwatch(loop, &pair[1]);
    close(a[0]);
    close(a[1]);
    close(b[0]);
    close(b[1]);
    close_loop();
}

static void on_deferred(ss_deferred_t *d, ss_mono_t now)
{
    (void)now;
    see(d->self);
    if (!strcmp(d->self, "p")) ss_loop_defer(loop, d);
}

static void deferred_calls_come_once_a_turn(void)
{
    ss_deferred_t a = { .call = on_deferred, .self = "a" },
                  b = { .call = on_deferred, .self = "b" },
                  p = { .call = on_deferred, .self = "p" };

    open_loop();
    ss_loop_defer(loop, &a);
    ss_loop_defer(loop, &p);
    ss_loop_defer(loop, &b);
    ss_loop_defer(loop, &a);
    ss_loop_undefer(loop, &b);
    ss_loop_turn(loop, -1);
    CU_ASSERT_STRING_EQUAL(seen, "ap");
    ss_loop_turn(loop, -1);
    CU_ASSERT_STRING_EQUAL(seen, "app");
    ss_loop_undefer(loop, &p);
    ss_loop_defer(loop, &b);
    ss_loop_turn(loop, -1);
    CU_ASSERT_STRING_EQUAL(seen, "appb");
    close_loop();
}

#define POSTS 1000

static int posted, helped, done;

static void on_posted(void *baton)
{
    (void)baton;
    if (++posted == POSTS) ss_loop_stop(loop);
}

static void *post_many(void *baton)
{
    (void)baton;
    for (int i = 0; i < POSTS; i++) ss_loop_post(loop, on_posted, NULL);
    return NULL;
}

static void posts_of_another_thread_all_arrive(void)
{
    pthread_t thread;

    open_loop();
    posted = 0;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, post_many, NULL), 0);
    CU_ASSERT_EQUAL(ss_loop_run(loop), APR_SUCCESS);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(posted, POSTS);
    close_loop();
}

#define JOBS 40

typedef struct {
    pthread_t worker;
    int is_done;
} job_t;

static void work(void *baton)
{
    ((job_t *)baton)->worker = pthread_self();
    __atomic_add_fetch(&helped, 1, __ATOMIC_SEQ_CST);
}

static void on_done(void *baton)
{
    ((job_t *)baton)->is_done++;
    if (++done == JOBS) ss_loop_stop(loop);
}

static void help_runs_elsewhere_and_ends_here(void)
{
    job_t jobs[JOBS];

    open_loop();
    memset(jobs, 0, sizeof(jobs));
    helped = done = 0;
    for (int i = 0; i < JOBS; i++)
        CU_ASSERT_EQUAL(ss_loop_help(loop, work, on_done, &jobs[i]), APR_SUCCESS);
    CU_ASSERT_EQUAL(done, 0);
    CU_ASSERT_EQUAL(ss_loop_run(loop), APR_SUCCESS);
    CU_ASSERT_EQUAL(helped, JOBS);
    for (int i = 0; i < JOBS; i++) {
        CU_ASSERT_EQUAL(jobs[i].is_done, 1);
        CU_ASSERT_FALSE(pthread_equal(jobs[i].worker, pthread_self()));
    }
    close_loop();
}

void ss_suite_loop(void)
{
    CU_pSuite suite = CU_add_suite("loop", NULL, NULL);

    CU_add_test(suite, "timers_fire_in_order_of_time", timers_fire_in_order_of_time);
    CU_add_test(suite, "a_timer_that_sets_itself_to_now_fires_once_a_turn",
                a_timer_that_sets_itself_to_now_fires_once_a_turn);
    CU_add_test(suite, "a_descriptor_is_ready_when_bytes_come",
                a_descriptor_is_ready_when_bytes_come);
    CU_add_test(suite, "a_silent_descriptor_does_not_report_hang_up",
                a_silent_descriptor_does_not_report_hang_up);
    CU_add_test(suite, "unwatching_holds_for_what_this_turn_found",
                unwatching_holds_for_what_this_turn_found);
    CU_add_test(suite, "deferred_calls_come_once_a_turn", deferred_calls_come_once_a_turn);
    CU_add_test(suite, "posts_of_another_thread_all_arrive", posts_of_another_thread_all_arrive);
    CU_add_test(suite, "help_runs_elsewhere_and_ends_here", help_runs_elsewhere_and_ends_here);
}
