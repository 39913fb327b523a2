/* cli_socket.c: which daemon a command asks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"

/* Whether somebody listens there. A full backlog is an answer, and no permission too. */
static int is_answered(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (len >= sizeof(address.sun_path)) len = sizeof(address.sun_path) - 1;
    memcpy(address.sun_path, path, len);
    int ok = fd >= 0 && (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
                         errno == EAGAIN || errno == EACCES);
    if (fd >= 0) close(fd);
    return ok;
}

const char *ss_cli_socket_choose(const char *httpds, const char *services)
{
    /* Nearly every host has one of them only. */
    if (access(services, F_OK)) return httpds;
    return access(httpds, F_OK) || !is_answered(httpds) ? services : httpds;
}

const char *ss_cli_socket(const char *option)
{
    const char *set = option ? option : getenv("SMTP_SEND_SOCKET");

    return set && *set ? set : ss_cli_socket_choose(SS_DEFAULT_SOCKET, SS_SERVICE_SOCKET);
}
