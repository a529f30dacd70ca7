/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: TCP, with TLS over it when one is named.
 */
#include "net.h"

#include "text.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

char weir_trace_id[256];

static void set_limit(int fd, int which, int ms)
{
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    (void)setsockopt(fd, SOL_SOCKET, which, &limit, sizeof limit);
}

enum net_result weir_link_open(const char *host, uint16_t port, struct weir_patience patience,
                               struct weir_link *ret_link)
{
    struct weir_addresses found;
    enum net_result result = NET_BROKEN;
    int one = 1;

    if (!weir_resolve(host, port, &found)) {
        return NET_BROKEN;
    }
    for (size_t i = 0; i < found.count; i++) {
        int family = found.at[i].ss_family;
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            continue;
        }
        set_limit(fd, SO_SNDTIMEO, patience.connect_ms); /* connect() keeps to it */
        if (connect(fd, (struct sockaddr *)&found.at[i],
                    family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) ==
            0) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            set_limit(fd, SO_SNDTIMEO, patience.read_ms);
            set_limit(fd, SO_RCVTIMEO, patience.read_ms);
            *ret_link = (struct weir_link){.fd = fd};
            return NET_OK;
        }
        result = errno == EINPROGRESS || errno == ETIMEDOUT ? NET_TIMEOUT : NET_BROKEN;
        (void)close(fd);
    }
    return result;
}

enum net_result weir_link_write(struct weir_link *link, struct weir_text bytes)
{
    while (bytes.bytes > 0) {
        ssize_t sent = link->tls != NULL ? link->tls->write(link->session, bytes.at, bytes.bytes)
                                         : send(link->fd, bytes.at, bytes.bytes, MSG_NOSIGNAL);
        if (sent <= 0) {
            if (link->tls == NULL && errno == EINTR) {
                continue;
            }
            return link->tls == NULL && (errno == EAGAIN || errno == EWOULDBLOCK) ? NET_TIMEOUT
                                                                                  : NET_BROKEN;
        }
        bytes.at += sent;
        bytes.bytes -= (size_t)sent;
    }
    return NET_OK;
}

void weir_link_close(struct weir_link *link)
{
    if (link->session != NULL) {
        link->tls->close(link->session);
    }
    if (link->fd >= 0) {
        (void)close(link->fd);
    }
    *link = (struct weir_link){.fd = -1};
}
