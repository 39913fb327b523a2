#include "daemon/sockets.h"

#include <apr_strings.h>
#include <errno.h>
#include <mpm_common.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <unixd.h>

#define BACKLOG 511

void ss_sockets_close(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* ---- the local socket ---- */

/* Whether another process listens at the address. */
static int is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int ok = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    if (fd >= 0) close(fd);
    return ok;
}

apr_status_t ss_sockets_open_local(const ss_sockets_place_t *place,
                                   const ss_settings_globals_t *globals, const ss_log_t *log)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (*place->fd >= 0 && !strcmp(place->address, globals->socket_path)) {
        chmod(place->address, (mode_t)globals->socket_mode);
        if (access(place->address, F_OK) == 0) return APR_SUCCESS;
    }
    if (*place->fd >= 0) {
        unlink(place->address);
        ss_sockets_close(place->fd);
    }
    apr_cpystrn(address.sun_path, globals->socket_path, sizeof(address.sun_path));
    if (is_answered(&address)) {
        ss_log(log, SS_LOG_ERROR, 281,
               "SMTPSendSocket %s is used by another running httpd: give each server a socket of "
               "its own; mail is not accepted here",
               globals->socket_path);
        return APR_EEXIST;
    }
    unlink(globals->socket_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0177);
    int ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    int error = errno;
    umask(mask);
    if (ok && geteuid() == 0 &&
        chown(globals->socket_path, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0)
        ok = 0;
    if (ok && (chmod(globals->socket_path, (mode_t)globals->socket_mode) != 0 ||
               listen(fd, BACKLOG) != 0))
        ok = 0;
    if (!ok) {
        if (!error) error = errno;
        ss_log(log, SS_LOG_ERROR, 282,
               "SMTPSendSocket %s cannot be opened: %s; mail is not accepted", globals->socket_path,
               strerror(error));
        if (fd >= 0) close(fd);
        return error ? error : APR_EGENERAL;
    }
    *place->fd = fd;
    apr_cpystrn(place->address, globals->socket_path, place->size);
    return APR_SUCCESS;
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

void ss_sockets_open_smtp(const ss_sockets_place_t *place, const ss_settings_globals_t *globals,
                          const ss_log_t *log)
{
    if (*place->fd >= 0 && globals->listen && !strcmp(place->address, globals->listen)) return;
    ss_sockets_close(place->fd);
    if (!globals->listen) return;
    *place->fd = listen_at(globals->listen);
    if (*place->fd < 0) {
        ss_log(log, SS_LOG_ERROR, 287,
               "SMTPSendListen %s cannot be opened: %s; mail is not taken there", globals->listen,
               strerror(errno));
        return;
    }
    apr_cpystrn(place->address, globals->listen, place->size);
}
