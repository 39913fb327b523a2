#include "net/connect.h"

#include <apr_strings.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"

#define TRIED_MAX 800 /* octets of what was tried, in words */

typedef struct {
    ss_loop_watch_t watch; /* fd -1: not started, or over */
    ss_connect_t *owner;
    const ss_resolve_address_t *address;
    ss_mono_t started;
    apr_interval_time_t took;
    int error; /* errno; 0: not known yet */
} attempt_t;

struct ss_connect_t {
    ss_loop_t *loop;
    ss_resolve_addresses_t addresses;
    attempt_t attempts[SS_ADDRESSES_MAX];
    int next, open; /* next: to be started; open: under way */
    int healthy;
    ss_mono_t late; /* the others only then, while one of these is under way */
    ss_timer_t stagger, deadline;
    ss_resolve_address_t source;
    int has_source;
    char source_text[SS_ADDRESS_TEXT];
    char host[256];
    int port;
    ss_mono_t started;
    void (*done)(void *self, const ss_connect_result_t *connected);
    void *self;
};

static void close_attempt(attempt_t *a)
{
    if (a->watch.fd < 0) return;
    ss_loop_unwatch(a->owner->loop, &a->watch);
    close(a->watch.fd);
    a->watch.fd = -1;
    a->owner->open--;
}

void ss_connect_cancel(ss_connect_t *c)
{
    for (int i = 0; i < c->next; i++) close_attempt(&c->attempts[i]);
    ss_loop_untimer(c->loop, &c->stagger);
    ss_loop_untimer(c->loop, &c->deadline);
    free(c);
}

/* ---- words ---- */

/* The one that says most comes first: somebody who answers "no" knows more than silence, and
 * silence more than a missing route. */
static const struct {
    int error;
    const char *code, *words;
} errors[] = { { ECONNREFUSED, "ECONNREFUSED", "refused" },
               { ETIMEDOUT, "ETIMEDOUT", "no answer" },
               { EHOSTUNREACH, "EHOSTUNREACH", "no route to host" },
               { ENETUNREACH, "ENETUNREACH", "network is unreachable" },
               { EADDRNOTAVAIL, "EADDRNOTAVAIL", "the source address is not this machine's" },
               { EACCES, "EACCES", "this machine's firewall or policy forbids it" },
               { EPERM, "EACCES", "this machine's firewall or policy forbids it" },
               { 0, "", "still pending" } };

#define ERRORS ((int)(sizeof(errors) / sizeof(errors[0])))
#define RANKED 5 /* the first ones, in the order above */

static int index_of(int error)
{
    int i = 0;

    while (i < ERRORS && errors[i].error != error) i++;
    return i;
}

static const char *error_word(int error)
{
    int i = index_of(error);

    return i < ERRORS ? errors[i].words : strerror(error);
}

/* "192.0.2.1: refused (1 ms), 2001:db8::1: ..." of all that were tried. */
static void describe(const ss_connect_t *c, char *out, apr_size_t size)
{
    apr_size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < c->next && used + 120 < size; i++) {
        const attempt_t *a = &c->attempts[i];
        apr_snprintf(out + used, size - used, "%s%s: %s (%" APR_TIME_T_FMT " ms)", i ? ", " : "",
                     a->address->text, error_word(a->error), a->took / 1000);
        used += strlen(out + used);
    }
}

static int worst_error(const ss_connect_t *c)
{
    int best = ERRORS;

    for (int i = 0; i < c->next; i++) {
        int at = index_of(c->attempts[i].error);
        if (at < best) best = at;
    }
    if (best < RANKED) return errors[best].error;
    return c->next ? c->attempts[0].error : EADDRNOTAVAIL;
}

#define SAY(...) ss_result_set(result, "connect", code, __VA_ARGS__) /* advice, format, values */

static void explain(const ss_connect_t *c, ss_result_t *result)
{
    int error = worst_error(c), at = index_of(error);
    char tried[TRIED_MAX];
    const char *code = at < ERRORS ? errors[at].code : "";

    describe(c, tried, sizeof(tried));
    if (error == ECONNREFUSED) {
        SAY("connect-refused", "nothing listens on port %d of %s: the connection was refused [%s]",
            c->port, c->host, tried);
    } else if (error == ETIMEDOUT) {
        SAY("connect-timeout",
            "%s port %d does not answer: no connection within %" APR_TIME_T_FMT " s [%s]", c->host,
            c->port, apr_time_sec(ss_mono_since(ss_mono_now(), c->started)), tried);
    } else if (error == EADDRNOTAVAIL && c->has_source) {
        SAY("connect-source", "SMTPSendSourceAddress %s cannot be used to reach %s [%s]",
            c->source_text, c->host, *tried ? tried : "no address of the same family");
    } else if (error == EACCES || error == EPERM) {
        SAY("connect-denied", "%s port %d: %s [%s]", c->host, c->port, error_word(error), tried);
    } else if (ss_descriptors_are_short(error)) {
        apr_snprintf(tried, sizeof(tried), "no connection can be opened to %s", c->host);
        ss_descriptors_explain(result, "connect", tried, error);
    } else {
        SAY("connect-unreachable", "%s port %d cannot be reached: %s [%s]", c->host, c->port,
            error_word(error), tried);
    }
}

/* ---- trying ---- */

static void finish(ss_connect_t *c, attempt_t *winner)
{
    ss_connect_result_t connected = { .fd = -1 };
    void (*done)(void *, const ss_connect_result_t *) = c->done;
    void *self = c->self;
    ss_resolve_address_t address;
    char tried[TRIED_MAX];

    if (winner) {
        int v6_failed = 0;
        address = *winner->address;
        connected.fd = winner->watch.fd;
        connected.address = &address;
        ss_loop_unwatch(c->loop, &winner->watch);
        winner->watch.fd = -1;
        c->open--;
        for (int i = 0; i < c->next; i++)
            v6_failed |=
                &c->attempts[i] < winner && c->attempts[i].address->socket.ss_family == AF_INET6;
        winner->error = 0;
        describe(c, tried, sizeof(tried));
        if (c->next > 1) {
            ss_result_set(&connected.result, "connect", "",
                          v6_failed && address.socket.ss_family == AF_INET ? "ipv6-unreachable"
                                                                           : NULL,
                          "%s answered; tried: %s", address.text, tried);
        }
    } else {
        explain(c, &connected.result);
    }
    ss_connect_cancel(c);
    done(self, &connected);
}

static void failed(attempt_t *a, int error, ss_mono_t now)
{
    a->error = error ? error : EIO;
    a->took = ss_mono_since(now, a->started);
    close_attempt(a);
}

static int open_socket(ss_connect_t *c, const ss_resolve_address_t *address)
{
    int one = 1, fd;

    if (c->has_source && c->source.socket.ss_family != address->socket.ss_family) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
#ifdef IP_BIND_ADDRESS_NO_PORT
    /* Many connections from one address: the port is chosen when the destination is known. */
    if (c->has_source) setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
#endif
    int ok = !c->has_source || !bind(fd, (const struct sockaddr *)&c->source.socket, c->source.len);
    if (ok && (!connect(fd, (const struct sockaddr *)&address->socket, address->len) ||
               errno == EINPROGRESS))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Starts the next address; those that fail at once are passed over. Nothing left and nothing open:
 * the end. */
static void start_next(ss_connect_t *c)
{
    while (c->next < c->addresses.count) {
        ss_mono_t now = ss_mono_now();
        if (c->next >= c->healthy && c->open && ss_mono_before(now, c->late)) {
            ss_loop_timer(c->loop, &c->stagger, c->late);
            return;
        }
        attempt_t *a = &c->attempts[c->next++];
        a->started = now;
        int fd = open_socket(c, a->address);
        if (fd < 0) {
            a->error = errno;
            continue;
        }
        a->watch.fd = fd;
        c->open++;
        if (ss_loop_watch(c->loop, &a->watch, SS_LOOP_WRITE) != APR_SUCCESS) {
            failed(a, EMFILE, a->started);
            continue;
        }
        if (c->next < c->addresses.count)
            ss_loop_timer(c->loop, &c->stagger, ss_mono_add(a->started, SS_CONNECT_STAGGER));
        return;
    }
    if (!c->open) finish(c, NULL);
}

static void on_ready(ss_loop_watch_t *watch, int events, ss_mono_t now)
{
    attempt_t *a = watch->self;
    ss_connect_t *c = a->owner;
    int error = 0;
    socklen_t len = sizeof(error);

    (void)events;
    if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &len)) error = errno;
    if (error) {
        failed(a, error, now);
        start_next(c);
        return;
    }
    a->took = ss_mono_since(now, a->started);
    finish(c, a);
}

static void on_stagger(ss_timer_t *timer, ss_mono_t now)
{
    (void)now;
    start_next(timer->self);
}

static void on_deadline(ss_timer_t *timer, ss_mono_t now)
{
    ss_connect_t *c = timer->self;

    for (int i = 0; i < c->next; i++) {
        if (c->attempts[i].watch.fd >= 0) failed(&c->attempts[i], ETIMEDOUT, now);
    }
    finish(c, NULL);
}

apr_status_t ss_connect_start(ss_connect_t **out, ss_loop_t *loop,
                              const ss_connect_options_t *options,
                              void (*done)(void *self, const ss_connect_result_t *connected),
                              void *self)
{
    ss_connect_t *c = calloc(1, sizeof(*c));

    if (!c) return APR_ENOMEM;
    c->loop = loop;
    c->addresses = *options->addresses;
    c->port = options->port;
    c->done = done;
    c->self = self;
    c->started = ss_mono_now();
    c->healthy = options->healthy;
    c->late = ss_mono_add(c->started, options->timeout / 2 < SS_CONNECT_LATE ? options->timeout / 2
                                                                             : SS_CONNECT_LATE);
    apr_cpystrn(c->host, options->host, sizeof(c->host));
    for (int i = 0; i < SS_ADDRESSES_MAX; i++) {
        c->attempts[i].watch =
            (ss_loop_watch_t){ .fd = -1, .ready = on_ready, .self = &c->attempts[i] };
        c->attempts[i].owner = c;
        c->attempts[i].address = &c->addresses.list[i];
    }
    if (options->source) {
        c->has_source = 1;
        apr_cpystrn(c->source_text, options->source, sizeof(c->source_text));
        /* What is no address is found here only where nobody checked: it then fits no family. */
        ss_resolve_parse(&c->source, options->source, 0);
    }
    c->stagger = (ss_timer_t){ .fired = on_stagger, .self = c };
    c->deadline = (ss_timer_t){ .fired = on_deadline, .self = c };
    ss_loop_timer(loop, &c->deadline, ss_mono_add(c->started, options->timeout));
    /* The first one from the loop, so that done never comes from inside this call. */
    ss_loop_timer(loop, &c->stagger, c->started);
    *out = c;
    return APR_SUCCESS;
}
