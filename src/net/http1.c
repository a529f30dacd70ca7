/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 connections, the reading half.
 *
 *   HEAD --whole head, told to the app--> LENGTH or CHUNKED --body complete--> HEAD
 *     |  no body: complete at once           |
 *     '---- refused, or the last answer -----'--> DISCARD
 *
 * Rules
 *   1. A head is copied into its exchange's arena once it is whole; until then it waits in c->in.
 *   2. At most PIPELINE_MAX exchanges are under way; then nothing more is taken. Nor is anything
 *      behind a streamed body that is not answered yet: the app may still be busy with it, and what
 *      a peer sends next has to find it done.
 *   3. What net refuses (4xx, 5xx) is answered in its turn, then the connection ends.
 *   4. An early answer lets the connection live only when the rest of the body is short and sure to
 *      come: not chunked, not waiting for a 100.
 *   5. HTTP/1.0 lives on only when it asked to. Upgrade: h2c is obeyed for requests without a body
 *      that are first in line, and otherwise ignored, as RFC 9110 allows.
 */
#include "net/http1_int.h"

#include "net/http1_parse.h"

void http1_discard(struct connection *c)
{
    c->http1.state = HTTP1_DISCARD;
    c->http1.current = NULL;
    c->head_ms = 0;
}

bool http1_may_skip(const struct connection *c)
{
    const struct http1 *h = &c->http1;

    return h->state == HTTP1_HEAD ||
           (h->state == HTTP1_LENGTH && h->left <= BODY_SKIP_MAX && !h->current->continue_due);
}

/* Answers x (or a request that did not become one) by an error of net's own, the last answer. */
static void refuse(struct connection *c, struct exchange *x, int status_code)
{
    struct answer answer = answer_for_error(status_code);

    c->unread = true;
    if (x != NULL && x->begun) {
        conn_kill(c); /* half an answer is out: nothing else can be said */
        return;
    }
    if (x != NULL && x->answered) {
        /* Only skipping its body failed; the answer itself stands. */
        x->close_after = x->complete = true;
        http1_discard(c);
        http1_advance(c);
        return;
    }
    http1_discard(c);
    if (x != NULL && x->told) {
        exchange_detach(x);
        x = NULL;
    }
    if (x == NULL) {
        /* What is being read is the last in line; so is what takes its place. */
        x = exchange_new(c);
    }
    x->close_after = x->complete = true;
    http1_answer(x, &answer);
}

/* The body of the exchange being read is all here. */
static void finish_body(struct connection *c)
{
    struct exchange *x = c->http1.current;

    c->http1.state = x->close_after ? HTTP1_DISCARD : HTTP1_HEAD;
    c->http1.current = NULL;
    x->continue_due = false;
    exchange_whole(x);
    if (x->answered) {
        http1_advance(c);
    }
}

/* The head has been read: who is told, and what comes behind it. */
static void start_body(struct connection *c, struct exchange *x, const struct http1_head *head)
{
    struct http1 *h = &c->http1;

    x->body_expected = head->chunked ? UINT64_MAX : head->content_length;
    x->version_10 = head->version_10;
    x->close_after = head->says_close || (head->version_10 && !head->says_keep_alive);
    x->head_only = str_eq(x->request.method, STR("HEAD"));
    /* Without a body too: botocore keeps a final answer in place of a 100 for its next request. */
    x->continue_due = head->expects_continue && !head->version_10;
    h->state = head->chunked ? HTTP1_CHUNKED : HTTP1_LENGTH;
    h->left = head->content_length;
    h->chunks = (struct chunk_reader){.state = CHUNK_SIZE};
    h->current = x;
    exchange_tell(x);
    if (h->current != x) {
        return; /* answered already, and the connection ends behind that */
    }
    if (x->mode == BODY_BUFFER && head->content_length > x->body_bytes_max) {
        refuse(c, x, 413);
    } else if (c->exchanges.next == &x->link) {
        http1_continue(c);
    }
}

/* An HTTP/2 upgrade: the answers will come as frames. */
static bool try_upgrade(struct connection *c, struct exchange *x, const struct http1_head *head)
{
    bool wanted = head->upgrade_h2c && head->says_upgrade && head->settings.at != NULL;

    if (!wanted || head->chunked || head->content_length > 0 || head->version_10 ||
        c->tls != NULL || c->exchange_count != 1) {
        return false;
    }
    return http2_upgrade(x, head->settings);
}

/* Rule 2: whether the app still works on a body that it took in pieces. */
static bool waits_for_stream(const struct connection *c)
{
    const struct exchange *last = LINK_OWNER(c->exchanges.prev, const struct exchange, link);

    return c->exchange_count > 0 && last->mode == BODY_STREAM && !last->answered;
}

/* The next head, if it is whole. Returns how many bytes it took. */
static size_t feed_head(struct connection *c, struct str bytes)
{
    struct http1 *h = &c->http1;
    struct head_lines lines;
    struct http1_head head;
    struct exchange *x;
    enum head_scan found;
    char *copy;
    size_t head_bytes;
    int status_code;

    if (c->exchange_count >= PIPELINE_MAX || waits_for_stream(c)) {
        c->blocked = true;
        return 0;
    }
    if (!h->line_skipped && bytes.at[0] == '\r' && (bytes.bytes == 1 || bytes.at[1] == '\n')) {
        h->line_skipped = bytes.bytes > 1;
        return bytes.bytes == 1 ? 0 : 2;
    }
    if (c->head_ms == 0) {
        c->head_ms = c->last_ms;
    }
    found = http1_scan(h, bytes, &lines, &head_bytes, &status_code);
    if (found == HEAD_MORE) {
        return 0;
    }
    if (found == HEAD_WRONG) {
        refuse(c, NULL, status_code);
        return 0;
    }
    c->head_ms = 0;
    h->line_skipped = false;
    x = exchange_new(c);
    copy = arena_alloc(x->arena, head_bytes);
    memcpy(copy, bytes.at, head_bytes);
    status_code = http1_parse(x->arena, copy, &lines, &x->request, &head);
    if (status_code != 0) {
        refuse(c, x, status_code);
    } else if (!try_upgrade(c, x, &head)) {
        start_body(c, x, &head);
    }
    return head_bytes;
}

/* Hands over a piece of the body; false when the exchange ended by that. */
static bool take_piece(struct connection *c, struct exchange *x, struct str piece)
{
    enum body_taken taken = exchange_take(x, piece);

    if (taken == BODY_TAKEN) {
        return c->http1.current == x;
    }
    refuse(c, x, taken == BODY_TOO_LARGE ? 413 : 503);
    return false;
}

/* One step through a body of known length; false when it can go no further now. */
static bool feed_length(struct connection *c, struct str bytes, size_t *taken)
{
    struct http1 *h = &c->http1;
    size_t piece = bytes.bytes < h->left ? bytes.bytes : (size_t)h->left;

    if (h->current->paused && !h->current->answered) {
        c->blocked = true;
        return false;
    }
    if (h->left == 0) {
        finish_body(c);
        return true;
    }
    if (piece == 0) {
        return false;
    }
    h->left -= piece;
    *taken += piece;
    (void)take_piece(c, h->current, str_slice(bytes, 0, piece));
    return true;
}

static bool feed_chunked(struct connection *c, struct str bytes, size_t *taken)
{
    struct http1 *h = &c->http1;
    struct str piece;
    size_t read;
    bool fine;

    if (h->current->paused && !h->current->answered) {
        c->blocked = true;
        return false;
    }
    if (h->chunks.state == CHUNK_DONE) {
        finish_body(c);
        return true;
    }
    read = chunk_read(&h->chunks, bytes, &piece, &fine);
    *taken += read;
    if (!fine) {
        refuse(c, h->current, 400);
        return true;
    }
    (void)take_piece(c, h->current, piece);
    return read > 0;
}

static size_t http1_feed(struct connection *c, struct str bytes)
{
    struct http1 *h = &c->http1;
    size_t taken = 0;
    bool on = true;

    while (on && !c->dead && !c->blocked && c->protocol == &http1_protocol) {
        struct str rest = str_slice(bytes, taken, bytes.bytes);
        size_t head_bytes;

        switch (h->state) {
        case HTTP1_HEAD:
            head_bytes = rest.bytes > 0 ? feed_head(c, rest) : 0;
            taken += head_bytes;
            on = head_bytes > 0 || h->state == HTTP1_DISCARD;
            break;
        case HTTP1_LENGTH:
            on = feed_length(c, rest, &taken);
            break;
        case HTTP1_CHUNKED:
            on = feed_chunked(c, rest, &taken);
            break;
        case HTTP1_DISCARD:
            c->unread |= rest.bytes > 0;
            return bytes.bytes;
        }
    }
    return taken;
}

char *http1_place(struct connection *c, size_t *ret_bytes)
{
    struct http1 *h = &c->http1;
    size_t room = 0;
    char *place;

    if (h->state != HTTP1_LENGTH || h->current == NULL || h->left < PLACE_BYTES_MIN ||
        c->in.bytes > 0 || c->blocked) {
        return NULL;
    }
    place = exchange_place(h->current, &room);
    *ret_bytes = room < h->left ? room : (size_t)h->left;
    return place;
}

static void http1_resume(struct exchange *x)
{
    conn_hungry(x->conn);
}

static void http1_flush(struct connection *c)
{
    (void)c; /* answers are in c->out already */
}

static void http1_overdue(struct connection *c)
{
    struct http1 *h = &c->http1;

    if (h->state == HTTP1_DISCARD) {
        conn_kill(c);
    } else if (h->state != HTTP1_HEAD || c->in.bytes > 0) {
        refuse(c, h->current, 408);
    } else {
        conn_kill(c);
    }
}

static void http1_finish(struct connection *c)
{
    c->finishing = true;
    if (c->http1.current != NULL) {
        c->http1.current->close_after = true; /* it is still read and answered, as the last */
        return;
    }
    http1_discard(c);
    if (c->exchange_count == 0) {
        conn_last(c, c->in.bytes > 0);
    } else {
        struct exchange *last = LINK_OWNER(c->exchanges.prev, struct exchange, link);

        last->close_after = true;
    }
}

static void http1_done(struct connection *c)
{
    c->http1.current = NULL;
}

const struct protocol http1_protocol = {
    .version = 11,
    .feed = http1_feed,
    .answer = http1_answer,
    .begin = http1_begin,
    .send = http1_send,
    .send_file = http1_send_file,
    .end = http1_end,
    .resume = http1_resume,
    .backlog = http1_backlog,
    .flush = http1_flush,
    .overdue = http1_overdue,
    .finish = http1_finish,
    .done = http1_done,
};
