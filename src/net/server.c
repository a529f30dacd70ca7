/* SPDX-License-Identifier: Apache-2.0
 *
 * A server: its loops' threads, its listeners, its stop.
 *
 * Stopping, on each loop's thread unless said:
 *   1. listeners close, net_loop_finish: idle connections close, the others say so in their last
 *      answer
 *   2. (caller's thread) wait until no connection is left, at most grace_ms
 *   3. net_loop_kill: the app is told `gone`
 *   4. (caller's thread) wait for the app to end its exchanges, at most END_MS; stop, join
 * Works that were posted and not run are run by server_free, on its caller's thread.
 */
#include "net/server_int.h"

#include "base/mem.h"
#include "net/listener.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#define LOOPS_MAX 256
#define CONNECTIONS_DEFAULT 10000
#define IDLE_MS_DEFAULT 60000
#define HEAD_MS_DEFAULT 10000
#define END_MS 2000
#define LOOK_MS 5 /* between two looks for what is still under way */
#define LISTENERS_MAX 2 /* TCP and Unix, per loop */

/* One loop and its thread. */
struct server_loop {
    struct server *server;     /* whose */
    struct loop *loop;         /* libuv's */
    struct net_loop net;       /* its connections */
    struct thread thread;      /* runs the loop */
    struct listener *listeners[LISTENERS_MAX]; /* NULL: none */
    struct loop_work work;     /* the stop's next step */
    void (*step)(struct server_loop *at); /* which is this */
};

struct server {
    struct server_loop *loops;   /* by index */
    uint32_t loop_count;         /* how many */
    uint32_t connections_max;    /* over all loops */
    _Atomic uint32_t connections; /* over all loops, now */
    uint16_t port;               /* TCP's */
    char *unix_path;             /* removed at the stop; NULL: none */
    struct lock lock;            /* over the following */
    struct cond changed;         /* waiting went down */
    uint32_t waiting;            /* loops that have not finished the current step */
    _Atomic uint32_t busy;       /* loops with something under way, at the last look */
    bool started;                /* threads run */
    bool stopped;                /* they do no more */
};

bool server_connected(struct server *server)
{
    return atomic_fetch_add(&server->connections, 1) < server->connections_max;
}

void server_disconnected(struct server *server)
{
    (void)atomic_fetch_sub(&server->connections, 1);
}

static void run_loop(void *arg)
{
    const struct server_loop *at = arg;

    loop_run(at->loop);
}

static void remove_socket(const struct server *server)
{
    if (server->unix_path != NULL) {
        (void)files_real()->remove(files_real()->ctx, server->unix_path);
    }
}

/* Closes what has been opened so far; for a start that failed. */
static void unwind(struct server *server)
{
    for (uint32_t i = 0; i < server->loop_count; i++) {
        struct server_loop *at = &server->loops[i];

        at->net.muted = true;
        for (size_t j = 0; j < LISTENERS_MAX; j++) {
            listener_close(at->listeners[j]);
        }
        loop_stop(at->loop);
        loop_run(at->loop);
    }
    remove_socket(server);
    server->stopped = true;
    server_free(server);
}

static status open_tcp(struct server *server, const char *host, uint16_t port, struct why *why)
{
    server->port = port;
    for (uint32_t i = 0; i < server->loop_count; i++) {
        struct server_loop *at = &server->loops[i];
        int fd;

        TRY(listener_bind_tcp(host, server->port, why, &fd, i == 0 ? &server->port : NULL));
        TRY(listener_open(&at->net, fd, false, why, &at->listeners[0]));
    }
    return OK;
}

static status open_unix(struct server *server, const char *path, struct why *why)
{
    int fd;

    TRY(listener_bind_unix(path, why, &fd));
    server->unix_path = mem_dup(path, strlen(path));
    return listener_open(&server->loops[0].net, fd, true, why, &server->loops[0].listeners[1]);
}

status server_listen(struct server *server, struct why *why, struct listener **ret_listener,
                     uint16_t *ret_port)
{
    uint16_t port = 0;
    int fd;

    TRY(listener_bind_tcp("127.0.0.1", 0, why, &fd, &port));
    TRY(listener_open(&server->loops[0].net, fd, false, why, ret_listener));
    listener_tell_port(*ret_listener, port);
    *ret_port = port;
    return OK;
}

void server_unlisten(struct listener *listener)
{
    listener_close(listener);
}

static struct server_options with_defaults(const struct server_options *options)
{
    struct server_options o = *options;

    o.loop_count = o.loop_count == 0 ? thread_cores() : o.loop_count;
    o.loop_count = o.loop_count > LOOPS_MAX ? LOOPS_MAX : o.loop_count;
    o.connections_max = o.connections_max == 0 ? CONNECTIONS_DEFAULT : o.connections_max;
    o.idle_ms_max = o.idle_ms_max == 0 ? IDLE_MS_DEFAULT : o.idle_ms_max;
    o.head_ms_max = o.head_ms_max == 0 ? HEAD_MS_DEFAULT : o.head_ms_max;
    return o;
}

status server_start(const struct server_options *options, struct why *why,
                    struct server **ret_server)
{
    struct server_options o = with_defaults(options);
    struct server *server = MEM_NEW(struct server);
    status went = OK;

    /* A peer that closed while we write is an error of that write, not the end of the process. */
    (void)signal(SIGPIPE, SIG_IGN);
    server->loops = mem_zero(o.loop_count * sizeof *server->loops);
    server->loop_count = o.loop_count;
    server->connections_max = o.connections_max;
    lock_init(&server->lock);
    cond_init(&server->changed);
    for (uint32_t i = 0; i < server->loop_count; i++) {
        struct server_loop *at = &server->loops[i];

        at->server = server;
        at->loop = loop_new(i);
        net_loop_init(&at->net, at->loop, &o);
        at->net.server = server;
    }
    if (o.host != NULL) {
        went = open_tcp(server, o.host, o.port, why);
    }
    if (went == OK && o.unix_path != NULL) {
        went = open_unix(server, o.unix_path, why);
    }
    if (went != OK) {
        unwind(server);
        return went;
    }
    for (uint32_t i = 0; i < server->loop_count; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "weir-net-%u", i % LOOPS_MAX);
        thread_start(&server->loops[i].thread, name, run_loop, &server->loops[i]);
    }
    server->started = true;
    *ret_server = server;
    return OK;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

uint32_t server_loop_count(const struct server *server)
{
    return server->loop_count;
}

struct loop *server_loop(struct server *server, uint32_t index)
{
    assert(index < server->loop_count);
    return server->loops[index].loop;
}

uint32_t server_connections(const struct server *server)
{
    return atomic_load(&server->connections);
}

static void run_step(struct loop_work *work)
{
    struct server_loop *at = LINK_OWNER(work, struct server_loop, work);
    struct server *server = at->server;

    at->step(at);
    lock_take(&server->lock);
    server->waiting--;
    cond_wake_all(&server->changed);
    lock_give(&server->lock);
}

/* Runs step on every loop's thread and waits for that. */
static void on_every_loop(struct server *server, void (*step)(struct server_loop *at))
{
    server->waiting = server->loop_count;
    for (uint32_t i = 0; i < server->loop_count; i++) {
        struct server_loop *at = &server->loops[i];

        at->step = step;
        link_init(&at->work.link);
        at->work.run = run_step;
        loop_post(at->loop, &at->work);
    }
    lock_take(&server->lock);
    while (server->waiting > 0) {
        cond_wait(&server->changed, &server->lock);
    }
    lock_give(&server->lock);
}

static void step_finish(struct server_loop *at)
{
    for (size_t j = 0; j < LISTENERS_MAX; j++) {
        listener_close(at->listeners[j]);
        at->listeners[j] = NULL;
    }
    net_loop_finish(&at->net);
}

static void step_kill(struct server_loop *at)
{
    net_loop_kill(&at->net);
}

/* Signs off a loop that has nothing under way. */
static void step_look(struct server_loop *at)
{
    if (at->net.connection_count > 0 || at->net.exchange_count > 0) {
        (void)atomic_fetch_add(&at->server->busy, 1);
    }
}

/* Waits until every loop is done with its connections and exchanges. */
static bool wait_quiet(struct server *server, uint32_t timeout_ms)
{
    uint64_t end_ns = clock_monotonic_ns() + timeout_ms * UINT64_C(1000000);

    for (;;) {
        atomic_store(&server->busy, 0);
        on_every_loop(server, step_look);
        if (atomic_load(&server->busy) == 0) {
            return true;
        }
        if (clock_monotonic_ns() >= end_ns) {
            return false;
        }
        lock_take(&server->lock);
        (void)cond_wait_ms(&server->changed, &server->lock, LOOK_MS);
        lock_give(&server->lock);
    }
}

void server_stop(struct server *server, uint32_t grace_ms)
{
    if (server->stopped || !server->started) {
        return;
    }
    on_every_loop(server, step_finish);
    remove_socket(server);
    (void)wait_quiet(server, grace_ms);
    on_every_loop(server, step_kill);
    if (!wait_quiet(server, END_MS)) {
        log_write(LOG_WARNING, "net", "stopping with requests that nobody has ended");
    }
    for (uint32_t i = 0; i < server->loop_count; i++) {
        loop_stop(server->loops[i].loop);
    }
    for (uint32_t i = 0; i < server->loop_count; i++) {
        thread_join(&server->loops[i].thread);
    }
    server->stopped = true;
}

void server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    server_stop(server, 0);
    for (uint32_t i = 0; i < server->loop_count; i++) {
        /* The last works may still end exchanges, so the loop goes first. */
        loop_free(server->loops[i].loop);
        net_loop_done(&server->loops[i].net);
    }
    lock_done(&server->lock);
    cond_done(&server->changed);
    mem_free(server->unix_path);
    mem_free(server->loops);
    mem_free(server);
}
