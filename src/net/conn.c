/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection: bytes from its transport to its protocol, and back.
 *
 *   transport --conn_take--> (TLS) --conn_plain--> protocol->feed --> app
 *   transport <--write-- wire <--(TLS)-- out <--protocol->flush, answers
 *
 * Rules
 *   1. The first byte tells TLS (0x16) from plain text; the first 24 tell HTTP/2's preface.
 *   2. What a protocol does not take stays in c->in and is offered again: with more bytes, or, when
 *      the protocol is blocked, once somebody calls conn_hungry(). Reading stops while c->in holds
 *      IN_HELD_MAX or the peer owes us the taking of OUT_HELD_MAX.
 *   3. Writing happens at the turn's end only, one write for all that is there.
 *   4. A peer that closes its sending side is gone, as one that resets is: half-closed connections
 *      are not kept.
 *   5. The bulk of a large HTTP/1.1 body that is to be whole in memory is read into its place there
 *     (conn_room); what is fed then lies where it is to lie already.
 *   6. A connection with unread bytes is closed by shutting our side and reading on for LINGER_MS,
 *      or the reset would overtake the answer.
 */
#include "net/net_int.h"

#include "base/mem.h"
#include "net/http1_int.h"
#include "net/tls_int.h"

static const struct str preface = STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

struct connection *conn_new(struct net_loop *net, const struct transport *transport)
{
    struct connection *c = MEM_NEW(struct connection);

    c->net = net;
    c->transport = transport;
    link_init(&c->link);
    link_init(&c->dirty);
    link_init(&c->exchanges);
    buf_init(&c->in, IN_HELD_MAX + READ_BYTES + HTTP_HEAD_BYTES_MAX);
    chain_init(&c->out, &net->chunks);
    chain_init(&c->wire, &net->chunks);
    return c;
}

void conn_open(struct connection *c)
{
    struct net_loop *net = c->net;

    list_push(&net->connections, &c->link);
    net->connection_count++;
    c->last_ms = uv_now(loop_uv(net->loop));
    c->reading = true;
    c->transport->reading(c, true);
}

void conn_dirty(struct connection *c)
{
    struct net_loop *net = c->net;

    if (link_alone(&c->dirty) && !c->closed) {
        list_push(&net->dirty, &c->dirty);
    }
}

void conn_hungry(struct connection *c)
{
    c->hungry = true;
    conn_dirty(c);
}

void conn_kill(struct connection *c)
{
    c->dead = true;
    conn_dirty(c);
}

void conn_last(struct connection *c, bool unread)
{
    c->close_after_out = true;
    c->unread |= unread;
    conn_dirty(c);
}

/* All bytes on their way to the peer. */
static size_t out_bytes(const struct connection *c)
{
    return c->out.bytes + c->wire.bytes;
}

static void update_reading(struct connection *c)
{
    bool on = c->linger_ms != 0 ||
              (c->in.bytes < IN_HELD_MAX && out_bytes(c) < OUT_HELD_MAX);

    if (on != c->reading && !c->dead && !c->closed) {
        c->reading = on;
        c->transport->reading(c, on);
    }
}

/* The protocol by its first bytes; false while they could be either. */
static bool choose_protocol(struct connection *c, struct str bytes)
{
    size_t known = bytes.bytes < preface.bytes ? bytes.bytes : preface.bytes;

    if (memcmp(bytes.at, preface.at, known) != 0) {
        c->protocol = &http1_protocol;
        return true;
    }
    if (known < preface.bytes) {
        return false;
    }
    c->protocol = &http2_protocol;
    return true;
}

/* Feeds until nothing more is taken; returns how much was. */
static size_t feed_protocol(struct connection *c, struct str bytes)
{
    const struct protocol *before;
    size_t taken = 0;

    if (c->protocol == NULL && !choose_protocol(c, bytes)) {
        return 0;
    }
    do {
        before = c->protocol;
        taken += before->feed(c, str_slice(bytes, taken, bytes.bytes));
    } while (c->protocol != before && !c->dead); /* an upgrade: the rest is HTTP/2 */
    return taken;
}

void conn_plain(struct connection *c, struct str bytes)
{
    size_t taken;

    if (c->dead || c->linger_ms != 0) {
        return;
    }
    if (c->in.bytes == 0) {
        taken = c->blocked ? 0 : feed_protocol(c, bytes);
        assert(taken <= bytes.bytes);
        buf_add(&c->in, str_slice(bytes, taken, bytes.bytes));
    } else {
        buf_add(&c->in, bytes);
        taken = c->blocked ? 0 : feed_protocol(c, buf_str(&c->in));
        assert(taken <= c->in.bytes);
        c->in.bytes -= taken;
        if (taken > 0) {
            memmove(c->in.at, c->in.at + taken, c->in.bytes);
        }
    }
    if (buf_spent(&c->in)) {
        conn_kill(c); /* only without memory: reading stops long before the maximum */
        return;
    }
    if (c->in.bytes == 0 && c->in.at != NULL) {
        buf_done(&c->in);
    } else if (c->in.bytes > 0 && c->protocol == NULL && c->head_ms == 0) {
        c->head_ms = c->last_ms;
    }
}

struct room conn_room(struct connection *c)
{
    struct room room = {c->net->read_at, READ_BYTES};

    if (c->tls == NULL && c->protocol == &http1_protocol && !c->dead && c->linger_ms == 0) {
        size_t bytes;
        char *place = http1_place(c, &bytes);

        room = place == NULL ? room : (struct room){place, bytes};
    }
    return room;
}

void conn_take(struct connection *c, struct str bytes)
{
    c->last_ms = uv_now(loop_uv(c->net->loop));
    if (c->dead || c->closed || c->linger_ms != 0) {
        return;
    }
    if (!c->sniffed) {
        c->sniffed = true;
        if (bytes.at[0] == 0x16 && c->net->tls != NULL) {
            c->tls = tls_session_new(c->net->tls);
            c->head_ms = c->last_ms;
        }
    }
    if (c->tls != NULL) {
        tls_take(c, bytes);
    } else {
        conn_plain(c, bytes);
    }
    if (c->in.bytes > 0) {
        update_reading(c);
    }
}

void conn_feed(struct connection *c)
{
    c->hungry = false;
    if (c->dead || c->closed || c->protocol == NULL) {
        return;
    }
    c->blocked = false;
    if (c->in.bytes > 0) {
        conn_plain(c, STR_NONE);
    } else {
        /* Nothing to offer, but the protocol may have something of its own to hand over. */
        (void)c->protocol->feed(c, STR(""));
    }
    update_reading(c);
}

/* Tells those whose pieces have all been taken. */
static void tell_drained(struct connection *c)
{
    struct link *next;

    for (struct link *l = c->exchanges.next; l != &c->exchanges; l = next) {
        struct exchange *x = LINK_OWNER(l, struct exchange, link);

        next = l->next;
        if (x->drain_due && !x->answered && c->protocol->backlog(x) == 0) {
            x->drain_due = false;
            if (x->drain != NULL) {
                x->drain(x);
            }
        }
        if (c->protocol->version == 11) {
            return; /* only the first may have sent, and it may have left the list */
        }
    }
}

/* All was sent that ever will be. */
static void finish_out(struct connection *c)
{
    if (c->linger_ms != 0) {
        return;
    }
    if (c->tls != NULL && tls_bye(c)) {
        conn_dirty(c); /* the farewell has to leave first */
        return;
    }
    if (!c->unread) {
        conn_kill(c);
        return;
    }
    c->linger_ms = uv_now(loop_uv(c->net->loop));
    buf_done(&c->in);
    update_reading(c);
    c->transport->shut(c);
}

void conn_flush(struct connection *c)
{
    size_t before;

    if (c->closed || c->dead) {
        return;
    }
    do {
        struct chain *chain = c->tls != NULL ? &c->wire : &c->out;

        if (c->protocol != NULL) {
            c->protocol->flush(c);
        }
        if (c->tls != NULL) {
            tls_seal(c);
        }
        before = chain->bytes;
        if (before > 0 && !c->writing) {
            c->transport->write(c, chain);
            c->last_ms = uv_now(loop_uv(c->net->loop));
        }
        /* More may be behind what has left: frames of HTTP/2, plain text not yet sealed. */
    } while (before > 0 && !c->writing && !c->dead &&
             (c->out.bytes > 0 || (c->protocol != NULL && c->protocol->version == 20)));
    if (c->dead) {
        return;
    }
    if (c->streaming > 0) {
        tell_drained(c);
    }
    if (c->close_after_out && c->exchange_count == 0 && out_bytes(c) == 0 && !c->writing) {
        finish_out(c);
    }
    update_reading(c);
}

void conn_wrote(struct connection *c)
{
    c->last_ms = uv_now(loop_uv(c->net->loop));
    conn_dirty(c);
}

void conn_bury(struct connection *c)
{
    assert(c->dead);
    if (c->closed) {
        return;
    }
    c->closed = true;
    link_remove(&c->link);
    link_remove(&c->dirty);
    c->net->connection_count--;
    while (!link_alone(&c->exchanges)) {
        exchange_detach(LINK_OWNER(c->exchanges.next, struct exchange, link));
    }
    assert(c->exchange_count == 0);
    if (c->protocol != NULL) {
        c->protocol->done(c);
    }
    c->transport->close(c);
}

void conn_free(struct connection *c)
{
    assert(c->closed);
    chain_clear(&c->out);
    chain_clear(&c->wire);
    tls_session_free(c->tls);
    buf_done(&c->in);
    mem_free(c);
}

/* Whether the next move is the peer's. */
static bool waits_for_peer(const struct connection *c)
{
    for (const struct link *l = c->exchanges.next; l != &c->exchanges; l = l->next) {
        const struct exchange *x = LINK_OWNER(l, const struct exchange, link);

        if (!x->answered && (x->complete || x->paused || x->begun) &&
            c->protocol->backlog(x) == 0) {
            return false;
        }
    }
    return true;
}

static void conn_too_slow(struct connection *c)
{
    c->head_ms = 0;
    if (c->protocol == NULL) {
        conn_kill(c);
    } else {
        c->protocol->overdue(c);
    }
}

void conn_overdue(struct connection *c, uint64_t now_ms)
{
    const struct net_loop *net = c->net;

    if (c->dead || c->closed) {
        return;
    }
    if (c->linger_ms != 0) {
        if (now_ms - c->linger_ms > LINGER_MS) {
            conn_kill(c);
        }
        return;
    }
    if (c->head_ms != 0 && now_ms - c->head_ms > net->head_ms_max) {
        conn_too_slow(c);
        return;
    }
    if (now_ms - c->last_ms <= net->idle_ms_max) {
        return;
    }
    if (out_bytes(c) > 0) {
        conn_kill(c); /* it does not even take what it asked for */
    } else if (waits_for_peer(c)) {
        c->last_ms = now_ms;
        conn_too_slow(c);
    }
}
