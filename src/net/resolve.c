/* resolve.c: the record belongs to the helper thread until it is done; cancelling only makes it
 * deaf. */
#include "net/resolve.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/descriptors.h"
#include "base/idn.h"

#define NAME_MAX_LEN 256 /* RFC 1035: 255 */

struct ss_resolve_t {
    char name[NAME_MAX_LEN];
    int port;
    /* NULL: cancelled */
    void (*done)(void *self, const ss_resolve_addresses_t *addresses, const ss_result_t *result);
    void *self;
    ss_resolve_addresses_t addresses;
    ss_result_t result;
};

static void take(ss_resolve_address_t *address, const struct addrinfo *from)
{
    memcpy(&address->socket, from->ai_addr, from->ai_addrlen);
    address->len = from->ai_addrlen;
    if (getnameinfo(from->ai_addr, from->ai_addrlen, address->text, sizeof(address->text), NULL, 0,
                    NI_NUMERICHOST))
        address->text[0] = '\0';
}

int ss_resolve_parse(ss_resolve_address_t *address, const char *text, int port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV },
                    *found = NULL;
    char number[8];

    memset(address, 0, sizeof(*address));
    apr_snprintf(number, sizeof(number), "%d", port);
    if (getaddrinfo(text, number, &hints, &found)) return -1;
    take(address, found);
    freeaddrinfo(found);
    return 0;
}

int ss_resolve_is_loopback(const ss_resolve_address_t *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&address->socket;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&address->socket;

    if (address->socket.ss_family == AF_INET) return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    if (address->socket.ss_family != AF_INET6) return 0;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
}

static int is_known(const ss_resolve_addresses_t *addresses, const struct addrinfo *from)
{
    for (int i = 0; i < addresses->count; i++) {
        if (addresses->list[i].len == from->ai_addrlen &&
            !memcmp(&addresses->list[i].socket, from->ai_addr, from->ai_addrlen))
            return 1;
    }
    return 0;
}

/* The family of the first goes first, then in turn, so that one dead family costs one address's
 * wait and not all. */
static void collect(ss_resolve_addresses_t *addresses, const struct addrinfo *found)
{
    const struct addrinfo *same = found, *other = found;
    int family = found->ai_family, turn = 0;

    while ((same || other) && addresses->count < SS_ADDRESSES_MAX) {
        const struct addrinfo **next = turn++ % 2 ? &other : &same;
        while (*next &&
               (((*next)->ai_family == family) != (next == &same) || is_known(addresses, *next)))
            *next = (*next)->ai_next;
        if (!*next) continue;
        if ((*next)->ai_addrlen <= sizeof(struct sockaddr_storage))
            take(&addresses->list[addresses->count++], *next);
        *next = (*next)->ai_next;
    }
}

static void explain(ss_resolve_t *r, int error)
{
    const char *name = r->name;
    /* The resolver does not say that it could not open a socket, or its files. */
    int lack = ss_descriptors_lack();

    if (lack) {
        ss_descriptors_explain(&r->result, "resolve", name, lack);
    } else if (error == EAI_NONAME) {
        ss_result_set(&r->result, "resolve", "EAI_NONAME", "resolve-unknown",
                      "the host name %s does not exist (%s)", name, gai_strerror(error));
#ifdef EAI_NODATA
    } else if (error == EAI_NODATA) {
        ss_result_set(&r->result, "resolve", "EAI_NODATA", "resolve-none",
                      "the host name %s exists but has no address (no A or AAAA record)", name);
#endif
    } else if (error == EAI_AGAIN) {
        ss_result_set(&r->result, "resolve", "EAI_AGAIN", "resolve-again",
                      "the name server did not answer when asked for %s (%s)", name,
                      gai_strerror(error));
    } else {
        ss_result_set(&r->result, "resolve", "", "resolve-unknown",
                      "the host name %s cannot be resolved: %s", name, gai_strerror(error));
    }
}

static void work(void *baton)
{
    ss_resolve_t *r = baton;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_protocol = IPPROTO_TCP,
                              .ai_flags = AI_NUMERICSERV },
                    *found = NULL;
    char number[8];

    apr_snprintf(number, sizeof(number), "%d", r->port);
    int error = getaddrinfo(r->name, number, &hints, &found);
    if (error) {
        explain(r, error);
        return;
    }
    collect(&r->addresses, found);
    freeaddrinfo(found);
}

static void finished(void *baton)
{
    ss_resolve_t *r = baton;

    if (r->done) r->done(r->self, &r->addresses, &r->result);
    free(r);
}

apr_status_t ss_resolve_start(ss_resolve_t **out, ss_loop_t *loop, const char *name, int port,
                              void (*done)(void *self, const ss_resolve_addresses_t *addresses,
                                           const ss_result_t *result),
                              void *self)
{
    ss_resolve_t *r = calloc(1, sizeof(*r));
    apr_status_t rv;

    if (!r) return APR_ENOMEM;
    ss_idn_ascii(name, r->name, sizeof(r->name));
    r->port = port;
    r->done = done;
    r->self = self;
    if (strlen(name) >= sizeof(r->name)) {
        explain(r, EAI_NONAME);
        rv = ss_loop_post(loop, finished, r);
    } else if (!ss_resolve_parse(&r->addresses.list[0], name, port)) {
        /* An address needs no helper. */
        r->addresses.count = 1;
        rv = ss_loop_post(loop, finished, r);
    } else {
        rv = ss_loop_help(loop, work, finished, r);
    }
    if (rv != APR_SUCCESS) {
        free(r);
        return rv;
    }
    *out = r;
    return APR_SUCCESS;
}

void ss_resolve_cancel(ss_resolve_t *r)
{
    r->done = NULL;
}
