/* bench.h: what the bench's three programs (sink, load, delay) share. They use nothing of src/:
 * whoever measures must not be what is measured. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_ID_FIELD "X-Bench-Id: "
#define BENCH_ID_DIGITS 10
/* ids in one run; past it a program refuses its arguments */
#define BENCH_MESSAGES_MAX 4000000

/* Nanoseconds of the clock that all processes of a machine share. */
int64_t bench_now(void);
/* Says why on stderr and ends with 2. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* A decimal number within bounds, or the end with `what` named. */
long bench_number(const char *text, long least, long most, const char *what);
/* Writes exactly BENCH_ID_DIGITS digits, no NUL. */
void bench_id_write(char *to, long id);
/* The id of a message's beginning, or -1 where it has none. */
long bench_id_read(const char *head, size_t len);
/* "host:port", an IPv4 address; connects and blocks, or the end. Nagle is off, the descriptor
 * non-blocking afterwards. */
int bench_connect(const char *address);
/* The same without an end: -1 with errno. */
int bench_try_connect(const char *address);
/* Listens on 127.0.0.1; *port 0 becomes the free one taken. */
int bench_listen(int *port);
/* Nagle off, non-blocking. */
void bench_quick(int fd);
int bench_epoll(void);
void bench_epoll_set(int epoll, int operation, int fd, uint32_t events, void *baton);

#endif
