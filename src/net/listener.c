/* listener.c: a listening socket on the event loop. See listener.h. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptors.h"

#define ACCEPTS_A_TURN 64 /* then the loop's other descriptors get their turn */
#define DESCRIPTORS_AGAIN (APR_USEC_PER_SEC / 10)

static void on_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    ss_listener_t *l = watch->self;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN && l->is_open && !l->is_paused; i++) {
        int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->accepted(l->self, fd);
        } else if (ss_descriptors_are_short(errno)) {
            ss_loop_watch(l->loop, watch, 0);
            ss_loop_timer(l->loop, &l->again, ss_mono_add(now, DESCRIPTORS_AGAIN));
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void on_again(ss_timer_t *timer, ss_mono_t now)
{
    ss_listener_t *l = timer->self;

    (void)now;
    if (!l->is_paused) ss_loop_watch(l->loop, &l->watch, SS_LOOP_READ);
}

apr_status_t ss_listener_start(ss_listener_t *l, ss_loop_t *loop, int fd,
                               void (*accepted)(void *self, int fd), void *self)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
    *l = (ss_listener_t){ .loop = loop, .accepted = accepted, .self = self };
    l->watch = (ss_loop_watch_t){ .fd = fd, .ready = on_ready, .self = l };
    l->again = (ss_timer_t){ .fired = on_again, .self = l };
    apr_status_t rv = ss_loop_watch(loop, &l->watch, SS_LOOP_READ);
    l->is_open = rv == APR_SUCCESS;
    return rv;
}

void ss_listener_pause(ss_listener_t *l)
{
    l->is_paused = 1;
    ss_loop_watch(l->loop, &l->watch, 0);
}

void ss_listener_resume(ss_listener_t *l)
{
    if (!l->is_open) return;
    l->is_paused = 0;
    ss_loop_untimer(l->loop, &l->again);
    ss_loop_watch(l->loop, &l->watch, SS_LOOP_READ);
}

void ss_listener_stop(ss_listener_t *l)
{
    if (!l->is_open) return;
    l->is_open = 0;
    ss_loop_untimer(l->loop, &l->again);
    ss_loop_unwatch(l->loop, &l->watch);
    close(l->watch.fd);
}

int ss_listener_send(int fd, ss_buf_t *out)
{
    while (out->len) {
        ssize_t sent = send(fd, out->data, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        ss_buf_take(out, (apr_size_t)sent);
    }
    return 0;
}
