/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of files as parts of answers: whole and in order, beside bytes and other answers, to a
 * reader that is slow, and with nothing left open when it leaves.
 */
#include "socket.h"

#include <fcntl.h>
#include <signal.h>

#define FILE_BYTES (24u * 1024 * 1024)
#define WINDOW_BYTES (1024u * 1024)
#define FILES_MAX 256 /* more than this test ever has open */

struct world {
    struct http_app app;   /* answers with the file */
    struct server *server; /* of it */
    int fd;                /* the file */
    char *content;         /* of the file */
    size_t sent;           /* of the answer under way, behind its first bytes */
    size_t backlog_max;    /* the largest seen */
};

static struct why why;

/* The rest of the file, a window at a time. */
static void go_on(struct exchange *x)
{
    struct world *w = exchange_user(x);
    size_t rest = FILE_BYTES - w->sent;
    size_t bytes = rest < WINDOW_BYTES ? rest : WINDOW_BYTES;

    if (bytes == 0) {
        exchange_send(x, STR("<end>"));
        exchange_end(x);
        return;
    }
    exchange_send_file(x, w->fd, w->sent, bytes);
    w->sent += bytes;
    w->backlog_max = exchange_backlog(x) > w->backlog_max ? exchange_backlog(x) : w->backlog_max;
}

static enum http_body on_head(void *ctx, struct exchange *x, uint64_t *ret_bytes_max)
{
    (void)ctx;
    (void)x;
    (void)ret_bytes_max;
    return BODY_BUFFER;
}

static void answer(struct exchange *x, uint64_t bytes)
{
    struct http_header length = {STR("content-length"),
                                 arena_printf(exchange_arena(x), "%llu",
                                              (unsigned long long)bytes)};

    exchange_begin(x, 200, &length, 1);
}

static void on_request(void *ctx, struct exchange *x)
{
    struct world *w = ctx;

    assert_true(exchange_takes_files(x));
    exchange_set_user(x, w);
    if (path_is(x, "/small")) {
        answer(x, 20);
        exchange_send(x, STR("<small>"));
        exchange_send_file(x, w->fd, 100, 6);
        exchange_send_file(x, w->fd, 200, 0);
        exchange_send(x, STR("</small"));
        exchange_end(x);
    } else if (path_is(x, "/short")) { /* promises more than the file has */
        answer(x, 2 * WINDOW_BYTES);
        exchange_send_file(x, w->fd, FILE_BYTES - WINDOW_BYTES, 2 * WINDOW_BYTES);
        exchange_end(x);
    } else {
        w->sent = 0;
        answer(x, FILE_BYTES + 5);
        exchange_on_drain(x, go_on);
        go_on(x);
    }
}

static void on_gone(void *ctx, struct exchange *x)
{
    (void)ctx;
    exchange_end(x);
}

static int start(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct server_options options = {.host = "127.0.0.1", .loop_count = 1};
    char path[] = "/tmp/weir-net-file-XXXXXX";

    w->content = malloc(FILE_BYTES);
    for (size_t i = 0; i < FILE_BYTES; i++) {
        w->content[i] = (char)(i * 2654435761u >> 13);
    }
    w->fd = mkstemp(path);
    assert_true(w->fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(w->fd, w->content, FILE_BYTES), FILE_BYTES);
    w->app = (struct http_app){.ctx = w, .head = on_head, .request = on_request, .gone = on_gone};
    options.app = &w->app;
    assert_true(server_start(&options, &why, &w->server) == OK);
    *state = w;
    return 0;
}

static int stop(void **state)
{
    struct world *w = *state;

    server_free(w->server);
    close(w->fd);
    free(w->content);
    free(w);
    return 0;
}

/* Reads so many bytes; slow: with long breaks after each of the first few. */
static void read_all(int fd, char *to, size_t bytes, bool slow)
{
    for (size_t done = 0, turns = 0; done < bytes; turns++) {
        size_t piece = slow && turns < 20 ? 3000 : bytes - done;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t got;

        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        got = recv(fd, to + done, piece, 0);
        assert_true(got > 0);
        done += (size_t)got;
        if (slow && turns < 20) {
            (void)poll(NULL, 0, 10);
        }
    }
}

/* Behind the head. */
static void skip_head(int fd)
{
    char last[4] = "";

    while (memcmp(last, "\r\n\r\n", 4) != 0) {
        memmove(last, last + 1, 3);
        read_all(fd, last + 3, 1, false);
    }
}

static void expect_file(struct world *w, int fd, bool slow)
{
    char *got = malloc(FILE_BYTES + 5);

    skip_head(fd);
    read_all(fd, got, FILE_BYTES + 5, slow);
    assert_memory_equal(got, w->content, FILE_BYTES);
    assert_memory_equal(got + FILE_BYTES, "<end>", 5);
    free(got);
}

static void a_file_arrives_whole(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    send_text(fd, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_file(w, fd, false);
    send_text(fd, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_file(w, fd, false);
    close(fd);
}

static void a_slow_reader_gets_it_all_and_holds_one_window(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    send_text(fd, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_file(w, fd, true);
    assert_true(w->backlog_max <= WINDOW_BYTES + 1024);
    close(fd);
}

static void pieces_of_files_stand_between_bytes_and_other_answers(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));
    char want[20];
    char got[20];

    memcpy(want, "<small>", 7);
    memcpy(want + 7, w->content + 100, 6);
    memcpy(want + 13, "</small", 7);
    send_text(fd, "GET /small HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n"
                  "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    skip_head(fd);
    read_all(fd, got, 20, false);
    assert_memory_equal(got, want, 20);
    expect_file(w, fd, true);
    skip_head(fd);
    read_all(fd, got, 20, false);
    assert_memory_equal(got, want, 20);
    close(fd);
}

static void a_head_request_gets_no_file(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    expect(fd, "HEAD /small HTTP/1.1\r\nHost: a\r\n\r\n", "content-length: 20\r\n");
    expect_silence(fd, 50);
    close(fd);
}

static void a_file_that_is_too_short_breaks_the_answer_off(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));
    struct buf got;

    buf_init(&got, 64 << 20);
    send_text(fd, "GET /short HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_false(read_until(fd, NULL, &got));
    assert_true(got.bytes >= WINDOW_BYTES);
    assert_true(got.bytes < 2 * WINDOW_BYTES);
    buf_done(&got);
    close(fd);
}

/* Asked number by number: to list a folder would take a descriptor that a thread just left. */
static size_t open_files(void)
{
    size_t count = 0;

    for (int fd = 0; fd < FILES_MAX; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void a_reader_that_leaves_leaves_nothing_open(void **state)
{
    struct world *w = *state;
    size_t before = open_files();

    for (int i = 0; i < 10; i++) {
        int fd = dial(server_port(w->server));

        send_text(fd, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        skip_head(fd);
        close(fd);
    }
    for (int i = 0; i < 1000 && open_files() != before; i++) {
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(open_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_arrives_whole, start, stop),
        cmocka_unit_test_setup_teardown(a_slow_reader_gets_it_all_and_holds_one_window, start,
                                        stop),
        cmocka_unit_test_setup_teardown(pieces_of_files_stand_between_bytes_and_other_answers,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_head_request_gets_no_file, start, stop),
        cmocka_unit_test_setup_teardown(a_file_that_is_too_short_breaks_the_answer_off, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_reader_that_leaves_leaves_nothing_open, start, stop),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
