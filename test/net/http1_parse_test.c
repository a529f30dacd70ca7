/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the strictness of HTTP/1.1 heads: a table of heads and what becomes of each, and that a
 * head means the same in whatever pieces it arrives.
 */
#include "net/http1_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* 0 for a good head, else the status code; -1: not whole. */
static int judge(struct str bytes, struct arena *arena, struct http_request *r,
                 struct http1_head *head)
{
    struct http1 h = {.state = HTTP1_HEAD};
    struct head_lines lines;
    size_t head_bytes;
    int status_code;
    enum head_scan found = http1_scan(&h, bytes, &lines, &head_bytes, &status_code);

    if (found != HEAD_WHOLE) {
        return found == HEAD_MORE ? -1 : status_code;
    }
    *r = (struct http_request){.version = 0};
    return http1_parse(arena, (char *)arena_dup(arena, str_slice(bytes, 0, head_bytes)).at, &lines,
                       r, head);
}

static int judge_c(const char *text)
{
    struct arena *arena = arena_new(1 << 20);
    struct http_request r;
    struct http1_head head;
    int status_code = judge(str_c(text), arena, &r, &head);

    arena_free(arena);
    return status_code;
}

#define H "Host: a\r\n"

static const struct {
    int status_code;
    const char *head;
} table[] = {
    {0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\nHost:a\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\nHost: \t a \t\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\nhost:\r\n\r\n"},
    {0, "GET / HTTP/1.0\r\n\r\n"},
    {0, "GET / HTTP/1.9\r\n" H "\r\n"},
    {0, "OPTIONS * HTTP/1.1\r\n" H "\r\n"},
    {0, "GET http://b/c?d HTTP/1.1\r\n" H "\r\n"},
    {0, "M-SEARCH /%00?x=y&z HTTP/1.1\r\n" H "\r\n"},
    {0, "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"},
    {0, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\n" H "X: \xff\xfe obs-text\r\n\r\n"},
    {0, "GET / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n\r\n"},
    {-1, "GET / HTTP/1.1\r\n" H "\r"},
    {-1, "GET / HTTP/1.1\r\n" H},
    {-1, "G"},
    /* lines */
    {400, "GET / HTTP/1.1\nHost: a\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"},
    {400, "GET /\x0b HTTP/1.1\r\n" H "\r\n"},
    {400, "\r\n\r\n"},
    {400, "\n"},
    /* request line */
    {400, "GET  / HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /  HTTP/1.1\r\n" H "\r\n"},
    {400, " GET / HTTP/1.1\r\n" H "\r\n"},
    {400, "GET\t/ HTTP/1.1\r\n" H "\r\n"},
    {400, "GET / a HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /\r\n" H "\r\n"},
    {400, "GET / http/1.1\r\n" H "\r\n"},
    {400, "GET / HTTP/1.1 \r\n" H "\r\n"},
    {400, "GET / HTTP/1.x\r\n" H "\r\n"},
    {400, "GET / HTTP/11\r\n" H "\r\n"},
    {400, "G(T / HTTP/1.1\r\n" H "\r\n"},
    {400, "GET a HTTP/1.1\r\n" H "\r\n"},
    {400, "GET * HTTP/1.1\r\n" H "\r\n"},
    {400, "GET /#a HTTP/1.1\r\n" H "\r\n"},
    {400, "GET ftp://b/ HTTP/1.1\r\n" H "\r\n"},
    {400, "GET http:///a HTTP/1.1\r\n" H "\r\n"},
    {400, "GET http://u@b/a HTTP/1.1\r\n" H "\r\n"},
    {400, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n"},
    {505, "GET / HTTP/2.0\r\n" H "\r\n"},
    {505, "GET / HTTP/0.9\r\n" H "\r\n"},
    {505, "PRI * HTTP/2.0\r\n" H "\r\n"},
    {501, "CONNECT a:80 HTTP/1.1\r\n" H "\r\n"},
    /* fields */
    {400, "GET / HTTP/1.1\r\n" H "X : a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X\t: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H " X: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H ": a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X[1]: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "X\xc3: a\r\n\r\n"},
    /* host */
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" H H "\r\n"},
    {400, "GET / HTTP/1.1\r\n" H "host: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
    {400, "GET http://b/ HTTP/1.1\r\n\r\n"},
    /* framing */
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1 0\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: ,chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"},
    {417, "GET / HTTP/1.1\r\n" H "Expect: the worst\r\n\r\n"},
};

static void every_head_of_the_table_gets_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int status_code = judge_c(table[i].head);

        if (status_code != table[i].status_code) {
            fail_msg("%d instead of %d for: %s", status_code, table[i].status_code, table[i].head);
        }
    }
}

static void a_head_in_pieces_means_what_it_means_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct str text = str_c(table[i].head);
        struct http1 h = {.state = HTTP1_HEAD};
        struct head_lines lines;
        struct arena *arena = arena_new(1 << 20);
        struct http_request r = {.version = 0};
        struct http1_head head;
        enum head_scan found = HEAD_MORE;
        size_t head_bytes = 0;
        int verdict = -1;

        for (size_t bytes = 1; bytes <= text.bytes && found == HEAD_MORE; bytes++) {
            found = http1_scan(&h, str_slice(text, 0, bytes), &lines, &head_bytes, &verdict);
        }
        if (found == HEAD_WHOLE) {
            char *copy = (char *)arena_dup(arena, str_slice(text, 0, head_bytes)).at;

            verdict = http1_parse(arena, copy, &lines, &r, &head);
        } else if (found == HEAD_MORE) {
            verdict = -1;
        }
        if (verdict != table[i].status_code) {
            fail_msg("%d instead of %d for: %s", verdict, table[i].status_code, table[i].head);
        }
        arena_free(arena);
    }
}

static void a_head_is_read_into_its_parts(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct http_request r;
    struct http1_head head;

    (void)state;
    assert_int_equal(judge(STR("PUT /a/b%20c?d=e?f HTTP/1.1\r\nHOST: x.y:80\r\nX-Tab:\t1 2\t\r\n"
                               "Content-LENGTH: 007\r\nConnection: Keep-Alive , CLOSE\r\n\r\nbody"),
                           arena, &r, &head),
                     0);
    assert_true(str_eq(r.method, STR("PUT")));
    assert_true(str_eq(r.target, STR("/a/b%20c?d=e?f")));
    assert_true(str_eq(r.path, STR("/a/b%20c")));
    assert_true(str_eq(r.query, STR("d=e?f")));
    assert_true(str_eq(r.authority, STR("x.y:80")));
    assert_int_equal(r.header_count, 4);
    assert_true(str_eq(r.headers[1].name, STR("x-tab")));
    assert_true(str_eq(http_header(&r, STR("x-tab")), STR("1 2")));
    assert_null(http_header(&r, STR("x-ta")).at);
    assert_int_equal(head.content_length, 7);
    assert_true(head.says_close);
    assert_true(head.says_keep_alive);
    assert_false(head.chunked);
    arena_free(arena);
}

static void an_absolute_target_outranks_host(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct http_request r;
    struct http1_head head;

    (void)state;
    assert_int_equal(0, judge(STR("GET HTTPS://b.c:1?q HTTP/1.1\r\nHost: a\r\n\r\n"), arena, &r,
                              &head));
    assert_true(str_eq(r.authority, STR("b.c:1")));
    assert_true(str_eq(r.path, STR("/")));
    assert_true(str_eq(r.query, STR("q")));
    arena_free(arena);
}

/* "GET /aaa… HTTP/1.1", fields of one letter: count of them, bytes each. */
static int judge_sized(size_t target_bytes, size_t count, size_t bytes)
{
    struct buf buf;
    struct arena *arena = arena_new(1 << 20);
    struct http_request r;
    struct http1_head head;
    int status_code;

    buf_init(&buf, 1 << 20);
    buf_add(&buf, STR("GET /"));
    for (size_t i = 1; i < target_bytes; i++) {
        buf_add_c(&buf, 'a');
    }
    buf_add(&buf, STR(" HTTP/1.1\r\nHost: a\r\n"));
    for (size_t i = 0; i < count; i++) {
        buf_add(&buf, STR("x: "));
        for (size_t j = 5; j < bytes; j++) {
            buf_add_c(&buf, 'b');
        }
        buf_add(&buf, STR("\r\n"));
    }
    buf_add(&buf, STR("\r\n"));
    status_code = judge(buf_str(&buf), arena, &r, &head);
    buf_done(&buf);
    arena_free(arena);
    return status_code;
}

static void limits_are_kept_to_the_byte(void **state)
{
    const size_t fixed = sizeof "GET / HTTP/1.1\r\nHost: a\r\n\r\n" - 1;

    (void)state;
    assert_int_equal(judge_sized(1, HTTP_HEADERS_MAX - 1, 10), 0);
    assert_int_equal(judge_sized(1, HTTP_HEADERS_MAX, 10), 431);
    assert_int_equal(judge_sized(HTTP_TARGET_BYTES_MAX, 0, 0), 0);
    assert_int_equal(judge_sized(HTTP_TARGET_BYTES_MAX + 1, 0, 0), 414);
    assert_int_equal(judge_sized(HTTP_TARGET_BYTES_MAX * 3, 0, 0), 414);
    assert_int_equal(judge_sized(1, 1, HTTP_HEAD_BYTES_MAX - fixed), 0);
    assert_int_equal(judge_sized(1, 1, HTTP_HEAD_BYTES_MAX - fixed + 1), 431);
    assert_int_equal(judge_sized(1, 1, HTTP_HEAD_BYTES_MAX * 3), 431);
}

static void an_endless_head_is_refused_before_it_ends(void **state)
{
    struct http1 h = {.state = HTTP1_HEAD};
    struct head_lines lines;
    static char text[HTTP_HEAD_BYTES_MAX];
    size_t bytes;
    int status_code = 0;

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(http1_scan(&h, str_of(text, 100), &lines, &bytes, &status_code), HEAD_MORE);
    assert_int_equal(http1_scan(&h, str_of(text, sizeof text), &lines, &bytes, &status_code),
                     HEAD_WRONG);
    assert_int_equal(status_code, 414);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_head_of_the_table_gets_its_verdict),
        cmocka_unit_test(a_head_in_pieces_means_what_it_means_whole),
        cmocka_unit_test(a_head_is_read_into_its_parts),
        cmocka_unit_test(an_absolute_target_outranks_host),
        cmocka_unit_test(limits_are_kept_to_the_byte),
        cmocka_unit_test(an_endless_head_is_refused_before_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
