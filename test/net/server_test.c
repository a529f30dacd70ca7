/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the server on real sockets: listeners, limits, time-outs, its stop, and real clients
 * (curl, nghttp, h2load; a test of one that is not installed is skipped).
 */
#include "socket.h"

#include "sys/thread.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct why why;

struct world {
    struct fixture f;
    struct server *server;
    struct buf out;
    char unix_path[64];
};

static int start_with(void **state, struct server_options options)
{
    struct world *w = calloc(1, sizeof *w);

    fixture_init(&w->f);
    buf_init(&w->out, 64 << 20);
    (void)snprintf(w->unix_path, sizeof w->unix_path, "/tmp/weir-net-test-%d.sock", getpid());
    options.app = &w->f.app;
    options.host = "127.0.0.1";
    options.unix_path = w->unix_path;
    options.loop_count = 1;
    *state = w;
    if (server_start(&options, &why, &w->server) != OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        return -1;
    }
    return 0;
}

static int start(void **state)
{
    return start_with(state, (struct server_options){.port = 0});
}

static int start_impatient(void **state)
{
    return start_with(state, (struct server_options){.idle_ms_max = 150, .head_ms_max = 100});
}

static int start_small(void **state)
{
    return start_with(state, (struct server_options){.connections_max = 2});
}

static int stop(void **state)
{
    struct world *w = *state;

    server_free(w->server);
    buf_done(&w->out);
    assert_int_not_equal(access(w->unix_path, F_OK), 0);
    free(w);
    return 0;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* Until count connections are open, in bounded time. */
static bool await_connections(const struct world *w, uint32_t count)
{
    for (int i = 0; i < 1000 && server_connections(w->server) != count; i++) {
        (void)poll(NULL, 0, 5);
    }
    return server_connections(w->server) == count;
}

static void requests_are_answered_over_tcp(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    expect(fd, GET("/fields"), "GET|/fields||a|11|plain|127.0.0.1\n");
    expect(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\nhello");
    assert_int_equal(server_connections(w->server), 1);
    close(fd);
    assert_true(await_connections(w, 0));
}

static void requests_are_answered_over_the_unix_socket(void **state)
{
    struct world *w = *state;
    int fd = dial_unix(w->unix_path);

    expect(fd, GET("/fields"), "GET|/fields||a|11|plain|unix\n");
    close(fd);
}

static void a_refusal_reaches_a_peer_that_still_sends(void **state)
{
    struct world *w = *state;
    static char junk[300000];
    int fd = dial(server_port(w->server));
    struct buf got;

    memset(junk, 'j', sizeof junk - 1);
    memcpy(junk, "GET / HTTP/1.1\r\nbad line\r\n\r\n", 28);
    buf_init(&got, 1 << 20);
    send_text(fd, junk);
    assert_false(read_until(fd, NULL, &got));
    assert_true(str_starts(buf_str(&got), STR("HTTP/1.1 400 ")));
    assert_true(str_ends(buf_str(&got), STR("HTTP allows.\n")));
    buf_done(&got);
    close(fd);
    assert_true(await_connections(w, 0));
}

static void a_flood_reaches_a_slow_reader_whole(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));
    struct buf got;

    buf_init(&got, 64 << 20);
    send_text(fd, GET("/flood"));
    assert_true(read_until(fd, "\r\n0\r\n\r\n", &got));
    assert_true(got.bytes > FLOOD_BYTES);
    assert_true(w->f.backlog_max < 8 * FLOOD_PIECE);
    buf_done(&got);
    close(fd);
}

static void connections_beyond_the_maximum_are_closed(void **state)
{
    struct world *w = *state;
    int one = dial(server_port(w->server)), two = dial_unix(w->unix_path);
    int three;

    expect(one, GET("/echo"), "200 OK");
    expect(two, GET("/echo"), "200 OK");
    three = dial(server_port(w->server));
    expect(three, "", NULL);
    close(three);
    expect(one, GET("/echo"), "200 OK");
    close(one);
    assert_true(await_connections(w, 1));
    three = dial(server_port(w->server));
    expect(three, GET("/echo"), "200 OK");
    close(three);
    close(two);
}

static void a_slow_head_is_408(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));
    struct buf got;

    buf_init(&got, 1 << 20);
    for (int i = 0; i < 100 && got.bytes == 0; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};

        /* A byte now and then does not help. */
        (void)send(fd, "G", 1, MSG_NOSIGNAL);
        if (poll(&wait, 1, 20) == 1) {
            assert_false(read_until(fd, NULL, &got));
        }
    }
    assert_true(str_starts(buf_str(&got), STR("HTTP/1.1 408 Request Timeout\r\n")));
    buf_done(&got);
    close(fd);
}

static void a_body_that_stops_is_408(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    expect(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", "HTTP/1.1 408 ");
    close(fd);
    assert_true(await_connections(w, 0));
    assert_int_equal(w->f.gones, 1);
}

static void an_idle_connection_is_closed_a_waiting_one_is_not(void **state)
{
    struct world *w = *state;
    int idle = dial(server_port(w->server)), waiting = dial(server_port(w->server));
    int silent = dial(server_port(w->server));

    send_text(waiting, GET("/never"));
    expect(idle, GET("/echo"), "200 OK");
    expect(idle, "", NULL);
    expect(silent, "", NULL);
    expect_silence(waiting, 400);
    close(idle);
    close(silent);
    close(waiting);
    assert_true(await_connections(w, 0));
    assert_int_equal(w->f.gones, 1);
}

static void an_idle_http2_connection_is_told_goodbye(void **state)
{
    static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
    static const char goaway[] = "\0\0\x08\x07";
    struct world *w = *state;
    int fd = dial(server_port(w->server));
    struct buf got;

    buf_init(&got, 1 << 20);
    assert_true(send(fd, hello, sizeof hello, MSG_NOSIGNAL) > 0);
    assert_false(read_until(fd, NULL, &got));
    assert_true(str_find_str(buf_str(&got), str_of(goaway, 4)) < got.bytes);
    buf_done(&got);
    close(fd);
    assert_true(await_connections(w, 0));
}

static void a_peer_that_takes_nothing_is_closed(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    send_text(fd, GET("/flood"));
    assert_true(await_connections(w, 1));
    assert_true(await_connections(w, 0));
    assert_int_equal(w->f.gones, 1);
    close(fd);
}

static void a_reset_is_told_as_gone(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));
    struct linger hard = {.l_onoff = 1, .l_linger = 0};

    send_text(fd, GET("/never"));
    expect_silence(fd, 50);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    assert_true(await_connections(w, 0));
    assert_int_equal(w->f.gones, 1);
}

/* Answers the first kept exchange, on its loop. */
struct late_answer {
    struct loop_work work;
    struct world *w;
};

static void answer_late(struct loop_work *work)
{
    struct late_answer *late = LINK_OWNER(work, struct late_answer, work);

    answer_text(late->w->f.kept[0], 200, "late");
}

static void stop_in_grace(void *arg)
{
    struct world *w = arg;

    server_stop(w->server, WAIT_MS);
}

static void a_stop_waits_for_answers_under_way(void **state)
{
    struct world *w = *state;
    struct late_answer late = {.work.run = answer_late, .w = w};
    int busy = dial(server_port(w->server)), idle = dial(server_port(w->server));
    struct thread thread;
    struct buf got;

    link_init(&late.work.link);
    buf_init(&got, 1 << 20);
    expect(idle, GET("/echo"), "200 OK");
    expect(busy, GET("/echo") GET("/later"), "200 OK");
    expect_silence(busy, 50);
    thread_start(&thread, "stop", stop_in_grace, w);
    expect(idle, "", NULL); /* closed at once */
    expect_silence(busy, 50);
    loop_post(server_loop(w->server, 0), &late.work);
    assert_false(read_until(busy, NULL, &got));
    assert_true(str_ends(buf_str(&got), STR("late")));
    assert_true(has(buf_str(&got), "connection: close\r\n"));
    close(busy); /* the server waits for its turn to hear that */
    thread_join(&thread);
    assert_int_equal(w->f.gones, 0);
    buf_done(&got);
    close(idle);
}

static void a_stop_without_grace_tells_gone(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    send_text(fd, GET("/never"));
    expect_silence(fd, 50);
    server_stop(w->server, 0);
    assert_int_equal(w->f.gones, 1);
    expect(fd, "", NULL);
    close(fd);
}

static void what_cannot_be_bound_says_why(void **state)
{
    struct world *w = *state;
    struct server_options o = {.app = &w->f.app, .host = "127.0.0.1", .loop_count = 2};
    struct server *other = NULL;
    int fd;

    o.port = server_port(w->server);
    assert_ptr_equal(server_start(&o, &why, &other), &ERR_BUSY);
    assert_non_null(strstr(why.text, "taken by another process"));
    o.port = 0;
    o.host = "not an address";
    assert_ptr_equal(server_start(&o, &why, &other), &ERR_MALFORMED);
    o.host = "192.0.2.1";
    assert_ptr_equal(server_start(&o, &why, &other), &ERR_NOT_FOUND);
    o.host = NULL;
    o.unix_path = w->unix_path;
    assert_ptr_equal(server_start(&o, &why, &other), &ERR_BUSY);
    o.unix_path = "/tmp/weir-net-test.file";
    fd = open(o.unix_path, O_CREAT | O_RDWR, 0600);
    close(fd);
    assert_ptr_equal(server_start(&o, &why, &other), &ERR_EXISTS);
    assert_int_equal(unlink(o.unix_path), 0);
    assert_null(other);
    fd = dial_unix(w->unix_path); /* the refused attempts did no harm */
    expect(fd, GET("/echo"), "200 OK");
    close(fd);
}

static void a_stale_socket_file_is_replaced(void **state)
{
    struct world *w = *state;
    struct server_options o = {.app = &w->f.app, .unix_path = "/tmp/weir-net-test.stale",
                               .loop_count = 1};
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/weir-net-test.stale"};
    struct server *other;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)unlink(o.unix_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_ptr_equal(server_start(&o, &why, &other), OK);
    fd = dial_unix(o.unix_path);
    expect(fd, GET("/echo"), "200 OK");
    close(fd);
    server_free(other);
    assert_int_not_equal(access(o.unix_path, F_OK), 0);
}

static void ipv6_is_served(void **state)
{
    struct world *w = *state;
    struct server_options o = {.app = &w->f.app, .host = "::1", .loop_count = 1};
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct server *other;
    int fd;

    if (server_start(&o, &why, &other) != OK) {
        skip(); /* no IPv6 on this machine */
    }
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    address.sin6_port = htons(server_port(other));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    expect(fd, GET("/fields"), "|plain|::1\n");
    close(fd);
    server_free(other);
}

static void curl_speaks_every_http(void **state)
{
    static const char *const versions[] = {"--http1.0", "--http1.1", "--http2",
                                           "--http2-prior-knowledge"};
    struct world *w = *state;
    unsigned port = server_port(w->server);

    if (!has_program("curl")) {
        skip();
    }
    for (size_t i = 0; i < 4; i++) {
        struct str got = run(&w->out, "curl -s %s --data-binary hello http://127.0.0.1:%u/echo",
                             versions[i], port);

        assert_true(str_eq(got, STR("hello")));
        got = run(&w->out, "curl -s %s -w ' %%{http_version}' http://127.0.0.1:%u/pieces",
                  versions[i], port);
        assert_true(str_starts(got, STR("one two six ")));
        assert_true(str_ends(got, i >= 2 ? STR(" 2") : i == 1 ? STR(" 1.1") : STR(" 1.0")) ||
                    (i == 0 && str_ends(got, STR(" 1.1"))));
        got = run(&w->out, "curl -s -I %s http://127.0.0.1:%u/head", versions[i], port);
        assert_true(has(got, "ontent-length: 12345\r\n"));
        got = run(&w->out, "head -c 3000000 /dev/zero | curl -s %s -H 'Expect: 100-continue' "
                           "--data-binary @- http://127.0.0.1:%u/echo | wc -c", versions[i], port);
        assert_true(str_starts(got, STR("3000000")));
        got = run(&w->out, "head -c 3000000 /dev/zero | curl -s %s -T - "
                           "http://127.0.0.1:%u/stream", i == 0 ? "--http1.1" : versions[i], port);
        assert_true(has(got, " bytes, sum "));
        got = run(&w->out, "curl -s %s http://127.0.0.1:%u/flood | wc -c", versions[i], port);
        if (!str_starts(got, STR("8388608"))) { fail_msg("%s %.*s", versions[i], STR_ARG(got)); }
    }
}

static void nghttp_speaks_http2(void **state)
{
    struct world *w = *state;
    unsigned port = server_port(w->server);
    struct str got;

    if (!has_program("nghttp")) {
        skip();
    }
    got = run(&w->out, "nghttp -nv http://127.0.0.1:%u/echo", port);
    assert_true(has(got, ":status: 200"));
    assert_true(has(got, "SETTINGS_MAX_CONCURRENT_STREAMS(0x03):256"));
    got = run(&w->out, "nghttp -nvu http://127.0.0.1:%u/echo", port);
    assert_true(has(got, "HTTP Upgrade success"));
    assert_true(has(got, ":status: 200"));
}

static void h2load_gets_all_it_asked_for(void **state)
{
    struct world *w = *state;
    struct str got;

    if (!has_program("h2load")) {
        skip();
    }
    got = run(&w->out, "h2load -n 2000 -c 5 -m 20 http://127.0.0.1:%u/pieces",
              server_port(w->server));
    assert_true(has(got, "2000 done, 2000 succeeded, 0 failed"));
    assert_true(has(got, "status codes: 2000 2xx"));
}

#define TEST(name, start) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_answered_over_tcp, start),
        TEST(requests_are_answered_over_the_unix_socket, start),
        TEST(a_refusal_reaches_a_peer_that_still_sends, start),
        TEST(a_flood_reaches_a_slow_reader_whole, start),
        TEST(connections_beyond_the_maximum_are_closed, start_small),
        TEST(a_slow_head_is_408, start_impatient),
        TEST(a_body_that_stops_is_408, start_impatient),
        TEST(an_idle_connection_is_closed_a_waiting_one_is_not, start_impatient),
        TEST(an_idle_http2_connection_is_told_goodbye, start_impatient),
        TEST(a_peer_that_takes_nothing_is_closed, start_impatient),
        TEST(a_reset_is_told_as_gone, start),
        TEST(a_stop_waits_for_answers_under_way, start),
        TEST(a_stop_without_grace_tells_gone, start),
        TEST(what_cannot_be_bound_says_why, start),
        TEST(a_stale_socket_file_is_replaced, start),
        TEST(ipv6_is_served, start),
        TEST(curl_speaks_every_http, start),
        TEST(nghttp_speaks_http2, start),
        TEST(h2load_gets_all_it_asked_for, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
