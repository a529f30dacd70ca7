/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the chain of outgoing bytes: order, sizes, chunks given back, short pieces put together,
 * and that a borrowed body's exchange is held until its last byte has gone.
 */
#include "fixture.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/net_int.h"

static void text_of(const struct chain *chain, struct buf *ret)
{
    size_t bytes = 0;

    buf_clear(ret);
    for (const struct chunk *c = chain->first; c != NULL; c = c->next) {
        buf_add_bytes(ret, c->at, c->bytes);
        bytes += c->bytes;
    }
    assert_int_equal(bytes, chain->bytes);
}

static void what_is_added_comes_out_in_order(void **state)
{
    struct chunk_pool pool = {NULL, 0};
    struct chain chain;
    struct buf in, out;

    (void)state;
    chain_init(&chain, &pool);
    buf_init(&in, 1 << 20);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < 3000; i++) {
        char piece[64];
        int bytes = snprintf(piece, sizeof piece, "%zu %.*s,", i, (int)(i % 40),
                             "........................................");

        chain_add(&chain, str_of(piece, (size_t)bytes));
        buf_add_bytes(&in, piece, (size_t)bytes);
    }
    text_of(&chain, &out);
    assert_true(str_eq(buf_str(&in), buf_str(&out)));
    chain_consume(&chain, 20001);
    chain_add(&chain, STR("end"));
    buf_add(&in, STR("end"));
    text_of(&chain, &out);
    assert_true(str_eq(str_slice(buf_str(&in), 20001, in.bytes), buf_str(&out)));
    chain_clear(&chain);
    assert_null(chain.first);
    assert_int_equal(chain.bytes, 0);
    assert_true(pool.count > 0);
    buf_done(&in);
    buf_done(&out);
    chunk_pool_done(&pool);
}

static void a_chunk_once_made_serves_again(void **state)
{
    struct chunk_pool pool = {NULL, 0};
    struct chain chain;
    uint64_t before;

    (void)state;
    chain_init(&chain, &pool);
    chain_add(&chain, STR("first"));
    chain_clear(&chain);
    before = mem_count();
    for (int i = 0; i < 100; i++) {
        chain_add(&chain, STR("again"));
        chain_consume(&chain, 2);
        chain_consume(&chain, 3);
    }
    assert_int_equal(mem_count(), before);
    chunk_pool_done(&pool);
}

static void reserved_room_is_in_one_piece(void **state)
{
    struct chunk_pool pool = {NULL, 0};
    struct chain chain;
    char *room;

    (void)state;
    chain_init(&chain, &pool);
    chain_add(&chain, STR("short"));
    room = chain_reserve(&chain, CHUNK_BYTES);
    memset(room, 'x', CHUNK_BYTES);
    chain_used(&chain, CHUNK_BYTES);
    assert_int_equal(chain.bytes, CHUNK_BYTES + 5);
    assert_ptr_not_equal(chain.first, chain.last);
    chain_clear(&chain);
    chunk_pool_done(&pool);
}

static void short_pieces_are_put_together(void **state)
{
    struct chunk_pool pool = {NULL, 0};
    struct chain chain, other;
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    chain_init(&chain, &pool);
    chain_init(&other, &pool);
    chain_add(&chain, STR("one "));
    chain_add(&other, STR("two"));
    chain_splice(&chain, &other);
    chain_splice(&chain, &other);
    text_of(&chain, &out);
    assert_true(str_eq(buf_str(&out), STR("one two")));
    assert_ptr_equal(chain.first, chain.last);
    assert_int_equal(other.bytes, 0);
    chain_clear(&chain);
    buf_done(&out);
    chunk_pool_done(&pool);
}

/* Answered with a large body, which the chain borrows; see /later in fixture.h. */
static void a_borrowed_body_holds_its_exchange(void **state)
{
    struct fixture f;
    struct loopback *loopback;
    struct exchange *x;
    uint32_t c;

    (void)state;
    fixture_init(&f);
    loopback = loopback_new(&f.app);
    c = loopback_connect(loopback);
    loopback_send(loopback, c, STR("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
    x = f.kept[0];
    char *body = arena_alloc(exchange_arena(x), 100000);

    memset(body, 'b', 100000);
    exchange_answer(x, 200, NULL, 0, str_of(body, 100000));
    assert_int_equal(x->holds, 1); /* the conversation is over, the bytes are not gone */
    assert_ptr_equal(x->body_chunk.at, body);
    assert_int_equal(x->net->exchange_count, 1);
    loopback_run(loopback);
    assert_true(str_ends(loopback_received(loopback, c), STR("bbbb")));
    assert_int_equal(x->net->exchange_count, 0);
    loopback_free(loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_comes_out_in_order),
        cmocka_unit_test(a_chunk_once_made_serves_again),
        cmocka_unit_test(reserved_room_is_in_one_piece),
        cmocka_unit_test(short_pieces_are_put_together),
        cmocka_unit_test(a_borrowed_body_holds_its_exchange),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
