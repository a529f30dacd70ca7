/* SPDX-License-Identifier: Apache-2.0
 *
 * Exchanges: the app's side of http.h, and their lives.
 *
 *   pool --new--> in its connection's list --answered and complete--> over --no holds--> done list
 *                     |                                                ^
 *                     '--peer went away: detached, gone told--app ends-'
 *
 * Rules
 *   1. An exchange is on one list at a time. Holds: one for the conversation, one for a borrowed
 *      body on its way. The last drop puts it on the done list, which is emptied when the turn
 *      ends; so the app may still look at it in the call in which it answered.
 *   2. Once head was told, the app ends the exchange, exactly once. `gone` is told at most once,
 *      and only to an app that has not ended it. It also says that net gave up by itself (413, 400
 *      in the middle of a body).
 *   3. A buffered body's room starts at its declared length (BODY_FIRST_MAX at most) and grows
 *      fourfold with what really came; all of a loop's together stay within LOOP_BODY_BYTES_MAX.
 */
#include "net/net_int.h"

#include "base/mem.h"

#define BODY_ROOM_MIN 4096

struct str http_header(const struct http_request *request, struct str name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (str_eq(request->headers[i].name, name)) {
            return request->headers[i].value;
        }
    }
    return STR_NONE;
}

struct exchange *exchange_new(struct connection *c)
{
    struct net_loop *net = c->net;
    struct exchange *x;
    struct arena *arena;

    if (!link_alone(&net->kept)) {
        /* The newest: its memory is still warm. */
        x = LINK_OWNER(net->kept.prev, struct exchange, link);
        link_remove(&x->link);
        net->kept_count--;
        arena = x->arena;
        *x = (struct exchange){.arena = arena};
    } else {
        x = MEM_NEW(struct exchange);
        x->arena = arena_new(EXCHANGE_ARENA_BYTES_MAX);
    }
    x->net = net;
    x->conn = c;
    x->holds = 1;
    x->body_expected = UINT64_MAX;
    chain_init(&x->out, &net->chunks);
    chain_init(&x->held, &net->chunks);
    x->request.tls = c->tls != NULL;
    x->request.loopback = c->is_local;
    x->request.port = c->port;
    x->request.peer = arena_dup(x->arena, str_of(c->peer, c->peer_bytes));
    link_init(&x->link);
    list_push(&c->exchanges, &x->link);
    c->exchange_count++;
    net->exchange_count++;
    return x;
}

void exchange_hold(struct exchange *x)
{
    assert(x->holds > 0);
    x->holds++;
}

void exchange_drop(struct exchange *x)
{
    assert(x->holds > 0);
    if (--x->holds > 0) {
        return;
    }
    assert(link_alone(&x->link));
    assert(x->conn == NULL);
    assert(x->out.bytes == 0);
    x->net->exchange_count--;
    x->net->body_bytes -= x->body_room;
    x->body_room = 0;
    list_push(&x->net->done, &x->link);
}

void exchange_destroy(struct exchange *x)
{
    link_remove(&x->link);
    arena_free(x->arena);
    mem_free(x);
}

void exchange_free(struct exchange *x)
{
    struct net_loop *net = x->net;

    link_remove(&x->link);
    if (net->kept_count >= EXCHANGES_KEPT_MAX) {
        exchange_destroy(x);
        return;
    }
    arena_clear(x->arena);
    list_push(&net->kept, &x->link);
    net->kept_count++;
}

static void exchange_unlink(struct exchange *x)
{
    struct connection *c = x->conn;

    link_remove(&x->link);
    c->exchange_count--;
    if (x->begun) {
        c->streaming--;
    }
    x->conn = NULL;
}

void exchange_over(struct exchange *x)
{
    assert(x->answered);
    exchange_unlink(x);
    chain_clear(&x->held);
    exchange_drop(x);
}

void exchange_detach(struct exchange *x)
{
    exchange_unlink(x);
    chain_clear(&x->out);
    chain_clear(&x->held);
    if (!x->told || x->answered) {
        exchange_drop(x);
        return;
    }
    x->gone = true;
    list_push(&x->net->detached, &x->link);
    x->net->told = true;
    if (x->net->app->gone != NULL) {
        x->net->app->gone(x->net->app->ctx, x);
    }
}

void exchange_tell(struct exchange *x)
{
    const struct http_app *app = x->net->app;
    uint64_t bytes_max = HTTP_BODY_BYTES_MAX;

    assert(!x->told);
    x->told = true;
    x->net->told = true;
    x->mode = app->head(app->ctx, x, &bytes_max);
    x->body_bytes_max = bytes_max < HTTP_BODY_BYTES_MAX ? bytes_max : HTTP_BODY_BYTES_MAX;
    assert(x->mode != BODY_REFUSE || x->answered);
    if (x->answered) {
        x->mode = BODY_REFUSE;
    }
}

/* Room for needed bytes in all, of which have are there. */
static enum body_taken exchange_room(struct exchange *x, size_t have, size_t needed)
{
    size_t room = x->body_room < BODY_ROOM_MIN / 4 ? BODY_ROOM_MIN : x->body_room * 4;
    size_t known = x->body_expected == UINT64_MAX ? (size_t)x->body_bytes_max
                                                  : (size_t)x->body_expected;
    char *at;

    if (x->body_room == 0 && x->body_expected != UINT64_MAX) {
        room = known < BODY_FIRST_MAX ? known : BODY_FIRST_MAX;
    }
    room = room > known ? known : room;
    room = room < needed ? needed : room;
    if (x->net->body_bytes + (room - x->body_room) > LOOP_BODY_BYTES_MAX) {
        return BODY_NO_MEMORY;
    }
    at = have == 0 ? arena_try(x->arena, room) : arena_grow_try(x->arena, x->body_at, have, room);
    if (at == NULL) {
        return BODY_NO_MEMORY;
    }
    x->net->body_bytes += room - x->body_room;
    x->body_at = at;
    x->body_room = room;
    return BODY_TAKEN;
}

enum body_taken exchange_take(struct exchange *x, struct str piece)
{
    size_t have = x->request.body.bytes;

    if (x->mode == BODY_REFUSE || x->answered || piece.bytes == 0) {
        return BODY_TAKEN;
    }
    if (x->mode == BODY_STREAM) {
        x->net->told = true;
        x->net->app->data(x->net->app->ctx, x, piece);
        return BODY_TAKEN;
    }
    if (piece.bytes > x->body_bytes_max - have) {
        return BODY_TOO_LARGE;
    }
    if (have + piece.bytes > x->body_room) {
        enum body_taken taken = exchange_room(x, have, have + piece.bytes);

        if (taken != BODY_TAKEN) {
            return taken;
        }
    }
    if (piece.at != x->body_at + have) { /* else it was read into its place */
        memcpy(x->body_at + have, piece.at, piece.bytes);
    }
    x->request.body = str_of(x->body_at, have + piece.bytes);
    return BODY_TAKEN;
}

char *exchange_place(struct exchange *x, size_t *ret_bytes)
{
    size_t have = x->request.body.bytes;

    if (x->mode != BODY_BUFFER || x->answered || x->paused ||
        x->body_room - have < PLACE_BYTES_MIN) {
        return NULL;
    }
    *ret_bytes = x->body_room - have;
    return x->body_at + have;
}

void exchange_whole(struct exchange *x)
{
    const struct http_app *app = x->net->app;

    assert(!x->complete);
    x->complete = true;
    if (!x->told || x->answered) {
        return;
    }
    x->net->told = true;
    app->request(app->ctx, x);
}

struct answer answer_for_error(int status_code)
{
    static const struct http_header type[] = {
        {STR_INIT("content-type"), STR_INIT("text/plain; charset=utf-8")},
    };
    static const struct {
        int status_code;
        struct str body;
    } words[] = {
        {400, STR_INIT("This is not a request that HTTP allows.\n")},
        {408, STR_INIT("The request did not arrive in time.\n")},
        {413, STR_INIT("The request's body is larger than is taken here.\n")},
        {414, STR_INIT("The request's target is too long.\n")},
        {417, STR_INIT("Only 100-continue can be expected.\n")},
        {431, STR_INIT("The request's header fields are too large.\n")},
        {501, STR_INIT("This method or transfer coding is not known here.\n")},
        {503, STR_INIT("There is no memory left for this request's body; try again.\n")},
        {505, STR_INIT("Only HTTP/1.0, 1.1 and 2 are spoken here.\n")},
    };
    struct answer answer = {status_code, type, 1, STR_NONE};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].status_code == status_code) {
            answer.body = words[i].body;
        }
    }
    assert(answer.body.bytes > 0);
    return answer;
}

const struct http_request *exchange_request(const struct exchange *x)
{
    return &x->request;
}

struct arena *exchange_arena(struct exchange *x)
{
    return x->arena;
}

struct loop *exchange_loop(struct exchange *x)
{
    return x->net->loop;
}

uint64_t exchange_body_expected(const struct exchange *x)
{
    return x->body_expected;
}

void exchange_set_user(struct exchange *x, void *user)
{
    x->user = user;
}

void *exchange_user(const struct exchange *x)
{
    return x->user;
}

void exchange_pause(struct exchange *x)
{
    x->paused = true;
}

void exchange_resume(struct exchange *x)
{
    if (!x->paused) {
        return;
    }
    x->paused = false;
    if (x->conn != NULL) {
        x->conn->protocol->resume(x);
    }
}

/* The app has ended an exchange whose peer is gone. */
static void exchange_end_gone(struct exchange *x)
{
    x->answered = true;
    link_remove(&x->link);
    exchange_drop(x);
}

void exchange_answer(struct exchange *x, int status_code, const struct http_header *headers,
                     size_t header_count, struct str body)
{
    struct answer answer = {status_code, headers, header_count, body};

    assert(x->told);
    assert(!x->answered);
    assert(!x->begun);
    assert(status_code >= 200);
    assert(status_code <= 599);
    if (x->gone) {
        exchange_end_gone(x);
        return;
    }
    x->conn->protocol->answer(x, &answer);
}

void exchange_begin(struct exchange *x, int status_code, const struct http_header *headers,
                    size_t header_count)
{
    struct answer answer = {status_code, headers, header_count, STR_NONE};

    assert(x->told);
    assert(!x->answered);
    assert(!x->begun);
    assert(status_code >= 200);
    assert(status_code <= 599);
    x->begun = true;
    if (!x->gone) {
        x->conn->streaming++;
        x->conn->protocol->begin(x, &answer);
        x->drain_due = true; /* the head alone is something to be drained, too */
    }
}

void exchange_send(struct exchange *x, struct str piece)
{
    assert(x->begun);
    assert(!x->answered);
    if (!x->gone && piece.bytes > 0) {
        x->conn->protocol->send(x, piece);
        x->drain_due = true;
    }
}

bool exchange_takes_files(const struct exchange *x)
{
    const struct connection *c = x->conn;

    return c != NULL && c->protocol->send_file != NULL && c->transport->sends_files &&
           c->tls == NULL;
}

void exchange_send_file(struct exchange *x, int fd, uint64_t offset, uint64_t bytes)
{
    assert(x->begun);
    assert(!x->answered);
    if (!x->gone && bytes > 0) {
        assert(exchange_takes_files(x));
        x->conn->protocol->send_file(x, fd, offset, bytes);
        x->drain_due = true;
    }
}

size_t exchange_backlog(const struct exchange *x)
{
    return x->conn == NULL ? 0 : x->conn->protocol->backlog(x);
}

void exchange_on_drain(struct exchange *x, void (*drain)(struct exchange *x))
{
    x->drain = drain;
}

void exchange_end(struct exchange *x)
{
    assert(x->begun);
    assert(!x->answered);
    if (x->gone) {
        exchange_end_gone(x);
        return;
    }
    x->conn->protocol->end(x);
}
