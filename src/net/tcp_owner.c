#include "net/tcp_owner.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int ss_tcp_owner_open(void)
{
    return socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
}

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} end_t;

/* Copies an end of a connection as the kernel asks for it; network byte order. */
static void put_end(const end_t *end, __be16 *port, __be32 address[4])
{
    if (end->any.sa_family == AF_INET) {
        *port = end->v4.sin_port;
        address[0] = end->v4.sin_addr.s_addr;
    } else {
        *port = end->v6.sin6_port;
        memcpy(address, &end->v6.sin6_addr, sizeof(end->v6.sin6_addr));
    }
}

int ss_tcp_owner_uid(int diag, int fd)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 what;
    } ask = { .head = { .nlmsg_len = sizeof(ask),
                        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                        .nlmsg_flags = NLM_F_REQUEST,
                        .nlmsg_seq = (unsigned)fd },
              .what = { .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U } };
    struct {
        struct nlmsghdr head;
        struct inet_diag_msg found;
        char more[1024];
    } answer;
    end_t peer = { 0 }, own = { 0 };
    socklen_t peer_len = sizeof(peer), own_len = sizeof(own);

    if (diag < 0 || getpeername(fd, &peer.any, &peer_len) || getsockname(fd, &own.any, &own_len) ||
        (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6))
        return -1;
    /* The other end's socket: its source is our peer. */
    ask.what.sdiag_family = (__u8)peer.any.sa_family;
    put_end(&peer, &ask.what.id.idiag_sport, ask.what.id.idiag_src);
    put_end(&own, &ask.what.id.idiag_dport, ask.what.id.idiag_dst);
    ask.what.id.idiag_cookie[0] = ask.what.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (send(diag, &ask, sizeof(ask), MSG_DONTWAIT) != (ssize_t)sizeof(ask)) return -1;
    /* Answered within send; an answer to an earlier question may be left. */
    for (;;) {
        ssize_t got = recv(diag, &answer, sizeof(answer), MSG_DONTWAIT);
        if (got < (ssize_t)sizeof(answer.head)) return -1;
        if (answer.head.nlmsg_seq != ask.head.nlmsg_seq) continue;
        return answer.head.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
                       got >= (ssize_t)(sizeof(answer.head) + sizeof(answer.found))
                   ? (int)answer.found.idiag_uid
                   : -1;
    }
}
