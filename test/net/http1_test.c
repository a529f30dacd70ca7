/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves HTTP/1.1 connections over the loopback: framing in every split, order of answers, early
 * and late ends, back-pressure, and what the app is told when the peer goes away.
 */
#include "fixture.h"

#include "base/mem.h"
#include "net/net_int.h"

struct world {
    struct fixture f;          /* the app */
    struct loopback *loopback; /* the server */
    uint32_t c;                /* one connection */
};

static int start(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    fixture_init(&w->f);
    w->loopback = loopback_new(&w->f.app);
    w->c = loopback_connect(w->loopback);
    *state = w;
    return 0;
}

static int stop(void **state)
{
    struct world *w = *state;

    loopback_free(w->loopback);
    free(w);
    return 0;
}

static struct str say(struct world *w, const char *text)
{
    loopback_send(w->loopback, w->c, str_c(text));
    return loopback_received(w->loopback, w->c);
}

static void reconnect(struct world *w)
{
    loopback_close(w->loopback, w->c);
    w->c = loopback_connect(w->loopback);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path, length) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " length "\r\n\r\n"

static void a_post_is_answered_with_its_body(void **state)
{
    struct world *w = *state;
    struct str got = say(w, POST("/echo", "5") "hello");

    assert_true(str_starts(got, STR("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndate: ")));
    assert_true(str_ends(got, STR(" GMT\r\ncontent-length: 5\r\n\r\nhello")));
    assert_int_equal(count_of(got, "connection:"), 0);
    assert_false(loopback_closed(w->loopback, w->c));
    assert_int_equal(w->f.requests, 1);
    assert_true(w->f.turns >= 1);
}

static void fields_arrive_as_sent(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "GET /fields?a=b HTTP/1.1\r\nHost: h\r\nX-Some: thing\r\n\r\n");

    assert_true(has(got, "\r\n\r\nGET|/fields|a=b|h|11|plain|127.0.0.1\nhost=h\nx-some=thing\n"));
}

/* Everything a connection can see on its way, in one stream. */
static const char all[] =
    POST("/echo", "5") "hello" GET("/pieces") "\r\n" POST("/echo", "0") "POST /echo HTTP/1.1\r\n"
    "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: u\r\n\r\n"
    "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n" GET("/empty") POST("/stream", "10") "0123456789"
    GET("/length");

/* The answers without their dates. */
static void gather(struct buf *ret, struct str got)
{
    size_t at;

    while ((at = str_find_str(got, STR("date: "))) < got.bytes) {
        buf_add(ret, str_slice(got, 0, at));
        got = str_slice(got, at + sizeof "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" - 1, got.bytes);
    }
    buf_add(ret, got);
}

static void a_stream_of_requests_means_the_same_in_every_split(void **state)
{
    struct world *w = *state;
    struct buf whole, split;

    buf_init(&whole, 1 << 20);
    buf_init(&split, 1 << 20);
    gather(&whole, say(w, all));
    assert_int_equal(count_of(buf_str(&whole), "HTTP/1.1 2"), 8);
    for (size_t cut = 1; cut < sizeof all - 1; cut++) {
        w->f.stream_bytes = w->f.stream_sum = 0;
        reconnect(w);
        loopback_send(w->loopback, w->c, str_of(all, cut));
        loopback_send(w->loopback, w->c, str_of(all + cut, sizeof all - 1 - cut));
        buf_clear(&split);
        gather(&split, loopback_received(w->loopback, w->c));
        assert_true(str_eq(buf_str(&whole), buf_str(&split)));
    }
    buf_done(&split);
    buf_done(&whole);
}

static void a_stream_of_requests_means_the_same_byte_by_byte(void **state)
{
    struct world *w = *state;
    struct buf whole, split;

    buf_init(&whole, 1 << 20);
    buf_init(&split, 1 << 20);
    gather(&whole, say(w, all));
    w->f.stream_bytes = w->f.stream_sum = 0;
    reconnect(w);
    for (size_t i = 0; i < sizeof all - 1; i++) {
        loopback_send(w->loopback, w->c, str_of(all + i, 1));
    }
    gather(&split, loopback_received(w->loopback, w->c));
    assert_true(str_eq(buf_str(&whole), buf_str(&split)));
    buf_done(&split);
    buf_done(&whole);
}

static void what_net_refuses_it_answers_and_closes(void **state)
{
    static const struct {
        const char *text;
        const char *status;
    } table[] = {
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
        {"GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 Bad Request\r\n"},
        {"\x16\x03\x01", "HTTP/1.1 400 Bad Request\r\n"},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
         "HTTP/1.1 501 Not Implemented\r\n"},
        {POST("/tiny", "11"), "HTTP/1.1 413 Content Too Large\r\n"},
        {POST("/echo", "99999999999"), "HTTP/1.1 413 Content Too Large\r\n"},
        {"POST /tiny HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
         "HTTP/1.1 413 Content Too Large\r\n"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
         "HTTP/1.1 400 Bad Request\r\n"},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "HTTP/1.1 417 Expectation Failed\r\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct str got;

        reconnect(w);
        got = say(w, table[i].text);
        if (!str_starts(got, str_c(table[i].status))) {
            fail_msg("%.*s for %s", STR_ARG(got), table[i].text);
        }
        assert_true(has(got, "connection: close\r\n"));
        assert_true(has(got, "content-type: text/plain"));
        assert_true(loopback_closed(w->loopback, w->c));
        (void)say(w, GET("/echo"));
        assert_int_equal(count_of(loopback_received(w->loopback, w->c), "HTTP/1.1"), 1);
    }
    assert_int_equal(w->f.requests, 0);
    assert_int_equal(w->f.heads, w->f.gones); /* whoever was told a head was told its end */
}

static void answers_leave_in_the_order_of_requests(void **state)
{
    struct world *w = *state;
    struct str got = say(w, GET("/later") GET("/later") GET("/echo") GET("/later"));

    assert_int_equal(got.bytes, 0);
    assert_int_equal(w->f.kept_count, 3);
    answer_text(w->f.kept[2], 200, "fourth");
    answer_text(w->f.kept[1], 200, "second");
    loopback_run(w->loopback);
    assert_int_equal(loopback_received(w->loopback, w->c).bytes, 0);
    answer_text(w->f.kept[0], 200, "first");
    loopback_run(w->loopback);
    got = loopback_received(w->loopback, w->c);
    assert_int_equal(count_of(got, "HTTP/1.1 200"), 4);
    assert_true(str_find_str(got, STR("first")) < str_find_str(got, STR("second")));
    assert_true(str_find_str(got, STR("second")) < str_find_str(got, STR("fourth")));
}

static void pieces_out_of_turn_wait_for_their_turn(void **state)
{
    struct world *w = *state;

    (void)say(w, GET("/open") GET("/open"));
    exchange_send(w->f.kept[1], STR("two"));
    exchange_end(w->f.kept[1]);
    loopback_run(w->loopback);
    assert_false(has(loopback_received(w->loopback, w->c), "two"));
    exchange_send(w->f.kept[0], STR("one"));
    assert_int_equal(exchange_backlog(w->f.kept[0]), 8);
    loopback_run(w->loopback);
    assert_int_equal(exchange_backlog(w->f.kept[0]), 0);
    assert_true(has(loopback_received(w->loopback, w->c), "3\r\none\r\n"));
    assert_false(has(loopback_received(w->loopback, w->c), "two"));
    exchange_end(w->f.kept[0]);
    loopback_run(w->loopback);
    assert_true(str_ends(loopback_received(w->loopback, w->c), STR("3\r\ntwo\r\n0\r\n\r\n")));
}

static void a_pipeline_has_at_most_32_under_way(void **state)
{
    struct world *w = *state;
    struct buf many;

    buf_init(&many, 1 << 20);
    for (int i = 0; i < 40; i++) {
        buf_add(&many, STR(GET("/later")));
    }
    loopback_send(w->loopback, w->c, buf_str(&many));
    buf_done(&many);
    assert_int_equal(w->f.kept_count, 32);
    for (int i = 0; i < 8; i++) {
        answer_text(w->f.kept[i], 200, "x");
    }
    loopback_run(w->loopback);
    assert_int_equal(w->f.kept_count, 40);
    for (int i = 8; i < 40; i++) {
        answer_text(w->f.kept[i], 200, "x");
    }
    loopback_run(w->loopback);
    assert_int_equal(count_of(loopback_received(w->loopback, w->c), "HTTP/1.1 200"), 40);
}

static void a_head_answer_has_no_body(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");

    assert_true(str_ends(got, STR("content-length: 12345\r\n\r\n")));
    loopback_forget(w->loopback, w->c);
    got = say(w, "HEAD /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(str_ends(got, STR("content-length: 3\r\n\r\n")));
    loopback_forget(w->loopback, w->c);
    got = say(w, "HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n" GET("/empty"));
    assert_true(has(got, "transfer-encoding: chunked\r\n\r\nHTTP/1.1 204 No Content\r\n"));
    assert_false(has(got, "content-length"));
}

static void http_10_closes_unless_asked(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "GET /pieces HTTP/1.0\r\n\r\n");

    assert_true(str_ends(got, STR("connection: close\r\n\r\none two six")));
    assert_true(loopback_closed(w->loopback, w->c));
    reconnect(w);
    got = say(w, "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab");
    assert_true(has(got, "connection: keep-alive\r\n\r\nab"));
    assert_false(loopback_closed(w->loopback, w->c));
}

static void close_is_obeyed_and_what_follows_is_not(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                            GET("/echo"));

    assert_int_equal(count_of(got, "HTTP/1.1 200"), 1);
    assert_true(has(got, "connection: close\r\n"));
    assert_true(loopback_closed(w->loopback, w->c));
    assert_int_equal(w->f.requests, 1);
}

static void a_100_is_sent_once_the_head_was_taken(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                            "Expect: 100-continue\r\n\r\n");

    assert_true(str_eq(got, STR("HTTP/1.1 100 Continue\r\n\r\n")));
    got = say(w, "abc");
    assert_true(str_ends(got, STR("\r\n\r\nabc")));
    assert_int_equal(count_of(got, "HTTP/1.1"), 2);
}

static void a_100_is_sent_without_a_body_too(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                            "Expect: 100-continue\r\n\r\n");

    assert_true(str_starts(got, STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")));
    assert_int_equal(count_of(got, "HTTP/1.1"), 2);
}

static void no_100_is_sent_to_those_refused(void **state)
{
    struct world *w = *state;
    struct str got = say(w, "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                            "Expect: 100-continue\r\n\r\n");

    assert_true(str_starts(got, STR("HTTP/1.1 403 Forbidden\r\n")));
    assert_true(has(got, "connection: close\r\n"));
    assert_true(loopback_closed(w->loopback, w->c));
    reconnect(w);
    got = say(w, "POST /tiny HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n"
                 "Expect: 100-continue\r\n\r\n");
    assert_true(str_starts(got, STR("HTTP/1.1 413 ")));
}

static void a_100_waits_for_the_answers_before_it(void **state)
{
    struct world *w = *state;
    struct str got = say(w, GET("/later") "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                                          "Expect: 100-continue\r\n\r\n");

    assert_int_equal(got.bytes, 0);
    answer_text(w->f.kept[0], 200, "x");
    loopback_run(w->loopback);
    assert_true(str_ends(loopback_received(w->loopback, w->c),
                         STR("x" "HTTP/1.1 100 Continue\r\n\r\n")));
}

static void a_short_refused_body_is_skipped(void **state)
{
    struct world *w = *state;
    struct str got = say(w, POST("/refuse", "5"));

    assert_true(str_starts(got, STR("HTTP/1.1 403 ")));
    assert_false(has(got, "connection: close"));
    got = say(w, "12345" GET("/echo"));
    assert_int_equal(count_of(got, "HTTP/1.1 200"), 1);
    got = say(w, POST("/refuse", "100000"));
    assert_true(has(got, "connection: close"));
    assert_true(loopback_closed(w->loopback, w->c));
}

static void a_large_body_comes_whole(void **state)
{
    struct world *w = *state;
    const size_t bytes = 5u << 20;
    char *body = malloc(bytes);
    struct str got;

    for (size_t i = 0; i < bytes; i++) {
        body[i] = (char)('a' + i * i % 23);
    }
    (void)say(w, POST("/echo", "5242880"));
    loopback_send(w->loopback, w->c, str_of(body, bytes));
    got = loopback_received(w->loopback, w->c);
    assert_true(str_ends(got, str_of(body, bytes)));
    loopback_forget(w->loopback, w->c);
    (void)say(w, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n500000\r\n");
    loopback_send(w->loopback, w->c, str_of(body, bytes));
    got = say(w, "\r\n0\r\n\r\n");
    assert_true(str_ends(got, str_of(body, bytes)));
    free(body);
}

static void a_paused_body_waits_in_bounds(void **state)
{
    struct world *w = *state;
    static char piece[1000];
    size_t rounds = 0;

    memset(piece, 'a', sizeof piece);
    (void)say(w, POST("/slow", "1000000"));
    for (int i = 0; i < 1000; i++) {
        loopback_send(w->loopback, w->c, str_of(piece, sizeof piece));
    }
    assert_int_equal(w->f.pieces, 1);
    assert_int_equal(w->f.requests, 0);
    while (w->f.requests == 0 && rounds++ < 2000) {
        exchange_resume(w->f.kept[0]);
        loopback_run(w->loopback);
    }
    assert_int_equal(w->f.stream_bytes, 1000000);
    assert_true(has(loopback_received(w->loopback, w->c), "1000000 bytes, sum "));
    assert_in_range(w->f.pieces, 5, 50);
}

static void a_flood_of_pieces_is_sent_as_the_peer_takes_it(void **state)
{
    struct world *w = *state;
    struct str got = say(w, GET("/flood"));

    assert_true(got.bytes > FLOOD_BYTES);
    assert_true(str_ends(got, STR("\r\n0\r\n\r\n")));
    assert_true(w->f.backlog_max <= 5 * FLOOD_PIECE + 1000);
}

static void a_declared_length_is_sent_as_it_is(void **state)
{
    struct world *w = *state;
    struct str got = say(w, GET("/length"));

    assert_true(str_ends(got, STR("content-length: 11\r\n\r\none two six")));
    assert_int_equal(count_of(got, "content-length"), 1);
    assert_false(has(got, "chunked"));
}

static void values_cannot_end_their_field(void **state)
{
    static const struct http_header evil[] = {
        {STR_INIT("X-Meta"), STR_INIT("a\r\nSet-Cookie: b")},
        {STR_INIT("bad\r\nname"), STR_INIT("c")},
        {STR_INIT("Connection"), STR_INIT("upgrade")},
        {STR_INIT("Transfer-Encoding"), STR_INIT("chunked")},
        {STR_INIT("Content-Length"), STR_INIT("7")},
        {STR_INIT("Date"), STR_INIT("today")},
    };
    struct world *w = *state;

    (void)say(w, GET("/later"));
    exchange_answer(w->f.kept[0], 299, evil, 6, STR("x"));
    loopback_run(w->loopback);
    assert_true(str_eq(loopback_received(w->loopback, w->c),
                       STR("HTTP/1.1 299 \r\nx-meta: a  Set-Cookie: b\r\nbad--name: c\r\n"
                           "date: today\r\ncontent-length: 1\r\n\r\nx")));
}

static void an_early_answer_ends_a_long_upload(void **state)
{
    struct world *w = *state;

    (void)say(w, POST("/slow", "1000000") "abc");
    answer_text(w->f.kept[0], 400, "enough");
    w->f.kept_count = 0;
    loopback_run(w->loopback);
    assert_true(has(loopback_received(w->loopback, w->c), "connection: close"));
    assert_true(loopback_closed(w->loopback, w->c));
    assert_int_equal(w->f.gones, 0);
}

static void an_early_answer_while_paused_skips_a_short_rest(void **state)
{
    struct world *w = *state;

    (void)say(w, POST("/slow", "10") "abc");
    (void)say(w, "defghij" GET("/echo"));
    answer_text(w->f.kept[0], 200, "enough");
    loopback_run(w->loopback);
    assert_int_equal(count_of(loopback_received(w->loopback, w->c), "HTTP/1.1 200"), 2);
    assert_int_equal(w->f.requests, 1);
}

static void a_peer_that_leaves_is_told_at_each_stage(void **state)
{
    static const struct {
        const char *text;
        size_t heads, gones;
        bool kept;
    } table[] = {
        {"", 0, 0, false},
        {"GET / HT", 0, 0, false},
        {POST("/echo", "5"), 1, 1, false},
        {POST("/echo", "5") "abc", 1, 1, false},
        {POST("/slow", "5") "abc", 1, 1, true},
        {GET("/later"), 1, 1, true},
        {GET("/open"), 1, 1, true},
        {GET("/echo"), 1, 0, false},
        {GET("/later") GET("/echo"), 2, 1, true},
        {GET("/later") GET("/open") POST("/echo", "7"), 3, 3, true},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t heads = w->f.heads, gones = w->f.gones;

        reconnect(w);
        w->f.kept_count = 0;
        (void)say(w, table[i].text);
        loopback_close(w->loopback, w->c);
        assert_int_equal(w->f.heads - heads, table[i].heads);
        assert_int_equal(w->f.gones - gones, table[i].gones);
        assert_int_equal(w->f.kept_count > 0, table[i].kept);
        for (size_t j = 0; j < w->f.kept_count; j++) {
            struct exchange *x = w->f.kept[j];

            exchange_resume(x);
            assert_int_equal(exchange_backlog(x), 0);
            if (path_is(x, "/open")) {
                exchange_send(x, STR("into the void"));
                exchange_end(x);
            } else {
                answer_text(x, 200, "into the void");
            }
        }
        loopback_run(w->loopback);
        assert_int_equal(w->f.gones - gones, table[i].gones);
    }
}

static void a_short_end_of_a_declared_length_breaks_the_connection(void **state)
{
    static const struct http_header length[] = {{STR_INIT("content-length"), STR_INIT("9")}};
    struct world *w = *state;

    (void)say(w, GET("/later"));
    exchange_begin(w->f.kept[0], 200, length, 1);
    exchange_send(w->f.kept[0], STR("1234"));
    loopback_run(w->loopback);
    exchange_end(w->f.kept[0]);
    loopback_run(w->loopback);
    assert_true(loopback_closed(w->loopback, w->c));
    assert_int_equal(w->f.gones, 0);
}

static void a_refusal_waits_for_the_answers_before_it(void **state)
{
    struct world *w = *state;

    assert_int_equal(say(w, GET("/later") "nonsense\r\n\r\n").bytes, 0);
    answer_text(w->f.kept[0], 200, "x");
    loopback_run(w->loopback);
    assert_true(str_find_str(loopback_received(w->loopback, w->c), STR("200 OK")) <
                str_find_str(loopback_received(w->loopback, w->c), STR("400 Bad")));
    assert_true(loopback_closed(w->loopback, w->c));
}

static void a_steady_state_does_not_allocate(void **state)
{
    static const char request[] = GET("/echo") POST("/echo", "5") "hello" GET("/pieces");
    struct world *w = *state;
    uint64_t before = 0;

    for (int i = 0; i < 100; i++) {
        if (i == 10) {
            before = mem_count();
        }
        (void)say(w, request);
        loopback_forget(w->loopback, w->c);
    }
    assert_int_equal(mem_count(), before);
    assert_int_equal(w->f.requests, 300);
}

static void a_body_without_memory_is_503(void **state)
{
    struct world *w = *state;
    static char body[200000];

    (void)say(w, POST("/echo", "200000"));
    mem_fail_after(1);
    loopback_send(w->loopback, w->c, str_of(body, sizeof body));
    assert_true(str_starts(loopback_received(w->loopback, w->c),
                           STR("HTTP/1.1 503 Service Unavailable\r\n")));
    assert_int_equal(w->f.gones, 1);
    reconnect(w);
    assert_true(has(say(w, GET("/echo")), "200 OK"));
}

static void bodies_of_a_loop_are_bounded_together(void **state)
{
    struct world *w = *state;
    struct net_loop *net;
    uint64_t before;

    (void)say(w, GET("/later"));
    net = w->f.kept[0]->net;
    before = net->body_bytes;
    net->body_bytes = LOOP_BODY_BYTES_MAX - 10;
    (void)say(w, POST("/echo", "11") "01234567890");
    answer_text(w->f.kept[0], 200, "x");
    loopback_run(w->loopback);
    assert_true(has(loopback_received(w->loopback, w->c), "HTTP/1.1 503 "));
    assert_int_equal(net->body_bytes, LOOP_BODY_BYTES_MAX - 10);
    net->body_bytes = before;
    reconnect(w);
    (void)say(w, POST("/later", "11") "01234567890");
    assert_int_equal(net->body_bytes, 11);
    answer_text(w->f.kept[1], 200, "x");
    loopback_run(w->loopback);
    assert_int_equal(net->body_bytes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_post_is_answered_with_its_body),
        TEST(fields_arrive_as_sent),
        TEST(a_stream_of_requests_means_the_same_in_every_split),
        TEST(a_stream_of_requests_means_the_same_byte_by_byte),
        TEST(what_net_refuses_it_answers_and_closes),
        TEST(answers_leave_in_the_order_of_requests),
        TEST(pieces_out_of_turn_wait_for_their_turn),
        TEST(a_pipeline_has_at_most_32_under_way),
        TEST(a_head_answer_has_no_body),
        TEST(http_10_closes_unless_asked),
        TEST(close_is_obeyed_and_what_follows_is_not),
        TEST(a_100_is_sent_once_the_head_was_taken),
        TEST(a_100_is_sent_without_a_body_too),
        TEST(no_100_is_sent_to_those_refused),
        TEST(a_100_waits_for_the_answers_before_it),
        TEST(a_short_refused_body_is_skipped),
        TEST(a_large_body_comes_whole),
        TEST(a_paused_body_waits_in_bounds),
        TEST(a_flood_of_pieces_is_sent_as_the_peer_takes_it),
        TEST(a_declared_length_is_sent_as_it_is),
        TEST(values_cannot_end_their_field),
        TEST(an_early_answer_ends_a_long_upload),
        TEST(an_early_answer_while_paused_skips_a_short_rest),
        TEST(a_peer_that_leaves_is_told_at_each_stage),
        TEST(a_short_end_of_a_declared_length_breaks_the_connection),
        TEST(a_refusal_waits_for_the_answers_before_it),
        TEST(a_steady_state_does_not_allocate),
        TEST(a_body_without_memory_is_503),
        TEST(bodies_of_a_loop_are_bounded_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
