#include "daemon/final_states.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELDS 6
#define ROOM (1024 * 1024) /* bytes that wait in the socket; what comes then is lost */

static int out = -1;
static const ss_log_t *log_of;
static int is_full; /* said already */

int ss_final_states_pair(int ends[2])
{
    int room = ROOM;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return errno;
    /* Less is enough where the system allows no more. */
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    return 0;
}

void ss_final_states_open(int fd, const ss_log_t *log)
{
    out = fd;
    log_of = log;
}

/* A field is a byte, whether it is there, and its text with the zero at its end. 0: no room. */
static apr_size_t add(char *record, apr_size_t at, const char *text)
{
    apr_size_t len = text ? strlen(text) : 0;

    if (!at || at + len + 2 > SS_FINAL_STATES_RECORD) return 0;
    record[at++] = text ? 1 : 0;
    memcpy(record + at, text ? text : "", len + 1);
    return at + len + 1;
}

static apr_size_t pack(char *record, const char *const fields[FIELDS])
{
    apr_size_t at = 1;

    record[0] = FIELDS;
    for (int i = 0; i < FIELDS; i++) at = add(record, at, fields[i]);
    return at;
}

void ss_final_states_send(const char *id, const char *from, const char *to, const char *state,
                          const char *reply, const char *metadata)
{
    const char *fields[FIELDS] = { id, from, to, state, reply, metadata };
    char record[SS_FINAL_STATES_RECORD];
    apr_size_t len = pack(record, fields);

    if (!len) {
        fields[4] = fields[5] = NULL;
        len = pack(record, fields);
    }
    if (out < 0 || !len) return;
    if (send(out, record, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        is_full = 0;
    } else if (!is_full) {
        is_full = 1;
        ss_log(log_of, SS_LOG_WARN, 224,
               "final states are not reported to other modules (the hook smtp_send_finished): %s; "
               "a function of theirs takes too long, or its process has ended",
               strerror(errno));
    }
}

/* Returns 0 where the record is not one of ours. */
static int unpack(const char *record, apr_size_t len, const char *fields[FIELDS])
{
    apr_size_t at = 1;

    if (len < 1 || record[0] != FIELDS) return 0;
    for (int i = 0; i < FIELDS; i++) {
        const char *end = at + 1 < len ? memchr(record + at + 1, '\0', len - at - 1) : NULL;
        if (!end) return 0;
        fields[i] = record[at] ? record + at + 1 : NULL;
        at = (apr_size_t)(end - record) + 1;
    }
    return fields[0] && fields[1] && fields[2] && fields[3];
}

void ss_final_states_run(int fd, ss_record_finished_fn *finished)
{
    char record[SS_FINAL_STATES_RECORD];
    const char *f[FIELDS];

    for (;;) {
        ssize_t got = recv(fd, record, sizeof(record), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        if (unpack(record, (apr_size_t)got, f)) finished(f[0], f[1], f[2], f[3], f[4], f[5]);
    }
}
