/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves HTTP/2 over the loopback with nghttp2's client session as the peer: requests and answers
 * both ways, flow control, limits, resets, and what the app is told of each. Real clients against a
 * real server are in server_test.c.
 */
#include "fixture.h"

#include <nghttp2/nghttp2.h>

#define STREAMS_SEEN_MAX 700
#define UPLOAD_BYTES (3u * 1024 * 1024)

/* What the client saw of a stream. */
struct seen {
    int status_code;      /* the final one */
    size_t body_bytes;    /* so far */
    char body[64];        /* its start */
    bool has_length;      /* content-length came */
    bool closed;          /* the stream is */
    bool continued;       /* a 100 came */
    uint32_t error;       /* the stream was closed with */
};

struct world {
    struct fixture f;
    struct loopback *loopback;
    uint32_t c;
    nghttp2_session *client;
    struct seen seen[STREAMS_SEEN_MAX]; /* by stream id / 2 */
    size_t upload_left;                 /* to be sent by the data provider */
    bool upload_stuck;                  /* the provider waits for ever */
    bool goaway;                        /* the server said so */
};

static struct seen *seen_of(struct world *w, int32_t id)
{
    assert_true(id > 0);
    assert_true(id / 2 < STREAMS_SEEN_MAX);
    return &w->seen[id / 2];
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
                     void *user)
{
    struct seen *s = seen_of(user, frame->hd.stream_id);

    (void)session;
    (void)flags;
    (void)value_bytes;
    if (str_eq(str_of(name, name_bytes), STR(":status"))) {
        int status_code = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');

        s->continued |= status_code == 100;
        s->status_code = status_code;
    }
    s->has_length |= str_eq(str_of(name, name_bytes), STR("content-length"));
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *at,
                   size_t bytes, void *user)
{
    struct seen *s = seen_of(user, id);

    (void)session;
    (void)flags;
    for (size_t i = 0; i < bytes && s->body_bytes + i < sizeof s->body - 1; i++) {
        s->body[s->body_bytes + i] = (char)at[i];
    }
    s->body_bytes += bytes;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    struct seen *s = seen_of(user, id);

    (void)session;
    s->closed = true;
    s->error = error;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct world *w = user;

    (void)session;
    w->goaway |= frame->hd.type == NGHTTP2_GOAWAY;
    return 0;
}

static int start(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    nghttp2_session_callbacks *calls;
    nghttp2_option *option;

    fixture_init(&w->f);
    w->loopback = loopback_new(&w->f.app);
    w->c = loopback_connect(w->loopback);
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_option_new(&option);
    nghttp2_option_set_max_send_header_block_length(option, 1 << 20);
    nghttp2_session_client_new2(&w->client, calls, w, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    nghttp2_submit_settings(w->client, 0, NULL, 0);
    *state = w;
    return 0;
}

static int stop(void **state)
{
    struct world *w = *state;

    nghttp2_session_del(w->client);
    loopback_free(w->loopback);
    free(w);
    return 0;
}

/* Moves bytes both ways until nobody has any; the client's are cut into pieces of cut bytes. */
static void talk_cut(struct world *w, size_t cut)
{
    bool busy = true;

    while (busy) {
        const uint8_t *at;
        ssize_t bytes;
        struct str got = loopback_received(w->loopback, w->c);

        busy = false;
        if (got.bytes > 0) {
            struct buf copy;

            buf_init(&copy, 1 << 30);
            buf_add(&copy, got);
            loopback_forget(w->loopback, w->c);
            assert_int_equal(nghttp2_session_mem_recv(w->client, (const uint8_t *)copy.at,
                                                      copy.bytes),
                             copy.bytes);
            buf_done(&copy);
            busy = true;
        }
        while ((bytes = nghttp2_session_mem_send(w->client, &at)) > 0) {
            for (size_t from = 0; from < (size_t)bytes; from += cut) {
                size_t piece = (size_t)bytes - from < cut ? (size_t)bytes - from : cut;

                loopback_send(w->loopback, w->c, str_of(at + from, piece));
            }
            busy = true;
        }
    }
}

static void talk(struct world *w)
{
    loopback_run(w->loopback);
    talk_cut(w, SIZE_MAX / 2);
}

static ssize_t upload(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
                      uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct world *w = user;
    size_t bytes = room < w->upload_left ? room : w->upload_left;

    (void)session;
    (void)id;
    (void)source;
    if (bytes == 0 && w->upload_stuck) {
        return NGHTTP2_ERR_DEFERRED;
    }
    memset(to, 'u', bytes);
    w->upload_left -= bytes;
    if (w->upload_left == 0 && !w->upload_stuck) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)bytes;
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
}

/* Submits a request; with an upload when there is one to send. extra: a field, or NULL. */
static int32_t ask(struct world *w, const char *method, const char *path, const char *extra,
                   const char *value)
{
    nghttp2_nv fields[5] = {nv(":method", method), nv(":scheme", "http"), nv(":authority", "a"),
                            nv(":path", path)};
    nghttp2_data_provider provider = {.read_callback = upload};

    if (extra != NULL) {
        fields[4] = nv(extra, value);
    }
    return nghttp2_submit_request(w->client, NULL, fields, extra == NULL ? 4 : 5,
                                  w->upload_left > 0 || w->upload_stuck ? &provider : NULL, NULL);
}

static void a_request_is_answered(void **state)
{
    struct world *w = *state;
    int32_t id = ask(w, "GET", "/fields?x=y", "x-some", "thing");

    talk(w);
    assert_int_equal(seen_of(w, id)->status_code, 200);
    assert_true(seen_of(w, id)->has_length);
    assert_true(seen_of(w, id)->closed);
    assert_string_equal(seen_of(w, id)->body,
                        "GET|/fields|x=y|a|20|plain|127.0.0.1\nx-some=thing\n");
}

static void a_conversation_means_the_same_byte_by_byte(void **state)
{
    struct world *w = *state;
    int32_t id;

    w->upload_left = 20;
    id = ask(w, "POST", "/echo", NULL, NULL);
    talk_cut(w, 1);
    assert_int_equal(seen_of(w, id)->status_code, 200);
    assert_string_equal(seen_of(w, id)->body, "uuuuuuuuuuuuuuuuuuuu");
    assert_true(seen_of(w, id)->closed);
}

static void pieces_head_and_empty_are_framed_right(void **state)
{
    struct world *w = *state;
    int32_t pieces = ask(w, "GET", "/pieces", NULL, NULL);
    int32_t length = ask(w, "GET", "/length", NULL, NULL);
    int32_t head = ask(w, "HEAD", "/head", NULL, NULL);
    int32_t head_pieces = ask(w, "HEAD", "/pieces", NULL, NULL);
    int32_t empty = ask(w, "GET", "/empty", NULL, NULL);

    talk(w);
    assert_string_equal(seen_of(w, pieces)->body, "one two six");
    assert_false(seen_of(w, pieces)->has_length);
    assert_string_equal(seen_of(w, length)->body, "one two six");
    assert_true(seen_of(w, length)->has_length);
    assert_int_equal(seen_of(w, head)->status_code, 200);
    assert_int_equal(seen_of(w, head)->body_bytes, 0);
    assert_true(seen_of(w, head)->has_length);
    assert_int_equal(seen_of(w, head_pieces)->body_bytes, 0);
    assert_true(seen_of(w, head_pieces)->closed);
    assert_int_equal(seen_of(w, empty)->status_code, 204);
    assert_false(seen_of(w, empty)->has_length);
}

static void answers_come_when_they_are_made(void **state)
{
    struct world *w = *state;
    int32_t first = ask(w, "GET", "/later", NULL, NULL);
    int32_t second = ask(w, "GET", "/later", NULL, NULL);

    talk(w);
    answer_text(w->f.kept[1], 200, "second");
    talk(w);
    assert_true(seen_of(w, second)->closed);
    assert_int_equal(seen_of(w, first)->status_code, 0);
    answer_text(w->f.kept[0], 200, "first");
    talk(w);
    assert_string_equal(seen_of(w, first)->body, "first");
}

static void a_large_upload_passes_the_windows(void **state)
{
    struct world *w = *state;
    int32_t id;

    w->upload_left = UPLOAD_BYTES;
    id = ask(w, "POST", "/stream", NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, id)->status_code, 200);
    assert_int_equal(w->f.stream_bytes, UPLOAD_BYTES);
    w->upload_left = UPLOAD_BYTES;
    id = ask(w, "POST", "/echo", NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, id)->body_bytes, UPLOAD_BYTES);
}

static void a_paused_stream_holds_its_window_and_nobody_else(void **state)
{
    struct world *w = *state;
    int32_t slow, other;
    size_t left, rounds = 0;

    w->upload_left = UPLOAD_BYTES;
    slow = ask(w, "POST", "/slow", NULL, NULL);
    talk(w);
    assert_int_equal(w->f.pieces, 1);
    left = w->upload_left;
    assert_true(left > UPLOAD_BYTES - 300 * 1024);
    w->upload_left = 0; /* the other has no body */
    other = ask(w, "GET", "/echo", NULL, NULL);
    talk(w);
    w->upload_left = left;
    assert_int_equal(seen_of(w, other)->status_code, 200);
    while (!seen_of(w, slow)->closed && rounds++ < 5000) {
        exchange_resume(w->f.kept[0]);
        talk(w);
    }
    assert_int_equal(w->f.stream_bytes, UPLOAD_BYTES);
    assert_int_equal(seen_of(w, slow)->status_code, 200);
}

static void a_flood_is_sent_as_the_windows_open(void **state)
{
    struct world *w = *state;
    int32_t id;

    nghttp2_session_set_local_window_size(w->client, 0, 0, 1 << 30);
    id = ask(w, "GET", "/flood", NULL, NULL);
    talk(w);
    for (int i = 0; i < 200 && !seen_of(w, id)->closed; i++) {
        talk(w);
    }
    assert_int_equal(seen_of(w, id)->body_bytes, FLOOD_BYTES);
    assert_true(w->f.backlog_max <= 5 * FLOOD_PIECE);
}

static void what_is_too_large_is_refused_and_the_rest_lives(void **state)
{
    struct world *w = *state;
    static char path[HTTP_TARGET_BYTES_MAX + 10];
    int32_t tiny, declared, target, fine;

    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    w->upload_left = 100;
    tiny = ask(w, "POST", "/tiny", NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, tiny)->status_code, 413);
    assert_true(seen_of(w, tiny)->closed);
    w->upload_left = 100;
    declared = ask(w, "POST", "/tiny", "content-length", "100");
    talk(w);
    assert_int_equal(seen_of(w, declared)->status_code, 413);
    w->upload_left = 0;
    target = ask(w, "GET", path, NULL, NULL);
    fine = ask(w, "GET", "/echo", NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, target)->status_code, 414);
    assert_int_equal(seen_of(w, fine)->status_code, 200);
    assert_int_equal(w->f.gones, 2);
}

static void too_many_fields_are_431(void **state)
{
    struct world *w = *state;
    nghttp2_nv fields[4 + HTTP_HEADERS_MAX + 1] = {nv(":method", "GET"), nv(":scheme", "http"),
                                                   nv(":authority", "a"), nv(":path", "/echo")};
    int32_t many, enough;

    for (size_t i = 4; i < sizeof fields / sizeof fields[0]; i++) {
        fields[i] = nv("x-y", "z");
    }
    many = nghttp2_submit_request(w->client, NULL, fields, 4 + HTTP_HEADERS_MAX + 1, NULL, NULL);
    enough = nghttp2_submit_request(w->client, NULL, fields, 4 + HTTP_HEADERS_MAX, NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, many)->status_code, 431);
    assert_int_equal(seen_of(w, enough)->status_code, 200);
    assert_int_equal(w->f.heads, 1);
}

static void a_huge_head_ends_the_connection(void **state)
{
    struct world *w = *state;
    static char value[3000];
    nghttp2_nv fields[64] = {nv(":method", "GET"), nv(":scheme", "http"), nv(":authority", "a"),
                             nv(":path", "/echo")};

    memset(value, 'v', sizeof value - 1);
    for (size_t i = 4; i < 64; i++) {
        fields[i] = nv("x-y", value);
    }
    /* Packed, it is small: the table makes it grow at our side. */
    (void)nghttp2_submit_request(w->client, NULL, fields, 64, NULL, NULL);
    talk(w);
    assert_int_equal(w->f.heads, 0);
    assert_true(loopback_closed(w->loopback, w->c));
}

static void a_100_is_sent_when_the_body_is_wanted(void **state)
{
    struct world *w = *state;
    int32_t id, refused;

    w->upload_left = 10;
    id = ask(w, "POST", "/echo", "expect", "100-continue");
    talk(w);
    assert_true(seen_of(w, id)->continued);
    assert_int_equal(seen_of(w, id)->status_code, 200);
    w->upload_left = 10;
    refused = ask(w, "POST", "/refuse", "expect", "100-continue");
    talk(w);
    assert_false(seen_of(w, refused)->continued);
    assert_int_equal(seen_of(w, refused)->status_code, 403);
}

static void an_early_answer_stops_the_upload(void **state)
{
    struct world *w = *state;
    int32_t id;

    w->upload_stuck = true;
    w->upload_left = 10;
    id = ask(w, "POST", "/refuse", NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, id)->status_code, 403);
    assert_true(seen_of(w, id)->closed);
    assert_int_equal(seen_of(w, id)->error, NGHTTP2_NO_ERROR);
    assert_int_equal(w->f.gones, 0);
}

static void a_reset_is_told_as_gone_once(void **state)
{
    struct world *w = *state;
    int32_t later = ask(w, "GET", "/later", NULL, NULL);
    int32_t open = ask(w, "GET", "/open", NULL, NULL);

    talk(w);
    nghttp2_submit_rst_stream(w->client, 0, later, NGHTTP2_CANCEL);
    nghttp2_submit_rst_stream(w->client, 0, open, NGHTTP2_CANCEL);
    talk(w);
    assert_int_equal(w->f.gones, 2);
    answer_text(w->f.kept[0], 200, "x");
    exchange_send(w->f.kept[1], STR("x"));
    exchange_end(w->f.kept[1]);
    talk(w);
    assert_int_equal(w->f.gones, 2);
    later = ask(w, "GET", "/echo", NULL, NULL);
    talk(w);
    assert_int_equal(seen_of(w, later)->status_code, 200);
}

static void a_vanished_peer_is_told_for_every_stream(void **state)
{
    struct world *w = *state;

    (void)ask(w, "GET", "/later", NULL, NULL);
    (void)ask(w, "GET", "/open", NULL, NULL);
    w->upload_stuck = true;
    (void)ask(w, "POST", "/slow", NULL, NULL);
    (void)ask(w, "POST", "/echo", NULL, NULL);
    talk(w);
    loopback_close(w->loopback, w->c);
    assert_int_equal(w->f.heads, 4);
    assert_int_equal(w->f.gones, 4);
    for (size_t i = 0; i < w->f.kept_count; i++) {
        if (path_is(w->f.kept[i], "/open")) {
            exchange_end(w->f.kept[i]);
        } else {
            answer_text(w->f.kept[i], 200, "x");
        }
    }
    loopback_run(w->loopback);
}

static void a_flood_of_resets_ends_the_connection(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 600 && !w->goaway && !loopback_closed(w->loopback, w->c); i++) {
        int32_t id = ask(w, "GET", "/later", NULL, NULL);

        w->f.kept_count = 0;
        talk(w);
        if (w->f.kept_count == 0) {
            break;
        }
        nghttp2_submit_rst_stream(w->client, 0, id, NGHTTP2_CANCEL);
        talk(w);
        answer_text(w->f.kept[0], 200, "x");
    }
    assert_in_range(w->f.heads, 400, 599);
    assert_true(w->goaway || loopback_closed(w->loopback, w->c));
}

static void no_more_than_256_streams_are_open(void **state)
{
    struct world *w = *state;

    talk(w);
    for (int i = 0; i < 300; i++) {
        (void)ask(w, "GET", "/later", NULL, NULL);
    }
    talk(w);
    assert_int_equal(w->f.kept_count, 256);
    for (int i = 0; i < 256; i++) {
        answer_text(w->f.kept[i], 200, "x");
    }
    talk(w);
    assert_int_equal(w->f.kept_count, 300);
    for (int i = 256; i < 300; i++) {
        answer_text(w->f.kept[i], 200, "x");
    }
    talk(w);
}

static void a_short_end_of_a_declared_length_is_a_reset(void **state)
{
    static const struct http_header length[] = {{STR_INIT("content-length"), STR_INIT("9")}};
    struct world *w = *state;
    int32_t id = ask(w, "GET", "/later", NULL, NULL);

    talk(w);
    exchange_begin(w->f.kept[0], 200, length, 1);
    exchange_send(w->f.kept[0], STR("1234"));
    exchange_end(w->f.kept[0]);
    talk(w);
    assert_true(seen_of(w, id)->closed);
    assert_int_not_equal(seen_of(w, id)->error, NGHTTP2_NO_ERROR);
}

static void nonsense_behind_the_preface_closes(void **state)
{
    struct world *w = *state;

    loopback_send(w->loopback, w->c, STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\n\r\n"));
    assert_true(loopback_closed(w->loopback, w->c));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered),
        TEST(a_conversation_means_the_same_byte_by_byte),
        TEST(pieces_head_and_empty_are_framed_right),
        TEST(answers_come_when_they_are_made),
        TEST(a_large_upload_passes_the_windows),
        TEST(a_paused_stream_holds_its_window_and_nobody_else),
        TEST(a_flood_is_sent_as_the_windows_open),
        TEST(what_is_too_large_is_refused_and_the_rest_lives),
        TEST(too_many_fields_are_431),
        TEST(a_huge_head_ends_the_connection),
        TEST(a_100_is_sent_when_the_body_is_wanted),
        TEST(an_early_answer_stops_the_upload),
        TEST(a_reset_is_told_as_gone_once),
        TEST(a_vanished_peer_is_told_for_every_stream),
        TEST(a_flood_of_resets_ends_the_connection),
        TEST(no_more_than_256_streams_are_open),
        TEST(a_short_end_of_a_declared_length_is_a_reset),
        TEST(nonsense_behind_the_preface_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
