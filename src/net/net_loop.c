/* SPDX-License-Identifier: Apache-2.0
 *
 * What the connections of one loop share, and what happens when a turn ends:
 *
 *   1. connections that may go on are fed from what they held back
 *   2. the app's turn, once for all that the turn brought
 *   3. every connection with something to say writes, once
 *   4. the dead are buried, exchanges that are over go back to the pool
 *
 * Steps 1 to 4 are repeated while they bring new work, TURN_ROUNDS_MAX times; then another turn is
 * asked for, so that no connection can keep the loop from the others.
 *
 * Slow peers are found by one sweep over all connections, not by a timer each.
 */
#include "net/net_int.h"

#include "base/mem.h"
#include "base/time.h"

#define SWEEP_MS_MIN 10
#define SWEEP_MS_MAX 1000

static void sweep(void *arg)
{
    struct net_loop *net = arg;
    uint64_t now_ms = uv_now(loop_uv(net->loop));
    struct link *next;

    for (struct link *l = net->connections.next; l != &net->connections; l = next) {
        next = l->next; /* nothing is removed before the turn ends */
        conn_overdue(LINK_OWNER(l, struct connection, link), now_ms);
    }
}

static void update_sweep(struct net_loop *net)
{
    uint64_t shortest = net->idle_ms_max < net->head_ms_max ? net->idle_ms_max : net->head_ms_max;
    uint64_t every_ms = shortest / 4;

    if (net->connection_count == 0) {
        loop_timer_stop(net->sweep);
        net->sweep = NULL;
    } else if (net->sweep == NULL && shortest > 0) {
        every_ms = every_ms < SWEEP_MS_MIN ? SWEEP_MS_MIN : every_ms;
        every_ms = every_ms > SWEEP_MS_MAX ? SWEEP_MS_MAX : every_ms;
        net->sweep = loop_timer_start(net->loop, every_ms, every_ms, sweep, net);
    }
}

/* The connections that are dirty now; those that become so meanwhile are for the next round. */
static void take_dirty(struct net_loop *net, struct link *ret_list)
{
    link_init(ret_list);
    if (!link_alone(&net->dirty)) {
        struct link *first = net->dirty.next;

        link_remove(&net->dirty);
        list_push(first, ret_list);
    }
}

static void feed_hungry(struct net_loop *net)
{
    struct link *next;

    for (struct link *l = net->dirty.next; l != &net->dirty; l = next) {
        struct connection *c = LINK_OWNER(l, struct connection, dirty);

        next = l->next;
        if (c->hungry) {
            conn_feed(c);
        }
    }
}

static void flush_dirty(struct net_loop *net)
{
    struct link list;

    take_dirty(net, &list);
    while (!link_alone(&list)) {
        struct connection *c = LINK_OWNER(list.next, struct connection, dirty);

        link_remove(&c->dirty);
        conn_flush(c);
        if (c->dead) {
            conn_bury(c);
        } else if (c->hungry) {
            conn_dirty(c);
        }
    }
}

static void free_done(struct net_loop *net)
{
    while (!link_alone(&net->done)) {
        exchange_free(LINK_OWNER(net->done.next, struct exchange, link));
    }
}

static void run_again(struct loop_work *work)
{
    LINK_OWNER(work, struct net_loop, again)->again_posted = false;
}

static void turn_end(void *arg)
{
    struct net_loop *net = arg;
    const struct http_app *app = net->app;

    net->told = true; /* the app may have work of its own each turn */
    for (int round = 0; round < TURN_ROUNDS_MAX; round++) {
        feed_hungry(net);
        if (net->told && app->turn != NULL && !net->muted) {
            net->told = false;
            app->turn(app->ctx, loop_index(net->loop));
        }
        net->told &= app->turn != NULL && !net->muted;
        flush_dirty(net);
        if (link_alone(&net->dirty) && !net->told) {
            break;
        }
    }
    free_done(net);
    update_sweep(net);
    if (!link_alone(&net->dirty) || net->told) {
        net_loop_again(net);
    }
}

void net_loop_again(struct net_loop *net)
{
    if (!net->again_posted) {
        net->again_posted = true;
        loop_post(net->loop, &net->again);
    }
}

void net_loop_init(struct net_loop *net, struct loop *loop, const struct server_options *options)
{
    *net = (struct net_loop){
        .loop = loop,
        .app = options->app,
        .tls = options->tls,
        .idle_ms_max = options->idle_ms_max,
        .head_ms_max = options->head_ms_max,
        .again.run = run_again,
        .date_second = -1,
    };
    assert(net->app->head != NULL);
    assert(net->app->request != NULL);
    link_init(&net->connections);
    link_init(&net->dirty);
    link_init(&net->detached);
    link_init(&net->done);
    link_init(&net->kept);
    link_init(&net->again.link);
    clock_init_real(&net->clock);
    net->read_at = mem_alloc(READ_BYTES);
    loop_on_turn(loop, turn_end, net);
}

void net_loop_done(struct net_loop *net)
{
    assert(link_alone(&net->connections));
    free_done(net);
    while (!link_alone(&net->detached)) {
        exchange_destroy(LINK_OWNER(net->detached.next, struct exchange, link));
    }
    while (!link_alone(&net->kept)) {
        exchange_destroy(LINK_OWNER(net->kept.next, struct exchange, link));
    }
    chunk_pool_done(&net->chunks);
    mem_free(net->read_at);
}

void net_loop_finish(struct net_loop *net)
{
    struct link *next;

    net->stopping = true;
    for (struct link *l = net->connections.next; l != &net->connections; l = next) {
        struct connection *c = LINK_OWNER(l, struct connection, link);

        next = l->next;
        if (c->protocol != NULL && !c->dead) {
            c->protocol->finish(c);
            conn_dirty(c);
        } else {
            conn_kill(c);
        }
    }
}

void net_loop_kill(struct net_loop *net)
{
    for (struct link *l = net->connections.next; l != &net->connections; l = l->next) {
        conn_kill(LINK_OWNER(l, struct connection, link));
    }
}

struct str net_loop_date(struct net_loop *net)
{
    int64_t now_ms = clock_now_ms(&net->clock);

    if (now_ms / MS_PER_SECOND != net->date_second) {
        struct buf buf;

        net->date_second = now_ms / MS_PER_SECOND;
        buf_init(&buf, sizeof net->date);
        buf_add(&buf, STR("date: "));
        buf_add_http_date(&buf, now_ms);
        buf_add(&buf, STR("\r\n"));
        assert(!buf_spent(&buf));
        memcpy(net->date, buf.at, buf.bytes);
        net->date_bytes = buf.bytes;
        buf_done(&buf);
    }
    return str_of(net->date, net->date_bytes);
}

bool net_loop_quiet(const struct net_loop *net)
{
    return link_alone(&net->dirty) && !net->told && !net->again_posted;
}
