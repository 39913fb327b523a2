/* listener.h: a listening socket on the event loop. It accepts what has arrived, up to a bound per
 * turn, and waits a moment when the process or the system runs out of descriptors: the socket would
 * otherwise be reported as ready without end. Loop thread. */
#pragma once

#include "base/buf.h"
#include "net/loop.h"

typedef struct { /* embed it; all zero = not open */
    ss_loop_t *loop;
    void (*accepted)(void *self, int fd);
    void *self;
    ss_loop_watch_t watch;
    ss_timer_t again; /* after a shortage of descriptors */
    int is_open, is_paused;
} ss_listener_t;

/* Serves a listening socket, which belongs to the listener if this succeeds. accepted(self, fd)
 * gets each connection, non-blocking; the descriptor is its own. An error is the system's. */
apr_status_t ss_listener_start(ss_listener_t *listener, ss_loop_t *loop, int fd,
                               void (*accepted)(void *self, int fd), void *self);
/* Accepts nothing until ss_listener_resume; clients wait in the kernel's backlog. May be called
 * from accepted. */
void ss_listener_pause(ss_listener_t *listener);
void ss_listener_resume(ss_listener_t *listener); /* nothing happens when it is not open */
/* Sends what out has to an accepted connection, as far as the kernel takes it now, and removes it
 * from out. 0, or -1: the peer is gone. */
int ss_listener_send(int fd, ss_buf_t *out);
/* Closes the socket; nothing happens when it is not open. */
void ss_listener_stop(ss_listener_t *listener);
