/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/2 by nghttp2: one session per connection, one exchange per stream. nghttp2 frames, packs
 * header fields, keeps windows and refuses what RFC 9113 forbids; here is what it leaves open.
 *
 *   begin_headers --> exchange_new --> header* --> frame_recv: head told --> data_chunk* -->
 *   END_STREAM: request told --> answer submitted --> (flush) frames --> stream_close: over
 *
 * Rules
 *   1. An exchange stays on its connection's list until its stream closes. Nothing but
 *      on_stream_close (or a refusal) takes it off, so lists may be walked while the app is called.
 *   2. The connection's window is given back at once, a stream's when the app took the piece: a
 *      paused stream holds at most its window and stops nobody else.
 *   3. Our end of a stream before the peer's: RST_STREAM(NO_ERROR) behind it, as 8.1 asks.
 *   4. Frames are made while less than OUT_FRAMES_MAX wait for the peer.
 *   5. Floods: nghttp2 bounds unanswered acknowledgements, CONTINUATIONs and the rate of resets
 *      (GOAWAY beyond); a head four times over its limit ends the connection.
 */
#include "net/http1_int.h"
#include "net/http1_parse.h"

#include "base/codec.h"

#include <nghttp2/nghttp2.h>

#define WINDOW_BYTES (256 * 1024)             /* of a stream */
#define CONNECTION_WINDOW_BYTES (1024 * 1024) /* of all together */
#define OUT_FRAMES_MAX (256u * 1024)
#define RESET_BURST 500 /* streams a peer may reset at once, and per second after that */
#define RESET_RATE 50
#define FIELDS_FIRST 24
#define FIELD_OVERHEAD 32 /* what RFC 9113 counts for a field besides its bytes */
#define SETTINGS_BYTES_MAX 256

/* A head's fields while they arrive. */
struct http2_head {
    struct http_header *fields; /* in the arena */
    size_t count;               /* so far */
    size_t room;                /* of fields */
    size_t bytes;               /* as RFC 9113 counts them */
    bool too_large;             /* some were dropped: 431 */
};

static nghttp2_session *session_of(const struct connection *c)
{
    return c->session;
}

static void refuse(struct exchange *x, int status_code)
{
    struct connection *c = x->conn;
    struct answer answer = answer_for_error(status_code);
    int32_t stream_id = x->stream_id;

    if (x->answered) {
        return; /* only the skipped rest of its body was wrong */
    }
    if (x->begun) {
        (void)nghttp2_submit_rst_stream(session_of(c), NGHTTP2_FLAG_NONE, stream_id,
                                        NGHTTP2_INTERNAL_ERROR);
        return;
    }
    if (x->told) {
        (void)nghttp2_session_set_stream_user_data(session_of(c), stream_id, NULL);
        exchange_detach(x);
        x = exchange_new(c);
        x->stream_id = stream_id;
        (void)nghttp2_session_set_stream_user_data(session_of(c), stream_id, x);
    }
    x->complete = true;
    http2_protocol.answer(x, &answer);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct connection *c = user;
    struct exchange *x;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    x = exchange_new(c);
    x->stream_id = frame->hd.stream_id;
    x->request.version = 20;
    x->head = ARENA_NEW(x->arena, struct http2_head);
    if (c->head_ms == 0) {
        c->head_ms = c->last_ms;
    }
    return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, x);
}

static bool add_pseudo(struct http_request *r, struct str name, struct str value)
{
    if (str_eq(name, STR(":method"))) {
        r->method = value;
    } else if (str_eq(name, STR(":path"))) {
        r->target = value;
    } else if (str_eq(name, STR(":authority"))) {
        r->authority = value;
    }
    return name.bytes > 0 && name.at[0] == ':';
}

static void add_field(struct exchange *x, struct str name, struct str value)
{
    struct http2_head *head = x->head;
    struct http_header *fields;
    char *copy;

    if (head->bytes > HTTP_HEAD_BYTES_MAX || head->count >= HTTP_HEADERS_MAX) {
        head->too_large = true;
        return;
    }
    copy = arena_alloc(x->arena, name.bytes + value.bytes);
    memcpy(copy, name.at, name.bytes);
    memcpy(copy + name.bytes, value.at, value.bytes);
    name.at = copy;
    value.at = copy + name.bytes;
    if (add_pseudo(&x->request, name, value)) {
        return;
    }
    if (head->count == head->room) {
        size_t room = head->room == 0 ? FIELDS_FIRST : HTTP_HEADERS_MAX;

        fields = arena_alloc(x->arena, room * sizeof *fields);
        if (head->count > 0) {
            memcpy(fields, head->fields, head->count * sizeof *fields);
        }
        head->fields = fields;
        head->room = room;
    }
    head->fields[head->count++] = (struct http_header){name, value};
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
                     void *user)
{
    struct exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)flags;
    (void)user;
    if (x == NULL || x->head == NULL) {
        return 0; /* trailers are read and forgotten */
    }
    x->head->bytes += name_bytes + value_bytes + FIELD_OVERHEAD;
    if (x->head->bytes > 4 * HTTP_HEAD_BYTES_MAX) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    add_field(x, str_of(name, name_bytes), str_of(value, value_bytes));
    return 0;
}

/* Checks a whole head; 0, or the status code to refuse with. */
static int check_head(struct exchange *x)
{
    struct http_request *r = &x->request;
    struct str length = STR_NONE;
    const struct http2_head *head = x->head;

    r->headers = head->fields;
    r->header_count = head->count;
    x->head = NULL;
    if (head->too_large) {
        return 431;
    }
    if (str_eq(r->method, STR("CONNECT"))) {
        return 501;
    }
    if (r->target.bytes > HTTP_TARGET_BYTES_MAX) {
        return 414;
    }
    if (r->authority.at == NULL) {
        r->authority = http_header(r, STR("host"));
    }
    if (r->target.bytes == 0 || r->authority.at == NULL || !http_is_authority(r->authority)) {
        return 400;
    }
    length = http_header(r, STR("content-length"));
    if (length.at != NULL) {
        (void)str_to_u64(length, &x->body_expected);
    }
    x->head_only = str_eq(r->method, STR("HEAD"));
    return r->target.at[0] == '/' || r->target.at[0] == '*' ? http_target(r) : 400;
}

static void send_continue(struct exchange *x)
{
    static const nghttp2_nv fields[] = {
        {(uint8_t *)":status", (uint8_t *)"100", 7, 3, NGHTTP2_NV_FLAG_NONE},
    };

    (void)nghttp2_submit_headers(session_of(x->conn), NGHTTP2_FLAG_NONE, x->stream_id, NULL, fields,
                                 1, NULL);
}

static void head_whole(struct exchange *x, bool has_body)
{
    struct connection *c = x->conn;
    int status_code = check_head(x);

    c->head_ms = 0;
    if (status_code != 0) {
        refuse(x, status_code);
        return;
    }
    exchange_tell(x);
    if (!has_body || x->answered) {
        return;
    }
    if (x->mode == BODY_BUFFER && x->body_expected != UINT64_MAX &&
        x->body_expected > x->body_bytes_max) {
        refuse(x, 413);
    } else if (str_eq_nocase(http_header(&x->request, STR("expect")), STR("100-continue"))) {
        send_continue(x);
    }
}

/* Hands over a piece that came with the stream's window. */
static void deliver(struct exchange *x, struct str piece)
{
    enum body_taken taken = exchange_take(x, piece);

    (void)nghttp2_session_consume_stream(session_of(x->conn), x->stream_id, piece.bytes);
    if (taken != BODY_TAKEN) {
        refuse(x, taken == BODY_TOO_LARGE ? 413 : 503);
    }
}

static bool is_held(const struct exchange *x)
{
    return (x->paused && !x->answered) || x->held.bytes > 0;
}

/* Hands over what was held, as far as the app lets us. */
static void deliver_held(struct exchange *x)
{
    while (x->held.bytes > 0 && (!x->paused || x->answered)) {
        struct str piece = str_of(x->held.first->at, x->held.first->bytes);

        deliver(x, piece);
        if (x->conn == NULL) {
            return; /* refused: what was held is forgotten already */
        }
        chain_consume(&x->held, piece.bytes);
    }
    if (x->end_received && !x->complete && !is_held(x)) {
        exchange_whole(x);
    }
}

static void stream_ended(struct exchange *x)
{
    x->end_received = true;
    if (!x->complete && !is_held(x)) {
        exchange_whole(x);
    }
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    struct exchange *x;

    (void)user;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x != NULL && frame->hd.type == NGHTTP2_HEADERS &&
        frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        head_whole(x, !is_last);
        /* A refusal puts another exchange in its place. */
        x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    }
    if (x != NULL && is_last) {
        stream_ended(x);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *at,
                   size_t bytes, void *user)
{
    struct exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);

    (void)flags;
    (void)user;
    (void)nghttp2_session_consume_connection(session, bytes);
    if (x == NULL) {
        return 0;
    }
    if (is_held(x)) {
        chain_add(&x->held, str_of(at, bytes));
    } else {
        deliver(x, str_of(at, bytes));
    }
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    (void)user;
    if (is_last && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                        NGHTTP2_NO_ERROR);
    }
    return 0;
}

static int on_frame_not_send(nghttp2_session *session, const nghttp2_frame *frame, int error,
                             void *user)
{
    (void)user;
    (void)error;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                        NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error, void *user)
{
    struct exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);

    (void)error;
    (void)user;
    if (x == NULL) {
        return 0;
    }
    (void)nghttp2_session_set_stream_user_data(session, stream_id, NULL);
    if (x->answered) {
        chain_clear(&x->out);
        exchange_over(x);
    } else {
        exchange_detach(x);
    }
    return 0;
}

static nghttp2_session *new_session(struct connection *c)
{
    nghttp2_session_callbacks *calls = NULL;
    nghttp2_option *option = NULL;
    nghttp2_session *session = NULL;
    int failed = 0;

    if (nghttp2_session_callbacks_new(&calls) != 0 || nghttp2_option_new(&option) != 0) {
        nghttp2_session_callbacks_del(calls);
        return NULL;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(calls, on_frame_not_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_stream_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESET_RATE);
    failed = nghttp2_session_server_new2(&session, calls, c, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    return failed == 0 ? session : NULL;
}

static bool introduce(nghttp2_session *session)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_BYTES_MAX},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };

    return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof settings[0]) == 0 &&
           nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                                 CONNECTION_WINDOW_BYTES) == 0;
}

static void take_resumed(struct connection *c)
{
    struct link *next;

    c->resumed = false;
    for (struct link *l = c->exchanges.next; l != &c->exchanges; l = next) {
        struct exchange *x = LINK_OWNER(l, struct exchange, link);

        next = l->next;
        deliver_held(x);
    }
}

static size_t http2_feed(struct connection *c, struct str bytes)
{
    ssize_t taken = 0;

    if (c->session == NULL) {
        c->session = new_session(c);
        c->head_ms = 0;
        if (c->session == NULL || !introduce(c->session)) {
            conn_kill(c);
            return bytes.bytes;
        }
    }
    if (c->resumed) {
        take_resumed(c);
    }
    if (bytes.bytes > 0) {
        c->preface_due = false;
        taken = nghttp2_session_mem_recv(c->session, (const uint8_t *)bytes.at, bytes.bytes);
    }
    if (taken < 0) {
        /* Not HTTP/2, a flood, or no memory: nothing that could be told within the protocol. */
        conn_kill(c);
    }
    conn_dirty(c);
    return bytes.bytes;
}

/* The bytes of an answer's body, or of its pieces, that fit a frame. */
static ssize_t on_body(nghttp2_session *session, int32_t stream_id, uint8_t *to, size_t room,
                       uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct exchange *x = source->ptr;
    size_t copied = 0;

    (void)session;
    (void)stream_id;
    (void)user;
    if (!x->begun) {
        copied = x->body_chunk.bytes < room ? x->body_chunk.bytes : room;
        memcpy(to, x->body_chunk.at, copied);
        x->body_chunk.at += copied;
        x->body_chunk.bytes -= copied;
        *flags |= x->body_chunk.bytes == 0 ? NGHTTP2_DATA_FLAG_EOF : 0;
        return (ssize_t)copied;
    }
    while (copied < room && x->out.bytes > 0) {
        const struct chunk *first = x->out.first;
        size_t piece = first->bytes < room - copied ? first->bytes : room - copied;

        memcpy(to + copied, first->at, piece);
        copied += piece;
        chain_consume(&x->out, piece);
    }
    if (x->out.bytes == 0 && x->answered) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (copied == 0) {
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)copied;
}

static nghttp2_nv field_of(struct str name, struct str value)
{
    return (nghttp2_nv){(uint8_t *)name.at, (uint8_t *)value.at, name.bytes, value.bytes,
                        NGHTTP2_NV_FLAG_NONE};
}

/* A field as HTTP/2 wants it: lower case, and no control characters, as in http1_answer.c. */
static nghttp2_nv clean_field(struct arena *arena, const struct http_header *field)
{
    char *name = arena_alloc(arena, field->name.bytes + field->value.bytes + 1);
    char *value = name + field->name.bytes;

    for (size_t i = 0; i < field->name.bytes; i++) {
        unsigned char lower = http_token[(unsigned char)field->name.at[i]];

        name[i] = lower != 0 ? (char)lower : '-';
    }
    for (size_t i = 0; i < field->value.bytes; i++) {
        unsigned char c = (unsigned char)field->value.at[i];

        value[i] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    return field_of(str_of(name, field->name.bytes), str_of(value, field->value.bytes));
}

static bool is_dropped(struct str name)
{
    return str_eq_nocase(name, STR("connection")) || str_eq_nocase(name, STR("keep-alive")) ||
           str_eq_nocase(name, STR("transfer-encoding")) || str_eq_nocase(name, STR("upgrade"));
}

/* Submits the head and, with has_body, where the body comes from. length: see http1_answer.c. */
static void submit(struct exchange *x, const struct answer *a, uint64_t *length, bool has_body)
{
    nghttp2_nv *fields = arena_alloc(x->arena, (a->header_count + 3) * sizeof *fields);
    nghttp2_data_provider provider = {.source.ptr = x, .read_callback = on_body};
    struct str date = net_loop_date(x->net);
    uint64_t declared = UINT64_MAX;
    bool has_date = false;
    size_t count = 0;

    fields[count++] = field_of(STR(":status"), arena_printf(x->arena, "%d", a->status_code));
    for (size_t i = 0; i < a->header_count; i++) {
        const struct http_header *field = &a->headers[i];

        if (str_eq_nocase(field->name, STR("content-length"))) {
            (void)str_to_u64(field->value, &declared);
        } else if (!is_dropped(field->name)) {
            has_date |= str_eq_nocase(field->name, STR("date"));
            fields[count++] = clean_field(x->arena, field);
        }
    }
    if (!has_date) {
        fields[count++] = field_of(STR("date"), str_slice(date, 6, date.bytes - 2));
    }
    if (declared != UINT64_MAX && (x->head_only || *length == UINT64_MAX)) {
        *length = declared;
    } else if (a->status_code == 204 || a->status_code == 304) {
        *length = UINT64_MAX;
    }
    if (*length != UINT64_MAX) {
        fields[count++] = field_of(STR("content-length"),
                                   arena_printf(x->arena, "%llu", (unsigned long long)*length));
    }
    (void)nghttp2_submit_response(session_of(x->conn), x->stream_id, fields, count,
                                  has_body ? &provider : NULL);
    conn_dirty(x->conn);
}

/* After the answer nobody wants what is held of the body. */
static void let_go(struct exchange *x)
{
    if (x->paused) {
        x->conn->resumed = true;
        conn_hungry(x->conn);
    }
}

static void http2_answer(struct exchange *x, const struct answer *answer)
{
    uint64_t length = answer->body.bytes;

    x->head_only |= answer->status_code == 204 || answer->status_code == 304;
    x->body_chunk = (struct chunk){.at = answer->body.at, .bytes = answer->body.bytes};
    x->answered = true;
    submit(x, answer, &length, !x->head_only && answer->body.bytes > 0);
    let_go(x);
}

static void http2_begin(struct exchange *x, const struct answer *answer)
{
    x->head_only |= answer->status_code == 204 || answer->status_code == 304;
    x->answer_left = UINT64_MAX;
    submit(x, answer, &x->answer_left, !x->head_only);
}

static void go_on(struct exchange *x)
{
    /* Fails when the stream was not waiting, which is as good. */
    (void)nghttp2_session_resume_data(session_of(x->conn), x->stream_id);
    conn_dirty(x->conn);
}

static void http2_send(struct exchange *x, struct str piece)
{
    if (x->head_only) {
        return;
    }
    if (x->answer_left != UINT64_MAX) {
        assert(piece.bytes <= x->answer_left); /* the app promised no more */
        x->answer_left -= piece.bytes;
    }
    chain_add(&x->out, piece);
    go_on(x);
}

static void http2_end(struct exchange *x)
{
    x->answered = true;
    if (x->answer_left != UINT64_MAX && x->answer_left > 0 && !x->head_only) {
        (void)nghttp2_submit_rst_stream(session_of(x->conn), NGHTTP2_FLAG_NONE, x->stream_id,
                                        NGHTTP2_INTERNAL_ERROR);
    }
    go_on(x);
    let_go(x);
}

static void http2_resume(struct exchange *x)
{
    x->conn->resumed = true;
    conn_hungry(x->conn);
}

static size_t http2_backlog(const struct exchange *x)
{
    return x->out.bytes;
}

static void http2_flush(struct connection *c)
{
    const uint8_t *at;
    ssize_t bytes = 1;

    if (c->session == NULL || c->preface_due) {
        return;
    }
    while (bytes > 0 && c->out.bytes + c->wire.bytes < OUT_FRAMES_MAX) {
        bytes = nghttp2_session_mem_send(c->session, &at);
        if (bytes > 0) {
            chain_add(&c->out, str_of(at, (size_t)bytes));
        }
    }
    if (bytes < 0) {
        conn_kill(c);
    } else if (bytes == 0 && !c->close_after_out && nghttp2_session_want_read(c->session) == 0 &&
               nghttp2_session_want_write(c->session) == 0) {
        conn_last(c, true);
    }
}

static void http2_overdue(struct connection *c)
{
    if (c->session == NULL || c->finishing) {
        conn_kill(c);
        return;
    }
    c->finishing = true;
    (void)nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
    conn_dirty(c);
}

static void http2_finish(struct connection *c)
{
    c->finishing = true;
    if (c->session == NULL) {
        conn_kill(c);
        return;
    }
    (void)nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(c->session),
                                NGHTTP2_NO_ERROR, NULL, 0);
    conn_dirty(c);
}

static void http2_done(struct connection *c)
{
    nghttp2_session_del(c->session);
    c->session = NULL;
}

/* http2-settings is base64url without padding. */
static bool read_settings(struct str text, uint8_t ret_settings[SETTINGS_BYTES_MAX],
                          size_t *ret_bytes)
{
    size_t bytes = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        static const char digits[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const char *found = text.at[i] == '\0' ? NULL : strchr(digits, text.at[i]);

        if (found == NULL || bytes == SETTINGS_BYTES_MAX) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(found - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            ret_settings[bytes++] = (uint8_t)(bits >> have);
        }
    }
    *ret_bytes = bytes;
    return true;
}

bool http2_upgrade(struct exchange *x, struct str settings)
{
    struct connection *c = x->conn;
    uint8_t payload[SETTINGS_BYTES_MAX];
    size_t bytes;
    nghttp2_session *session;

    if (!read_settings(settings, payload, &bytes)) {
        return false;
    }
    session = new_session(c);
    x->head_only = str_eq(x->request.method, STR("HEAD"));
    if (session == NULL ||
        nghttp2_session_upgrade2(session, payload, bytes, x->head_only, x) != 0 ||
        !introduce(session)) {
        nghttp2_session_del(session);
        return false;
    }
    chain_add(&c->out, STR("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\n"
                           "upgrade: h2c\r\n\r\n"));
    /* curl cannot take much behind the 101 before it has switched itself: frames wait for that. */
    c->preface_due = true;
    c->session = session;
    c->protocol = &http2_protocol;
    x->stream_id = 1;
    x->request.version = 20;
    x->body_expected = 0;
    exchange_tell(x);
    stream_ended(x);
    conn_dirty(c);
    return true;
}

const struct protocol http2_protocol = {
    .version = 20,
    .feed = http2_feed,
    .answer = http2_answer,
    .begin = http2_begin,
    .send = http2_send,
    .end = http2_end,
    .resume = http2_resume,
    .backlog = http2_backlog,
    .flush = http2_flush,
    .overdue = http2_overdue,
    .finish = http2_finish,
    .done = http2_done,
};
