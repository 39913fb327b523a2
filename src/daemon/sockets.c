#include "daemon/sockets.h"

#include <apr_strings.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/folder.h"

#define BACKLOG 511
/* what could not be opened is tried again after */
#define AGAIN_FIRST APR_USEC_PER_SEC
#define AGAIN_MOST (30 * APR_USEC_PER_SEC)

void ss_sockets_close(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void opened(ss_sockets_place_t *place, const char *address,
                   const ss_sockets_options_t *options)
{
    apr_cpystrn(place->address, address, sizeof(place->address));
    if (ss_backoff_worked(&place->backoff))
        ss_log(options->log, SS_LOG_NOTICE, 288, "%s is open now: mail is accepted there", address);
}

/* Returns 1 where the reason has to be logged. */
static int failed(ss_sockets_place_t *place, ss_mono_t now)
{
    return ss_backoff_failed(&place->backoff, AGAIN_FIRST, AGAIN_MOST, now);
}

/* ---- the local socket ---- */

/* Whether another process listens at the address. Never waits: a full backlog is an answer. */
static int is_answered(const struct sockaddr_un *address)
{
    struct stat info;

    if (lstat(address->sun_path, &info) || !S_ISSOCK(info.st_mode)) return 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int ok = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                         errno == EAGAIN);

    if (fd >= 0) close(fd);
    return ok;
}

/* Whether the file at the socket's path is still the one that was made. */
static int is_there(const ss_sockets_place_t *place)
{
    struct stat info;

    return !lstat(place->address, &info) && info.st_dev == place->device &&
           info.st_ino == place->inode;
}

/* The file appears at its path when its owner and mode are set and the socket listens. */
static int listen_local(int fd, ss_sockets_place_t *place, const ss_sockets_options_t *options)
{
    const ss_settings_globals_t *globals = options->globals;
    struct stat info;

    if (ss_folder_bind(fd, globals->socket_path, (mode_t)globals->socket_mode, options->uid,
                       options->gid, BACKLOG, &info))
        return -1;
    place->device = info.st_dev;
    place->inode = info.st_ino;
    place->mode = globals->socket_mode;
    place->uid = options->uid;
    place->gid = options->gid;
    return 0;
}

/* error 0: another process listens there. */
static void say_local(ss_sockets_place_t *place, const ss_sockets_options_t *options, int error,
                      ss_trouble_t *trouble, ss_mono_t now)
{
    const char *path = options->globals->socket_path;
    char text[SS_TROUBLE_TEXT];

    if (error)
        snprintf(text, sizeof(text), "SMTPSendSocket %s cannot be opened: %s", path,
                 strerror(error));
    else
        snprintf(text, sizeof(text), "SMTPSendSocket %s is used by another running httpd", path);
    ss_trouble_set(trouble->socket, text);
    if (!failed(place, now)) return;
    if (error)
        ss_log(options->log, SS_LOG_ERROR, 282,
               "%s: mail is not accepted until it can be opened, which is tried again", text);
    else
        ss_log(options->log, SS_LOG_ERROR, 281,
               "%s: mail is not accepted here until that one has ended; each server needs a socket "
               "of its own",
               text);
}

int ss_sockets_open_local(int *fd, ss_sockets_place_t *place, const ss_sockets_options_t *options,
                          ss_trouble_t *trouble, ss_mono_t now)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = options->globals->socket_path;
    int is_same = !strcmp(place->address, path) && place->mode == options->globals->socket_mode &&
                  place->uid == options->uid && place->gid == options->gid;

    if (*fd >= 0 && is_same && is_there(place)) return 0;
    if (!ss_backoff_allows(&place->backoff, now)) return 0;
    if (*fd >= 0 && is_there(place))
        unlink(place->address);
    else if (*fd >= 0 && is_same && !place->backoff.failures)
        ss_log(
            options->log, SS_LOG_WARN, 286,
            "SMTPSendSocket %s was removed or replaced by another program: it is made again, and "
            "the delivery daemon is replaced as at a graceful restart",
            path);
    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    if (is_answered(&address)) {
        say_local(place, options, 0, trouble, now);
        return 0;
    }
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0 || listen_local(made, place, options)) {
        int error = errno;
        ss_sockets_close(&made);
        say_local(place, options, error, trouble, now);
        return 0;
    }
    ss_sockets_close(fd);
    *fd = made;
    ss_trouble_set(trouble->socket, "");
    opened(place, path, options);
    return 1;
}

void ss_sockets_check_folder(const ss_sockets_options_t *options)
{
    const char *path = options->globals->socket_path;
    char who[40];

    if (ss_folder_is_open(path, options->trusted, who, sizeof(who)))
        ss_log(options->log, SS_LOG_WARN, 280,
               "SMTPSendSocket %s: %s can write its folder, and so put another program's socket "
               "there that receives this machine's mail; use a folder that only root can write",
               path, who);
}

/* ---- SMTPSendListen ---- */

/* A listening socket at "127.0.0.1:2525" or "[::1]:2525"; -1 and errno. */
static int listen_at(const char *address)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                              .ai_socktype = SOCK_STREAM },
                    *found = NULL;
    const char *colon = strrchr(address, ':');
    char host[64];
    int one = 1;

    apr_cpystrn(host, *address == '[' ? address + 1 : address, sizeof(host));
    host[strcspn(host, *address == '[' ? "]" : ":")] = '\0';
    if (!colon || getaddrinfo(host, colon + 1, &hints, &found)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
             bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int error = errno;
    freeaddrinfo(found);
    if (ok) return fd;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

int ss_sockets_open_smtp(int *fd, ss_sockets_place_t *place, const ss_sockets_options_t *options,
                         ss_mono_t now)
{
    const char *address = options->globals->listen;

    if (*fd >= 0 && address && !strcmp(place->address, address)) return 0;
    ss_sockets_close(fd);
    if (!address || !ss_backoff_allows(&place->backoff, now)) return 0;
    *fd = listen_at(address);
    if (*fd >= 0) {
        opened(place, address, options);
        return 1;
    }
    int error = errno;
    if (failed(place, now))
        ss_log(options->log, SS_LOG_ERROR, 287,
               "SMTPSendListen %s cannot be opened: %s; mail is not taken there until it can be, "
               "which is tried again",
               address, strerror(error));
    return 0;
}
