/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections without sockets, for tests and benches: the same code on both sides of the transport
 * seam, on one loop of the calling thread, without time-outs. What the server writes gathers in
 * memory; a connection is forgotten only when the loopback is freed.
 */
#include "net/net_int.h"

#include "base/mem.h"

#define CONNECTIONS_MAX 65536
#define RECEIVED_BYTES_MAX (1024u * 1024 * 1024)
#define IDLE_TURNS 2 /* turns without news before the loop counts as idle */

/* The peer's end. */
struct loopback_end {
    struct connection *conn; /* NULL once closed by the server */
    struct buf received;     /* all that the server wrote */
    bool reading;            /* the server wants bytes */
    bool shut;               /* the server sends no more */
    bool closed;             /* by the server */
    struct buf pending;      /* sent while the server did not read */
    bool away;               /* closed by the peer */
};

struct loopback {
    struct net_loop net;        /* the server's side */
    struct loop *loop;          /* of the calling thread */
    struct loopback_end **ends; /* by number */
    uint32_t end_count;         /* how many */
};

static void loopback_write(struct connection *c, struct chain *chain)
{
    struct loopback_end *end = c->peer_end;

    for (const struct chunk *chunk = chain->first; chunk != NULL; chunk = chunk->next) {
        if (!end->away) {
            buf_add_bytes(&end->received, chunk->at, chunk->bytes);
        }
    }
    assert(!buf_spent(&end->received));
    chain_consume(chain, chain->bytes);
}

static void loopback_reading(struct connection *c, bool on)
{
    struct loopback_end *end = c->peer_end;

    end->reading = on;
}

static void loopback_shut(struct connection *c)
{
    struct loopback_end *end = c->peer_end;

    end->shut = true;
}

static void loopback_closes(struct connection *c)
{
    struct loopback_end *end = c->peer_end;

    end->closed = true;
    end->conn = NULL;
    conn_free(c);
}

static const struct transport loopback_transport = {
    .write = loopback_write,
    .reading = loopback_reading,
    .shut = loopback_shut,
    .close = loopback_closes,
};

struct loopback *loopback_new(const struct http_app *app)
{
    struct loopback *loopback = MEM_NEW(struct loopback);
    struct server_options options = {.app = app};

    loopback->loop = loop_new(0);
    net_loop_init(&loopback->net, loopback->loop, &options);
    return loopback;
}

void loopback_free(struct loopback *loopback)
{
    if (loopback == NULL) {
        return;
    }
    net_loop_kill(&loopback->net);
    loopback_run(loopback);
    loop_stop(loopback->loop);
    loop_run(loopback->loop);
    loop_free(loopback->loop);
    net_loop_done(&loopback->net);
    for (uint32_t i = 0; i < loopback->end_count; i++) {
        buf_done(&loopback->ends[i]->received);
        buf_done(&loopback->ends[i]->pending);
        mem_free(loopback->ends[i]);
    }
    mem_free(loopback->ends);
    mem_free(loopback);
}

struct loop *loopback_loop(struct loopback *loopback)
{
    return loopback->loop;
}

static struct loopback_end *end_of(struct loopback *loopback, uint32_t connection)
{
    assert(connection < loopback->end_count);
    return loopback->ends[connection];
}

uint32_t loopback_connect(struct loopback *loopback)
{
    struct loopback_end *end = MEM_NEW(struct loopback_end);
    struct connection *c = conn_new(&loopback->net, &loopback_transport);
    uint32_t number = loopback->end_count++;

    assert(number < CONNECTIONS_MAX);
    loopback->ends = mem_grow(loopback->ends, loopback->end_count * sizeof(struct loopback_end *));
    loopback->ends[number] = end;
    buf_init(&end->received, RECEIVED_BYTES_MAX);
    buf_init(&end->pending, RECEIVED_BYTES_MAX);
    end->conn = c;
    c->peer_end = end;
    c->is_local = true;
    c->peer_bytes = 9;
    memcpy(c->peer, "127.0.0.1", 9);
    conn_open(c);
    loopback_run(loopback);
    return number;
}

/* Hands over what the server is ready to read; true when there was any. */
static bool deliver(struct loopback_end *end)
{
    struct buf piece = end->pending;

    if (end->conn == NULL || !end->reading || piece.bytes == 0) {
        return false;
    }
    buf_init(&end->pending, RECEIVED_BYTES_MAX);
    for (size_t at = 0; at < piece.bytes;) {
        size_t bytes = piece.bytes - at < READ_BYTES ? piece.bytes - at : READ_BYTES;

        if (!end->reading || end->conn == NULL) {
            buf_add_bytes(&end->pending, piece.at + at, piece.bytes - at);
            break;
        }
        conn_take(end->conn, str_of(piece.at + at, bytes));
        at += bytes;
    }
    buf_done(&piece);
    return true;
}

void loopback_send(struct loopback *loopback, uint32_t connection, struct str bytes)
{
    struct loopback_end *end = end_of(loopback, connection);

    if (end->conn == NULL || end->away || bytes.bytes == 0) {
        return;
    }
    if (end->reading && end->pending.bytes == 0 && bytes.bytes <= READ_BYTES) {
        conn_take(end->conn, bytes);
    } else {
        buf_add(&end->pending, bytes);
    }
    loopback_run(loopback);
}

void loopback_run(struct loopback *loopback)
{
    int idle_turns = 0;

    while (idle_turns < IDLE_TURNS) {
        bool busy = false;

        for (uint32_t i = 0; i < loopback->end_count; i++) {
            busy |= deliver(loopback->ends[i]);
        }
        /* Bytes came without libuv's knowledge: a posted work makes this a turn all the same. */
        net_loop_again(&loopback->net);
        (void)uv_run(loop_uv(loopback->loop), UV_RUN_NOWAIT);
        busy |= !net_loop_quiet(&loopback->net);
        idle_turns = busy ? 0 : idle_turns + 1;
    }
}

struct str loopback_received(struct loopback *loopback, uint32_t connection)
{
    return buf_str(&end_of(loopback, connection)->received);
}

void loopback_forget(struct loopback *loopback, uint32_t connection)
{
    buf_clear(&end_of(loopback, connection)->received);
}

bool loopback_closed(struct loopback *loopback, uint32_t connection)
{
    const struct loopback_end *end = end_of(loopback, connection);

    return end->closed || end->shut;
}

void loopback_close(struct loopback *loopback, uint32_t connection)
{
    struct loopback_end *end = end_of(loopback, connection);

    end->away = true;
    if (end->conn != NULL) {
        conn_kill(end->conn);
    }
    loopback_run(loopback);
}
