/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets and the transport of accepted ones.
 *
 * Rules
 *   1. Every loop has its own TCP socket on the port (SO_REUSEPORT); the kernel spreads the
 *      connections. A port that is named is first bound alone once, or a second server would share
 *      it unseen.
 *   2. The Unix socket is on loop 0 and its connections stay there.
 *   3. Reads go where conn_room() says, mostly into the loop's one buffer: what lives longer is
 *      copied by who keeps it.
 *   4. A write is tried at once; only what the kernel does not take waits in libuv, pointing into
 *      the chain, which is consumed when the write is over.
 *   5. Pieces of files go by sendfile(2). When the socket is full, the next few bytes are read and
 *      written as in rule 4: the end of that write says that there is room again.
 *   6. Connections beyond the server's maximum are accepted and closed.
 */
#include "net/listener.h"

#include "base/mem.h"
#include "net/server_int.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define WRITE_PIECES_MAX 64

struct listener {
    struct net_loop *net; /* where its connections go */
    bool is_unix;         /* else TCP */
    uint16_t port;        /* told to its connections; 0: none in particular */
    union {
        uv_handle_t handle; /* either */
        uv_stream_t stream; /* either */
        uv_tcp_t tcp;       /* TCP */
        uv_pipe_t pipe;     /* Unix socket */
    } uv;                 /* the socket */
};

static void on_closed(uv_handle_t *handle)
{
    conn_free(handle->data);
}

static void socket_close(struct connection *c)
{
    server_disconnected(c->net->server);
    uv_close(&c->uv.handle, on_closed);
}

static void on_written(uv_write_t *request, int error)
{
    struct connection *c = request->data;

    c->writing = false;
    if (c->closed) {
        return;
    }
    if (error != 0) {
        conn_kill(c);
        return;
    }
    chain_consume(c->tls != NULL ? &c->wire : &c->out, c->write_bytes);
    conn_wrote(c);
}

/* The chain's start as uv_buf_t's, up to a piece of a file; returns their number. */
static unsigned gather(const struct chain *chain, uv_buf_t pieces[WRITE_PIECES_MAX],
                       size_t *ret_bytes)
{
    unsigned count = 0;

    *ret_bytes = 0;
    for (const struct chunk *chunk = chain->first;
         chunk != NULL && chunk->fd < 0 && count < WRITE_PIECES_MAX; chunk = chunk->next) {
        pieces[count].base = (char *)chunk->at;
        pieces[count++].len = chunk->bytes;
        *ret_bytes += chunk->bytes;
    }
    return count;
}

/* How much of the chain's start the kernel took; *ret_bytes is what it was offered. Negative: an
 * error of libuv's, UV_EAGAIN when it takes nothing now. */
static int64_t try_bytes(struct connection *c, const struct chain *chain, size_t *ret_bytes)
{
    uv_buf_t pieces[WRITE_PIECES_MAX];
    unsigned count = gather(chain, pieces, ret_bytes);

    return uv_try_write(&c->uv.stream, pieces, count);
}

/* The same for a piece of a file. */
static int64_t try_file(struct connection *c, const struct chain *chain, size_t *ret_bytes)
{
    const struct chunk *chunk = chain->first;
    off_t offset = (off_t)chunk->offset;
    uv_os_fd_t fd;
    ssize_t sent;

    *ret_bytes = chunk->bytes;
    if (uv_fileno(&c->uv.handle, &fd) != 0) {
        return UV_EBADF;
    }
    do {
        sent = sendfile(fd, chunk->fd, &offset, chunk->bytes);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN ? UV_EAGAIN : uv_translate_sys_error(errno);
    }
    return sent == 0 ? UV_EOF : sent; /* the file is shorter than was promised */
}

static void socket_write(struct connection *c, struct chain *chain)
{
    uv_buf_t pieces[WRITE_PIECES_MAX];
    unsigned count;

    assert(!c->writing);
    while (chain->bytes > 0) {
        bool is_file = chain->first->fd >= 0;
        size_t bytes;
        int64_t written = is_file ? try_file(c, chain, &bytes) : try_bytes(c, chain, &bytes);

        if (written < 0 && written != UV_EAGAIN) {
            conn_kill(c);
            return;
        }
        if (written > 0) {
            chain_consume(chain, (size_t)written);
        }
        if (written < 0 || ((size_t)written < bytes && !is_file)) {
            break;
        }
    }
    if (chain->bytes == 0) {
        return;
    }
    if (chain->first->fd >= 0 && !chain_read_file(chain)) {
        conn_kill(c);
        return;
    }
    count = gather(chain, pieces, &c->write_bytes);
    c->write.data = c;
    if (uv_write(&c->write, &c->uv.stream, pieces, count, on_written) != 0) {
        conn_kill(c);
        return;
    }
    c->writing = true;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct room room = conn_room(handle->data);

    (void)suggested;
    *ret_room = uv_buf_init(room.at, (unsigned)room.bytes);
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *room)
{
    struct connection *c = stream->data;

    if (bytes > 0) {
        conn_take(c, str_of(room->base, (size_t)bytes));
    } else if (bytes < 0) {
        conn_kill(c);
    }
}

static void socket_reading(struct connection *c, bool on)
{
    if (!on) {
        (void)uv_read_stop(&c->uv.stream);
    } else if (uv_read_start(&c->uv.stream, on_room, on_read) != 0) {
        conn_kill(c);
    }
}

static void on_shut(uv_shutdown_t *request, int error)
{
    struct connection *c = request->data;

    if (error != 0 && !c->closed) {
        conn_kill(c);
    }
}

static void socket_shut(struct connection *c)
{
    c->shutdown.data = c;
    if (uv_shutdown(&c->shutdown, &c->uv.stream, on_shut) != 0) {
        conn_kill(c);
    }
}

static const struct transport socket_transport = {
    .write = socket_write,
    .reading = socket_reading,
    .shut = socket_shut,
    .close = socket_close,
    .sends_files = true,
};

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;

        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)address;

    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127);
}

/* On this machine there is no network to be fair to, but the system's own choice may cost: BBR, a
 * common one, has a timer pace every answer. */
static void set_local(struct connection *c)
{
    static const char plain[] = "reno"; /* which every kernel has */
    uv_os_fd_t fd;

    if (uv_fileno(&c->uv.handle, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plain, sizeof plain - 1);
    }
}

/* Who is at the other end. */
static void learn_peer(struct connection *c, bool is_unix)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int bytes = sizeof address;

    c->is_local = is_unix;
    memcpy(c->peer, "unix", 5);
    if (!is_unix) {
        (void)uv_tcp_nodelay(&c->uv.tcp, 1);
        (void)uv_tcp_keepalive(&c->uv.tcp, 1, 60);
        c->peer[0] = '\0';
        if (uv_tcp_getpeername(&c->uv.tcp, (struct sockaddr *)&address, &bytes) == 0) {
            (void)uv_ip_name((const struct sockaddr *)&address, c->peer, sizeof c->peer);
            c->is_local = is_loopback(&address);
        }
        if (c->is_local) {
            set_local(c);
        }
    }
    c->peer_bytes = strlen(c->peer);
}

static void on_connection(uv_stream_t *stream, int error)
{
    struct listener *listener = stream->data;
    struct net_loop *net = listener->net;
    struct connection *c;
    int refused;

    if (error != 0) {
        return; /* out of descriptors, say: libuv asks again */
    }
    c = conn_new(net, &socket_transport);
    refused = listener->is_unix ? uv_pipe_init(loop_uv(net->loop), &c->uv.pipe, 0)
                                : uv_tcp_init(loop_uv(net->loop), &c->uv.tcp);
    assert(refused == 0);
    c->uv.handle.data = c;
    refused = uv_accept(stream, &c->uv.stream);
    if (!server_connected(net->server) || refused != 0 || net->stopping) {
        c->closed = true;
        socket_close(c);
        return;
    }
    learn_peer(c, listener->is_unix);
    c->port = listener->port;
    conn_open(c);
}

static void on_listener_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void listener_tell_port(struct listener *listener, uint16_t port)
{
    listener->port = port;
}

void listener_close(struct listener *listener)
{
    if (listener != NULL) {
        uv_close(&listener->uv.handle, on_listener_closed);
    }
}

status listener_open(struct net_loop *net, int fd, bool is_unix, struct why *why,
                     struct listener **ret_listener)
{
    struct listener *listener = MEM_NEW(struct listener);
    int error;

    listener->net = net;
    listener->is_unix = is_unix;
    if (is_unix) {
        error = uv_pipe_init(loop_uv(net->loop), &listener->uv.pipe, 0);
        assert(error == 0);
        error = uv_pipe_open(&listener->uv.pipe, fd);
    } else {
        error = uv_tcp_init(loop_uv(net->loop), &listener->uv.tcp);
        assert(error == 0);
        error = uv_tcp_open(&listener->uv.tcp, fd);
    }
    listener->uv.handle.data = listener;
    if (error != 0) {
        (void)close(fd);
    } else {
        error = uv_listen(&listener->uv.stream, BACKLOG, on_connection);
    }
    if (error != 0) {
        listener_close(listener);
        return why_set(why, &ERR_IO, "cannot listen: %s", uv_strerror(error));
    }
    *ret_listener = listener;
    return OK;
}

static status fail_bind(struct why *why, int fd, const char *host, uint16_t port)
{
    int error = errno;

    if (fd >= 0) {
        (void)close(fd);
    }
    if (error == EADDRINUSE) {
        return why_set(why, &ERR_BUSY,
                       "port %u on %s is taken by another process; stop it or choose another port",
                       port, host);
    }
    if (error == EADDRNOTAVAIL) {
        return why_set(why, &ERR_NOT_FOUND, "%s is not an address of this machine", host);
    }
    return why_set(why, &ERR_IO, "cannot listen on %s port %u: %s", host, port, strerror(error));
}

/* Binds one socket, alone on its port or shared among our loops. */
static status bind_one(const struct sockaddr_storage *address, bool is_shared, int *ret_fd)
{
    socklen_t bytes = address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                    : sizeof(struct sockaddr_in6);
    int on = 1;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *ret_fd = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        return &ERR_IO;
    }
    if (is_shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        return &ERR_IO;
    }
    return bind(fd, (const struct sockaddr *)address, bytes) == 0 ? OK : &ERR_IO;
}

static bool read_address(const char *host, uint16_t port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in *in = (void *)ret_address;
    struct sockaddr_in6 *in6 = (void *)ret_address;

    *ret_address = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (strcmp(host, "localhost") == 0) {
        host = "127.0.0.1";
    }
    if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        return true;
    }
    return false;
}

/* Fails when somebody has the port, though it might let us share it. */
static status probe_port(const struct sockaddr_storage *address, const char *host, uint16_t port,
                         struct why *why)
{
    int fd;

    if (bind_one(address, false, &fd) != OK) {
        return fail_bind(why, fd, host, port);
    }
    (void)close(fd);
    return OK;
}

status listener_bind_tcp(const char *host, uint16_t port, struct why *why, int *ret_fd,
                         uint16_t *ret_port)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;
    int fd;

    if (!read_address(host, port, &address)) {
        return why_set(why, &ERR_MALFORMED,
                       "%s is not an IPv4 or IPv6 address, such as 127.0.0.1 or ::1", host);
    }
    if (ret_port != NULL && port != 0) {
        TRY(probe_port(&address, host, port, why));
    }
    if (bind_one(&address, true, &fd) != OK) {
        return fail_bind(why, fd, host, port);
    }
    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0) {
        return fail_bind(why, fd, host, port);
    }
    if (ret_port != NULL) {
        *ret_port = address.ss_family == AF_INET
                        ? ntohs(((struct sockaddr_in *)&address)->sin_port)
                        : ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    }
    *ret_fd = fd;
    return OK;
}

/* Removes a socket file that nobody serves. */
static status remove_stale(const struct sockaddr_un *address, struct why *why)
{
    struct stat found;
    int fd, answered, error;

    if (lstat(address->sun_path, &found) != 0) {
        return OK;
    }
    if (!S_ISSOCK(found.st_mode)) {
        return why_set(why, &ERR_EXISTS, "%s exists and is not a socket; choose another path",
                       address->sun_path);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    answered = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)address, sizeof *address);
    error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (answered == 0 || error != ECONNREFUSED) {
        return why_set(why, &ERR_BUSY, "another process serves %s; stop it or choose another path",
                       address->sun_path);
    }
    return files_real()->remove(files_real()->ctx, address->sun_path);
}

status listener_bind_unix(const char *path, struct why *why, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t bytes = strlen(path);
    int fd;

    if (bytes == 0 || bytes >= sizeof address.sun_path) {
        return why_set(why, &ERR_LIMIT, "a socket's path has 1 to %zu bytes: %s",
                       sizeof address.sun_path - 1, path);
    }
    memcpy(address.sun_path, path, bytes);
    TRY(remove_stale(&address, why));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;

        if (fd >= 0) {
            (void)close(fd);
        }
        return why_set(why, &ERR_IO, "cannot make the socket %s: %s", path, strerror(error));
    }
    *ret_fd = fd;
    return OK;
}
