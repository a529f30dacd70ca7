/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers from blobs: whole, in ranges, enciphered, of many pieces, to slow readers and to readers
 * that leave; over the disk in memory (blobs are read) and over real files and sockets (the kernel
 * sends them). A blob that is dropped while it is sent stays until then.
 */
#include "door_fixture.h"

#include "cell/cipher.h"
#include "sys/rand.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BLOB_BYTES (5u * 1024 * 1024 + 333)
#define WAIT_MS 5000

struct world {
    struct fixture f;          /* in memory */
    bool real;                 /* real files and a socket instead */
    char dir[64];              /* real: of the store */
    char socket[80];           /* real: where it listens */
    struct server *server;     /* real */
};

static char *content;                 /* BLOB_BYTES */
static char blob_a[BLOB_ID_BYTES + 1]; /* holds content */
static char blob_b[BLOB_ID_BYTES + 1]; /* holds it enciphered */
static struct call_cipher cipher = {.key = "0123456789abcdef0123456789abcde", .iv = {255, 255, 1}};

/* The query says what to send. */
static status get_object(struct call *c)
{
    struct str key = arg_str(c, "Key");
    struct str a = str_c(blob_a);
    struct call_extent whole = {.blob = a, .size = BLOB_BYTES};
    struct call_extent some[4] = {
        {.blob = a, .offset = 4097, .size = 100000},
        {.bytes = STR("<between>"), .offset = 1, .size = 7},
        {.blob = str_c(blob_b), .offset = 1000003, .size = 2000001, .cipher = &cipher},
        {.blob = a, .offset = 0, .size = 0},
    };

    put_header(c, "x-amz-note", STR("said beside the model"));
    if (str_eq(key, STR("whole"))) {
        call_send(c, &whole, 1);
    } else if (str_eq(key, STR("some"))) {
        call_send(c, some, 4);
    } else if (str_eq(key, STR("empty"))) {
        call_send(c, NULL, 0);
    } else if (str_eq(key, STR("memory"))) {
        call_send(c, &some[1], 1);
    } else if (str_eq(key, STR("much-memory"))) {
        struct call_extent large = {.bytes = str_of(content, BLOB_BYTES), .size = BLOB_BYTES};

        call_send(c, &large, 1);
    } else if (str_eq(key, STR("missing"))) {
        whole.blob = STR("ffffffffffffffffffffffffffffffff");
        call_send(c, &whole, 1);
    } else if (str_eq(key, STR("dropped"))) {
        call_send(c, &whole, 1);
        assert_ptr_equal(blob_remove(store_blobs(cell_store(c->cell)), a), OK);
    } else {
        call_answer(c, 404, "text/html", STR("<h1>no</h1>"));
        call_send(c, &some[1], 1);
    }
    return OK;
}

static status head_object(struct call *c)
{
    put_int(c, "ContentLength", BLOB_BYTES);
    return OK;
}

static const struct op ops[] = {{"GetObject", get_object}, {"HeadObject", head_object}};
static const struct service s3 = {.id = "s3", .ops = ops, .op_count = 2};
static const struct service *const services[] = {&s3, NULL};

static void make_blob(struct world *w, char id[BLOB_ID_BYTES + 1], char fill, bool enciphered)
{
    struct blob_writer *writer;
    char *copy = mem_dup(content, BLOB_BYTES);
    uint64_t bytes;

    if (enciphered) {
        struct cipher_run *run = cipher_begin(&cipher, 0);

        cipher_apply(run, copy, BLOB_BYTES);
        cipher_end(run);
    }
    memset(id, fill, BLOB_ID_BYTES);
    assert_ptr_equal(blob_create(store_blobs(w->f.store), str_c(id), &writer), OK);
    assert_ptr_equal(blob_write(writer, str_of(copy, BLOB_BYTES)), OK);
    assert_ptr_equal(blob_finish(writer, &bytes), OK);
    mem_free(copy);
}

static void open_real(struct world *w)
{
    struct server_options server = {.unix_path = w->socket, .loop_count = 1};
    struct why why = {""};

    snprintf(w->dir, sizeof(w->dir), "/tmp/weir-send-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->socket, sizeof(w->socket), "%s/socket", w->dir);
    fixture_open_in(&w->f, services, false, files_real(), w->dir);
    server.app = door_app(w->f.door);
    assert_ptr_equal(server_start(&server, &why, &w->server), OK);
}

static int set_up(void **state)
{
    struct world *w = MEM_NEW(struct world);
    struct rand rand;

    w->real = *state != NULL;
    content = mem_alloc(BLOB_BYTES);
    rand_init(&rand, 7);
    rand_fill(&rand, content, BLOB_BYTES);
    if (w->real) {
        open_real(w);
    } else {
        w->f.disk = faulty_new(1);
        fixture_open(&w->f, services, false);
    }
    make_blob(w, blob_a, 'a', false);
    make_blob(w, blob_b, 'b', true);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    char command[128];

    if (w->real) {
        server_stop(w->server, 1000);
        door_settle(w->f.door);
        server_free(w->server);
    }
    fixture_close(&w->f);
    if (w->real) {
        snprintf(command, sizeof(command), "rm -rf %s", w->dir);
        assert_int_equal(system(command), 0);
    }
    faulty_free(w->f.disk);
    mem_free(content);
    mem_free(w);
    return 0;
}

/* ---- asking, either way ---- */

static int dial(const struct world *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", w->socket);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_request(int fd, const char *method, const char *key)
{
    char text[256];
    int bytes = snprintf(text, sizeof(text), "%s /bucket/%s HTTP/1.1\r\nhost: s3.localhost\r\n"
                         "connection: close\r\n\r\n", method, key);

    assert_int_equal(send(fd, text, (size_t)bytes, MSG_NOSIGNAL), bytes);
}

/* The answer, read to the end; slow: in small bites with breaks at first. */
static void ask_socket(struct world *w, const char *method, const char *key, bool slow,
                       struct buf *ret_answer)
{
    int fd = dial(w);
    ssize_t got = 1;

    send_request(fd, method, key);
    for (int turn = 0; got > 0; turn++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        size_t room = slow && turn < 20 ? 5000 : 100000;
        char *at = buf_reserve(ret_answer, room);

        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        got = recv(fd, at, room, 0);
        assert_true(got >= 0);
        buf_used(ret_answer, (size_t)got);
        if (slow && turn < 20) {
            (void)poll(NULL, 0, 5);
        }
    }
    close(fd);
}

static struct str ask(struct world *w, const char *method, const char *key, struct buf *answer)
{
    char text[256];

    buf_init(answer, 1u << 30);
    if (w->real) {
        ask_socket(w, method, key, false, answer);
        return buf_str(answer);
    }
    snprintf(text, sizeof(text), "%s /bucket/%s HTTP/1.1\r\nhost: s3.localhost\r\n\r\n", method,
             key);
    say(&w->f, str_c(text));
    buf_add(answer, hear(&w->f));
    return buf_str(answer);
}

static struct str body_of(struct str answer)
{
    return str_slice(answer, str_find_str(answer, STR("\r\n\r\n")) + 4, answer.bytes);
}

/* ---- */

static void a_blob_is_sent_whole(void **state)
{
    struct buf answer;
    struct str heard = ask(*state, "GET", "whole", &answer);
    struct str body = body_of(heard);

    assert_true(str_starts(heard, STR("HTTP/1.1 200 OK\r\n")));
    assert_true(holds(heard, "x-amz-note: said beside the model\r\n"));
    assert_true(holds(heard, "content-length: 5243213\r\n"));
    assert_false(holds(heard, "transfer-encoding"));
    assert_int_equal(body.bytes, BLOB_BYTES);
    assert_memory_equal(body.at, content, BLOB_BYTES);
    buf_done(&answer);
}

static void stretches_of_blobs_and_memory_are_joined(void **state)
{
    struct buf answer;
    struct str body = body_of(ask(*state, "GET", "some", &answer));

    assert_int_equal(body.bytes, 100000 + 7 + 2000001);
    assert_memory_equal(body.at, content + 4097, 100000);
    assert_memory_equal(body.at + 100000, "between", 7);
    assert_memory_equal(body.at + 100007, content + 1000003, 2000001);
    buf_done(&answer);
}

static void nothing_to_send_is_an_answer(void **state)
{
    struct buf answer;
    struct str heard = ask(*state, "GET", "empty", &answer);

    assert_true(str_starts(heard, STR("HTTP/1.1 200 OK\r\n")));
    assert_true(holds(heard, "content-length: 0\r\n"));
    assert_int_equal(body_of(heard).bytes, 0);
    buf_done(&answer);
}

static void memory_is_sent_at_once(void **state)
{
    struct buf answer;
    struct str heard = ask(*state, "GET", "memory", &answer);

    assert_true(str_ends(heard, STR("\r\n\r\nbetween")));
    assert_true(holds(heard, "content-length: 7\r\n"));
    buf_done(&answer);
}

static void much_memory_is_sent_piece_by_piece(void **state)
{
    struct buf answer;
    struct str body = body_of(ask(*state, "GET", "much-memory", &answer));

    assert_int_equal(body.bytes, BLOB_BYTES);
    assert_memory_equal(body.at, content, BLOB_BYTES);
    buf_done(&answer);
}

static void an_answer_by_hand_may_have_extents(void **state)
{
    struct buf answer;
    struct str heard = ask(*state, "GET", "nothing-of-the-kind", &answer);

    assert_true(str_starts(heard, STR("HTTP/1.1 404 Not Found\r\n")));
    assert_true(holds(heard, "content-type: text/html\r\n"));
    assert_true(str_ends(heard, STR("between")));
    buf_done(&answer);
}

static void a_blob_that_is_not_there_is_an_error(void **state)
{
    struct buf answer;
    struct str heard = ask(*state, "GET", "missing", &answer);

    assert_true(str_starts(heard, STR("HTTP/1.1 500 ")));
    assert_true(holds(heard, "<Code>InternalFailure</Code>") ||
                holds(heard, "<Code>InternalError</Code>"));
    buf_done(&answer);
}

static bool is_there(struct world *w, const char *id)
{
    struct blob *blob;

    if (blob_open(store_blobs(w->f.store), str_c(id), &blob) != OK) {
        return false;
    }
    blob_close(blob);
    return true;
}

static void a_dropped_blob_is_sent_first(void **state)
{
    struct world *w = *state;
    struct buf answer;
    struct str body = body_of(ask(w, "GET", "dropped", &answer));

    assert_int_equal(body.bytes, BLOB_BYTES);
    assert_memory_equal(body.at, content, BLOB_BYTES);
    for (int i = 0; i < 200 && is_there(w, blob_a); i++) {
        (void)poll(NULL, 0, 5);
    }
    assert_false(is_there(w, blob_a));
    buf_done(&answer);
}

static void a_slow_reader_gets_everything(void **state)
{
    struct world *w = *state;
    struct buf answer;
    struct str body;

    buf_init(&answer, 1u << 30);
    ask_socket(w, "GET", "some", true, &answer);
    body = body_of(buf_str(&answer));
    assert_int_equal(body.bytes, 100000 + 7 + 2000001);
    assert_memory_equal(body.at + 100007, content + 1000003, 2000001);
    buf_done(&answer);
}

/* The pin goes with the reader. */
static void a_reader_that_leaves_lets_go(void **state)
{
    struct world *w = *state;

    if (w->real) {
        int fd = dial(w);
        char byte;

        send_request(fd, "GET", "dropped");
        assert_int_equal(recv(fd, &byte, 1, 0), 1);
        close(fd);
    } else {
        say(&w->f, STR("GET /bucket/dropped HTTP/1.1\r\nhost: s3.localhost\r\n\r\n"));
        loopback_close(w->f.loopback, w->f.peer);
        settle(&w->f);
    }
    for (int i = 0; i < 1000 && is_there(w, blob_a); i++) {
        (void)poll(NULL, 0, 5);
    }
    assert_false(is_there(w, blob_a));
}

static void head_says_the_length_without_the_content(void **state)
{
    struct buf answer;
    struct str heard = ask(*state, "HEAD", "whole", &answer);

    assert_true(str_starts(heard, STR("HTTP/1.1 200")));
    assert_true(holds(heard, "content-length: 5243213\r\n"));
    assert_int_equal(body_of(heard).bytes, 0);
    buf_done(&answer);
}

#define ON_BOTH(test)                                                                              \
    {#test " (in memory)", test, set_up, tear_down, NULL},                                         \
    {                                                                                              \
        #test " (real)", test, set_up, tear_down, &real                                            \
    }

int main(void)
{
    static bool real = true;
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_blob_is_sent_whole),
        ON_BOTH(stretches_of_blobs_and_memory_are_joined),
        ON_BOTH(nothing_to_send_is_an_answer),
        ON_BOTH(memory_is_sent_at_once),
        ON_BOTH(much_memory_is_sent_piece_by_piece),
        ON_BOTH(an_answer_by_hand_may_have_extents),
        ON_BOTH(a_blob_that_is_not_there_is_an_error),
        ON_BOTH(a_dropped_blob_is_sent_first),
        ON_BOTH(a_reader_that_leaves_lets_go),
        {"a_slow_reader_gets_everything", a_slow_reader_gets_everything, set_up, tear_down, &real},
        ON_BOTH(head_says_the_length_without_the_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
