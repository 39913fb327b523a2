/* hangups_relay.c: see hangups_relay.h. Commands come whole often enough. */
#include "hangups_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void hangups_relay_start(hangups_relay_t *relay)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);

    relay->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(relay->fd, (struct sockaddr *)&address, sizeof(address)) || listen(relay->fd, 64) ||
        getsockname(relay->fd, (struct sockaddr *)&address, &len))
        abort();
    relay->port = ntohs(address.sin_port);
    for (int i = 0; i < HANGUPS_RELAY_MAX; i++) relay->peers[i] = -1;
}

static void put(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) return;
}

static void drop(hangups_relay_t *relay, int i)
{
    close(relay->peers[i]);
    relay->peers[i] = -1;
}

static void answer_line(hangups_relay_t *relay, int i, const char *line,
                        unsigned (*draw)(unsigned below))
{
    int fd = relay->peers[i];

    if (relay->has_data[i]) {
        if (strcmp(line, ".") != 0) return;
        relay->has_data[i] = 0;
        put(fd, draw(6) ? "250 2.0.0 queued\r\n" : draw(2) ? "451 later\r\n" : "554 no\r\n");
    } else if (!draw(40)) {
        put(fd, draw(2) ? "421 4.3.2 closing\r\n" : "what?\r\n");
    } else if (!strncmp(line, "EHLO", 4)) {
        put(fd, draw(2) ? "250-me\r\n250-PIPELINING\r\n250 8BITMIME\r\n" : "250 me\r\n");
    } else if (!strcmp(line, "DATA")) {
        relay->has_data[i] = 1;
        put(fd, "354 go on\r\n");
    } else {
        put(fd, draw(20)  ? "250 2.0.0 ok\r\n"
                : draw(2) ? "450 4.2.0 busy\r\n"
                          : "550 5.1.1 no\r\n");
    }
}

static void serve(hangups_relay_t *relay, int i, unsigned (*draw)(unsigned below))
{
    static char bytes[65536];
    char *state = NULL;
    ssize_t got = recv(relay->peers[i], bytes, sizeof(bytes) - 1, MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 || !draw(60)) {
        drop(relay, i);
        return;
    }
    bytes[got] = '\0';
    for (char *line = strtok_r(bytes, "\r\n", &state); line; line = strtok_r(NULL, "\r\n", &state))
        answer_line(relay, i, line, draw);
}

void hangups_relay_turn(hangups_relay_t *relay, unsigned (*draw)(unsigned below))
{
    for (int i = 0; i < HANGUPS_RELAY_MAX; i++) {
        if (relay->peers[i] >= 0) {
            serve(relay, i, draw);
            continue;
        }
        relay->peers[i] = accept4(relay->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (relay->peers[i] < 0) continue;
        relay->has_data[i] = 0;
        if (draw(20)) put(relay->peers[i], "220 relay ESMTP\r\n");
    }
}

void hangups_relay_stop(hangups_relay_t *relay)
{
    for (int i = 0; i < HANGUPS_RELAY_MAX; i++) {
        if (relay->peers[i] >= 0) drop(relay, i);
    }
    close(relay->fd);
}
